// Generated from addon/resources/crd-task.yaml by `npm run generate`. Do not edit.
/**
 * What runs, and what triggers a run: one Job (template, job), a Job for each item (items, matrix) or node (nodes), or the Jobs of a flow (steps).
 */
export interface TaskSpec {
  /**
   * Whoever wants a run changes this. A change of any field asks for one run.
   */
  trigger?: {
    /**
     * The Application's revision that rendered this Task, such as app-worker-v3. Names come back after a roll-back, so it does not identify a trigger.
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
    /**
     * The workflow step that asks, where one does; id is its session then. A run ends with its step.
     */
    step?: string;
  };
  /**
   * How runs are started, named and kept.
   */
  executionPolicy?: {
    /**
     * true: every run has a Job with a name of its own. false: one Job under a stable name. A deployment that changes nothing then starts no run (trigger Revision means Change), and a new run replaces an active one, except with concurrencyPolicy Forbid or Queue.
     */
    unique?: boolean;
    /**
     * How many successful runs keep their Job and pods, as CronJob's successfulJobsHistoryLimit.
     */
    keepLast?: number;
    /**
     * How many failed runs keep their Job and pods, as CronJob's failedJobsHistoryLimit.
     */
    keepLastFailed?: number;
    /**
     * Revision: every deployment runs (default without a schedule). Change: only a deployment that changed the content of runs. Manual: no deployment starts a run (default with a schedule).
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
     * How many finished runs stay on record as TaskRuns, and how many skipped ones beside them. Runs whose Job is kept stay in any case.
     */
    historyLimit?: number;
    /**
     * When the Application's component counts as healthy, once its run succeeded (so it is when left out), or as soon as its pods run. Where no deployment runs, once its schedule is valid.
     */
    healthyWhen?: "Succeeded" | "Started";
    /**
     * What a new run does while others are active. Allow: it starts. Forbid: it is skipped. Replace: it cancels them and starts once their pods are gone. Queue: it waits for its turn.
     */
    concurrencyPolicy?: "Allow" | "Forbid" | "Replace" | "Queue";
    /**
     * How many runs may wait, for their turn or for the end of a suspension; one more is skipped.
     */
    queueLimit?: number;
    /**
     * What a TaskRun made by a person may replace in the first container. `args`, `env` (except variables such as LD_PRELOAD that can make the run another program), `env:NAME` (that variable, whatever it is), `references` (values may contain `$(NAME)`). An empty list allows nothing.
     */
    allowedOverrides?: string[];
  };
  /**
   * true: new runs wait until it is false again, and schedule times pass without a run, as with CronJob's suspend. Active runs continue.
   */
  suspend?: boolean;
  /**
   * When runs are asked for by the clock, as a CronJob's schedule.
   */
  schedule?: {
    /**
     * Times in cron's five fields (minute hour day-of-month month day-of-week), or a word such as @hourly. A time that several of them name is due once.
     */
    crons: string[];
    /**
     * A zone of the IANA time zone database, such as Europe/Berlin; UTC when left out.
     */
    timeZone?: string;
    /**
     * A run that could not be started for so many seconds after its time is missed, and not started any more.
     */
    startingDeadlineSeconds?: number;
  };
  /**
   * New attempts of a run that failed, each a Job of its own, beside the Job's own backoffLimit; in a flow, of each step that says nothing else.
   */
  retry?: {
    /**
     * How many attempts may follow the first.
     */
    limit: number;
    /**
     * How long the first of them waits.
     */
    delaySeconds?: number;
    /**
     * Constant: the same delay before each. Exponential: twice the delay of the one before, at most a day.
     */
    backoff?: "Constant" | "Exponential";
  };
  /**
   * How long a run may take with all its attempts, from when its first Job may start.
   */
  timeoutSeconds?: number;
  /**
   * The queue of Kueue in which each of the run's Jobs waits. A Job is created suspended and starts once Kueue admits it.
   */
  queue?: {
    /**
     * A LocalQueue in the Task's namespace.
     */
    name: string;
    /**
     * A WorkloadPriorityClass; it decides the order in the queue and which workloads are evicted.
     */
    priorityClass?: string;
    /**
     * Not supported yet: Kueue admits each Job separately.
     */
    admitTogether?: boolean;
  };
  /**
   * How long a Job may wait in the queue, each time that it has to, before it fails. Without it, for ever.
   */
  queueTimeoutSeconds?: number;
  /**
   * What a run hands on, as a JSON object that its first container writes to its termination message (/dev/termination-log), 4096 bytes at most.
   */
  outputs?: {
    name: string;
    type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
    /**
     * true: a run that does not write it fails.
     */
    required?: boolean;
    /**
     * In a flow: the step's output to take, such as steps.build.outputs.image. With items: the outputs of all items as an array, such as items.outputs.rows.
     */
    valueFrom?: string;
  }[];
  /**
   * The pod template of the Job. Open, so that KubeVela's traits can patch it; what the API server refuses in a Job shows in the run's status.
   */
  template?: {
    /**
     * As of a pod.
     */
    spec?: {
      /**
       * Never when left out.
       */
      restartPolicy?: string;
      [k: string]: unknown;
    };
    [k: string]: unknown;
  };
  /**
   * A TaskTemplate of the same namespace, in place of template. What it says is taken when a run starts.
   */
  templateRef?: {
    name: string;
    /**
     * Values of the template's parameters: strings, numbers, booleans.
     */
    parameters?: {
      [k: string]: unknown;
    };
    /**
     * In place of the first container's args.
     */
    args?: string[];
    /**
     * Beside the first container's env; a variable of the same name is replaced.
     */
    env?: {
      name: string;
      [k: string]: unknown;
    }[];
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
  /**
   * A flow. Each step is a Job of the run; it starts when those that it depends on have ended.
   */
  steps?: {
    name: string;
    /**
     * The steps that have to end first. Left out, a step starts at once, and one that runs OnFailure or Always after all those that do not.
     */
    dependsOn?: string[];
    /**
     * How its dependencies must end for it to run. OnSuccess: all succeeded. OnFailure: at least one of them, or of their dependencies, failed. Always: in any way.
     */
    when?: "OnSuccess" | "OnFailure" | "Always";
    /**
     * true: the run and the steps that depend on it continue even if it fails.
     */
    continueOnFailure?: boolean;
    /**
     * The pod template of the step's Job.
     */
    template?: {
      /**
       * As of a pod.
       */
      spec?: {
        /**
         * Never when left out.
         */
        restartPolicy?: string;
        [k: string]: unknown;
      };
      [k: string]: unknown;
    };
    /**
     * A TaskTemplate of the same namespace, in place of template. What it says is taken when a run starts.
     */
    templateRef?: {
      name: string;
      /**
       * Values of the template's parameters: strings, numbers, booleans.
       */
      parameters?: {
        [k: string]: unknown;
      };
      /**
       * In place of the first container's args.
       */
      args?: string[];
      /**
       * Beside the first container's env; a variable of the same name is replaced.
       */
      env?: {
        name: string;
        [k: string]: unknown;
      }[];
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
    /**
     * New attempts of a run that failed, each a Job of its own, beside the Job's own backoffLimit; in a flow, of each step that says nothing else.
     */
    retry?: {
      /**
       * How many attempts may follow the first.
       */
      limit: number;
      /**
       * How long the first of them waits.
       */
      delaySeconds?: number;
      /**
       * Constant: the same delay before each. Exponential: twice the delay of the one before, at most a day.
       */
      backoff?: "Constant" | "Exponential";
    };
    /**
     * How long the step may take with all its attempts.
     */
    timeoutSeconds?: number;
    /**
     * The queue of Kueue in which each of the run's Jobs waits. A Job is created suspended and starts once Kueue admits it.
     */
    queue?: {
      /**
       * A LocalQueue in the Task's namespace.
       */
      name: string;
      /**
       * A WorkloadPriorityClass; it decides the order in the queue and which workloads are evicted.
       */
      priorityClass?: string;
      /**
       * Not supported yet: Kueue admits each Job separately.
       */
      admitTogether?: boolean;
    };
    /**
     * How long a Job may wait in the queue, each time that it has to, before it fails. Without it, for ever.
     */
    queueTimeoutSeconds?: number;
    /**
     * What the step hands on; $(steps.NAME.outputs.OUTPUT) in a later step's command, args and env is its value.
     */
    outputs?: {
      name: string;
      type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
      /**
       * true: a run that does not write it fails.
       */
      required?: boolean;
      /**
       * In a flow: the step's output to take, such as steps.build.outputs.image. With items: the outputs of all items as an array, such as items.outputs.rows.
       */
      valueFrom?: string;
    }[];
  }[];
  /**
   * A Job of the run for each of these, of the one template; $(item.KEY) in its command, args and env is the item's value. The Jobs are called after an item's value of `name`, else item-0, item-1, ...
   */
  items?: {
    [k: string]: unknown;
  }[];
  /**
   * An item for each combination of these values, 1000 at most.
   */
  matrix?: {
    [k: string]: (string | number)[];
  };
  /**
   * The run has a Job for each node on which the template's pods may run. Nodes are chosen as for a DaemonSet: by nodeSelector, required node affinity and tolerations, including the tolerations that a DaemonSet's pods get.
   */
  nodes?: {
    /**
     * Names of nodes that get no Job.
     */
    excludedNames?: string[];
    /**
     * A node that has all these labels gets no Job.
     */
    excludedSelector?: {
      [k: string]: string;
    };
    /**
     * true: a node that begins to fit while the run is active gets a Job, too.
     */
    joining?: boolean;
  };
  maxParallel?: string | number;
  /**
   * What a run of several Jobs does once one has failed finally. Continue (default): all steps that do not depend on it run. FailFast: running Jobs are cancelled and no other starts, except steps with OnFailure or Always. Pause: no other starts until the TaskRun's spec.resume is true.
   */
  failurePolicy?: "Continue" | "FailFast" | "Pause";
  /**
   * What all steps of a flow have. A step's own value wins.
   */
  globals?: {
    env?: {
      name: string;
      [k: string]: unknown;
    }[];
    labels?: {
      [k: string]: string;
    };
    annotations?: {
      [k: string]: string;
    };
    /**
     * The node that all pods run on.
     */
    nodeName?: string;
    /**
     * true: all pods run on the node of the first pod, which status.nodeName of the TaskRun names.
     */
    sameNode?: boolean;
    /**
     * A volume for each run: a claim that is created before its first step, mounted in every container, and deleted with the run's pods.
     */
    workspace?: {
      /**
       * Such as 1Gi.
       */
      size: string;
      /**
       * The cluster's default when left out.
       */
      storageClassName?: string;
      accessModes?: ("ReadWriteOnce" | "ReadWriteOncePod" | "ReadWriteMany" | "ReadOnlyMany")[];
      mountPath?: string;
    };
    /**
     * As in a pod.
     */
    volumes?: {
      name: string;
      [k: string]: unknown;
    }[];
    /**
     * Added to every container.
     */
    volumeMounts?: {
      name: string;
      mountPath: string;
      [k: string]: unknown;
    }[];
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
   * A hash of the TaskTemplates that the Task names, for which the condition Valid was determined.
   */
  observedTemplates?: string;
  /**
   * The phase of the run that the last trigger asked for; Idle when there is none.
   */
  phase?: "Idle" | "Pending" | "Queued" | "Running" | "Succeeded" | "Failed" | "Cancelled" | "Skipped";
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
   * The steps of the run that phase speaks of, where it is a flow; its TaskRun has them all.
   */
  steps?: {
    name: string;
    phase: string;
    message?: string;
    duration?: string;
  }[];
  /**
   * The runs on record.
   */
  totals?: {
    active?: number;
    succeeded?: number;
    failed?: number;
    cancelled?: number;
    skipped?: number;
    queued?: number;
    kept?: number;
  };
  /**
   * The latest time of the schedule that was answered, with a run or as missed.
   */
  lastScheduleTime?: string;
  /**
   * When the schedule is due next.
   */
  nextScheduleTime?: string;
  /**
   * When a run last succeeded.
   */
  lastSuccessfulTime?: string;
  /**
   * The schedule that is in force, and since when; earlier times were never due.
   */
  observedSchedule?: {
    hash?: string;
    since?: string;
  };
  /**
   * How many times of the schedule passed without a run.
   */
  missedSchedules?: number;
  /**
   * What the run that the last trigger asked for handed on.
   */
  outputs?: {
    [k: string]: unknown;
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
