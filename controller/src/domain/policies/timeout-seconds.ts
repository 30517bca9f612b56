/**
 * timeoutSeconds: how long a run may take with all its attempts or steps. It is carried out as the
 * activeDeadlineSeconds of each Job, which counts from when the Job may start (a Job that a queue holds is suspended,
 * and its time has not begun) and which the Job controller keeps to whether or not we live. What a queue evicts has a
 * new start, and its time begins again. While all that is left of a run waits in queues, its time stands still:
 * queueTimeoutSeconds bounds the waiting.
 */
import type { TaskRun } from '../../resources/index.ts';
import { memoLatest } from '../lang/memo.ts';
import type { Job } from '../model/objects.ts';
import { idleInQueues } from '../queue/idle.ts';

/** A run, or a part of one. */
interface Timed {
  readonly record: TaskRun;
  /** The latest attempt's; a run of several Jobs has none itself. */
  readonly job?: Job | undefined;
}

/**
 * When the run must have ended, as far as is known now, in milliseconds since the epoch; undefined where nothing says
 * so, or nothing has started.
 */
export function deadlineOf({ record, job }: Timed, now: Date): number | undefined {
  const timeout = record.spec.snapshot?.timeoutSeconds;
  const start = record.status?.startTime ?? job?.status?.startTime;
  return timeout === undefined || start === undefined
    ? undefined
    : Date.parse(start) + timeout * 1000 + waitedSince(record, Date.parse(start), now);
}

/** Whether nothing of the run may start any more. */
export function isTimeUp(view: Timed, now: Date): boolean {
  return (deadlineOf(view, now) ?? Infinity) <= now.getTime();
}

/**
 * What was waited in queues after the start, in milliseconds: by further attempts, or by steps while no other one ran.
 * Remembered: each step that failed asks it of its run.
 */
const waitedSince = memoLatest(({ status }: TaskRun, start: number, now: Date): number => {
  const rows = status?.jobs ?? [];
  if (rows.some(({ step }) => step !== undefined)) return idleInQueues(rows, start, now.getTime());
  return rows.reduce((sum, { attempt = 0, waitedSeconds = 0 }) => sum + (attempt > 0 ? waitedSeconds : 0), 0) * 1000;
});

/**
 * The activeDeadlineSeconds of the run's next Job: what is left of the time-out, or what the Job is to have where that
 * is less.
 */
export function activeDeadlineSeconds(view: Timed, now: Date): number | undefined {
  const { job, timeoutSeconds } = view.record.spec.snapshot ?? {};
  const own = (job as { readonly activeDeadlineSeconds?: number } | undefined)?.activeDeadlineSeconds;
  const deadline = deadlineOf(view, now);
  const left = deadline === undefined ? timeoutSeconds : Math.max(1, Math.ceil((deadline - now.getTime()) / 1000));
  return leastOf(own, left);
}

/** The lesser of two limits, either of which may be missing. */
export function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
