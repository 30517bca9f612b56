/**
 * Whether a run that never had a Job may have one now.
 */
import { reasons } from '../model/reasons.ts';
import type { Hold } from '../model/verdict.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { heldByOthers, overQueueLimit } from './concurrency-policy.ts';

/** @returns what keeps the run from its first Job; undefined for a run that may start, or has */
export function holdOf(view: RunView, task: TaskView): Hold | undefined {
  if (view.began) return undefined;
  return task.state.task.spec.suspend === true ? suspended(view, task) : heldByOthers(view, task);
}

/** As CronJob's suspend: what runs goes on, nothing new starts. */
function suspended(view: RunView, task: TaskView): Hold {
  const { name } = task.state.task.metadata;
  return (
    overQueueLimit(view, task) ?? {
      phase: 'Pending',
      reason: reasons.suspended,
      message: `Task ${name} is suspended; set suspend to false to start the run`,
    }
  );
}
