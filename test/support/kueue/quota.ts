/** Which waiting Workloads a ClusterQueue takes in, and what it says to the others. Pure. */
import { conditionOf, holds, noLonger, said, type Changes } from './conditions.ts';
import type { ClusterQueue, Workload } from './kinds.ts';
import { amountOf, quantityOf, requestOf } from './quantities.ts';
import type { Stored } from '../../../controller/src/kube/objects.ts';

/** One status to write. */
export interface Verdict {
  readonly workload: Stored<Workload>;
  readonly changes: Changes;
  /** Beside the conditions. */
  readonly status?: Pick<NonNullable<Workload['status']>, 'admission' | 'resourceRequests'>;
}

interface Capacity {
  readonly resource: string;
  readonly flavor: string;
  readonly most: number;
}

/**
 * One cycle: the highest priority first, then who has waited longest since it was created or requeued. One that does
 * not fit lets those behind it by (BestEffortFIFO).
 *
 * @param holding the Workloads that have quota of this ClusterQueue
 * @param waiting those that may have some
 */
export function cycle(
  queue: ClusterQueue,
  holding: readonly Stored<Workload>[],
  waiting: readonly Stored<Workload>[],
): Verdict[] {
  const capacities = capacitiesOf(queue);
  const verdicts: Verdict[] = [];
  const inside = [...holding];
  for (const workload of [...waiting].sort(first)) {
    const lack = capacities.flatMap((capacity) => lackOf(capacity, workload, inside));
    if (lack.length === 0) {
      inside.push(workload);
      verdicts.push(admitted(queue, capacities, workload));
      continue;
    }
    const out = lack.some(({ never }) => never) ? [] : victims(queue, capacities, workload, inside);
    verdicts.push(
      ...out.filter((victim) => !holds(victim, 'Evicted')).map((victim) => preempted(queue, victim, workload)),
    );
    const message = `couldn't assign flavors to pod set main: ${lack.map(({ text }) => text).join(', ')}`;
    const pending = out.length === 0 ? '' : `. Pending the preemption of ${out.length} workload(s)`;
    const resourceRequests = workload.spec.podSets.map(({ name }) => ({
      name,
      resources: asked(capacities, workload),
    }));
    verdicts.push({
      workload,
      changes: [said('QuotaReserved', 'False', 'Pending', message + pending)],
      status: { resourceRequests },
    });
  }
  return verdicts;
}

function capacitiesOf({ spec }: ClusterQueue): Capacity[] {
  return spec.resourceGroups.flatMap(({ flavors }) =>
    flavors.flatMap(({ name: flavor, resources }) =>
      resources.map(({ name, nominalQuota }) => ({ resource: name, flavor, most: amountOf(name, nominalQuota) })),
    ),
  );
}

function first(a: Stored<Workload>, b: Stored<Workload>): number {
  return (
    (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
    since(a).localeCompare(since(b)) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

function since(workload: Stored<Workload>): string {
  const requeued = conditionOf(workload, 'Requeued');
  return requeued?.status === 'True' ? requeued.lastTransitionTime : workload.metadata.creationTimestamp;
}

function lackOf(
  { resource, flavor, most }: Capacity,
  workload: Workload,
  inside: readonly Workload[],
): { text: string; never: boolean }[] {
  const wanted = requestOf(workload, resource);
  const written = (amount: number) => quantityOf(resource, amount);
  if (wanted > most) {
    const text = `insufficient quota for ${resource} in flavor ${flavor}, previously considered podsets requests (0) + current podset request (${written(wanted)}) > maximum capacity (${written(most)})`;
    return [{ text, never: true }];
  }
  const missing = wanted + inside.reduce((sum, other) => sum + requestOf(other, resource), 0) - most;
  return missing > 0
    ? [
        {
          text: `insufficient unused quota for ${resource} in flavor ${flavor}, ${written(missing)} more needed`,
          never: false,
        },
      ]
    : [];
}

/** The lowest priority first, of the same the youngest; none where even all of them would not be enough. */
function victims(
  queue: ClusterQueue,
  capacities: readonly Capacity[],
  workload: Workload,
  inside: readonly Stored<Workload>[],
): Stored<Workload>[] {
  if (queue.spec.preemption?.withinClusterQueue !== 'LowerPriority') return [];
  const lower = inside
    .filter((other) => (other.spec.priority ?? 0) < (workload.spec.priority ?? 0))
    .sort((a, b) => first(b, a));
  const out: Stored<Workload>[] = [];
  for (const victim of lower) {
    out.push(victim);
    const left = inside.filter((other) => !out.includes(other));
    if (capacities.every((capacity) => lackOf(capacity, workload, left).length === 0)) return out;
  }
  return [];
}

function admitted(queue: ClusterQueue, capacities: readonly Capacity[], workload: Stored<Workload>): Verdict {
  const clusterQueue = queue.metadata.name ?? '';
  const podSetAssignments = workload.spec.podSets.map(({ name, count }) => ({
    name,
    count,
    flavors: Object.fromEntries(capacities.map(({ resource, flavor }) => [resource, flavor])),
    resourceUsage: asked(capacities, workload),
  }));
  const changes = [
    said('QuotaReserved', 'True', 'QuotaReserved', `Quota reserved in ClusterQueue ${clusterQueue}`),
    said('Admitted', 'True', 'Admitted', 'The workload is admitted'),
    ...noLonger(workload, ['Evicted', 'Preempted']),
  ];
  return { workload, changes, status: { admission: { clusterQueue, podSetAssignments } } };
}

function asked(capacities: readonly Capacity[], workload: Workload): Record<string, string> {
  return Object.fromEntries(
    capacities.map(({ resource }) => [resource, quantityOf(resource, requestOf(workload, resource))]),
  );
}

function preempted({ metadata }: ClusterQueue, victim: Stored<Workload>, by: Stored<Workload>): Verdict {
  const jobUid = by.metadata.labels?.['kueue.x-k8s.io/job-uid'] ?? 'UNKNOWN';
  const message = `Preempted to accommodate a workload (UID: ${by.metadata.uid}, JobUID: ${jobUid}) due to prioritization in the ClusterQueue; preemptor path: /${metadata.name}; preemptee path: /${metadata.name}`;
  return {
    workload: victim,
    changes: [said('Evicted', 'True', 'Preempted', message), said('Preempted', 'True', 'InClusterQueue', message)],
  };
}
