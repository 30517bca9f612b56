/** What a Workload's own state and its queue's make of it: blocked, evicted, deactivated, requeued. Pure. */
import { conditionOf, deniedFor, holds, said, type Changes } from './conditions.ts';
import type { ClusterQueue, Workload } from './kinds.ts';

export interface Queues {
  readonly localQueueExists: boolean;
  readonly clusterQueueName: string | undefined;
  readonly clusterQueue: ClusterQueue | undefined;
}

const deactivated = 'The workload is deactivated';
const clusterQueueStopped = 'The ClusterQueue is stopped';

/** Why no quota can be reserved, however much is free; undefined where nothing stands in the way. */
export function blocker(
  { spec }: Workload,
  { localQueueExists, clusterQueueName, clusterQueue }: Queues,
): string | undefined {
  if (!localQueueExists) return `LocalQueue ${spec.queueName} doesn't exist`;
  if (!clusterQueue) return `ClusterQueue ${clusterQueueName} doesn't exist`;
  return stopPolicyOf(clusterQueue) === 'None' ? undefined : `ClusterQueue ${clusterQueueName} is inactive`;
}

/** Conditions that follow, one step at a time; none where the Workload is settled. */
export function nextConditions(workload: Workload, queues: Queues): Changes {
  const changes = workload.spec.active === false ? whenDeactivated(workload) : whenActive(workload);
  return changes.length > 0 ? changes : byQueue(workload, queues);
}

function whenActive(workload: Workload): Changes {
  return deniedFor(workload, 'Requeued', 'Deactivated')
    ? [said('Requeued', 'True', 'Reactivated', 'The workload was reactivated')]
    : [];
}

/** What Kueue deactivates itself says why: it is announced by the condition DeactivationTarget. */
function whenDeactivated(workload: Workload): Changes {
  if (holds(workload, 'Evicted')) return [];
  const target = conditionOf(workload, 'DeactivationTarget');
  return [
    target
      ? said('Evicted', 'True', `DeactivatedDueTo${target.reason}`, `${deactivated} due to ${target.message}`)
      : said('Evicted', 'True', 'Deactivated', deactivated),
  ];
}

function byQueue(workload: Workload, queues: Queues): Changes {
  const stopPolicy = queues.clusterQueue && stopPolicyOf(queues.clusterQueue);
  if (stopPolicy === 'None' && deniedFor(workload, 'Requeued', 'ClusterQueueStopped')) {
    return [said('Requeued', 'True', 'ClusterQueueRestarted', 'The ClusterQueue was restarted after being stopped')];
  }
  if (holds(workload, 'QuotaReserved')) {
    return stopPolicy === 'HoldAndDrain' && !holds(workload, 'Evicted')
      ? [said('Evicted', 'True', 'ClusterQueueStopped', clusterQueueStopped)]
      : [];
  }
  const blocked = blocker(workload, queues);
  return blocked === undefined ? [] : [said('QuotaReserved', 'False', 'Inadmissible', blocked)];
}

/** What a Workload without quota says once its Job has stopped. */
export function afterEviction(workload: Workload): Changes {
  const { reason = '', message = '' } = conditionOf(workload, 'Evicted') ?? {};
  return [
    said('QuotaReserved', 'False', 'Pending', message),
    said('Admitted', 'False', 'NoReservation', 'The workload has no reservation'),
    said('Requeued', reason === 'Preempted' ? 'True' : 'False', reason, message),
  ];
}

/** True for one that waits for quota: it may have some in the next cycle. */
export function waitsForQuota(workload: Workload, queues: Queues): boolean {
  const { metadata, spec } = workload;
  if (
    metadata.deletionTimestamp !== undefined ||
    spec.active === false ||
    holds(workload, 'Finished') ||
    holds(workload, 'QuotaReserved')
  )
    return false;
  return conditionOf(workload, 'Requeued')?.status !== 'False' && blocker(workload, queues) === undefined;
}

function stopPolicyOf({ spec }: ClusterQueue): string {
  return spec.stopPolicy ?? 'None';
}
