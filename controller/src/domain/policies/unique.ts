/**
 * executionPolicy.unique: whether every run has a Job with a name of its own.
 *
 * false means one Job under the component's name. Before a run may have that name, the Job that has it goes: that of a
 * finished run at once, that of an unfinished one after its run is on record as Cancelled, as concurrencyPolicy Replace
 * of CronJob ends a Job.
 */
import type { Task } from '../../resources/index.ts';
import { memo } from '../lang/memo.ts';
import { joinName } from '../lang/names.ts';
import { type CompletePolicy, policyOf } from '../model/execution-policy.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { componentName } from './name-suffix.ts';
import { holdOf } from './suspend.ts';
import { takeoversOf } from './taking-over.ts';

/** The Job's name that every run of the Task shares, or undefined where each run has its own. */
export function sharedJobName(version: Task): string | undefined {
  return policyOf(version).unique ? undefined : joinName(componentName(version), '');
}

/**
 * The run that takes the place of this one, if any. Under Forbid and Queue nobody takes that of an unfinished one. The
 * Job of a finished one makes room for whichever run nothing else keeps from starting, also for the retry of an older
 * one.
 */
export function replacementOf(view: RunView, task: TaskView): RunView | undefined {
  const name = view.record.spec.jobName;
  const group = name === undefined ? undefined : takeovers(task).get(name);
  if (view.finished) return group?.next;
  return isPatient(task.policy) ? undefined : group?.by.get(view);
}

interface Group {
  /** The run that takes the place of each one that has to make room. */
  readonly by: ReadonlyMap<RunView, RunView>;
  /** The run that is to have the name now. */
  readonly next: RunView | undefined;
}

/** By the name that Jobs share. */
const takeovers = memo((task: TaskView): ReadonlyMap<string | undefined, Group> => {
  const groups = Map.groupBy(task.active, ({ record }) => record.spec.jobName);
  return new Map(
    [...groups].flatMap(([name, runs]) => (name === undefined ? [] : [[name, groupOf(runs, task)] as const])),
  );
});

function groupOf(runs: readonly RunView[], task: TaskView): Group {
  const { by, ready } = takeoversOf(runs, task);
  return { by, next: ready.find((run) => !holdOf(run, task)) };
}

function isPatient({ concurrencyPolicy }: CompletePolicy): boolean {
  return concurrencyPolicy === 'Forbid' || concurrencyPolicy === 'Queue';
}

/**
 * Whether another run's Job still has the name that this run's Job is to take, or it is not on record yet that an older
 * run makes room. A Job that is being deleted is about to release its name, or a finalizer keeps it for ever: creating
 * the Job shows which.
 */
export function waitsForName(view: RunView, task: TaskView): boolean {
  const name = view.record.spec.jobName;
  if (name === undefined) return false;
  const others = task.runs.filter((other) => other !== view && other.record.spec.jobName === name);
  return others.some((other) => other.kept || (!other.finished && replacementOf(other, task) !== undefined));
}
