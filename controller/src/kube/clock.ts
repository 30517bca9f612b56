/** Where waiting code gets its time from, so that tests choose the moment. */
export interface Clock {
  /** Milliseconds since 1970; may step when the machine's clock is set. */
  now(): number;
  /** Milliseconds since some moment; never steps. For durations and leases. */
  monotonic(): number;
  /** Calls `wake` once after `ms` (at most {@link LONGEST_TIMER_MS}); returns what cancels it. */
  after(ms: number, wake: () => void): () => void;
}

/** setTimeout takes longer waits for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real time. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal aborts; never rejects, so loops end by looking at their signal. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
