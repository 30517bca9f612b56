/**
 * Task and TaskRun of Tekton (tekton.dev). The steps of a Tekton Task run one after the other in one pod: all but the
 * last become its init containers.
 */
import { UsageError } from '../errors.ts';
import { asText, commandFor, described, inTexts, matchesIn, timeLimit } from './text.ts';
import { componentName } from './names.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';
import { listOrNothing, orNothing, present, without } from './fields.ts';
import { onTop } from './on-top.ts';
import { workOf, type Converted } from './work.ts';

interface Component extends Converted {
  readonly type: string;
}

interface Param extends Fields {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

interface Step extends Fields {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly script?: string;
  readonly computeResources?: Fields;
  readonly timeout?: unknown;
}

interface Workspace extends Fields {
  readonly name: string;
  readonly mountPath?: string;
  readonly optional?: boolean;
}

interface TaskSpec extends Fields {
  readonly description?: string;
  readonly params?: readonly Param[];
  readonly steps?: readonly Step[];
  readonly stepTemplate?: Step;
  readonly sidecars?: readonly Step[];
  readonly volumes?: readonly Fields[];
  readonly workspaces?: readonly Workspace[];
  readonly results?: readonly (Fields & { readonly name: string })[];
}

interface TaskRunSpec extends Fields {
  readonly taskRef?: Fields & { readonly name?: string };
  readonly taskSpec?: TaskSpec;
  readonly params?: readonly { readonly name: string; readonly value?: unknown }[];
  readonly workspaces?: readonly (Fields & { readonly name: string })[];
  readonly podTemplate?: Fields;
  readonly serviceAccountName?: string;
  readonly timeout?: unknown;
  readonly retries?: number;
}

/** What a TaskRun says of its pod: fields of a pod, and variables of all its containers. */
interface PodTemplate extends Fields {
  readonly env?: readonly Fields[];
  readonly volumes?: readonly Fields[];
}

/** As in the schema of the resource Task. */
const mostOutputs = 20;

/** What in a text Tekton replaces, and we do not; or what somebody meant to be replaced. */
const unreplaced =
  /\$\((?:params?|workspaces?|results?|context|steps?|tasks?|credentials|inputs?|outputs?|resources)[.[][^()]*\)/g;

export function fromTektonTask(spec: Fields): Component {
  const task = spec as TaskSpec;
  const params = task.params ?? [];
  const { properties, warnings } = podOf(task, []);
  const descriptions: string[] = [];
  const declared = params.map(({ name, description, default: fallback, enum: choices }) =>
    present({
      name,
      description: described(description, `the description of param ${name}`, descriptions),
      default: typeof fallback === 'object' ? undefined : fallback,
      enum: choices,
    }),
  );
  return {
    type: 'task-template',
    properties: present({
      description: described(task.description, 'its description', descriptions),
      parameters: declared.length > 0 ? declared : undefined,
      ...properties,
    }),
    warnings: [
      'it runs where a task or a step names it in its templateRef',
      ...descriptions,
      ...warnings,
      ...unknownTexts(properties, true),
    ],
  };
}

export function fromTektonTaskRun(spec: Fields): Component {
  const run = spec as TaskRunSpec;
  const { properties, warnings } = run.taskSpec ? embedded(run, run.taskSpec) : referenced(run);
  const { timeout, retries } = run;
  const limit = timeLimit('spec.timeout', timeout);
  const whole = present({
    timeoutSeconds: limit.seconds,
    retry: retries ? { limit: Math.min(retries, 100), delaySeconds: 0, backoff: 'Constant' } : undefined,
  });
  return {
    type: 'task',
    properties: { ...whole, ...properties },
    warnings: ['every deployment runs', ...limit.warnings, ...warnings],
  };
}

/** Fields of a TaskRun that are converted; all others are named. */
const readRun = [
  'taskRef',
  'taskSpec',
  'params',
  'workspaces',
  'podTemplate',
  'timeout',
  'retries',
  'serviceAccountName',
];

function lostOfRun(run: TaskRunSpec): readonly string[] {
  return Object.keys(without(run, readRun)).map((field) => `spec.${field} is left out: there is no equivalent`);
}

/** A run of a Task with a name. */
function referenced(run: TaskRunSpec): Converted {
  const { params = [], workspaces = [], podTemplate = {}, serviceAccountName } = run;
  const { name, kind: _kind, apiVersion: _apiVersion, ...others } = run.taskRef ?? {};
  if (name === undefined) throw new UsageError(unnamed(others['resolver']));
  const values = params.map((param) => [param.name, param.value] as const);
  const beside = [
    ...(serviceAccountName === undefined ? [] : ['serviceAccountName']),
    ...(workspaces.length > 0 ? ['workspaces'] : []),
    ...(Object.keys(podTemplate).length > 0 ? ['podTemplate'] : []),
  ];
  return {
    properties: {
      templateRef: present({ name: componentName(name), parameters: orNothing(Object.fromEntries(values)) }),
    },
    warnings: [
      `Task ${name} must be converted, too: it becomes a task-template`,
      ...beside.map((field) => `spec.${field} is left out: write it into the task-template ${name}`),
      ...Object.keys(others).map((field) => `taskRef.${field} is left out: there is no equivalent`),
      ...lostOfRun(run),
    ],
  };
}

function unnamed(resolver: unknown): string {
  return resolver === undefined
    ? 'spec needs a taskRef.name or a taskSpec'
    : `spec.taskRef.resolver ${asText(resolver)} has no equivalent: convert the Task that it finds, and write its name into taskRef.name`;
}

/** A run with a Task of its own. */
function embedded(run: TaskRunSpec, task: TaskSpec): Converted {
  const { params = [], workspaces = [], podTemplate = {}, serviceAccountName } = run;
  const known = new Map<string, unknown>([
    ...(task.params ?? []).map((param) => [param.name, param.default] as const),
    ...params.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value] as const),
  ]);
  const steps = spread(asOurs(task), known);
  const filled = inTexts(steps, (text) =>
    text.replaceAll(/\$\(params\.([^()]+)\)/g, (all, name: string) => {
      const value = known.get(name) ?? partOf(name, known);
      return value === undefined || typeof value === 'object' ? all : asText(value);
    }),
  );
  // Params have their values here, whatever their type: what has none is still in a text.
  const pod = { ...podTemplate, serviceAccountName };
  const { properties, warnings } = podOf({ ...filled, params: [] }, workspaces, pod);
  return { properties, warnings: [...warnings, ...lostOfRun(run), ...unknownTexts(properties, false)] };
}

/** Lists with the elements of a param of type array where they name it, as in `args: ["$(params.files[*])"]`. */
function spread<T>(value: T, known: ReadonlyMap<string, unknown>): T {
  if (Array.isArray(value))
    return (value as unknown[]).flatMap((element) => elementsOf(element, known) ?? [spread(element, known)]) as T;
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, spread(field, known)])) as T;
}

function elementsOf(element: unknown, known: ReadonlyMap<string, unknown>): readonly unknown[] | undefined {
  const [, name] = typeof element === 'string' ? (/^\$\(params\.([^()[]+)\[\*\]\)$/.exec(element) ?? []) : [];
  const values = name === undefined ? undefined : known.get(name);
  return Array.isArray(values) ? (values as readonly unknown[]) : undefined;
}

/** `files[0]` of a param of type array, `commit.sha` of one of type object. */
function partOf(text: string, known: ReadonlyMap<string, unknown>): unknown {
  const [, name = '', index, key = ''] = /^([^.[]+)(?:\[(\d+)\]|\.([^.[]+))$/.exec(text) ?? [];
  const value = known.get(name);
  if (Array.isArray(value)) return index === undefined ? undefined : (value as readonly unknown[])[Number(index)];
  return isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function unknownTexts(properties: Fields, isTemplate: boolean): readonly string[] {
  return matchesIn(properties, unreplaced)
    .filter((text) => !(isTemplate && /^\$\(params\.[\w-]+\)$/.test(text)))
    .map((text) => `${text} is not replaced: there is no equivalent`);
}

/** `$(params["a"])` and, of earlier versions, `$(inputs.params.a)` as we write it. */
function asOurs<T>(value: T): T {
  return inTexts(value, (text) =>
    text
      .replaceAll(/\$\(inputs\.params([.[])/g, '$(params$1')
      .replaceAll(/\$\(params\[['"]([^'"]+)['"]\]\)/g, '$(params.$1)'),
  );
}

const readSpec = [
  'description',
  'displayName',
  'params',
  'steps',
  'stepTemplate',
  'sidecars',
  'volumes',
  'workspaces',
  'results',
];

/** A task without the optional workspaces that nobody binds: Tekton mounts nothing for them. */
function withBound(task: TaskSpec, bound: readonly { readonly name: string }[], warnings: string[]): TaskSpec {
  const { workspaces = [], ...others } = task;
  const isBound = ({ name, optional }: Workspace) => optional !== true || bound.some((one) => one.name === name);
  const unbound = workspaces.filter((workspace) => !isBound(workspace)).map(({ name }) => name);
  for (const name of unbound)
    warnings.push(
      `workspace ${name} is optional, and left out: add a volume to podSpec.volumes and mount it to bind it`,
    );
  const names = new Map(workspaces.map((workspace) => [workspace.name, isBound(workspace)]));
  const replaced = inTexts(others, (text) =>
    text.replaceAll(/\$\(workspaces\.([^().]+)\.(bound|volume|path)\)/g, (all, name: string, field: string) => {
      const isThere = names.get(name);
      if (field === 'bound' && isThere !== undefined) return String(isThere);
      if (field === 'volume' && isThere === true) return volumeOf(name);
      return isThere === false ? '' : all;
    }),
  );
  return { ...replaced, workspaces: workspaces.filter(isBound) };
}

/** The volume of a workspace. */
function volumeOf(workspace: string): string {
  return `ws-${workspace}`;
}

function podOf(task: TaskSpec, bound: readonly (Fields & { readonly name: string })[], pod: Fields = {}): Converted {
  const warnings: string[] = [];
  const spec = withBound(asOurs(task), bound, warnings);
  const { env = [], volumes: podVolumes = [], ...podFields } = pod as PodTemplate;
  const { containers, helpers, hasFirst } = containersOf(spec, warnings);
  const withEnv = (container: Fields): Fields => {
    const own = (container['env'] ?? []) as readonly Fields[];
    const shared = env.filter(({ name }) => !own.some((variable) => variable['name'] === name));
    return shared.length === 0 ? container : { ...container, env: [...shared, ...own] };
  };
  const sources = (spec.workspaces ?? []).map(({ name }) => ({
    name: volumeOf(name),
    ...sourceOf(name, bound, warnings),
  }));
  const volumes = listOrNothing([...podVolumes, ...(spec.volumes ?? []), ...sources]);
  const initContainers = listOrNothing(helpers.map(withEnv));
  const podSpec = present({ ...podFields, volumes, initContainers, containers: containers.map(withEnv) });
  const work = workOf({ template: { spec: podSpec } });
  const outputs = listOrNothing((spec.results ?? []).slice(0, mostOutputs).map(({ name }) => ({ name })));
  return {
    properties: present({ backoffLimit: 0, outputs, ...work.properties }),
    warnings: [
      ...(hasFirst ? ['the steps before the last one become init containers of the pod'] : []),
      ...lostOfTask(spec),
      ...warnings,
      ...work.warnings,
    ],
  };
}

function lostOfTask(spec: TaskSpec): readonly string[] {
  const { results = [], params = [], ...steps } = spec;
  return [
    ...results
      .slice(mostOutputs)
      .map(
        ({ name }) => `result ${name} is left out: there are at most ${mostOutputs} outputs; write several into one`,
      ),
    ...results
      .slice(0, mostOutputs)
      .map(({ name }) => `result ${name}: let the last step write {"${name}": ...} to /dev/termination-log`),
    ...params
      .filter(({ name, type = 'string' }) => type !== 'string' && matchesIn(steps, namedIn(name)).length > 0)
      .map(
        ({ name, type }) =>
          `param ${name} is of type ${type}, and ours are strings, numbers and booleans: write it out`,
      ),
    ...Object.keys(without(spec, readSpec)).map((field) => `${field} is left out: there is no equivalent`),
  ];
}

/** Where a text still names a param, whatever part of it. */
function namedIn(param: string): RegExp {
  return new RegExp(String.raw`\$\(params\.${param.replace(/[^\w-]/g, String.raw`\$&`)}[.[)]`, 'g');
}

/** The last step is the main container; the others and the sidecars are init containers. */
function containersOf(spec: TaskSpec, warnings: string[]) {
  const { steps = [], workspaces = [], sidecars = [], stepTemplate = {} } = spec;
  const paths = new Map(workspaces.map(({ name, mountPath }) => [name, mountPath ?? `/workspace/${name}`]));
  const mounts = workspaces.map(({ name, readOnly }) =>
    present({ name: volumeOf(name), mountPath: paths.get(name), readOnly }),
  );
  for (const { name, ...others } of workspaces)
    for (const field of Object.keys(without(others, ['description', 'mountPath', 'optional', 'readOnly'])))
      warnings.push(`workspace ${name}: ${field} is left out: there is no equivalent`);
  const replaced = (step: Step): Step =>
    inTexts(step, (text) =>
      text.replaceAll(/\$\(workspaces\.([^().]+)\.path\)/g, (all, name: string) => paths.get(name) ?? all),
    );
  const containers = steps.map((step, index) =>
    containerOf(replaced(onTop(stepTemplate, step) as Step), `step-${index + 1}`, mounts, warnings),
  );
  const first = containers.slice(0, -1);
  // Tekton stops sidecars when the steps are done, as Kubernetes does with these.
  const beside = sidecars.map((sidecar, index) => ({
    ...containerOf(replaced(sidecar), `sidecar-${index + 1}`, [], warnings),
    restartPolicy: 'Always',
  }));
  return { containers: [containers.at(-1) ?? {}], helpers: [...beside, ...first], hasFirst: first.length > 0 };
}

/** Fields of a step that a container does not have. */
const ofTekton = [
  'timeout',
  'onError',
  'results',
  'workspaces',
  'params',
  'when',
  'displayName',
  'stdoutConfig',
  'stderrConfig',
];

function containerOf(step: Step, fallback: string, mounts: readonly Fields[], warnings: string[]): Fields {
  const { name = fallback, script, computeResources, ...fields } = step;
  const others = without(fields, ofTekton) as Step;
  checkImage(name, step);
  const say = (warning: string) => warnings.push(`step ${name}: ${warning}`);
  for (const field of ofTekton) if (fields[field] !== undefined) say(`${field} is left out: there is no equivalent`);
  const ownMounts = (others['volumeMounts'] ?? []) as readonly Fields[];
  const volumeMounts = [...ownMounts, ...mounts];
  return present({
    name,
    ...others,
    command: script === undefined ? others.command : scriptCommand(script, others.args, others['env'], say),
    args: script === undefined ? others.args : undefined,
    resources: computeResources ?? others['resources'],
    volumeMounts: volumeMounts.length > 0 ? volumeMounts : undefined,
  });
}

/** @throws UsageError if a step does not say itself what it runs */
function checkImage(name: string, { ref, image }: Step): void {
  if (ref !== undefined)
    throw new UsageError(
      `step ${name}: ref has no equivalent: write the image and the script of the StepAction into the step`,
    );
  if (image === undefined) throw new UsageError(`step ${name} has no image: write one`);
}

/** Without a first line that names an interpreter Tekton runs a script in sh, and stops at its first error. */
function scriptCommand(
  script: string,
  args: readonly string[] = [],
  env: unknown,
  say: (warning: string) => void,
): readonly string[] {
  const [, line] = /^#!\s*(.+)\n/.exec(script) ?? [];
  const words = (line ?? '/bin/sh -e').split(/\s+/).filter((word) => word !== '/usr/bin/env' && word !== '-S');
  const command = commandFor(words, script, env);
  if (!command)
    say(`script: ${words.join(' ')} does not take a program as an argument: put it into a file of a volume`);
  // The first word after a shell's program is its name.
  return [...(command ?? [...words, script]), ...(args.length > 0 ? ['script', ...args] : [])];
}

/** Where the content of a workspace comes from. */
function sourceOf(name: string, bound: readonly (Fields & { readonly name: string })[], warnings: string[]): Fields {
  const { name: _name, subPath, ...source } = bound.find((one) => one.name === name) ?? { name };
  if (subPath !== undefined) warnings.push(`workspace ${name}: subPath is left out: write it into the volume's mounts`);
  if ('volumeClaimTemplate' in source) {
    warnings.push(`workspace ${name}: volumeClaimTemplate becomes an emptyDir, as each run has one pod`);
    return { emptyDir: {} };
  }
  if (Object.keys(source).length > 0) return source;
  warnings.push(`workspace ${name} becomes an emptyDir: name a claim in podSpec.volumes to keep its files`);
  return { emptyDir: {} };
}
