import type { RunPhase, TaskRun } from '../resources/index.ts';
import type { Job, Pod, PodRefusal, Refusal, TaskState } from './state.ts';
import { policyOf, type CompletePolicy } from './execution-policy.ts';
import { lastAnswered, type Answered } from './trigger.ts';

/** A run with what belongs to it. */
export interface RunView {
  readonly run: TaskRun;
  readonly name: string;
  /** As recorded; what the run should say now is decided in run-status.ts. */
  readonly phase: RunPhase;
  readonly finished: boolean;
  /** Its Job as it is, or as it was when somebody deleted it. */
  readonly job: Job | undefined;
  /** Whether the Job is still there, be it on its way out. */
  readonly jobExists: boolean;
  /** Whether the Job is there to stay. */
  readonly kept: boolean;
  readonly pods: readonly Pod[];
  readonly podRefusal: PodRefusal | undefined;
  readonly refusal: Refusal | undefined;
}

/** Everything of a Task, sorted once for all policies. */
export interface TaskView {
  readonly state: TaskState;
  readonly policy: CompletePolicy;
  readonly answered: Answered | undefined;
  /** The run that the last trigger asked for. */
  readonly current: RunView | undefined;
  /** Newest first, as are the lists below. */
  readonly runs: readonly RunView[];
  readonly active: readonly RunView[];
  readonly finished: readonly RunView[];
  /** Finished, with a Job. */
  readonly kept: readonly RunView[];
}

export function isFinished(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Cancelled';
}

export function classify(state: TaskState): TaskView {
  const runs = state.runs.map((run) => viewRun(run, state)).sort(newestFirst);
  const answered = lastAnswered(state.task, state.runs, state.answered);
  const finished = runs.filter((view) => view.finished);
  return {
    state,
    policy: policyOf(state.task),
    answered,
    current: runs.find(({ name }) => name === answered?.run),
    runs,
    active: runs.filter((view) => !view.finished),
    finished,
    kept: finished.filter((view) => view.kept),
  };
}

function viewRun(run: TaskRun, state: TaskState): RunView {
  const { name, uid } = run.metadata;
  const existing = state.jobs.find((job) => isOwnedBy(job, uid));
  const job = existing ?? state.deletedJobs.find((deleted) => isOwnedBy(deleted, uid));
  const phase = run.status?.phase ?? 'Pending';
  return {
    run,
    name,
    phase,
    finished: isFinished(phase),
    job,
    jobExists: existing !== undefined,
    kept: existing !== undefined && existing.metadata.deletionTimestamp === undefined,
    pods: job ? state.pods.filter((pod) => isOwnedBy(pod, job.metadata.uid)) : [],
    podRefusal: state.podRefusals.find(({ jobUid }) => jobUid === job?.metadata.uid),
    refusal: state.refusals.find((refusal) => refusal.run === name && refusal.object === 'Job'),
  };
}

/** Whether the object's controller is the one with that UID. Owners are known by UID: names come back. */
export function isOwnedBy(object: Pick<Job, 'metadata'>, uid: string): boolean {
  return object.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) ?? false;
}

function newestFirst(a: RunView, b: RunView): number {
  const generation = (view: RunView) => view.run.spec.trigger?.generation ?? 0;
  const byAge = Date.parse(b.run.metadata.creationTimestamp) - Date.parse(a.run.metadata.creationTimestamp);
  return generation(b) - generation(a) || byAge || (a.name < b.name ? 1 : -1);
}
