/** Kueue's kinds, as far as the tests and the actor have to do with them. */
import type { PodSpec } from 'kubernetes-types/core/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { resourceType, type KubeObject } from '../../../controller/src/kube/objects.ts';

export const labels = {
  queueName: 'kueue.x-k8s.io/queue-name',
  priorityClass: 'kueue.x-k8s.io/priority-class',
  jobUid: 'kueue.x-k8s.io/job-uid',
} as const;
/** Said of a Job that is being stopped: its template is not yet as it was. */
export const stopping = 'kueue.x-k8s.io/stopping';
export const resourceInUse = 'kueue.x-k8s.io/resource-in-use';

export type ConditionType =
  'QuotaReserved' | 'Admitted' | 'Evicted' | 'Preempted' | 'Requeued' | 'Finished' | 'DeactivationTarget' | 'PodsReady';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: PodSpec;
}

export interface Workload extends KubeObject {
  metadata: ObjectMeta;
  spec: {
    readonly active?: boolean;
    readonly queueName?: string;
    readonly priority?: number;
    readonly priorityClassRef?: { readonly group: string; readonly kind: string; readonly name: string };
    readonly podSets: readonly { readonly name: string; readonly count: number; readonly template: PodTemplate }[];
  };
  status?: {
    readonly conditions?: readonly Condition[];
    /** What a Workload asks for that was looked at and not let in. */
    readonly resourceRequests?: readonly {
      readonly name: string;
      readonly resources: Readonly<Record<string, string>>;
    }[];
    readonly admission?: {
      readonly clusterQueue: string;
      readonly podSetAssignments: readonly {
        readonly name: string;
        readonly flavors: Readonly<Record<string, string>>;
        readonly resourceUsage: Readonly<Record<string, string>>;
        readonly count: number;
      }[];
    };
  };
}

export interface LocalQueue extends KubeObject {
  metadata: ObjectMeta;
  spec: { readonly clusterQueue: string };
}

export type StopPolicy = 'None' | 'Hold' | 'HoldAndDrain';

export interface ClusterQueue extends KubeObject {
  metadata: ObjectMeta;
  spec: {
    readonly namespaceSelector?: object;
    readonly stopPolicy?: StopPolicy;
    readonly preemption?: { readonly withinClusterQueue: 'Never' | 'LowerPriority' };
    readonly resourceGroups: readonly {
      readonly coveredResources: readonly string[];
      readonly flavors: readonly {
        readonly name: string;
        readonly resources: readonly { readonly name: string; readonly nominalQuota: string | number }[];
      }[];
    }[];
  };
}

export interface ResourceFlavor extends KubeObject {
  metadata: ObjectMeta;
  spec: { readonly nodeLabels?: Readonly<Record<string, string>> };
}

export interface WorkloadPriorityClass extends KubeObject {
  metadata: ObjectMeta;
  readonly value: number;
}

const ofKueue = { group: 'kueue.x-k8s.io', version: 'v1beta2' } as const;
export const workloads = resourceType<Workload>({
  ...ofKueue,
  plural: 'workloads',
  kind: 'Workload',
  namespaced: true,
});
export const localQueues = resourceType<LocalQueue>({
  ...ofKueue,
  plural: 'localqueues',
  kind: 'LocalQueue',
  namespaced: true,
});
export const clusterQueues = resourceType<ClusterQueue>({
  ...ofKueue,
  plural: 'clusterqueues',
  kind: 'ClusterQueue',
  namespaced: false,
});
export const resourceFlavors = resourceType<ResourceFlavor>({
  ...ofKueue,
  plural: 'resourceflavors',
  kind: 'ResourceFlavor',
  namespaced: false,
});
export const workloadPriorityClasses = resourceType<WorkloadPriorityClass>({
  ...ofKueue,
  plural: 'workloadpriorityclasses',
  kind: 'WorkloadPriorityClass',
  namespaced: false,
});
export const kueueKinds = [workloads, localQueues, clusterQueues, resourceFlavors, workloadPriorityClasses] as const;
