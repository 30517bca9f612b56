/** Rejects with the signal's reason when it fires, or has fired. The work may still go on. */
export function unlessAborted<R>(signal: AbortSignal | undefined, work: Promise<R>): Promise<R> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
