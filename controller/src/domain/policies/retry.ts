/**
 * retry: new attempts of a run whose Job failed, each a Job of its own, beside the Job's own backoffLimit. The first
 * attempt has number 0. A Job whose podFailurePolicy said FailJob is not tried again: it says that trying again is of
 * no use.
 */
import { kubernetesReasons } from '../model/reasons.ts';
import type { PartView } from '../model/view.ts';
import { anyQueued } from '../queue/idle.ts';
import { deadlineOf } from './timeout-seconds.ts';

/** The longest pause that the Task's schema lets people write. */
const longestDelaySeconds = 86_400;

export interface NextAttempt {
  readonly attempt: number;
  /** When it may start, in milliseconds since the epoch. */
  readonly at: number;
}

/** The CRD's defaults; without a retry there is no further attempt. */
const noRetry = { limit: 0 };
const defaults = { delaySeconds: 10, backoff: 'Exponential' };

/**
 * @returns the attempt that follows the failed one, or undefined where none does, or could not begin within
 *   timeoutSeconds any more, its own or those of the run that it is a step of: it has failed
 */
export function nextAttempt(view: PartView, now: Date): NextAttempt | undefined {
  const { failed } = view;
  if (!failed) return undefined;
  const { limit, delaySeconds, backoff } = { ...defaults, ...(view.record.spec.snapshot?.retry ?? noRetry) };
  if (failed.attempt >= limit || failed.reason === kubernetesReasons.podFailurePolicy) return undefined;
  const factor = backoff === 'Constant' ? 1 : 2 ** failed.attempt;
  const at = Date.parse(failed.completionTime) + Math.min(longestDelaySeconds, delaySeconds * factor) * 1000;
  return isInTime(view, at, now) ? { attempt: failed.attempt + 1, at } : undefined;
}

function isInTime(view: PartView, at: number, now: Date): boolean {
  const { ofRun } = view;
  const begins = Math.max(at, now.getTime());
  if (begins >= (deadlineOf(view, now) ?? Infinity)) return false;
  if (!ofRun) return true;
  // While other steps wait in queues the run's time may stand still: whether it is over shows when it is.
  const counts = anyQueued(ofRun.status?.jobs ?? []) ? now.getTime() : begins;
  return counts < (deadlineOf({ record: ofRun }, now) ?? Infinity);
}

/** How many attempts the run may have. */
export function mostAttempts({ record: run }: PartView): number {
  return 1 + (run.spec.snapshot?.retry?.limit ?? 0);
}
