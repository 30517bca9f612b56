/**
 * queueTimeoutSeconds: how long a Job may wait in its queue, each time that it has to: before it starts, and after each
 * eviction.
 */
import type { PartView } from '../view/classify.ts';
import { queuedSince } from '../queue/wait.ts';
import type { Job } from '../model/state.ts';

/** When the Job must have been admitted, in milliseconds since the epoch; undefined where it may wait for ever. */
export function queueDeadlineOf({ run }: PartView, job: Job): number | undefined {
  const { queueTimeoutSeconds } = run.spec.snapshot ?? {};
  const since = queuedSince(run, job);
  return queueTimeoutSeconds === undefined || since === undefined
    ? undefined
    : Date.parse(since) + queueTimeoutSeconds * 1000;
}
