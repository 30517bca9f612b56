/**
 * timeoutSeconds: how long a run may take with all its attempts. It is carried out as the activeDeadlineSeconds of each Job, which
 * counts from when the Job may start (a Job that a queue holds is suspended, and its time has not begun) and which the Job
 * controller keeps to whether or not we live. What a queue evicts has a new start, and its time begins anew.
 */
import type { PartView } from '../classify.ts';

/** When the run must have ended, in milliseconds since the epoch; undefined where nothing says so, or nothing has started. */
export function deadlineOf({ run, job }: Pick<PartView, 'run' | 'job'>): number | undefined {
  const timeout = run.spec.snapshot?.timeoutSeconds;
  const start = run.status?.startTime ?? job?.status?.startTime;
  return timeout === undefined || start === undefined ? undefined : Date.parse(start) + (timeout + waitedLater(run)) * 1000;
}

/** What further attempts waited in a queue, in seconds: the first one's waiting is over when the run starts. */
function waitedLater({ status }: PartView['run']): number {
  return (status?.jobs ?? []).reduce((sum, { attempt = 0, waitedSeconds = 0, step }) => sum + (attempt > 0 && step === undefined ? waitedSeconds : 0), 0);
}

/** The activeDeadlineSeconds of the run's next Job: what is left of the time-out, or what the Job is to have where that is less. */
export function activeDeadlineSeconds(view: PartView, now: Date): number | undefined {
  const { job, timeoutSeconds } = view.run.spec.snapshot ?? {};
  const own = (job as { readonly activeDeadlineSeconds?: number } | undefined)?.activeDeadlineSeconds;
  const deadline = deadlineOf(view);
  const left = deadline === undefined ? timeoutSeconds : Math.max(1, Math.ceil((deadline - now.getTime()) / 1000));
  return leastOf(own, left);
}

/** The lesser of two limits, either of which may be missing. */
export function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
