/**
 * A Task sorted once for all policies: its runs, and the parts of each.
 */
import type { JobRow, RunPhase, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from './execution-policy.ts';
import type { FlowStep } from './flow.ts';
import type { Refusal } from './memory.ts';
import { hasEnded, type Job, type Pod, type PodRefusal } from './objects.ts';
import type { TaskState } from './state.ts';
import type { Answered, Mark } from './trigger.ts';

/** What is known of a run as a whole, and of a step as if it were a run. */
interface Common {
  /** The TaskRun; for a step one that says of the step alone what a TaskRun says of a run. */
  readonly record: TaskRun;
  readonly name: string;
  /** As recorded; status/run.ts decides what it should be now. */
  readonly phase: RunPhase;
  readonly finished: boolean;
  /** Its Jobs that still exist, also while they are being deleted. */
  readonly jobs: readonly Job[];
  /** Whether one of its Jobs exists and is not being deleted. */
  readonly kept: boolean;
  /** Whether one of those Jobs still has pods, and so a log. */
  readonly keptPods: boolean;
  /**
   * Whether a Job of it exists that may still make pods, or a pod that has not ended: a Job that is being deleted makes
   * none, however long a finalizer keeps it.
   */
  readonly leaves: boolean;
  /** Why the API server did not create its next Job, or its workspace. */
  readonly refusal: Refusal | undefined;
}

/** One Job's worth of work, with all attempts: a run of one Job, or a step of a flow. */
export interface PartView extends Common {
  /** The number of its latest attempt, counted from 0; undefined if it never had a Job. */
  readonly attempt: number | undefined;
  /** The latest attempt's Job, or what it was when somebody deleted it. */
  readonly job: Job | undefined;
  /** Whether that Job still exists, also while it is being deleted. */
  readonly jobExists: boolean;
  /** How the latest attempt failed, if it did, also when only the record of it is left. */
  readonly failed: FailedAttempt | undefined;
  /** The record of the run that it is a step of; of a run of one Job it is left out. */
  readonly ofRun?: TaskRun;
  /** The pods of the latest attempt. */
  readonly pods: readonly Pod[];
  readonly podRefusal: PodRefusal | undefined;
}

/** A run of one Job. */
export interface JobRun extends PartView {
  readonly kind: 'job';
  /** Whether it ever had a Job. */
  readonly began: boolean;
}

/** A run of several Jobs: the steps of a flow, or one for each item or node. It has no Job itself. */
export interface FlowRun extends Common {
  readonly kind: 'flow';
  /** Whether any of its steps ever had a Job. */
  readonly began: boolean;
  /** In the order of `steps`. */
  readonly parts: readonly StepView[];
  /** The same list as long as its steps stay the same, so that what is computed from it is computed once. */
  readonly steps: readonly FlowStep[];
}

export type RunView = JobRun | FlowRun;

export interface StepView extends PartView {
  readonly step: FlowStep;
  /** What the run's status records of it. */
  readonly row: JobRow | undefined;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly reason: string;
  readonly message: string;
  readonly completionTime: string;
}

/** Everything of a Task, sorted once for all policies. */
export interface TaskView {
  readonly state: TaskState;
  readonly policy: CompletePolicy;
  readonly answered: Answered | undefined;
  /** What ran before the Task was created again, while nothing else is known to answer its trigger. */
  readonly mark: Mark | undefined;
  /**
   * The run that the Task's status speaks of: the newest that was not skipped, unless the last trigger's is no longer
   * on record.
   */
  readonly current: RunView | undefined;
  /** The same of the runs that no schedule asked for: a failure tonight does not make a deployment fail. */
  readonly deployed: RunView | undefined;
  /** Newest first, as are the lists below. */
  readonly runs: readonly RunView[];
  readonly active: readonly RunView[];
  readonly finished: readonly RunView[];
  /** Finished, with a Job. */
  readonly kept: readonly RunView[];
}

/** Whether it has a Job that has not ended. */
export function isUnderWay({ job, jobExists }: PartView): boolean {
  return jobExists && job !== undefined && !hasEnded(job);
}

/**
 * Whether the run is being deleted and none of its Jobs goes on. It starts none, however long a finalizer keeps it.
 */
export function isGoing({ record, jobs }: RunView): boolean {
  return record.metadata.deletionTimestamp !== undefined && jobs.every(hasEnded);
}

/** What of a run has Jobs: its steps, or itself. */
export function partsOf(run: RunView): readonly PartView[] {
  return run.kind === 'flow' ? run.parts : [run];
}
