/**
 * How long a Job waits in its queue. Kueue may evict a Job that runs, and then it waits again; the record adds up what
 * is over.
 */
import type { JobRow, TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { secondsBetween } from '../lang/duration.ts';
import { waitsInQueue } from '../model/kueue.ts';
import { anyCondition, type Job } from '../model/objects.ts';

/** Since when the Job waits this time, RFC 3339; undefined where it does not. */
export function queuedSince({ status }: TaskRun, job: Job): string | undefined {
  if (!waitsInQueue(job)) return undefined;
  return thisWait(rowOf(status, job), job);
}

/** What is on record may be of a wait before, whose end nobody saw: the Job says when it was suspended last. */
function thisWait({ queuedTime }: JobRow = {}, job: Job): string | undefined {
  const since = suspendedSince(job);
  if (queuedTime === undefined || since === undefined) return since;
  return Date.parse(since) > Date.parse(queuedTime) ? since : queuedTime;
}

/**
 * The Job controller says when it suspended a Job; of one that is being evicted just now it does not yet. That it says
 * nothing at all means that the Job is new, unless it has been admitted meanwhile, which is another generation.
 */
function suspendedSince({ metadata: { creationTimestamp, generation = 1 }, status = {} }: Job): string | undefined {
  const suspended = anyCondition(status, 'Suspended');
  if (!suspended) return generation === 1 ? creationTimestamp : undefined;
  return suspended.status === 'False' ? undefined : suspended.lastTransitionTime;
}

/** What the Job's row says of its waiting. */
export function waitOf({ status }: TaskRun, job: Job): Pick<JobRow, 'queuedTime' | 'waitedSeconds'> {
  if (job.queue === undefined) return {};
  const row = rowOf(status, job) ?? {};
  return waitsInQueue(job)
    ? compact({ queuedTime: thisWait(row, job), waitedSeconds: row.waitedSeconds })
    : waitOver(row, job);
}

/** Once the Job has started, the wait before is counted, and no more than once. */
function waitOver({ queuedTime, waitedSeconds }: JobRow, job: Job): Pick<JobRow, 'queuedTime' | 'waitedSeconds'> {
  const isCounted = queuedTime === undefined && waitedSeconds !== undefined;
  const start = job.status?.startTime;
  if (isCounted || start === undefined) return compact({ queuedTime, waitedSeconds });
  return {
    waitedSeconds:
      (waitedSeconds ?? 0) + Math.round(secondsBetween(queuedTime ?? job.metadata.creationTimestamp, start) ?? 0),
  };
}

function rowOf(status: TaskRunStatus | undefined, { metadata }: Job): JobRow | undefined {
  return status?.jobs?.find(({ uid }) => uid === metadata.uid);
}

/** The waits, in seconds, that one record of a run says are over and the one before did not. */
export function waitsOver(before: TaskRunStatus | undefined, after: TaskRunStatus): readonly number[] {
  const known = new Map((before?.jobs ?? []).map(({ uid, waitedSeconds }) => [uid, waitedSeconds]));
  return (after.jobs ?? []).flatMap(({ uid, waitedSeconds }) => {
    const counted = known.get(uid);
    return waitedSeconds === undefined || waitedSeconds === counted ? [] : [waitedSeconds - (counted ?? 0)];
  });
}
