/**
 * A Task sorted once for all policies: its runs, and the parts of each.
 */
import type { JobRow, RunPhase, TaskRun } from '../../resources/index.ts';
import type { CompletePolicy } from './execution-policy.ts';
import type { FlowStep } from './flow.ts';
import type { Refusal } from './memory.ts';
import type { Job, Pod, PodRefusal } from './objects.ts';
import type { TaskState } from './state.ts';
import type { Answered } from './trigger.ts';

/** One Job's worth of work with what belongs to it: a run, or a step of one as if it were a run of its own. */
export interface PartView {
  readonly run: TaskRun;
  readonly name: string;
  /** As recorded; what the run should say now is decided in run-status.ts. */
  readonly phase: RunPhase;
  readonly finished: boolean;
  /** Its Jobs that are still there, be it on their way out. */
  readonly jobs: readonly Job[];
  /** The number of its latest attempt, counted from 0; undefined for what never had a Job. */
  readonly attempt: number | undefined;
  /** The latest attempt's Job as it is, or as it was when somebody deleted it. */
  readonly job: Job | undefined;
  /** Whether that Job is still there, be it on its way out. */
  readonly jobExists: boolean;
  /** How the latest attempt failed, if it did, be it that only the record is left of it. */
  readonly failed: FailedAttempt | undefined;
  /** Whether one of its Jobs is there to stay. */
  readonly kept: boolean;
  /** Of the latest attempt. */
  readonly pods: readonly Pod[];
  /** Whether a Job of it, or a pod that has not ended, is still there. */
  readonly leaves: boolean;
  readonly podRefusal: PodRefusal | undefined;
  readonly refusal: Refusal | undefined;
}

export interface RunView extends PartView {
  /**
   * The steps in their order, where the run is a flow: then it has no Job of its own, and what is said of Jobs above is
   * of all of theirs.
   */
  readonly flow?: readonly StepView[] | undefined;
  /** The same steps without what became of them: one list as long as they stay the same. */
  readonly steps?: readonly FlowStep[];
}

export interface StepView extends PartView {
  readonly step: FlowStep;
  /** What is on record of it. */
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
  /**
   * The run that the Task's status speaks of: the newest that was not skipped, unless the last trigger's is no longer
   * on record.
   */
  readonly current: RunView | undefined;
  /** The same of the runs that no schedule asked for: a failure tonight is no failed deployment. */
  readonly deployed: RunView | undefined;
  /** Newest first, as are the lists below. */
  readonly runs: readonly RunView[];
  readonly active: readonly RunView[];
  readonly finished: readonly RunView[];
  /** Finished, with a Job. */
  readonly kept: readonly RunView[];
}

/** What of a run has Jobs: its steps, or itself. */
export function partsOf(run: RunView): readonly PartView[] {
  return run.flow ?? [run];
}
