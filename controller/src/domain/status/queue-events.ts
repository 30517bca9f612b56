/**
 * What is told of a run that waits in a queue, each as it comes to it: that it waits, that it was evicted, that it was
 * admitted.
 */
import type { TaskRunStatus } from '../../resources/index.ts';
import type { ActionOf } from '../model/actions.ts';
import { formatDuration } from '../lang/duration.ts';
import { eventReasons } from '../model/events.ts';
import { isFinished } from '../model/phase.ts';

/**
 * @param before what is on record
 * @param after what is about to be
 */
export function queueEvents(
  run: string,
  before: TaskRunStatus | undefined,
  after: TaskRunStatus,
): readonly ActionOf<'event'>[] {
  const [was, is] = [before?.phase === 'Queued', after.phase === 'Queued'];
  if (was === is || isFinished(after.phase)) return [];
  if (!is)
    return [
      {
        kind: 'event',
        type: 'Normal',
        reason: eventReasons.admitted,
        message: `${run} was admitted after ${waited(after)}`,
      },
    ];
  const wasEvicted = before?.startTime !== undefined;
  const why = after.message === undefined ? '' : `: ${after.message}`;
  return [
    wasEvicted
      ? { kind: 'event', type: 'Warning', reason: eventReasons.evicted, message: `${run} waits again${why}` }
      : { kind: 'event', type: 'Normal', reason: eventReasons.queued, message: `${run}${why}` },
  ];
}

function waited({ jobs = [] }: TaskRunStatus): string {
  return formatDuration(Math.max(0, ...jobs.map(({ waitedSeconds = 0 }) => waitedSeconds)) * 1000);
}
