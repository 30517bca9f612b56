/** A template of Argo Workflows with a container or a script, as what a task or a step runs. */
import { asText, commandFor, secondsOf, timeLimit } from './text.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { listOrNothing, only, orNothing, present, without } from './fields.ts';
import { onTop } from './on-top.ts';
import { workOf, type Converted } from './work.ts';

export interface Parameter {
  readonly name: string;
  readonly value?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
}

export interface Template extends Fields {
  readonly name?: string;
  readonly container?: Fields;
  readonly script?: Fields & { readonly command?: readonly string[]; readonly source?: string; readonly env?: unknown };
  readonly steps?: readonly (readonly Call[] | Call)[];
  readonly dag?: Fields & { readonly tasks?: readonly Call[] };
  readonly inputs?: { readonly parameters?: readonly Parameter[]; readonly artifacts?: readonly Fields[] };
  readonly outputs?: Fields & { readonly parameters?: readonly Fields[]; readonly artifacts?: readonly Fields[] };
  readonly retryStrategy?: Fields & {
    readonly limit?: unknown;
    readonly retryPolicy?: string;
    readonly backoff?: Fields & { readonly duration?: unknown; readonly factor?: unknown };
  };
  readonly metadata?: { readonly labels?: Fields; readonly annotations?: Fields };
  readonly sidecars?: readonly Fields[];
  readonly initContainers?: readonly Fields[];
  readonly volumes?: readonly Fields[];
}

interface TemplateRef {
  readonly name?: string;
  readonly template?: string;
  readonly clusterScope?: boolean;
}

/** A step or a task of a dag. */
export interface Call extends Fields {
  readonly name: string;
  readonly template?: string;
  readonly templateRef?: TemplateRef;
  readonly inline?: Template;
  readonly arguments?: { readonly parameters?: readonly Parameter[]; readonly artifacts?: readonly Fields[] };
  readonly withItems?: readonly unknown[];
  readonly withParam?: unknown;
  readonly withSequence?: Fields;
  readonly dependencies?: readonly string[];
  readonly depends?: string;
  readonly continueOn?: { readonly failed?: boolean; readonly error?: boolean };
}

export interface WorkflowSpec extends Fields {
  readonly entrypoint?: string;
  readonly onExit?: string;
  readonly templates?: readonly Template[];
  readonly templateDefaults?: Template;
  readonly workflowTemplateRef?: TemplateRef;
  readonly arguments?: { readonly parameters?: readonly Parameter[]; readonly artifacts?: readonly Fields[] };
  readonly podGC?: Fields & { readonly strategy?: string };
  readonly ttlStrategy?: Fields;
  readonly volumes?: readonly Fields[];
  readonly volumeClaimTemplates?: readonly Fields[];
  readonly podMetadata?: { readonly labels?: Fields; readonly annotations?: Fields };
}

/** Fields of a pod that a workflow has for all its templates, and a template for itself. */
const podFields = [
  'affinity',
  'automountServiceAccountToken',
  'dnsConfig',
  'dnsPolicy',
  'hostAliases',
  'hostNetwork',
  'imagePullSecrets',
  'nodeSelector',
  'priorityClassName',
  'schedulerName',
  'securityContext',
  'serviceAccountName',
  'tolerations',
];
const read = [
  ...podFields,
  'activeDeadlineSeconds',
  'container',
  'dag',
  'initContainers',
  'inputs',
  'metadata',
  'name',
  'outputs',
  'retryStrategy',
  'script',
  'sidecars',
  'steps',
  'timeout',
  'volumes',
];

const unknownKinds = ['suspend', 'resource', 'http', 'containerSet', 'data', 'plugin'];
const kinds = ['container', 'script', 'steps', 'dag', ...unknownKinds];

/** A template with what all templates have; but steps get no container of theirs. */
export function templateOf(template: Template, defaults: Template = {}): Template {
  const others = kinds.filter((kind) => !(kind in template));
  return onTop(without(defaults, others), template);
}

/** The kind of a template that has neither a container nor a script, steps nor a dag, such as `suspend`. */
export function unknownKind(template: Template): string | undefined {
  return unknownKinds.find((kind) => kind in template);
}

/** What a template runs, as properties of a task or a step. Placeholders stay as they are. */
export function podOf(template: Template, workflow: WorkflowSpec): Converted {
  const main = containerOf(template);
  const deadline = timeLimit('activeDeadlineSeconds', template['activeDeadlineSeconds']);
  const timeout = timeLimit('timeout', template['timeout']);
  const work = workOf({
    template: { metadata: metadataOf(template, workflow), spec: podSpecOf(template, workflow, main.container) },
    ...present({ activeDeadlineSeconds: deadline.seconds }),
  });
  const retry = retryOf(template.retryStrategy);
  const say = (warning: string) => `template ${template.name ?? ''}: ${warning}`;
  return {
    // Argo starts a pod again only where there is a retryStrategy.
    properties: present({
      ...work.properties,
      backoffLimit: 0,
      retry: retry.properties['retry'],
      timeoutSeconds: timeout.seconds,
    }),
    warnings: [
      ...main.warnings,
      ...retry.warnings,
      ...deadline.warnings,
      ...timeout.warnings,
      ...lost(template),
      ...work.warnings,
    ].map(say),
  };
}

function metadataOf({ metadata }: Template, { podMetadata }: WorkflowSpec): Fields {
  return present({
    labels: orNothing({ ...podMetadata?.labels, ...metadata?.labels }),
    annotations: orNothing({ ...podMetadata?.annotations, ...metadata?.annotations }),
  });
}

function podSpecOf(template: Template, workflow: WorkflowSpec, main: Fields): Fields {
  const helpers = helpersOf(template, mountsOf(main));
  const mounted = new Set([main, ...helpers].flatMap(mountsOf).map((mount) => mount['name']));
  const volumes = [...(workflow.volumes ?? []), ...(template.volumes ?? [])];
  return present({
    priorityClassName: workflow['podPriorityClassName'],
    ...only(workflow, podFields),
    ...only(template, podFields),
    volumes: listOrNothing(volumes.filter((volume) => mounted.has(volume['name']))),
    initContainers: listOrNothing(helpers),
    containers: [main],
  });
}

function helpersOf({ sidecars = [], initContainers = [] }: Template, ofMain: readonly Fields[]): readonly Fields[] {
  // Argo stops sidecars when the main container is done, as Kubernetes does with these.
  const stopped = sidecars.map((sidecar) => ({ ...sidecar, restartPolicy: 'Always' }));
  return [...initContainers, ...stopped].map((helper) => asContainer(helper, ofMain));
}

/** Without Argo's own field, which gives it the mounts of the main container. */
function asContainer({ mirrorVolumeMounts, ...container }: Fields, ofMain: readonly Fields[]): Fields {
  if (mirrorVolumeMounts !== true) return container;
  return present({ ...container, volumeMounts: listOrNothing([...mountsOf(container), ...ofMain]) });
}

function mountsOf(container: Fields): readonly Fields[] {
  return (container['volumeMounts'] ?? []) as readonly Fields[];
}

function containerOf({ container, script }: Template): { container: Fields; warnings: readonly string[] } {
  if (!script) return { container: container ?? {}, warnings: [] };
  const { source = '', command = [], ...others } = script;
  const cmd = commandFor(command, asText(source), others.env);
  return cmd
    ? { container: { ...others, command: cmd }, warnings: [] }
    : {
        container: { ...others, command: [...command, source] },
        warnings: [
          `script: ${command.join(' ')} does not take a program as an argument: put it into a file of a volume`,
        ],
      };
}

function retryOf(strategy: Template['retryStrategy']): Converted {
  if (!strategy) return { properties: {}, warnings: [] };
  const { backoff = {} } = strategy;
  return {
    properties: {
      retry: {
        limit: Math.min(limitOf(strategy) ?? mostAttempts, mostAttempts),
        delaySeconds: Math.min(secondsOf(backoff.duration) ?? 0, longestDelay),
        backoff: grows(backoff.factor) ? 'Exponential' : 'Constant',
      },
    },
    warnings: lostOfRetry(strategy),
  };
}

/** As in the schema of the resource Task. */
const mostAttempts = 100;
const longestDelay = 86_400;

/** Undefined where it is missing, or an expression. */
function limitOf({ limit }: NonNullable<Template['retryStrategy']>): number | undefined {
  const number = limit === undefined ? NaN : Number(limit);
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}

function grows(factor: unknown): boolean {
  return factor !== undefined && Number(factor) > 1;
}

function lostOfRetry(strategy: NonNullable<Template['retryStrategy']>): readonly string[] {
  const { limit, retryPolicy = 'Always', backoff = {}, ...others } = strategy;
  const without = limit === undefined ? 'without a limit' : `with the limit ${asText(limit)}`;
  const { duration, factor, ...otherBackoff } = backoff;
  const left = [...Object.keys(others), ...Object.keys(otherBackoff).map((name) => `backoff.${name}`)];
  return [
    ...((limitOf(strategy) ?? Infinity) > mostAttempts
      ? [`retryStrategy ${without}: there are at most ${mostAttempts} more attempts`]
      : []),
    ...lostDelay(duration),
    ...(retryPolicy === 'Always' || retryPolicy === 'OnFailure'
      ? []
      : [`retryStrategy.retryPolicy ${retryPolicy} is left out: each failure is retried; see podFailurePolicy`]),
    ...(grows(factor) && Number(factor) !== 2 ? ['retryStrategy.backoff.factor becomes 2'] : []),
    ...left.map((name) => `retryStrategy.${name} is left out: there is no equivalent`),
  ];
}

function lostDelay(duration: unknown): readonly string[] {
  if (duration === undefined) return [];
  const seconds = secondsOf(duration);
  if (seconds === undefined)
    return [`retryStrategy.backoff.duration ${asText(duration)} is left out: write a number of seconds`];
  return seconds > longestDelay ? [`retryStrategy.backoff.duration becomes a day, the longest delay`] : [];
}

/** The kind that a reference names. */
export function templateKind({ clusterScope }: TemplateRef): string {
  return clusterScope === true ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
}

/** What becomes of an artifact. */
export function artifactLost(name: unknown): string {
  return `artifact ${String(name)} is left out: share files in a volume, or in globals.workspace`;
}

/** Fields of a template with steps or a dag that are converted. */
const readOfSteps = ['name', 'steps', 'dag', 'inputs', 'outputs'];

/** A sentence for each field of a template that calls others and has no place of its own in the flow. */
export function lostOfSteps(template: Template): readonly string[] {
  return Object.keys(without(template, readOfSteps)).map(
    (field) => `template ${template.name ?? ''}: ${field} is left out: ${insteadOf[field] ?? 'there is no equivalent'}`,
  );
}

const insteadOf: Readonly<Record<string, string>> = {
  failFast: 'a step that fails skips the steps that depend on it; others go on',
  parallelism: 'maxParallel limits the steps of the whole flow',
  retryStrategy: 'write retry for its steps',
};

function lost(template: Template): readonly string[] {
  const { inputs = {}, outputs = {} } = template;
  const artifacts = [...(inputs.artifacts ?? []), ...(outputs.artifacts ?? [])].map(({ name }) => String(name));
  const written = (outputs.parameters ?? []).map(({ name }) => String(name));
  const global = (outputs.parameters ?? []).filter(({ globalName }) => globalName !== undefined);
  return [
    ...artifacts.map(artifactLost),
    ...written.map(
      (name) => `output ${name}: let the container write {"${name}": ...} to /dev/termination-log instead of a file`,
    ),
    ...global.map(
      ({ name, globalName }) =>
        `output ${String(name)}: globalName ${asText(globalName)} is left out: a later step reads $(steps.STEP.outputs.${String(name)})`,
    ),
    ...Object.keys(template)
      .filter((name) => !read.includes(name))
      .map((name) => `${name} is left out: there is no equivalent`),
  ];
}
