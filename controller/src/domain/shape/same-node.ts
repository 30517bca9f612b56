/**
 * globals.sameNode and globals.nodeName: all pods of a flow's run on one node, the first pod's or the one that is
 * named. Steps wait until the first pod's node is on record, so that they find there what the others left.
 */
import type { TaskRun } from '../../resources/index.ts';
import type { TaskState } from '../model/state.ts';
import type { FlowRun } from '../model/view.ts';

/** The node that a run is bound to, as far as it is named or on record. */
export function nodeOfRun({ spec, status }: TaskRun): string | undefined {
  return globalsOf({ spec }).nodeName ?? status?.nodeName;
}

/** Whether the run is bound to one node, even if it is not known yet which. */
export function isBound(run: Pick<TaskRun, 'spec'>): boolean {
  const { sameNode, nodeName } = globalsOf(run);
  return sameNode === true || nodeName !== undefined;
}

/** Whether the first pod's node is to be on record before another step starts. */
export function awaitsNode(run: TaskRun): boolean {
  return globalsOf(run).sameNode === true && nodeOfRun(run) === undefined;
}

/**
 * What should be on record: the node of the first pod that has one. A pod that succeeded is not among those known, and
 * was asked for.
 */
export function nodeToRecord(
  { record: run, parts }: FlowRun,
  { memory: { terminationMessages } }: TaskState,
): string | undefined {
  if (run.status?.nodeName !== undefined || !awaitsNode(run)) return run.status?.nodeName;
  const known = parts.flatMap(({ pods, job }) => [
    ...pods.map(({ nodeName }) => nodeName),
    job && terminationMessages.get(job.metadata.uid)?.nodeName,
  ]);
  return known.find((name) => name !== undefined);
}

function globalsOf({ spec }: Pick<TaskRun, 'spec'>): { readonly sameNode?: boolean; readonly nodeName?: string } {
  return spec.snapshot?.globals ?? {};
}
