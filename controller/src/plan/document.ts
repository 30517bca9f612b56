/**
 * What `task-runs plan -o json` and `-o yaml` print: a stable document. A later version adds fields and changes none;
 * what cannot be kept gets another apiVersion.
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
  /** The revision that KubeVela would give it, such as app-worker-v2. */
  readonly revision: string;
  /** false: nothing of the Application changed, so that KubeVela makes no revision, and nothing below starts. */
  readonly changed: boolean;
  /** In the order of the Application. */
  readonly components: readonly ComponentPlan[];
  /** The steps of its workflow that start runs; left out where there are none. */
  readonly steps?: readonly StepPlan[];
}

export interface ComponentPlan {
  readonly name: string;
  readonly type: string;
  /** What would happen, in a sentence. */
  readonly message: string;
  /** Left out for what is no task. */
  readonly task?: TaskPlan;
}

export interface TaskPlan {
  /** The Task's name. */
  readonly name: string;
  /** The runs that do not exist yet and those that the deployment changes, oldest first. */
  readonly runs: readonly RunPlan[];
  /** Finished runs whose Job and pods are there before and after, the newest first. */
  readonly keeps: readonly string[];
  /** What is deleted, as far as all that starts succeeds. */
  readonly prunes: readonly PrunePlan[];
  /** Left out for a Task without one. */
  readonly schedule?: SchedulePlan;
  readonly suspend: boolean;
  readonly concurrencyPolicy: NonNullable<NonNullable<TaskSpec['executionPolicy']>['concurrencyPolicy']>;
}

/**
 * Starts: its first Job is created at once. Queued, Held: it waits, for others or for what `message` says. Skipped,
 * Fails: it never starts. Cancelled: it runs, and is ended for a new one.
 */
export type RunDecision = 'Starts' | 'Queued' | 'Held' | 'Skipped' | 'Fails' | 'Cancelled';

export interface RunPlan {
  readonly name: string;
  /** false where the name hangs on what is not known before: the Task's UID, or the minute of the deployment. */
  readonly nameIsExact: boolean;
  /** Whether the deployment creates it; false for one that was there. */
  readonly isNew: boolean;
  readonly decision: RunDecision;
  /** What asks for it: Revision, Schedule, WorkflowStep, Manual, Retry. */
  readonly trigger: string;
  /** The word for programs, as the TaskRun's status will have it. */
  readonly reason?: NonNullable<TaskRunStatus['reason']>;
  /** The sentence for people, as the TaskRun's status will have it. */
  readonly message?: string;
  /** The unfinished runs that end for it. */
  readonly replaces: readonly string[];
  /** The Jobs it would have, those of a flow in the order of its steps. */
  readonly jobs: readonly JobPlan[];
}

export interface JobPlan {
  readonly name: string;
  /** The step, item or node that it is for. */
  readonly step?: string;
  /** Now: at once. Later: when its run, or its step, has its turn. OnFailure: only where something fails. */
  readonly starts: 'Now' | 'Later' | 'OnFailure';
  /** The steps that have to end first. */
  readonly after?: readonly string[];
  /** The queue that it waits in: it is created suspended, and starts once Kueue admits it. Left out for none. */
  readonly queue?: { readonly name: string; readonly priorityClass?: string };
}

export interface PrunePlan {
  readonly run: string;
  /** Job: its Job and pods go, and the run stays on record. TaskRun: the record goes. */
  readonly what: 'Job' | 'TaskRun';
  /** Now: with the deployment. Later: once what starts has succeeded. */
  readonly when: 'Now' | 'Later';
  /** The policy that asks for it, such as `keepLast: 3`. */
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
