/**
 * queueTimeoutSeconds: how long a Job may wait in its queue, each time that it has to: before it starts, and after each
 * eviction.
 */
import type { Job } from '../model/objects.ts';
import type { PartView } from '../model/view.ts';
import { queuedSince } from '../queue/wait.ts';

/** When the Job must have been admitted, in milliseconds since the epoch; undefined where it may wait for ever. */
export function queueDeadlineOf({ record: run }: PartView, job: Job): number | undefined {
  const { queueTimeoutSeconds } = run.spec.snapshot ?? {};
  const since = queuedSince(run, job);
  return queueTimeoutSeconds === undefined || since === undefined
    ? undefined
    : Date.parse(since) + queueTimeoutSeconds * 1000;
}
