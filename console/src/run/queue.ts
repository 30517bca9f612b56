import type { Run, RunDetail, RunJob } from '../../../controller/src/api/schemas.ts';

/** The waits of a run, or of one of its Jobs. */
type Waiting = Pick<Run, 'queuedTime' | 'waitedSeconds'>;

/** How long something waited in a queue, or has waited so far, in seconds; undefined if it never waited. */
export function waitedSeconds({ queuedTime, waitedSeconds: over }: Waiting, now: number): number | undefined {
  return queuedTime === undefined ? over : (over ?? 0) + Math.max(0, Math.floor((now - Date.parse(queuedTime)) / 1000));
}

/**
 * When a run entered its queue and when it started, in milliseconds. For steps, items and nodes, which wait separately,
 * this is no longer known.
 */
export function queuedFrom({
  shape,
  startTime,
  queuedTime,
  waitedSeconds: over,
}: Pick<Run, 'shape' | 'startTime' | 'queuedTime' | 'waitedSeconds'>): number | undefined {
  if (startTime === undefined) return queuedTime === undefined ? undefined : Date.parse(queuedTime);
  return shape === 'Job' && over !== undefined ? Date.parse(startTime) - over * 1000 : undefined;
}

/** The queues that a run waits in, those of its steps or its own: `nightly (priority class urgent)`. */
export function queuesOf({ jobs, snapshot }: Pick<RunDetail, 'jobs' | 'snapshot'>): readonly string[] {
  return [
    ...new Set(
      [...jobs.map((job) => queueOf(job, snapshot)), ...(jobs.length === 0 ? [snapshot?.queue] : [])].flatMap(
        (queue) => (queue === undefined ? [] : wordsOf(queue)),
      ),
    ),
  ];
}

function wordsOf({ name, priorityClass }: NonNullable<RunJob['queue']>): string {
  return priorityClass === undefined ? name : `${name} (priority class ${priorityClass})`;
}

/** The queue that a Job waits in: its step's own, or the run's. */
export function queueOf({ queue }: Pick<RunJob, 'queue'>, snapshot: RunDetail['snapshot']): RunJob['queue'] {
  return queue ?? snapshot?.queue;
}
