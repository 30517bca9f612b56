/**
 * What ran before a Task was created again. Somebody may delete a Task, and KubeVela creates it again; a restore brings
 * it back without its status. Its UID is new and its runs are gone with the old one, so its revision would look like a
 * trigger that nothing has answered. The Application outlives the Task: the controller writes a mark there once a
 * deployment's run has finished.
 */
import type { Condition, Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import type { ApplicationRef } from '../model/actions.ts';
import { policyOf } from '../model/execution-policy.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import type { Before, Unmarked } from '../model/memory.ts';
import type { TaskState } from '../model/state.ts';
import { answeredByEarlier, lastAnswered, type Mark, markedPhases } from '../model/trigger.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { applicationOf } from './workflow-step.ts';

/** The Application to ask what ran, where nobody else can know whether the Task's trigger was answered. */
export function askedBefore({ task, cluster, memory }: TaskState): ApplicationRef | undefined {
  const isOpen =
    task.metadata.deletionTimestamp === undefined &&
    memory.before === undefined &&
    policyOf(task).trigger !== 'Manual' &&
    lastAnswered(task, cluster.runs, memory.answered) === undefined &&
    answeredByEarlier(task, cluster.runs) === undefined;
  return isOpen ? applicationOf(task) : undefined;
}

/**
 * Whether the mark answers the Task's trigger whatever its session is: KubeVela runs the workflow of a restored
 * Application from its beginning, as other sessions. A step that would run the same content is the one that ran. Not so
 * where later steps may need its outputs, which are gone.
 */
export function answersAnySession(task: Task, before: Pick<Before, 'mark' | 'isRestored'>): boolean {
  return isStepAgain(task, before) && !hasOutputs(task);
}

function isStepAgain(task: Task, { mark, isRestored }: Pick<Before, 'mark' | 'isRestored'>): boolean {
  return isRestored === true && task.spec.trigger?.step !== undefined && snapshotOf(task).hash === mark?.snapshotHash;
}

function hasOutputs({ spec }: Task): boolean {
  return (spec.outputs ?? []).length > 0;
}

/**
 * Why a version of the Task runs what ran before the Task was created, where that is known: a sentence for its status,
 * its event and the run's record.
 */
export function runsAgainBecause(version: Task, before: Before | undefined): string | undefined {
  if (!before) return undefined;
  const { mark, archived, unmarked } = before;
  if (mark && hasOutputs(version) && isStepAgain(version, before))
    return `${mark.run} ran the same before its Application was restored, and runs again: its outputs are gone, and later steps may need them`;
  if (archived?.snapshotHash !== snapshotOf(version).hash) return undefined;
  const why = unmarkedWords[mark ? 'changed' : (unmarked ?? 'noMark')];
  return `${archived.run} ran the same until ${archived.at}, and runs again: ${why}`;
}

const unmarkedWords: Readonly<Record<Unmarked, string>> = {
  notHere: 'the Application, which keeps what ran, is not in this cluster',
  noMark: 'the Application does not say so, as it was deleted and applied again, or restored without its annotations',
  changed: 'the Application was deployed again since',
  notNamed: 'for 30 seconds the Application did not say that it applied this Task',
};

/** Whether the Task's status speaks of a run that was before the Task. */
export function speaksOfBefore({ state: { task, memory }, current, answered, mark }: TaskView): boolean {
  if (current !== undefined || answered?.run === undefined) return false;
  if (memory.refusals.some(({ object }) => object === 'TaskRun')) return false;
  return mark !== undefined || reportedAsBefore(task) !== undefined;
}

/** The condition that says so, once the status has it. */
export function reportedAsBefore({ status }: Task): Condition | undefined {
  return status?.conditions?.find(({ type, reason }) => type === 'Ready' && reason === reasons.ranBefore);
}

/** The mark that the Application should have: of the last answered trigger, once its run or a retry has finished. */
export function markOf(view: TaskView): Mark | undefined {
  const { answered, policy, state } = view;
  if (policy.trigger === 'Manual' || answered?.run === undefined) return undefined;
  const { value, revisionHash: hash, snapshotHash } = answered;
  const last = lastRun(view, answered.run);
  const { name: run, phase } = last ?? {
    name: answered.run,
    phase: speaksOfBefore(view) ? state.task.status?.phase : undefined,
  };
  const marked = markedPhases.find((one) => one === phase);
  return marked && compact({ value, revisionHash: hash, snapshotHash, run, phase: marked });
}

function lastRun({ runs, deployed }: TaskView, answering: string): RunView | undefined {
  const isRetry = deployed?.record.spec.trigger?.type === 'Retry' && isFinished(deployed.phase);
  return isRetry ? deployed : runs.find(({ name }) => name === answering);
}
