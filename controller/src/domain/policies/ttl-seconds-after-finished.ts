/**
 * executionPolicy.ttlSecondsAfterFinished: a finished run's Job and pods go by age, as JobSpec.ttlSecondsAfterFinished.
 * It is not set on the Job: Kubernetes would delete the Job whether or not its outcome is on record.
 */
import type { RunView, TaskView } from '../model/view.ts';

/**
 * @returns the kept runs whose time is up, and when the next one's is, in milliseconds since the epoch
 */
export function beyondTtl(
  { kept, policy }: TaskView,
  now: Date,
): { expired: readonly RunView[]; nextAt: number | undefined } {
  const ttl = policy.ttlSecondsAfterFinished;
  if (ttl === undefined) return { expired: [], nextAt: undefined };
  const expiry = ({ record: run }: RunView) =>
    Date.parse(run.status?.completionTime ?? run.metadata.creationTimestamp) + ttl * 1000;
  const later = kept.map(expiry).filter((at) => at > now.getTime());
  return {
    expired: kept.filter((view) => expiry(view) <= now.getTime()),
    nextAt: later.length > 0 ? Math.min(...later) : undefined,
  };
}
