/**
 * The parts of Kubernetes' own objects that decisions need, and what they say by themselves.
 */
import { apiVersion, group, type Meta, type OwnerReference } from '../../resources/index.ts';

/** What has conditions: the status of a Job, or a Workload. */
interface Conditioned {
  readonly conditions?: readonly JobCondition[];
}

/** A condition of that type, whether it is true or not. */
export function anyCondition({ conditions = [] }: Conditioned, type: string): JobCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** A condition of that type that is true. */
export function trueCondition({ conditions = [] }: Conditioned, type: string): JobCondition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === 'True');
}

/** The part of a batch/v1 Job that decisions need. */
export interface Job {
  readonly metadata: Meta;
  /** Which attempt of its run it is; left out for the first, which has number 0. */
  readonly attempt?: number;
  /** The step of its run's flow that it is of. */
  readonly step?: string;
  /** The queue that it is in, by its label. */
  readonly queue?: string;
  /** It is being deleted in the foreground: Kubernetes deletes its pods, and then the Job. */
  readonly goesAfterPods?: true;
  readonly spec: {
    readonly parallelism?: number;
    readonly completions?: number;
    readonly backoffLimit?: number;
    readonly suspend?: boolean;
    /** Who looks after it, where that is not Kubernetes' own Job controller. */
    readonly managedBy?: string;
  };
  readonly status?: {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    /** The indexes of an Indexed Job that failed, such as `1,3-5`. */
    readonly failedIndexes?: string;
    readonly conditions?: readonly JobCondition[];
  };
}

export interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A pod as far as it explains its run. See digestPod. */
export interface Pod {
  readonly metadata: Meta;
  readonly phase: string;
  /** Once it has one. */
  readonly nodeName?: string;
  /** Why it does not run yet: ImagePullBackOff, Unschedulable, ... */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** The container that runs and that its program waits for. */
  readonly starting?: {
    readonly container: string;
    /** A native sidecar, which has to start; else an init container, which has to end. */
    readonly isSidecar: boolean;
    /** RFC 3339. */
    readonly since: string;
  };
  /** The end that the Job's outcome depends on. */
  readonly failure?: ContainerFailure;
  /** The task's own container has finally ended, and the pod runs on for others. */
  readonly lingering?: {
    readonly container: string;
    /** How it ended, in words; left out where it succeeded. */
    readonly ended?: string;
    readonly waitsFor: readonly string[];
    /** RFC 3339. */
    readonly since?: string;
  };
}

export interface ContainerFailure {
  /** Empty where the cluster ended the pod as a whole. */
  readonly container: string;
  readonly init?: true;
  /** The program's own: left out where it never started, and where the cluster ended it. */
  readonly exitCode?: number;
  /** The kubelet's word for it: Error, OOMKilled, Evicted, ... */
  readonly reason: string;
  /** The cluster's own sentence, in one line, or what else the pod says about the cause. */
  readonly message?: string;
  /** What the container ended with when the cluster ended the pod. */
  readonly killedWith?: number;
}

/**
 * The Job controller could not create a pod (an Event with reason FailedCreate): a quota, a missing service account, a
 * webhook.
 */
export interface PodRefusal {
  readonly jobUid: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/**
 * Taints and tolerations, as the scheduler reads them.
 */

/** As core/v1. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  /** RFC 3339. */
  readonly timeAdded?: string;
}

/** The part of a core/v1 Node that decides whether a pod may run there. */
export interface Node {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly taints?: readonly Taint[];
}

/** A claim that is there. */
export interface Claim {
  readonly metadata: Meta;
}

export function attemptOf({ attempt }: { readonly attempt?: number }): number {
  return attempt ?? 0;
}

/**
 * A condition of a Job that is true. As the Job controller says it: only Complete and Failed mean that a Job is
 * finished.
 */
export function conditionOf({ status = {} }: Job, type: 'Complete' | 'Failed') {
  return trueCondition(status, type);
}

/** Whether nothing of the Job goes on. */
export function hasEnded(job: Job): boolean {
  return conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;
}

/**
 * Whether a Job still has pods, and so a log. When a Job fails, Kubernetes deletes those that still run.
 * @param pods asks for those of the Job, without succeeded ones, which the caches leave out
 */
export function hasPods(job: Job, pods: () => readonly unknown[]): boolean {
  return !conditionOf(job, 'Failed') || (job.status?.succeeded ?? 0) > 0 || pods().length > 0;
}

/** The owner of what belongs to that Task or TaskRun. */
export function controlledBy(kind: 'Task' | 'TaskRun', { name, uid }: Meta): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** The kinds that control objects of ours, with their API group. */
const ownerGroups = { Task: group, TaskRun: group, Job: 'batch' } as const;
export type OwnerKind = keyof typeof ownerGroups;

/**
 * The UID of the object of that kind that controls this one. Group and kind count as well as the UID: anybody who may
 * create an object may write any UID into its owner references, under a kind that the garbage collector does not know.
 */
export function controllerOf({ metadata }: { readonly metadata: Pick<Meta, 'ownerReferences'> }, kind: OwnerKind) {
  return metadata.ownerReferences?.find((owner) => owner.controller === true && isOfKind(owner, kind))?.uid;
}

/** Whether the object's controller is the one with that UID. Owners are known by UID: names come back. */
export function isOwnedBy({ metadata }: Pick<Job, 'metadata'>, uid: string): boolean {
  const isOwner = (owner: OwnerReference) =>
    owner.controller === true && owner.uid === uid && isOfKind(owner, owner.kind as OwnerKind);
  return metadata.ownerReferences?.some(isOwner) ?? false;
}

function isOfKind({ apiVersion, kind }: OwnerReference, wanted: OwnerKind): boolean {
  return kind === wanted && apiVersion.split('/')[0] === ownerGroups[wanted];
}
