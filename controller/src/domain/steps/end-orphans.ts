/**
 * TaskRuns that people made for a Task that is being deleted. A finalizer may keep the Task for long, and no run is
 * made of them: they wait as those without a Task do, and one that is cancelled ends.
 */
import type { Action } from '../model/actions.ts';
import { isOwnedBy } from '../model/objects.ts';
import type { TaskView } from '../model/view.ts';
import { withoutTask } from './without-task.ts';

export function endOrphans({ state }: TaskView, now: Date): readonly Action[] {
  const { orphans, jobs, pods } = state.cluster;
  const cancelled = orphans.filter(({ spec }) => spec.cancel === true);
  return withoutTask(cancelled, ({ metadata }) => jobs.filter((job) => isOwnedBy(job, metadata.uid)), pods, now);
}
