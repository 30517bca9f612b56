// Generated from addon/resources/crd-task.yaml by `npm run generate`. Do not edit.
/**
 * What runs, and when a run of it is asked for.
 */
export interface TaskSpec {
  /**
   * Whoever wants a run changes this. A change of any field asks for one run.
   */
  trigger?: {
    /**
     * The Application's revision that rendered this Task, such as app-worker-v3. Names come back after a roll-back, so it is no identity.
     */
    appRevision?: string;
    /**
     * The Application's app.oam.dev/publishVersion, or empty.
     */
    publishVersion?: string;
    /**
     * Anything else that tells one request from the next, such as a workflow step's session.
     */
    id?: string;
  };
  /**
   * How runs are started, named and kept.
   */
  executionPolicy?: {
    /**
     * true: every run has a Job with a name of its own. false: one Job under a stable name, replaced when what runs changed.
     */
    unique?: boolean;
    /**
     * How many successful runs keep their Job and pods, as CronJob's successfulJobsHistoryLimit.
     */
    keepLast?: number;
    /**
     * How many failed or cancelled runs keep their Job and pods, as CronJob's failedJobsHistoryLimit.
     */
    keepLastFailed?: number;
    /**
     * Revision: every deployment runs. Change: only when what runs changed. Manual: a deployment starts nothing.
     */
    trigger?: "Revision" | "Change" | "Manual";
    /**
     * How runs are named. Revision: mytask-v3. Timestamp: mytask-202503201230 (UTC). UUID: mytask-<uuid>.
     */
    nameSuffix?: "Revision" | "Timestamp" | "UUID";
    /**
     * After so many seconds a finished run's Job and pods go, though keepLast would keep them. The run stays on record.
     */
    ttlSecondsAfterFinished?: number;
    /**
     * How many finished runs stay on record as TaskRuns. Runs whose Job is kept stay in any case.
     */
    historyLimit?: number;
    /**
     * When the Application's component counts as healthy, once its run succeeded, or as soon as its pods run.
     */
    healthyWhen?: "Succeeded" | "Started";
  };
  /**
   * The pod template of the Job. Open, so that KubeVela's traits can patch it; what the API server refuses in a Job shows in the run's status.
   */
  template: {
    [k: string]: unknown;
  };
  /**
   * Further fields of the JobSpec, under their own names.
   */
  job?: {
    parallelism?: number;
    completions?: number;
    completionMode?: "NonIndexed" | "Indexed";
    backoffLimit?: number;
    backoffLimitPerIndex?: number;
    maxFailedIndexes?: number;
    activeDeadlineSeconds?: number;
    podFailurePolicy?: {
      [k: string]: unknown;
    };
    successPolicy?: {
      [k: string]: unknown;
    };
    podReplacementPolicy?: "TerminatingOrFailed" | "Failed";
    managedBy?: string;
  };
}

export interface TaskStatus {
  /**
   * The generation that this status speaks of.
   */
  observedGeneration?: number;
  /**
   * The trigger that was last answered, with a run or with the decision that none is due.
   */
  observedTrigger?: {
    appRevision?: string;
    publishVersion?: string;
    id?: string;
    generation?: number;
    /**
     * KubeVela's hash of the revision, which tells two revisions of one name apart.
     */
    revisionHash?: string;
    /**
     * A hash of what ran last.
     */
    snapshotHash?: string;
    /**
     * The run that answered it.
     */
    run?: string;
  };
  /**
   * The phase of the run that the last trigger asked for; Idle when there is none.
   */
  phase?: "Idle" | "Pending" | "Running" | "Succeeded" | "Failed" | "Cancelled";
  /**
   * One line for people.
   */
  message?: string;
  /**
   * Runs that are not finished, newest first; totals.active counts them all.
   */
  active?: {
    name: string;
    phase: string;
    reason?: string;
    message?: string;
    startTime?: string;
    completionTime?: string;
    /**
     * From start to completion, such as 1m30s.
     */
    duration?: string;
    /**
     * Whether its Job and pods still exist.
     */
    kept?: boolean;
  }[];
  /**
   * Finished runs, newest first; totals counts them all.
   */
  lastRuns?: {
    name: string;
    phase: string;
    reason?: string;
    message?: string;
    startTime?: string;
    completionTime?: string;
    /**
     * From start to completion, such as 1m30s.
     */
    duration?: string;
    /**
     * Whether its Job and pods still exist.
     */
    kept?: boolean;
  }[];
  /**
   * The runs on record.
   */
  totals?: {
    active?: number;
    succeeded?: number;
    failed?: number;
    cancelled?: number;
    kept?: number;
  };
  conditions?: {
    type: string;
    status: "True" | "False" | "Unknown";
    reason: string;
    message: string;
    lastTransitionTime: string;
    observedGeneration?: number;
  }[];
}
