/**
 * executionPolicy.unique: whether every run has a Job with a name of its own.
 *
 * false means one Job under the component's name. Before a newer run may have that name, the older run's Job goes: a
 * finished one at once, an unfinished one after its run is on record as Cancelled, as concurrencyPolicy Replace of
 * CronJob ends a Job.
 */
import type { Task } from '../../resources/index.ts';
import { joinName } from '../lang/names.ts';
import { type CompletePolicy, policyOf } from '../model/execution-policy.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { componentName } from './name-suffix.ts';

/** The Job's name that every run of the Task shares, or undefined where each run has its own. */
export function sharedJobName(version: Task): string | undefined {
  return policyOf(version).unique ? undefined : joinName(componentName(version), '');
}

/**
 * The run that takes the place of this one, if any: one that Forbid skips takes nobody's place, one that Queue holds
 * only that of a finished one.
 */
export function replacementOf(view: RunView, { runs, policy }: TaskView): RunView | undefined {
  const name = view.record.spec.jobName;
  if (name === undefined || (!view.finished && isPatient(policy))) return undefined;
  const newer = runs.slice(0, runs.indexOf(view));
  return newer.find((other) => other.record.spec.jobName === name && other.phase !== 'Skipped');
}

function isPatient({ concurrencyPolicy }: CompletePolicy): boolean {
  return concurrencyPolicy === 'Forbid' || concurrencyPolicy === 'Queue';
}

/**
 * Whether an older run's Job still has the name that this run's Job is to take. One that is being deleted is about to
 * release it, or a finalizer keeps it for ever: creating the Job shows which.
 */
export function waitsForName(view: RunView, { runs }: TaskView): boolean {
  const name = view.record.spec.jobName;
  if (name === undefined) return false;
  return runs.slice(runs.indexOf(view) + 1).some(({ record: run, kept }) => kept && run.spec.jobName === name);
}
