/** Reduces a pod of several KB to the few fields that explain its run. Caches keep only these. */
import { podReasons } from '../domain/model/reasons.ts';
import type { Meta } from '../resources/index.ts';
import { compact } from '../domain/lang/compact.ts';
import { clusterWords } from './cluster-words.ts';
import type { Pod } from '../domain/model/objects.ts';
import { endText, failureOf, probeMessage, sidecarsOf, startMessage } from './pod-failure.ts';
import type { ContainerStatus, RawPod, Terminated } from './raw-pod.ts';

/** Every pod waits with these reasons. */
const ordinaryWaits: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

type Status = NonNullable<RawPod['status']>;

export function digestPod(pod: RawPod): Pod {
  const { metadata, spec, status = {} } = pod;
  const phase = status.phase ?? 'Pending';
  const waiting =
    unschedulable(status) ?? (phase === 'Pending' ? failingInit(pod) : undefined) ?? blockedContainer(pod, phase);
  return compact({
    metadata: slimMeta(metadata),
    phase,
    nodeName: spec?.nodeName,
    waiting,
    starting: waiting === undefined && phase === 'Pending' ? starting(pod) : undefined,
    failure: failureOf(pod),
    lingering: lingering(pod),
  });
}

/** An Event that explains a pod which waits for a volume or for its network: its status says nothing about it. */
export interface StartFailure {
  readonly podUid: string;
  readonly reason: (typeof podReasons)['failedMount' | 'failedAttachVolume' | 'failedCreatePodSandBox'];
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** The kubelet retries at least this often, and writes an event each time it fails. */
const kubeletRetryMilliseconds = 150_000;

/** A pod without a reason for waiting waits for its volumes or its network if an event says so. */
export function withStartFailure(pod: Pod, failures: readonly StartFailure[], now: number): Pod {
  if (pod.phase !== 'Pending' || pod.waiting) return pod;
  const found = telling(failures.filter((failure) => isCurrent(failure, now)));
  return found ? { ...pod, waiting: { reason: found.reason, message: `an event says: ${found.message}` } } : pod;
}

/** What the kubelet finds wrong at one attempt, it reports within this time, in any order. */
const attemptMilliseconds = 30_000;

/**
 * One of the latest attempt, and the same one each time, after those that name a cause: a time-out of the kubelet's
 * names none.
 */
function telling(failures: readonly StartFailure[]): StartFailure | undefined {
  const causes = failures.filter((failure) => !isTimeout(failure));
  const heard = causes.length > 0 ? causes : failures;
  const latest = Math.max(...heard.map(({ seenAt }) => seenAt));
  const ofAttempt = heard.filter(({ seenAt }) => latest - seenAt <= attemptMilliseconds);
  return [...ofAttempt].sort((a, b) => (a.message < b.message ? -1 : 1))[0];
}

/** The attach controller reports a volume that another node has once, the kubelet everything at each retry. */
function isCurrent({ reason, seenAt }: StartFailure, now: number): boolean {
  return reason === podReasons.failedAttachVolume || now - seenAt < kubeletRetryMilliseconds;
}

function isTimeout({ message }: StartFailure): boolean {
  return /timed out waiting for the condition|context deadline exceeded/.test(message);
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

function unschedulable({ conditions = [] }: Status): Pod['waiting'] {
  const scheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (!scheduled) return undefined;
  return {
    reason: scheduled.reason ?? podReasons.unschedulable,
    message: clusterWords(scheduled.message ?? 'no node fits the pod'),
  };
}

function blockedContainer({ status = {} }: RawPod, phase: string): Pod['waiting'] {
  for (const { name, state } of awaitedContainers(status, phase)) {
    const { reason, message } = state?.waiting ?? {};
    // How the container ended before says more than for how long the kubelet waits; see failureOf.
    if (reason === undefined || ordinaryWaits.has(reason) || reason === podReasons.crashLoopBackOff) continue;
    return { reason, message: clusterWords(message ?? `container ${name} waits`) };
  }
  return undefined;
}

/** A program that runs does not wait for a sidecar that is started again. */
function awaitedContainers(
  { initContainerStatuses = [], containerStatuses = [] }: Status,
  phase: string,
): readonly ContainerStatus[] {
  return phase === 'Pending' ? [...initContainerStatuses, ...containerStatuses] : containerStatuses;
}

/**
 * An init container that fails again and again keeps its pod Pending, and no backoffLimit counts that. It is reported
 * alike while it waits, runs and fails, so that the message changes with each failure and not three times for each.
 */
function failingInit({ spec, status }: RawPod): Pod['waiting'] {
  for (const container of status?.initContainerStatuses ?? []) {
    const end = lastEnd(container);
    if (!end || end.exitCode === 0) continue;
    const kind = sidecarsOf(spec).has(container.name) ? 'sidecar' : 'init container';
    const why = startMessage(end) ?? probeMessage(spec, container.name, end);
    const how = endText(end, failuresOf(container));
    const words = why === undefined ? how : `${how}: ${why}`;
    return { reason: podReasons.crashLoopBackOff, message: `${kind} ${container.name} failed with ${words}` };
  }
  return undefined;
}

/**
 * An init container has to end, and a native sidecar to start, before the program does; the pod says of neither that it
 * waits for it.
 */
function starting({ spec, status }: RawPod): Pod['starting'] {
  const sidecars = sidecarsOf(spec);
  for (const { name, state, started } of status?.initContainerStatuses ?? []) {
    const since = state?.running?.startedAt;
    const isSidecar = sidecars.has(name);
    if (since !== undefined && !(isSidecar && started === true)) return { container: name, isSidecar, since };
  }
  return undefined;
}

function lastEnd({ state, lastState }: ContainerStatus): Terminated | undefined {
  return state?.terminated ?? lastState?.terminated;
}

/** The kubelet counts restarts, not failures: the first failure comes before the first restart. */
function failuresOf({ restartCount = 0, state }: ContainerStatus): number {
  return state?.running ? restartCount : restartCount + 1;
}

/**
 * The first container, which is the task's own, has finally ended and an ordinary one beside it has not: Kubernetes
 * keeps such a pod running.
 */
function lingering({ metadata, spec, status }: RawPod): Pod['lingering'] {
  const [own, ...others] = spec?.containers ?? [];
  if (own === undefined || status?.phase !== 'Running' || metadata.deletionTimestamp !== undefined) return undefined;
  const stateOf = (name: string) => status.containerStatuses?.find((one) => one.name === name)?.state;
  const end = finalEnd(stateOf(own.name), spec);
  const waitsFor = others.map(({ name }) => name).filter((name) => stateOf(name)?.running !== undefined);
  if (!end || waitsFor.length === 0) return undefined;
  const ended = end.exitCode === 0 ? undefined : endText(end);
  return compact({ container: own.name, ended, waitsFor, since: end.finishedAt });
}

/** How the container ended, unless it is started again. */
function finalEnd(state: ContainerStatus['state'], spec: RawPod['spec']): Terminated | undefined {
  const end = state?.terminated;
  return end?.exitCode === 0 || spec?.restartPolicy === 'Never' ? end : undefined;
}
