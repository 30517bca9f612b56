/**
 * executionPolicy.keepLast and keepLastFailed: how many finished runs keep their Job and pods, as CronJob's
 * successfulJobsHistoryLimit and failedJobsHistoryLimit; the newest stay. A cancelled run counts as a failed one, so that
 * evidence of trouble is never pushed out by successes.
 */
import type { RunView, TaskView } from '../classify.ts';

/** @returns the kept runs that are too many, with the reason in words */
export function beyondKeepLast({ kept, policy }: TaskView): readonly { view: RunView; because: string }[] {
  const succeeded = kept.filter(({ phase }) => phase === 'Succeeded');
  const failed = kept.filter(({ phase }) => phase !== 'Succeeded');
  return [
    ...succeeded.slice(policy.keepLast).map((view) => ({ view, because: `keepLast: ${policy.keepLast}` })),
    ...failed.slice(policy.keepLastFailed).map((view) => ({ view, because: `keepLastFailed: ${policy.keepLastFailed}` })),
  ];
}
