/**
 * What a node that is not ready does to the Job that is bound to it: nothing goes on there, and no pod says why.
 */
import { memo } from '../lang/memo.ts';
import { reasons, podReasons } from '../model/reasons.ts';
import { isFinished } from '../model/phase.ts';
import type { Node } from '../model/objects.ts';
import type { Verdict } from '../model/verdict.ts';
import type { StepView, TaskView } from '../model/view.ts';
import { nodeOfRun } from '../shape/same-node.ts';

/** A node that restarts is back within a few minutes. */
const patienceMilliseconds = 300_000;

export interface UnreadyNode {
  readonly name: string;
  /** RFC 3339, where the taint says so. */
  readonly since: string | undefined;
}

/** The taints that Kubernetes puts on a node whose condition Ready is False or Unknown. */
const unreadyTaints: ReadonlySet<string | undefined> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
]);

/** By name. Remembered: one decision asks it for each run of several Jobs, and for its next look. */
export const unreadyNodes = memo(
  (nodes: readonly Node[]): ReadonlyMap<string, UnreadyNode> =>
    new Map(
      nodes.flatMap(({ metadata: { name }, taints = [] }) => {
        const found = taints.filter(({ key }) => unreadyTaints.has(key));
        const since = found.find(({ timeAdded }) => timeAdded !== undefined)?.timeAdded;
        return found.length === 0 ? [] : [[name, { name, since }] as const];
      }),
    ),
);

/** What a pod waits with on such a node, or would; a more precise reason stays. */
const vague: ReadonlySet<string | undefined> = new Set([undefined, podReasons.unschedulable]);

/** The verdict on a step that has a Job, with the state of the node that it is bound to. */
export function withNodeState(verdict: Verdict, { job }: StepView, node: UnreadyNode | undefined): Verdict {
  if (!node || !job || isFinished(verdict.phase) || !vague.has(verdict.reason)) return verdict;
  const since = node.since === undefined ? '' : ` since ${node.since}`;
  const message = `node ${node.name} is not ready${since}: the Job goes on once it is, and ends if the node is deleted`;
  return { ...verdict, reason: reasons.nodeNotReady, message };
}

/** Whether the current run has waited for such a node for too long. */
export function waitsTooLongForNode(view: TaskView, now: Date): boolean {
  return nodeWaitEnds(view).some((at) => at <= now.getTime());
}

/** When such a wait becomes one too long, in milliseconds since the epoch. */
export function nodeWaitEnds({ current, state }: TaskView): readonly number[] {
  if (current?.kind !== 'flow' || current.finished) return [];
  const unready = unreadyNodes(state.cluster.nodes);
  if (unready.size === 0) return [];
  const boundTo = nodeOfRun(current.record);
  return current.parts.flatMap(({ step, job, finished }) => {
    const node = unready.get(step.node ?? boundTo ?? '');
    if (!node || !job || finished) return [];
    const since = Math.max(Date.parse(node.since ?? ''), Date.parse(job.metadata.creationTimestamp));
    return [(Number.isNaN(since) ? Date.parse(job.metadata.creationTimestamp) : since) + patienceMilliseconds];
  });
}
