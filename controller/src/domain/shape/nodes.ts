/**
 * nodes: a Job for each node, all of one template. Each is seen as a step that depends on nothing. Nodes are chosen as
 * the DaemonSet controller chooses them: by the pods' nodeSelector, required node affinity and tolerations; not by what
 * room they have.
 */
import { type Fields, fieldsOf, isFields, isLeftOut, listOf } from '../lang/fields.ts';
import { memo, memoText } from '../lang/memo.ts';
import type { JobRow, Snapshot, TaskRun } from '../../resources/index.ts';
import { maxNameLength, nameWithHash } from '../lang/names.ts';
import type { FlowStep } from '../model/flow.ts';
import type { Node } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { daemonTolerations, tolerates } from '../pods/tolerations.ts';
import { isBound } from './same-node.ts';
import { templateStep } from './template-step.ts';

/** As many as a run may have steps. */
const most = 1_000;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** As the Job of a further attempt ends. */
const attempt = /-r\d+$/;

/** Each way in which a node can be unfit, in words. */
const unfit = {
  excluded: 'excluded by name',
  excludedLabels: 'excluded by their labels',
  selector: 'without the labels of nodeSelector',
  affinity: 'outside the required node affinity',
  taint: 'with a taint that the pods do not tolerate',
} as const;
type Unfit = keyof typeof unfit;

/** Whether the run is one that nodes matter to: it is not finished, and has a Job for each, or is bound to one. */
export function hasNodes({ spec, status }: Pick<TaskRun, 'spec' | 'status'>): boolean {
  return !isFinished(status?.phase) && (spec.snapshot?.nodes !== undefined || isBound({ spec }));
}

/**
 * The steps of a run, one for each node: those on record, and before there is a record, or where nodes may join, those
 * that fit now.
 * @param nodes all nodes of the cluster
 */
export function nodeSteps({ spec, status }: TaskRun, nodes: readonly Node[]): readonly FlowStep[] {
  const { snapshot } = spec;
  if (!snapshot?.nodes) return [];
  const rows = status?.jobs ?? snapshot.kept ?? [];
  const onRecord = rows.map(nodeOf);
  const known = new Set(onRecord);
  const isOpen = status?.jobs === undefined || snapshot.nodes.joining === true;
  const more = isOpen ? fitting(snapshot, nodes).filter((name) => !known.has(name)) : [];
  return sameList(
    [...onRecord, ...more].map((node) => stepOf(node, snapshot)),
    snapshot,
  );
}

/** The list of each run's steps before; not a memo, because it is compared with what it would be now. */
const lists = new WeakMap<Snapshot, readonly FlowStep[]>();

/** The same list as long as it has the same steps, so that they are arranged once. */
function sameList(steps: readonly FlowStep[], snapshot: Snapshot): readonly FlowStep[] {
  const before = lists.get(snapshot);
  if (before?.length === steps.length && steps.every((step, index) => step === before[index])) return before;
  lists.set(snapshot, steps);
  return steps;
}

/** All that a row says whose step is called after its node. */
export function nodeOf({ node, step = '' }: Pick<JobRow, 'node' | 'step'>): string {
  return node ?? step;
}

/** What is wrong with a run of so many nodes, in a sentence with the remedy; undefined where nothing is. */
export function tooManyNodes(steps: readonly FlowStep[] = []): string | undefined {
  if (steps.length <= most || steps[0]?.node === undefined) return undefined;
  return `${steps.length} nodes fit, and a run has ${most} at most: choose fewer of them with nodeSelector, and have several tasks`;
}

/** Why no node fits, in a sentence with the remedy. */
export function whyNoNode(snapshot: Snapshot, nodes: readonly Node[]): string {
  if (nodes.length === 0) return 'no node fits: the cluster has none; the run starts once one does';
  const counts = new Map<Unfit, number>();
  for (const node of nodes) {
    const why = whyUnfit(node, snapshot);
    if (why) counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  const all = [...counts].map(([why, count]) => `${count} ${unfit[why]}`).join(', ');
  return `no node fits: of ${nodes.length} there are ${all}; the run starts once one does`;
}

/** The names of the nodes that the run's pods may run on, in order. */
function fitting(snapshot: Snapshot, nodes: readonly Node[]): readonly string[] {
  return nodes
    .filter((node) => whyUnfit(node, snapshot) === undefined)
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** What is not as a pod has it keeps no node out: the Job is made of it, and the API server says what is wrong. */
function whyUnfit(
  { metadata: { name, labels = {} }, taints = [] }: Node,
  { nodes = {}, template }: Snapshot,
): Unfit | undefined {
  const { excludedNames = [], excludedSelector } = nodes;
  const { nodeSelector, tolerations, affinity } = fieldsOf(template?.['spec']);
  const tolerated = [...listOf(tolerations).filter(isFields), ...daemonTolerations];
  const reasons: readonly (readonly [Unfit, boolean])[] = [
    ['excluded', excludedNames.includes(name)],
    ['excludedLabels', excludedSelector !== undefined && hasAll(labels, excludedSelector)],
    ['selector', !hasAll(labels, fieldsOf(nodeSelector))],
    ['affinity', !fitsAffinity(affinity, name, labels)],
    ['taint', taints.some((taint) => !tolerates(tolerated, taint))],
  ];
  return reasons.find(([, isSo]) => isSo)?.[0];
}

type Labels = Readonly<Record<string, string>>;

function hasAll(labels: Labels, wanted: Fields): boolean {
  return Object.entries(wanted).every(([key, value]) => typeof value !== 'string' || labels[key] === value);
}

/**
 * As the scheduler reads it: one term has to hold, with all that it says; a term that says nothing holds for no node.
 * No Job has it, but the node in its place, so that what the API server would refuse holds for no node either.
 */
function fitsAffinity(affinity: unknown, name: string, labels: Labels): boolean {
  const { nodeAffinity } = fieldsOf(affinity);
  const required = fieldsOf(nodeAffinity)['requiredDuringSchedulingIgnoredDuringExecution'];
  if (isLeftOut(required)) return true;
  return listOf(fieldsOf(required)['nodeSelectorTerms']).some((term) => {
    const { matchExpressions, matchFields } = fieldsOf(term);
    const all = [
      ...requirements(matchExpressions).map((one) => meets(one, (key) => labels[key])),
      ...requirements(matchFields).map((one) => meets(one, (key) => (key === 'metadata.name' ? name : undefined))),
    ];
    return all.length > 0 && all.every(Boolean);
  });
}

/** What is not a list is one requirement that nothing meets. */
function requirements(value: unknown): readonly unknown[] {
  return isLeftOut(value) || Array.isArray(value) ? listOf(value) : [value];
}

/** By a requirement's operator: whether a label's value meets it, given those that it names. */
const operators: ReadonlyMap<unknown, (value: string | undefined, values: readonly string[]) => boolean> = new Map([
  ['In', (value, values) => value !== undefined && values.includes(value)],
  ['NotIn', (value, values) => value === undefined || !values.includes(value)],
  ['Exists', (value) => value !== undefined],
  ['DoesNotExist', (value) => value === undefined],
  ['Gt', (value, [least]) => Number(value) > Number(least)],
  ['Lt', (value, [most]) => Number(value) < Number(most)],
]);

function meets(requirement: unknown, valueOf: (key: string) => string | undefined): boolean {
  const { key, operator, values } = fieldsOf(requirement);
  const texts = listOf(values).filter((value) => typeof value === 'string');
  return typeof key === 'string' && (operators.get(operator)?.(valueOf(key), texts) ?? false);
}

/** More than a run may have, so that none of a run's own is made twice. */
const mostSteps = 2_000;

/** Remembered: what is computed from a step is remembered by this very object. */
const stepsByNode = memo((snapshot: Snapshot) =>
  memoText(mostSteps, (node): FlowStep => ({ ...templateStep(stepName(node), snapshot), node })),
);

function stepOf(node: string, snapshot: Snapshot): FlowStep {
  return stepsByNode(snapshot)(node);
}

/** The node's name where that can be part of a label and of a Job's name, else one that no other node's step has. */
function stepName(node: string): string {
  return node.length <= maxNameLength && label.test(node) && !attempt.test(node) ? node : nameWithHash(node, node);
}
