/**
 * From a pod of several KB to the few fields that explain its run. Caches keep nothing else of pods.
 */
import { podReasons } from '../domain/model/reasons.ts';
import type { Meta } from '../resources/index.ts';
import { compact } from '../domain/lang/compact.ts';
import { oneLine } from '../domain/lang/words.ts';
import type { ContainerFailure, Pod } from '../domain/model/objects.ts';

interface ContainerStatus {
  readonly name: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly finishedAt?: string };
}

/** The part of a core/v1 Pod that is read. */
export interface RawPod {
  readonly metadata: Meta;
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** Waiting for these is what every pod does. */
const ordinaryWaits = new Set(['ContainerCreating', 'PodInitializing']);

export function digestPod({ metadata, spec, status = {} }: RawPod): Pod {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = unschedulable(status) ?? blockedContainer(containers);
  const failure = containerFailure(containers) ?? podFailure(status);
  return compact({
    metadata: slimMeta(metadata),
    phase: status.phase ?? 'Pending',
    nodeName: spec?.nodeName,
    waiting,
    failure,
  });
}

/**
 * The kubelet could not give a pod one of its volumes (an Event with reason FailedMount): a config map, a secret or a
 * claim that there is not.
 */
export interface MountFailure {
  readonly podUid: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** The kubelet tries again at least so often, and says so each time that it fails. */
const mountRetryMilliseconds = 150_000;

/** A pod that says nothing of why it waits does so for its volumes, if that was said lately. */
export function withMountFailure(pod: Pod, failures: readonly MountFailure[], now: number): Pod {
  // At first the kubelet may fail for what passes by itself.
  const last = failures.reduce<MountFailure | undefined>(
    (newest, one) => (newest && newest.seenAt > one.seenAt ? newest : one),
    undefined,
  );
  const isSaid = last !== undefined && now - last.seenAt < mountRetryMilliseconds;
  return isSaid && pod.phase === 'Pending' && !pod.waiting
    ? { ...pod, waiting: { reason: podReasons.failedMount, message: last.message } }
    : pod;
}

function slimMeta({
  name,
  namespace,
  uid,
  resourceVersion,
  creationTimestamp,
  deletionTimestamp,
  ownerReferences,
}: Meta): Meta {
  return compact({ name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, ownerReferences });
}

function unschedulable({ conditions = [] }: NonNullable<RawPod['status']>): Pod['waiting'] {
  const scheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (!scheduled) return undefined;
  return {
    reason: scheduled.reason ?? podReasons.unschedulable,
    message: oneLine(scheduled.message ?? 'no node fits the pod'),
  };
}

function blockedContainer(containers: readonly ContainerStatus[]): Pod['waiting'] {
  for (const { name, state } of containers) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || ordinaryWaits.has(reason)) continue;
    return { reason, message: oneLine(message ?? `container ${name} waits`) };
  }
  return undefined;
}

/** The failure that came last, of the present state and the one before it (a container that was started again). */
function containerFailure(containers: readonly ContainerStatus[]): ContainerFailure | undefined {
  const failures = containers.flatMap(({ name, state, lastState }) => {
    const terminated = state?.terminated ?? lastState?.terminated;
    return terminated && terminated.exitCode !== 0 ? [{ name, ...terminated }] : [];
  });
  failures.sort((a, b) => Date.parse(b.finishedAt ?? '') - Date.parse(a.finishedAt ?? ''));
  const [last] = failures;
  return last && { container: last.name, exitCode: last.exitCode, reason: last.reason ?? podReasons.error };
}

/** A pod that failed as a whole: evicted, preempted, past its deadline. */
function podFailure({ phase, reason }: NonNullable<RawPod['status']>): ContainerFailure | undefined {
  if (phase !== 'Failed' || reason === undefined) return undefined;
  return { container: '', reason };
}
