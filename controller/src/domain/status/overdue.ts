/**
 * Waits that are in order at first, and mean that something is wrong when they last: a pod that does not go, and a
 * container that keeps a finished program's pod running.
 */
import { reasons } from '../model/reasons.ts';
import type { Pod } from '../model/objects.ts';
import type { Hold } from '../model/verdict.ts';
import { partsOf, type TaskView } from '../model/view.ts';

/** A kubelet that is alive ends a pod when its grace period is over, and removes it within seconds after that. */
const goneMilliseconds = 120_000;
/** A log shipper or proxy may have a while of its own to end in. */
const lingeringMilliseconds = 300_000;

/** What a run that waits for pods to go says of one that does not. */
export function stuckPodHold({ state }: TaskView, now: Date): Hold | undefined {
  const pod = state.cluster.pods.find((one) => (stuckAt(one) ?? Infinity) <= now.getTime());
  if (!pod) return undefined;
  const { name, deletionTimestamp } = pod.metadata;
  const where = pod.nodeName === undefined ? '' : ` on node ${pod.nodeName}`;
  return {
    phase: 'Pending',
    reason: reasons.podStuck,
    message: `waits for pod ${name}${where}, which should have been gone at ${deletionTimestamp}; if its node is dead, delete the pod with --force, or taint the node with node.kubernetes.io/out-of-service`,
  };
}

/** Whether the current run's program is done, and its pod has run on for others for too long. */
export function lingersTooLong(view: TaskView, now: Date): boolean {
  return lingeringEnds(view).some((at) => at <= now.getTime());
}

/** When any of these waits becomes one too long, in milliseconds since the epoch. */
export function overdueTimes(view: TaskView): readonly number[] {
  return [...view.state.cluster.pods.flatMap((pod) => stuckAt(pod) ?? []), ...lingeringEnds(view)];
}

/** deletionTimestamp is when the grace period ends. */
function stuckAt({ metadata, phase }: Pod): number | undefined {
  if (metadata.deletionTimestamp === undefined || phase === 'Failed' || phase === 'Succeeded') return undefined;
  return Date.parse(metadata.deletionTimestamp) + goneMilliseconds;
}

function lingeringEnds({ current }: TaskView): readonly number[] {
  if (!current || current.finished) return [];
  const pods = partsOf(current).flatMap((part) => part.pods);
  return pods.flatMap(({ lingering }) =>
    lingering?.since === undefined ? [] : Date.parse(lingering.since) + lingeringMilliseconds,
  );
}
