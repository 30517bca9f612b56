/**
 * A step's pod template as it runs: with what all steps of the flow have, and with the outputs of steps before it.
 */
import type { Task, TaskRunStatus } from '../../resources/index.ts';
import type { FlowStep } from '../model/flow.ts';
import { daemonTolerations, type Toleration } from '../pods/tolerations.ts';
import { itemValue } from './items.ts';
import { filledIn, type ValueOf, ValuesRoom } from './placeholders.ts';
import { stepOutputValues } from './step-outputs.ts';

type Globals = NonNullable<Task['spec']['globals']>;
type Rows = Readonly<NonNullable<TaskRunStatus['jobs']>>;

interface Container {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

interface PodSpec {
  readonly tolerations?: readonly Toleration[];
  readonly affinity?: { readonly nodeAffinity?: object };
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
  readonly spec?: PodSpec;
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
  const { containers = [], initContainers = [] } = (template as PodTemplate).spec ?? {};
  return [...containers, ...initContainers].reduce((sum, { command = [], args = [], env = [] }) => {
    const texts = [...command, ...args, ...env.map(({ value = '' }) => value)];
    return texts.reduce((longer, text) => longer + text.length, sum);
  }, 0);
}

/** As the DaemonSet controller puts a pod on its node: the scheduler still sees to it that there is room. */
function onNode(own: string | undefined, boundTo: string | undefined, spec: PodSpec): PodSpec {
  const node = own ?? boundTo;
  if (node === undefined) return spec;
  const { tolerations = [], affinity } = spec;
  const required = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] };
  return {
    ...spec,
    affinity: {
      ...affinity,
      nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required },
    },
    ...(own !== undefined && { tolerations: [...tolerations, ...daemonTolerations] }),
  };
}

function podSpec(
  spec: PodSpec,
  { nodeName, volumes }: Globals,
  complete: (container: Container) => Container,
): PodSpec {
  return {
    ...(nodeName !== undefined && { nodeName }),
    ...spec,
    containers: (spec.containers ?? []).map(complete),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(complete) }),
    ...(volumes && { volumes: beside(spec.volumes, volumes, ({ name }) => name) }),
  };
}

function withGlobals(container: Container, { env, volumeMounts }: Globals = {}): Container {
  return {
    ...container,
    ...(env && { env: beside(container.env, env as NonNullable<Container['env']>, ({ name }) => name) }),
    ...(volumeMounts && {
      volumeMounts: beside(
        container.volumeMounts,
        volumeMounts as NonNullable<Container['volumeMounts']>,
        ({ mountPath }) => mountPath,
      ),
    }),
  };
}

function withValues(container: Container, filled: (text: string) => string): Container {
  const { command, args, env } = container;
  return {
    ...container,
    ...(command && { command: command.map(filled) }),
    ...(args && { args: args.map(filled) }),
    ...(env && {
      env: env.map((variable) =>
        variable.value === undefined ? variable : { ...variable, value: filled(variable.value) },
      ),
    }),
  };
}

/** The shared ones first, so that what is a step's own can refer to them, as in `$(SHARED)/sub`. */
function beside<T>(own: readonly T[] = [], shared: readonly T[] = [], keyOf: (one: T) => string): readonly T[] {
  const keys = new Set(own.map(keyOf));
  return [...shared.filter((one) => !keys.has(keyOf(one))), ...own];
}
