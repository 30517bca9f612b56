/**
 * A step's pod template as it runs: with what all steps of the flow have, and with the outputs of steps before it.
 */
import type { Task, TaskRunStatus } from '../../resources/index.ts';
import type { FlowStep } from '../model/flow.ts';
import { type Fields, fieldsOf, isFields, isLeftOut, listOf } from '../lang/fields.ts';
import { daemonTolerations } from '../pods/tolerations.ts';
import { itemValue } from './items.ts';
import { filledIn, type ValueOf, ValuesRoom } from './placeholders.ts';
import { stepOutputValues } from './step-outputs.ts';

type Globals = NonNullable<Task['spec']['globals']>;
type Rows = Readonly<NonNullable<TaskRunStatus['jobs']>>;

interface PodTemplate {
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
  /** As people wrote it: where it is not what a pod has, it goes into the Job as it is, and the API server says why. */
  readonly spec?: Fields;
}

/**
 * @param step whose template it is; where that says something that globals say too, its own word counts
 * @param rows the steps' rows on record, whose outputs stand for `$(steps.NAME.outputs.OUTPUT)` in command, args and
 * env, as the item's
 *   values do for `$(item.KEY)` and the node's name for `$(node.name)`
 * @param boundTo the node that all steps of the run are on, where they are
 */
export function stepTemplate(
  { template, item, node }: Pick<FlowStep, 'template' | 'item' | 'node'>,
  globals: Globals = {},
  rows: Rows,
  boundTo?: string,
): Record<string, unknown> {
  const { metadata, spec = {}, ...rest } = template as PodTemplate;
  const { labels, annotations } = globals;
  const outputOf = stepOutputValues(rows);
  const room = new ValuesRoom();
  const valueOf: ValueOf = (name) =>
    (item && itemValue(name, item)) ?? (name === 'node.name' ? node : undefined) ?? outputOf(name);
  return {
    ...rest,
    metadata: {
      ...metadata,
      labels: { ...labels, ...metadata?.labels },
      annotations: { ...annotations, ...metadata?.annotations },
    },
    spec: onNode(
      node,
      boundTo,
      podSpec(spec, globals, (container) =>
        withGlobals(
          withValues(container, (text) => filledIn(text, valueOf, room)),
          globals,
        ),
      ),
    ),
  };
}

/** How long the texts of a pod template are together in which values take their places. */
export function charactersOf(template: unknown): number {
  const { containers, initContainers } = (template as PodTemplate).spec ?? {};
  const texts = [...listOf(containers), ...listOf(initContainers)].map(fieldsOf).flatMap(({ command, args, env }) => {
    const values = listOf(env).map((variable) => fieldsOf(variable)['value']);
    return [...listOf(command), ...listOf(args), ...values];
  });
  return texts.reduce((sum: number, text) => sum + (typeof text === 'string' ? text.length : 0), 0);
}

/** As the DaemonSet controller puts a pod on its node: the scheduler still sees to it that there is room. */
function onNode(own: string | undefined, boundTo: string | undefined, spec: Fields): Fields {
  const node = own ?? boundTo;
  if (node === undefined) return spec;
  return {
    ...spec,
    affinity: boundAffinity(spec['affinity'], node),
    ...(own !== undefined && { tolerations: changed(spec['tolerations'], (own) => [...own, ...daemonTolerations]) }),
  };
}

function boundAffinity(affinity: unknown, node: string): unknown {
  const { nodeAffinity } = fieldsOf(affinity);
  if (!isFieldsOrLeftOut(affinity) || !isFieldsOrLeftOut(nodeAffinity)) return affinity;
  const required = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] };
  return {
    ...affinity,
    nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required },
  };
}

function isFieldsOrLeftOut(value: unknown): value is Fields | null | undefined {
  return isFields(value) || isLeftOut(value);
}

function podSpec(spec: Fields, { nodeName, volumes }: Globals, complete: (container: Fields) => Fields): Fields {
  const { containers, initContainers } = spec;
  return {
    ...(nodeName !== undefined && { nodeName }),
    ...spec,
    containers: changed(containers, (list) => eachOf(list, complete)),
    ...(!isLeftOut(initContainers) && { initContainers: changed(initContainers, (list) => eachOf(list, complete)) }),
    ...(volumes && { volumes: beside(spec['volumes'], volumes, 'name') }),
  };
}

function withGlobals(container: Fields, { env, volumeMounts }: Globals = {}): Fields {
  return {
    ...container,
    ...(env && { env: beside(container['env'], env, 'name') }),
    ...(volumeMounts && { volumeMounts: beside(container['volumeMounts'], volumeMounts, 'mountPath') }),
  };
}

function withValues(container: Fields, filled: (text: string) => string): Fields {
  const { command, args, env } = container;
  const word = (one: unknown): unknown => (typeof one === 'string' ? filled(one) : one);
  return {
    ...container,
    ...(Array.isArray(command) && { command: command.map(word) }),
    ...(Array.isArray(args) && { args: args.map(word) }),
    ...(Array.isArray(env) && {
      env: eachOf(env, (one) => ('value' in one ? { ...one, value: word(one['value']) } : one)),
    }),
  };
}

/** The list changed; where nothing is written it is empty, and what is not a list stays as it is. */
function changed(list: unknown, change: (list: readonly unknown[]) => readonly unknown[]): unknown {
  return Array.isArray(list) || isLeftOut(list) ? change(listOf(list)) : list;
}

/** The objects of a list changed. */
function eachOf(list: readonly unknown[], change: (one: Fields) => Fields): readonly unknown[] {
  return list.map((one) => (isFields(one) ? change(one) : one));
}

/**
 * The shared ones, with a step's own in the place of one that has its key, and what the step alone has after them: a
 * variable can refer to those that stand earlier in the list, as in `$(SHARED)/sub`.
 */
function beside(own: unknown, shared: readonly Fields[], key: 'name' | 'mountPath'): unknown {
  return changed(own, (list) => {
    const first = new Map(list.toReversed().map((one) => [fieldsOf(one)[key], one]));
    const placed = shared.map((one) => first.get(one[key]) ?? one);
    const known = new Set<unknown>(placed);
    return [...placed, ...list.filter((one) => !known.has(one))];
  });
}
