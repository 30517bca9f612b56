import type { TaskRun, TaskRunStatus } from '../resources/index.ts';
import { secondsBetween } from '../domain/lang/duration.ts';

/**
 * How many seconds after its time a scheduled run started. It is returned once, when the record shows the first start;
 * an evicted run that starts again is not counted as later.
 * @param run with the record before
 */
export function startDelay(
  { spec, status }: Pick<TaskRun, 'spec' | 'status'>,
  after: TaskRunStatus,
): number | undefined {
  const { type, scheduledTime } = spec.trigger ?? {};
  if (type !== 'Schedule' || !startsNow(status, after)) return undefined;
  return secondsBetween(scheduledTime, after.startTime);
}

function startsNow(before: TaskRunStatus | undefined, after: TaskRunStatus): boolean {
  const hasStarted =
    before?.startTime !== undefined || (before?.jobs ?? []).some(({ waitedSeconds }) => waitedSeconds !== undefined);
  return !hasStarted && after.startTime !== undefined;
}
