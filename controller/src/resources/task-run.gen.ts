// Generated from addon/resources/crd-taskrun.yaml by `npm run generate`. Do not edit.
export interface TaskRunSpec {
  /**
   * The Task of this run, in the same namespace.
   */
  taskRef: {
    name: string;
    uid?: string;
  };
  /**
   * What asked for the run.
   */
  trigger?: {
    /**
     * A deployment, the clock, a person, a step of the Application's workflow, or a person who retries a failed run.
     */
    type: "Revision" | "Schedule" | "Manual" | "WorkflowStep" | "Retry";
    /**
     * What asked for the run, for people: app-worker-v3.
     */
    value?: string;
    /**
     * The time at which the run was due.
     */
    scheduledTime?: string;
    /**
     * The workflow step that asked for the run. The run ends with it.
     */
    step?: {
      name: string;
      /**
       * The step's session.
       */
      id: string;
    };
    /**
     * The Task's generation that carried the trigger.
     */
    generation?: number;
    /**
     * KubeVela's hash of the revision, which tells two revisions of one name apart.
     */
    revisionHash?: string;
    /**
     * What ran the same before, and why it runs again: the Task was created again, and nothing told that it had run.
     */
    again?: string;
    /**
     * The run is a record of deployments that no controller saw, because later ones replaced them while none ran. Nothing of them ran.
     */
    superseded?: {
      /**
       * How many deployments there were at most.
       */
      most: number;
      /**
       * The deployment that took their place.
       */
      by: string;
      /**
       * The last deployment that was seen before them; left out where there was none. The same as by where that one came back.
       */
      after?: string;
    };
  };
  /**
   * The Job's name if it is not the run's name (executionPolicy.unique false).
   */
  jobName?: string;
  /**
   * What this run overrides in the first container, within executionPolicy.allowedOverrides.
   */
  overrides?: {
    /**
     * Replaces the container's args.
     */
    args?: string[];
    /**
     * In addition to the container's env; a variable of the same name is replaced.
     */
    env?: {
      name: string;
      value?: string;
    }[];
  };
  /**
   * A run of the same Task that failed or was cancelled. The new run has the same snapshot; steps, items and nodes that succeeded do not run again.
   */
  retryOf?: string;
  /**
   * true: the run continues after a failure that paused it (failurePolicy Pause), and is not paused again.
   */
  resume?: boolean;
  /**
   * true cancels the run: its Job and pods are deleted, and it stays on record as Cancelled.
   */
  cancel?: boolean;
  /**
   * Who cancels the run and why, for people.
   */
  cancelReason?: string;
  /**
   * What runs, as the Task said it when the run was requested.
   */
  snapshot?: {
    template?: {
      [k: string]: unknown;
    };
    templateRef?: {
      name: string;
      parameters?: {
        [k: string]: unknown;
      };
      args?: string[];
      env?: {
        name: string;
        [k: string]: unknown;
      }[];
    };
    job?: {
      [k: string]: unknown;
    };
    retry?: {
      limit: number;
      delaySeconds?: number;
      backoff?: "Constant" | "Exponential";
    };
    timeoutSeconds?: number;
    queue?: {
      name: string;
      priorityClass?: string;
    };
    queueTimeoutSeconds?: number;
    outputs?: {
      name: string;
      type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
      required?: boolean;
      valueFrom?: string;
    }[];
    steps?: {
      name: string;
      templateRef?: {
        name: string;
        parameters?: {
          [k: string]: unknown;
        };
        args?: string[];
        env?: {
          name: string;
          [k: string]: unknown;
        }[];
      };
      dependsOn?: string[];
      when?: "OnSuccess" | "OnFailure" | "Always";
      continueOnFailure?: boolean;
      template?: {
        [k: string]: unknown;
      };
      job?: {
        [k: string]: unknown;
      };
      retry?: {
        limit: number;
        delaySeconds?: number;
        backoff?: "Constant" | "Exponential";
      };
      timeoutSeconds?: number;
      queue?: {
        name: string;
        priorityClass?: string;
      };
      queueTimeoutSeconds?: number;
      outputs?: {
        name: string;
        type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
        required?: boolean;
        valueFrom?: string;
      }[];
    }[];
    items?: {
      [k: string]: unknown;
    }[];
    matrix?: {
      [k: string]: (string | number)[];
    };
    nodes?: {
      excludedNames?: string[];
      excludedSelector?: {
        [k: string]: string;
      };
      joining?: boolean;
    };
    maxParallel?: string | number;
    failurePolicy?: "Continue" | "FailFast" | "Pause";
    /**
     * What succeeded in the run that this one is a retry of.
     */
    kept?: {
      step: string;
      /**
       * The node that it was for, where its name is not the step's.
       */
      node?: string;
      /**
       * The run that it ran in, where that is another one.
       */
      run?: string;
      phase: string;
      startTime?: string;
      completionTime?: string;
      duration?: string;
      outputs?: {
        [k: string]: unknown;
      };
    }[];
    globals?: {
      [k: string]: unknown;
    };
    /**
     * The Task's generation that this was taken of.
     */
    generation?: number;
    /**
     * A hash of template and job.
     */
    hash: string;
  };
  /**
   * The TaskTemplates that the snapshot names, as they were when the run started.
   */
  templates?: {
    [k: string]: {
      [k: string]: unknown;
    };
  };
}

export interface TaskRunStatus {
  phase?: "Pending" | "Queued" | "Running" | "Succeeded" | "Failed" | "Cancelled" | "Skipped";
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
  /**
   * The claim that the run has for itself (globals.workspace).
   */
  workspace?: string;
  /**
   * The node that all pods of the run are on (globals.sameNode).
   */
  nodeName?: string;
  /**
   * How many Jobs the run has had; jobs names the last of them.
   */
  attempts?: number;
  /**
   * What the run hands on, as the Task's outputs name it.
   */
  outputs?: {
    [k: string]: unknown;
  };
  /**
   * The last attempts of a run of one Job; else each step or item with its last attempt.
   */
  jobs?: {
    step?: string;
    /**
     * The node that it is for, where its name is not the step's.
     */
    node?: string;
    /**
     * The run that it ran in, where that is another one.
     */
    run?: string;
    /**
     * Of the Job, once there was one.
     */
    name?: string;
    uid?: string;
    phase?: string;
    /**
     * Why a step did not run or failed.
     */
    message?: string;
    startTime?: string;
    duration?: string;
    outputs?: {
      [k: string]: unknown;
    };
    /**
     * 0 for the first, then 1, 2, ...
     */
    attempt?: number;
    completionTime?: string;
    reason?: string;
    /**
     * Since when its Job waits in the queue, while it does.
     */
    queuedTime?: string;
    /**
     * How long its Job waited in the queue until it was admitted, of several times the sum.
     */
    waitedSeconds?: number;
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
    /**
     * How that container ended, in words, while its Job goes on or another one follows.
     */
    lastFailure?: string;
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
