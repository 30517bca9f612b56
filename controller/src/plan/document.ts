/**
 * What `task-runs plan -o json` and `-o yaml` print: a stable document. A later version only adds fields; an
 * incompatible change gets another apiVersion.
 */
import type { TaskRunStatus, TaskSpec } from '../resources/index.ts';

export const planApiVersion = 'task.oam.dev/plan/v1';

export interface Plan {
  readonly apiVersion: typeof planApiVersion;
  readonly kind: 'Plan';
  /** In the order of the file. */
  readonly applications: readonly ApplicationPlan[];
}

export interface ApplicationPlan {
  readonly name: string;
  readonly namespace: string;
  /** The namespace of its Tasks; left out where it is the Application's. */
  readonly taskNamespace?: string;
  /** The revision that KubeVela would create, such as app-worker-v2. */
  readonly revision: string;
  /** false: the Application did not change, so KubeVela makes no revision, and nothing below starts. */
  readonly changed: boolean;
  /** In the order of the Application. */
  readonly components: readonly ComponentPlan[];
  /** The steps of its workflow that start runs; left out if there are none. */
  readonly steps?: readonly StepPlan[];
}

export interface ComponentPlan {
  readonly name: string;
  readonly type: string;
  /** What would happen, in a sentence. */
  readonly message: string;
  /** Left out for a component that is not a task. */
  readonly task?: TaskPlan;
}

export interface TaskPlan {
  /** The Task's name. */
  readonly name: string;
  /** The runs that do not exist yet and those that the deployment changes, oldest first. */
  readonly runs: readonly RunPlan[];
  /** Finished runs that are kept before and after the deployment, newest first. */
  readonly keeps: readonly string[];
  /** What is deleted, assuming that everything that starts succeeds. */
  readonly prunes: readonly PrunePlan[];
  /** Left out for a Task without a schedule. */
  readonly schedule?: SchedulePlan;
  readonly suspend: boolean;
  readonly concurrencyPolicy: NonNullable<NonNullable<TaskSpec['executionPolicy']>['concurrencyPolicy']>;
}

/**
 * Starts: its first Job is created at once. Queued, Held: it waits for other runs, or for what `message` says. Skipped,
 * Fails: it never starts. Cancelled: it is active, and a new run replaces it.
 */
export type RunDecision = 'Starts' | 'Queued' | 'Held' | 'Skipped' | 'Fails' | 'Cancelled';

export interface RunPlan {
  readonly name: string;
  /** false if the name depends on something not known in advance: the Task's UID, or the minute of the deployment. */
  readonly nameIsExact: boolean;
  /** Whether the deployment creates it; false for a run that exists already. */
  readonly isNew: boolean;
  readonly decision: RunDecision;
  /** The run's trigger: Revision, Schedule, WorkflowStep, Manual, Retry. */
  readonly trigger: string;
  /** The reason that the TaskRun's status will have. */
  readonly reason?: NonNullable<TaskRunStatus['reason']>;
  /** The message that the TaskRun's status will have. */
  readonly message?: string;
  /** The active runs that it replaces. */
  readonly replaces: readonly string[];
  /** The Jobs that it would have; those of a flow in the order of its steps. */
  readonly jobs: readonly JobPlan[];
}

export interface JobPlan {
  readonly name: string;
  /** The step, item or node that it is for. */
  readonly step?: string;
  /** Now: at once. Later: when it is the turn of its run or step. OnFailure: only if something fails. */
  readonly starts: 'Now' | 'Later' | 'OnFailure';
  /** The steps that have to end first. */
  readonly after?: readonly string[];
  /**
   * The queue in which it waits: it is created suspended, and starts once Kueue admits it. Left out without a queue.
   */
  readonly queue?: { readonly name: string; readonly priorityClass?: string };
}

export interface PrunePlan {
  readonly run: string;
  /** Job: Job and pods are deleted, and the run stays on record. TaskRun: the record is deleted. */
  readonly what: 'Job' | 'TaskRun';
  /** Now: with the deployment. Later: once what starts has succeeded. */
  readonly when: 'Now' | 'Later';
  /** The policy that causes it, such as `keepLast: 3`. */
  readonly because: string;
}

export interface SchedulePlan {
  readonly crons: readonly string[];
  readonly timeZone: string;
  /** The next three times, RFC 3339 in the schedule's zone; none while the Task is suspended. */
  readonly nextTimes: readonly string[];
}

export interface StepPlan {
  readonly name: string;
  readonly type: string;
  /** The Task whose run the step starts. */
  readonly task: string;
  readonly message: string;
}
