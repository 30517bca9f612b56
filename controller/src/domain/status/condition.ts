/** A condition in a Task's status. */
import type { Condition, Task } from '../../resources/index.ts';

/** Its time stays while its status does. */
export function condition(
  task: Task,
  wanted: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  now: Date,
): Condition {
  const before = task.status?.conditions?.find(({ type }) => type === wanted.type);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now.toISOString();
  return { ...wanted, lastTransitionTime };
}
