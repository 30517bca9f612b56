import type { Verb } from './api-error.ts';

/** One attempt that failed, as far as the decision to try again needs it. */
export interface FailedAttempt {
  verb: Verb;
  /** How many attempts were made, this one included. */
  attempts: number;
  /** HTTP status; 0 when no answer came. */
  status: number;
  /** True when the request certainly never left: the connection was refused. */
  neverSent: boolean;
  retryAfterSeconds?: number | undefined;
  /** False for a JSON patch, which may add twice. */
  idempotent: boolean;
}

/** With the delays below a call gives up after about 4 s, well before a reconcile is missed. */
export const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A server that asks for more patience than this is answered by the caller's own back-off. */
const LONGEST_RETRY_AFTER_SECONDS = 30;
const TRY_LATER = new Set([500, 502, 503, 504]);

/**
 * Again? Semantics as client-go's `withRetry`: 429 was turned away before anything happened, so any verb may try again;
 * all else only if doing it twice is harmless. A create is retried only when its first attempt never left this process:
 * the second one's AlreadyExists would be our own doing.
 */
export function shouldRetry(failed: FailedAttempt): boolean {
  if (failed.attempts >= MAX_ATTEMPTS) return false;
  if ((failed.retryAfterSeconds ?? 0) > LONGEST_RETRY_AFTER_SECONDS) return false;
  if (failed.neverSent || failed.status === 429) return true;
  if (!failed.idempotent) return false;
  if (failed.status === 0) return true;
  // A 5xx without Retry-After may be a lasting refusal (a broken webhook): leave that to the caller's slower back-off.
  return TRY_LATER.has(failed.status) && failed.retryAfterSeconds !== undefined;
}

/** After how long? What the server asked for, else exponential; jittered by up to a half so that callers spread. */
export function retryDelayMs(
  failed: Pick<FailedAttempt, 'attempts' | 'retryAfterSeconds'>,
  random: () => number = Math.random,
): number {
  const asked = (failed.retryAfterSeconds ?? 0) * 1_000;
  const grown = backoffMs(failed.attempts, { firstMs: FIRST_DELAY_MS, longestMs: LONGEST_DELAY_MS }, () => 1);
  return Math.round(Math.max(asked, grown) * (1 + random() / 2));
}

/** How a repeated failure slows down. */
export interface BackoffLimits {
  firstMs: number;
  longestMs: number;
}

/** Exponential back-off: half to full of `firstMs` doubled for each failure after the first, at most `longestMs`. */
export function backoffMs(failures: number, limits: BackoffLimits, random: () => number = Math.random): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 52);
  const full = Math.min(limits.longestMs, limits.firstMs * 2 ** doublings);
  return Math.round(full * (0.5 + random() / 2));
}
