/**
 * What is known of Kueue, in whose queues Jobs wait. It is read only: what Kueue does with its Workloads and our Jobs
 * is its own affair.
 */
import type { Meta } from '../../resources/index.ts';
import type { Job, JobCondition } from './objects.ts';

/** The part of a Workload that says how its Job waits. Kueue makes one for each Job, which owns it. */
export interface Workload {
  readonly metadata: Meta;
  /** False once somebody, or Kueue itself, deactivated it. */
  readonly active: boolean;
  /** What its pods ask for together, by resource, as quantities; left out where Kueue does not say. */
  readonly requests?: Readonly<Record<string, string>>;
  /**
   * Those that say whether it is admitted (QuotaReserved, Admitted, Evicted), or was given up (DeactivationTarget,
   * Finished).
   */
  readonly conditions: readonly JobCondition[];
}

export interface Queueing {
  /** Whether the cluster has Kueue's API; undefined while nobody knows, or no Job has been in a queue yet. */
  readonly installed: boolean | undefined;
  /**
   * What the controller may not read, such as workloads.kueue.x-k8s.io: as long as there is any, the rest is not known.
   */
  readonly forbidden?: string | undefined;
  /** The Workloads of the Task's Jobs, by the Job's UID. */
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Which ClusterQueue each LocalQueue of the Task's namespace stands for, by name. */
  readonly clusterQueues: ReadonlyMap<string, string>;
  /** The names of the cluster's WorkloadPriorityClasses. */
  readonly priorityClasses: ReadonlySet<string>;
}

/** Where no Job has to do with queues. */
export const noQueueing: Queueing = {
  installed: undefined,
  workloads: new Map(),
  clusterQueues: new Map(),
  priorityClasses: new Set(),
};

/** Whether a queue holds the Job back. A Job that is suspended and in no queue is somebody else's affair. */
export function waitsInQueue({ queue, spec }: Job): boolean {
  return queue !== undefined && spec.suspend === true;
}
