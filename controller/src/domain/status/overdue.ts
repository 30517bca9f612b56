/**
 * Waits that are in order at first, and mean that something is wrong when they last: a pod that does not go, a
 * container that keeps a finished program's pod running or a program from starting, and a Job that nobody looks after.
 */
import { reasons } from '../model/reasons.ts';
import type { Job, Pod } from '../model/objects.ts';
import type { Hold } from '../model/verdict.ts';
import { partsOf, type PartView, type TaskView } from '../model/view.ts';

/** A kubelet that is alive ends a pod when its grace period is over, and removes it within seconds after that. */
const goneMilliseconds = 120_000;
/** A log shipper or proxy may have a while of its own to end in. */
const lingeringMilliseconds = 300_000;
/** Most init containers have ended, and most controllers have seen a Job, after so long: it is not worth a word. */
const briefMilliseconds = 10_000;
/** A sidecar starts within minutes, if ever. */
const sidecarMilliseconds = 600_000;
/** An init container may fetch much: what takes that long is part of the work. */
const initMilliseconds = 3_600_000;

/** What a run that waits for pods to go says of one that does not. */
export function stuckPodHold({ state }: TaskView, now: Date): Hold | undefined {
  const pod = state.cluster.pods.find((one) => isStuck(one, now));
  return pod && { phase: 'Pending', ...stuckReason(pod) };
}

function isStuck(pod: Pod, now: Date): boolean {
  return (stuckAt(pod) ?? Infinity) <= now.getTime();
}

function stuckReason({ metadata: { name, deletionTimestamp }, nodeName }: Pod): Reason {
  const where = nodeName === undefined ? '' : ` on node ${nodeName}`;
  return {
    reason: reasons.podStuck,
    message: `waits for pod ${name}${where}, which should have been gone at ${deletionTimestamp}; if its node is dead, delete the pod with --force, or taint the node with node.kubernetes.io/out-of-service`,
  };
}

interface Reason {
  readonly reason: string;
  readonly message: string;
}

/**
 * What holds a Job up that says nothing about it: a pod that does not go and is not replaced before, or a controller
 * that is not there.
 */
export function silentWait(job: Job, { pods }: PartView, now: Date): Reason | undefined {
  const live = pods.filter(({ phase }) => phase !== 'Failed' && phase !== 'Succeeded');
  const [first] = live;
  if (first && live.every((pod) => isStuck(pod, now))) return stuckReason(first);
  return (unmanagedAt(job, pods) ?? Infinity) <= now.getTime() ? unmanagedReason(job) : undefined;
}

/** The container that a pod's program has waited for, for longer than is worth no word. */
export function startingWait({ pods }: PartView, now: Date): Reason | undefined {
  const found = pods.find(({ starting }) => starting && toldAt(starting) <= now.getTime())?.starting;
  return found && startingReason(found);
}

/** When a container that a program waits for is worth a word. */
function toldAt({ since }: NonNullable<Pod['starting']>): number {
  return Date.parse(since) + briefMilliseconds;
}

function startingReason({ container, isSidecar, since }: NonNullable<Pod['starting']>): Reason {
  const message = isSidecar
    ? `sidecar ${container} has run since ${since} and is not started yet: its startupProbe or postStart hook has to succeed before the program starts`
    : `init container ${container} has run since ${since}, and the program starts once it has ended`;
  return { reason: reasons.podInitializing, message };
}

function unmanagedReason({ spec: { managedBy = '' } }: Job): Reason {
  return {
    reason: reasons.waitsForManager,
    message: `the Job is left to ${managedBy} (job.managedBy), which has not started it: install that controller, or take managedBy out and deploy it again`,
  };
}

/** When a Job that somebody else looks after is overdue; undefined where Kubernetes does, or it has been started. */
function unmanagedAt({ metadata, spec, status }: Job, pods: readonly Pod[]): number | undefined {
  const isIdle = status?.startTime === undefined && pods.length === 0 && spec.suspend !== true;
  return spec.managedBy !== undefined && isIdle
    ? Date.parse(metadata.creationTimestamp) + briefMilliseconds
    : undefined;
}

/** Whether the current run's program has waited for an init container or a sidecar for too long. */
export function startsTooLong(view: TaskView, now: Date): boolean {
  return startingEnds(view).some((at) => at <= now.getTime());
}

function startingEnds(view: TaskView): readonly number[] {
  return currentPods(view).flatMap(({ starting }) => (starting ? patienceEnds(starting) : []));
}

function patienceEnds({ since, isSidecar }: NonNullable<Pod['starting']>): number {
  return Date.parse(since) + (isSidecar ? sidecarMilliseconds : initMilliseconds);
}

/** Whether the current run's program is done, and its pod has run on for others for too long. */
export function lingersTooLong(view: TaskView, now: Date): boolean {
  return lingeringEnds(view).some((at) => at <= now.getTime());
}

/** When any of these waits becomes one too long, in milliseconds since the epoch. */
export function overdueTimes(view: TaskView): readonly number[] {
  const unfinished = view.active.flatMap(partsOf).filter(({ finished }) => !finished);
  return [
    ...view.state.cluster.pods.flatMap((pod) => stuckAt(pod) ?? []),
    ...lingeringEnds(view),
    ...startingEnds(view),
    ...unfinished.flatMap(({ pods }) => pods.flatMap(({ starting }) => (starting ? toldAt(starting) : []))),
    ...unfinished.flatMap(({ job, pods }) => (job && unmanagedAt(job, pods)) ?? []),
  ];
}

/** deletionTimestamp is when the grace period ends. */
function stuckAt({ metadata, phase }: Pod): number | undefined {
  if (metadata.deletionTimestamp === undefined || phase === 'Failed' || phase === 'Succeeded') return undefined;
  return Date.parse(metadata.deletionTimestamp) + goneMilliseconds;
}

function lingeringEnds(view: TaskView): readonly number[] {
  return currentPods(view).flatMap(({ lingering }) =>
    lingering?.since === undefined ? [] : Date.parse(lingering.since) + lingeringMilliseconds,
  );
}

/** The pods of the current run, until it has ended. */
function currentPods({ current }: TaskView): readonly Pod[] {
  return !current || current.finished ? [] : partsOf(current).flatMap(({ pods }) => pods);
}
