/**
 * Kueue's kinds, as far as they say how a Job waits. The fields are the same in all versions that it has served since
 * v0.5.
 */
import type { Condition, ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { resourceType, type KubeObject } from '../kube/objects.ts';

export const kueueGroup = 'kueue.x-k8s.io';

export interface WorkloadObject extends KubeObject {
  metadata: ObjectMeta;
  spec: { active?: boolean; queueName?: string };
  status?: { conditions?: Condition[]; resourceRequests?: { name: string; resources?: Record<string, string> }[] };
}

export interface LocalQueueObject extends KubeObject {
  metadata: ObjectMeta;
  spec: { clusterQueue?: string };
}

export interface PriorityClassObject extends KubeObject {
  metadata: ObjectMeta;
}

export function kueueTypes(version: string) {
  const group = kueueGroup;
  return {
    workloads: resourceType<WorkloadObject>({
      group,
      version,
      plural: 'workloads',
      kind: 'Workload',
      namespaced: true,
    }),
    localQueues: resourceType<LocalQueueObject>({
      group,
      version,
      plural: 'localqueues',
      kind: 'LocalQueue',
      namespaced: true,
    }),
    priorityClasses: resourceType<PriorityClassObject>({
      group,
      version,
      plural: 'workloadpriorityclasses',
      kind: 'WorkloadPriorityClass',
      namespaced: false,
    }),
  };
}
