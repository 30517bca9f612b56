/** How Kueue changes a Job, update by update as recorded, and what it makes of one. Pure. */
import { createHash } from 'node:crypto';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Stored } from '../../../controller/src/kube/objects.ts';
import {
  labels,
  resourceInUse,
  stopping,
  type PodTemplate,
  type ResourceFlavor,
  type Workload,
  type WorkloadPriorityClass,
} from './kinds.ts';

type Changed = Readonly<Record<string, string | null>>;

/** The Job controller's; of no concern to a Workload. */
const jobControllers = ['job-name', 'controller-uid', 'batch.kubernetes.io/controller-uid'];
const longestWorkloadName = 63;

/** Suspended, and with the template as it was. */
export function isAtRest({ metadata, spec }: Job): boolean {
  return spec?.suspend === true && metadata?.annotations?.[stopping] !== 'true';
}

/** How the Job ended; undefined while it has not. */
export function endOf({ status }: Job): { succeeded: boolean; message: string } | undefined {
  const end = status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );
  return end && { succeeded: end.type === 'Complete', message: end.message ?? '' };
}

/** @param priorityClass the one that the Job's label names, where it names one */
export function workloadOf(job: Stored<Job>, priorityClass?: WorkloadPriorityClass): Workload {
  const { name, namespace = '', uid, labels: jobLabels } = job.metadata;
  const { parallelism = 1, completions = parallelism } = job.spec ?? {};
  return {
    metadata: {
      name: workloadName(name, uid),
      namespace,
      labels: { [labels.jobUid]: uid },
      finalizers: [resourceInUse],
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      active: true,
      queueName: jobLabels?.[labels.queueName] ?? '',
      ...priorityOf(priorityClass),
      podSets: [{ name: 'main', count: Math.min(parallelism, completions), template: templateOf(job) }],
    },
  };
}

function priorityOf(
  priorityClass: WorkloadPriorityClass | undefined,
): Pick<Workload['spec'], 'priority' | 'priorityClassRef'> {
  if (!priorityClass) return { priority: 0 };
  return {
    priority: priorityClass.value,
    priorityClassRef: {
      group: 'kueue.x-k8s.io',
      kind: 'WorkloadPriorityClass',
      name: priorityClass.metadata.name ?? '',
    },
  };
}

/** The pods' template without what the Job controller put into it. */
function templateOf({ spec }: Job): PodTemplate {
  const { metadata, spec: pods } = spec?.template ?? {};
  const own = Object.entries(metadata?.labels ?? {}).filter(([label]) => !jobControllers.includes(label));
  return {
    metadata: { labels: Object.fromEntries(own), ...(metadata?.annotations && { annotations: metadata.annotations }) },
    ...(pods && { spec: pods }),
  };
}

function workloadName(job: string, uid: string): string {
  const hash = createHash('sha1').update(['Job', 'batch', job, uid].join('\n')).digest('hex').slice(0, 5);
  return `${`job-${job}`.slice(0, longestWorkloadName - 6)}-${hash}`;
}

/** The one update of an admission. */
export function start(workload: Stored<Workload>, flavors: readonly ResourceFlavor[]): object {
  const { admission } = workload.status ?? {};
  const nodeSelector = Object.fromEntries(flavors.flatMap(({ spec }) => Object.entries(spec.nodeLabels ?? {})));
  const ofQueue = {
    'kueue.x-k8s.io/podset': 'main',
    'kueue.x-k8s.io/local-queue-name': workload.spec.queueName,
    'kueue.x-k8s.io/cluster-queue-name': admission?.clusterQueue,
  };
  return {
    spec: {
      suspend: false,
      template: {
        metadata: { labels: ofQueue, annotations: { 'kueue.x-k8s.io/workload': workload.metadata.name } },
        spec: { nodeSelector },
      },
    },
  };
}

/** The first update of an eviction. */
export const suspend = { metadata: { annotations: { [stopping]: 'true' } }, spec: { suspend: true } };
export const resetStartTime = { status: { startTime: null } };

/** The last update of an eviction: the template as the Workload has it. Without one only the annotation goes. */
export function restore({ spec }: Job, workload: Workload | undefined): object {
  const done = { metadata: { annotations: { [stopping]: null } } };
  const before = workload?.spec.podSets[0]?.template;
  if (!before) return done;
  const nodeSelector = changed(spec?.template.spec?.nodeSelector, before.spec?.nodeSelector);
  return {
    ...done,
    spec: { template: { metadata: restoredMetadata(spec?.template, before), spec: { nodeSelector } } },
  };
}

function restoredMetadata(now: PodTemplate = {}, before: PodTemplate): object {
  const kept = Object.entries(now.metadata?.labels ?? {}).filter(([label]) => jobControllers.includes(label));
  const ours = { ...before.metadata?.labels, ...Object.fromEntries(kept) };
  return {
    labels: changed(now.metadata?.labels, ours),
    annotations: changed(now.metadata?.annotations, before.metadata?.annotations),
  };
}

function changed(now: Readonly<Record<string, string>> = {}, before: Readonly<Record<string, string>> = {}): Changed {
  return { ...Object.fromEntries(Object.keys(now).map((key) => [key, null])), ...before };
}
