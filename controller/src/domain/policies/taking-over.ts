/**
 * Which run takes the place of an older one, where a policy lets one alone go on: the newest that has not ended, and
 * that could go on itself. One that waits for something else than other runs, such as the end of a suspension, takes
 * the place only of what could not start either; one that may never start takes nobody's. Nor does one that has ended:
 * who retries a run that is older than that one asks for it afterwards.
 */
import type { RunView, TaskView } from '../model/view.ts';
import { readinessOf } from './first-job.ts';

export interface Takeovers {
  /** The run that takes the place of each one that has to make room. */
  readonly by: ReadonlyMap<RunView, RunView>;
  /** Those that had their first Job, or that only others keep from it, newest first. */
  readonly ready: readonly RunView[];
}

/** @param runs unfinished ones, newest first */
export function takeoversOf(runs: readonly RunView[], task: TaskView): Takeovers {
  const by = new Map<RunView, RunView>();
  const ready: RunView[] = [];
  let newest: RunView | undefined;
  for (const view of runs) {
    const readiness = readinessOf(view, task);
    // It ends by itself, and says why.
    if (readiness === 'never') continue;
    const taking = readiness === 'ready' ? ready[0] : newest;
    if (taking) by.set(view, taking);
    if (readiness === 'ready') ready.push(view);
    if (readiness !== 'unsure') newest ??= view;
  }
  return { by, ready };
}
