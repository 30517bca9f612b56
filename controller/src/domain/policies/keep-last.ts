/**
 * executionPolicy.keepLast and keepLastFailed: how many finished runs keep their Job and pods, as CronJob's
 * successfulJobsHistoryLimit and failedJobsHistoryLimit; the newest stay. Successes and failures are counted apart, so
 * that evidence of trouble is never pushed out by successes. A cancelled run keeps nothing: its Job has to go for its
 * pods to end.
 */
import type { Deletion } from '../model/actions.ts';
import type { RunView, TaskView } from '../model/view.ts';

/** @returns the kept runs that are too many, with the reason */
export function beyondKeepLast({ kept, policy }: TaskView): readonly ({ view: RunView } & Deletion)[] {
  const succeeded = kept.filter(({ phase }) => phase === 'Succeeded');
  const failed = kept.filter(({ phase }) => phase === 'Failed');
  return [
    ...succeeded
      .slice(policy.keepLast)
      .map((view) => ({ view, cause: 'keepLast' as const, because: `keepLast: ${policy.keepLast}` })),
    ...failed
      .slice(policy.keepLastFailed)
      .map((view) => ({ view, cause: 'keepLastFailed' as const, because: `keepLastFailed: ${policy.keepLastFailed}` })),
  ];
}
