// Generated from addon/resources/crd-taskrun.yaml by `npm run generate`. Do not edit.
export interface TaskRunSpec {
  /**
   * The Task, in the same namespace, that this is a run of.
   */
  taskRef: {
    name: string;
    uid?: string;
  };
  /**
   * What asked for the run.
   */
  trigger?: {
    type: "Revision";
    /**
     * What asked, for people: app-worker-v3.
     */
    value?: string;
    /**
     * The Task's generation that carried the trigger.
     */
    generation?: number;
    /**
     * KubeVela's hash of the revision, which tells two revisions of one name apart.
     */
    revisionHash?: string;
  };
  /**
   * The Job's name where it is not the run's own (executionPolicy.unique false).
   */
  jobName?: string;
  /**
   * What runs, as it was when the run was asked for.
   */
  snapshot?: {
    template: {
      [k: string]: unknown;
    };
    job?: {
      [k: string]: unknown;
    };
    /**
     * A hash of template and job.
     */
    hash: string;
  };
}

export interface TaskRunStatus {
  phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Cancelled";
  /**
   * One word for programs, such as BackoffLimitExceeded.
   */
  reason?: string;
  /**
   * One sentence for people.
   */
  message?: string;
  startTime?: string;
  completionTime?: string;
  /**
   * From start to completion, such as 1m30s.
   */
  duration?: string;
  jobs?: {
    name: string;
    uid: string;
    phase?: string;
    active?: number;
    succeeded?: number;
    failed?: number;
    /**
     * Of the container that failed last.
     */
    exitCode?: number;
    /**
     * Of the container that failed last, such as OOMKilled.
     */
    exitReason?: string;
  }[];
  /**
   * Complete or Failed once the run is finished, as on a Job.
   */
  conditions?: {
    type: string;
    status: "True" | "False" | "Unknown";
    reason: string;
    message: string;
    lastTransitionTime: string;
  }[];
}
