/**
 * Workflow, WorkflowTemplate and CronWorkflow of Argo Workflows (argoproj.io/v1alpha1). A template with a container or
 * a script becomes a task; steps and a dag become the steps of a flow.
 */
import { stepsOf, type FlowStep } from './argo-steps.ts';
import {
  artifactLost,
  podOf,
  templateKind,
  templateOf,
  type Parameter,
  type Template,
  type WorkflowSpec,
} from './argo-pods.ts';
import { UsageError } from '../errors.ts';
import { componentName } from './names.ts';
import { timesOf } from './schedule.ts';
import { asText, described, inTexts, matchesIn, timeLimit } from './text.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { only, orNothing, present, without } from './fields.ts';
import { type Converted } from './work.ts';

interface Component extends Converted {
  readonly type: string;
}

/** Fields of a Workflow that are converted; all others are named. */
const read = [
  'activeDeadlineSeconds',
  'affinity',
  'arguments',
  'automountServiceAccountToken',
  'dnsConfig',
  'dnsPolicy',
  'entrypoint',
  'hostAliases',
  'hostNetwork',
  'imagePullSecrets',
  'nodeSelector',
  'onExit',
  'parallelism',
  'podGC',
  'podMetadata',
  'podPriorityClassName',
  'priorityClassName',
  'schedulerName',
  'securityContext',
  'serviceAccountName',
  'suspend',
  'templateDefaults',
  'templates',
  'tolerations',
  'ttlStrategy',
  'volumeClaimTemplates',
  'volumes',
  'workflowTemplateRef',
];
const placeholder = /\{\{[^{}]*\}\}/g;

export function fromWorkflow(spec: Fields): Component {
  const { type, properties, warnings } = convert(spec);
  return { type, properties, warnings: ['every deployment runs', ...warnings] };
}

export function fromCronWorkflow(spec: Fields): Component {
  const {
    workflowSpec = {},
    schedule,
    schedules,
    timezone,
    ...others
  } = spec as {
    readonly workflowSpec?: WorkflowSpec;
    readonly schedule?: string;
    readonly schedules?: readonly string[];
    readonly timezone?: string;
  } & Fields;
  const { type, properties, warnings } = convert(workflowSpec);
  const { cron, timeZone } = timesOf(schedules ?? schedule, timezone);
  const late = lateness(others['startingDeadlineSeconds']);
  const times = present({ timeZone, startingDeadlineSeconds: late.seconds });
  const { executionPolicy = {}, ...rest } = properties as { readonly executionPolicy?: Fields } & Fields;
  const limits = present({
    concurrencyPolicy: others['concurrencyPolicy'],
    keepLast: others['successfulJobsHistoryLimit'],
    keepLastFailed: others['failedJobsHistoryLimit'],
  });
  const known = ['startingDeadlineSeconds', 'concurrencyPolicy', 'suspend', 'workflowMetadata'];
  const overruled = Object.keys(only(limits, Object.keys(executionPolicy)));
  const lost = Object.keys(others).filter((name) => !known.includes(name) && !name.endsWith('HistoryLimit'));
  return {
    type,
    properties: present({
      schedule: { cron, ...times },
      suspend: others['suspend'],
      executionPolicy: orNothing({ ...limits, ...executionPolicy }),
      ...rest,
    }),
    warnings: [
      ...(timeZone === undefined
        ? ["times are in UTC, not in the controller's zone: write timeZone for another one"]
        : []),
      'runs are named after their time in UTC',
      ...late.warnings,
      ...overruled.map((name) => `spec.${historyLimits[name]} is left out: podGC says which pods stay`),
      ...lost.map((name) => `spec.${name} is left out: there is no equivalent`),
      ...(others['workflowMetadata'] === undefined
        ? []
        : [
            "workflowMetadata is left out: write labels of the pods into labels, others under the Application's metadata",
          ]),
      ...warnings,
    ],
  };
}

/** The fields of a CronWorkflow that become these of executionPolicy. */
const historyLimits: Readonly<Record<string, string>> = {
  keepLast: 'successfulJobsHistoryLimit',
  keepLastFailed: 'failedJobsHistoryLimit',
};

/** A controller that is busy starts a run some seconds after its time. */
const shortestLateness = 10;

/** Argo only starts a missed run within this time; with us, as with a CronJob, it limits each run. */
function lateness(startingDeadlineSeconds: unknown) {
  const isShort = typeof startingDeadlineSeconds === 'number' && startingDeadlineSeconds < shortestLateness;
  if (!isShort) return { seconds: startingDeadlineSeconds, warnings: [] };
  const warning = `spec.startingDeadlineSeconds becomes ${shortestLateness}: it limits each run with us, not only one that was missed`;
  return { seconds: shortestLateness, warnings: [warning] };
}

export function fromWorkflowTemplate(spec: Fields): Component {
  const workflow = spec as WorkflowSpec;
  const entry = entryOf(workflow);
  if (!entry || !(entry.container ?? entry.script)) {
    const { type, properties, warnings } = convert(workflow);
    const { executionPolicy } = properties as { readonly executionPolicy?: Fields };
    return {
      type,
      properties: { executionPolicy: { trigger: 'Manual', ...executionPolicy }, ...properties },
      warnings: ['it runs when somebody asks for it (task-runs run), not when it is deployed', ...warnings],
    };
  }
  const others = (workflow.templates ?? []).filter(({ name }) => name !== entry.name).map(({ name }) => name);
  const inputs = entry.inputs?.parameters ?? [];
  const open = openArguments(workflow);
  const parameters = [...inputs, ...open.filter(({ name }) => !inputs.some((input) => input.name === name))];
  const given = argumentsOf(workflow);
  const values = new Map<string, string>([
    ...inputs.map(({ name }) => [`inputs.parameters.${name}`, `$(params.${name})`] as const),
    ...open.map(({ name }) => [`workflow.parameters.${name}`, `$(params.${name})`] as const),
  ]);
  const { properties, warnings } = podOf(
    filled(entry, (key) => values.get(key) ?? globalValue(workflow, key)),
    workflow,
  );
  const descriptions: string[] = [];
  const declared = parameters.map(({ name, default: fallback, value, description, enum: choices }) => {
    const preset = given.get(name) ?? value ?? fallback;
    return present({
      name,
      description: described(description, `the description of parameter ${name}`, descriptions),
      default: preset === undefined ? undefined : asText(preset),
      enum: choices,
    });
  });
  return {
    type: 'task-template',
    properties: present({ parameters: declared.length > 0 ? declared : undefined, ...properties }),
    warnings: [
      ...(others.length > 0
        ? [`the templates ${others.join(', ')} are left out: a task-template is one template; split the manifest`]
        : []),
      ...ofTheUsers
        .filter((name) => workflow[name] !== undefined)
        .map((name) => `${name} is left out: write it for the tasks that use the template`),
      ...descriptions,
      ...warnings,
      ...unknownIn(workflow, properties),
    ],
  };
}

/** What a workflow says and a template of ours does not, but the tasks that use it. */
const ofTheUsers = ['podGC', 'ttlStrategy', 'activeDeadlineSeconds', 'onExit', 'suspend', 'volumeClaimTemplates'];

/** The values that a workflow gives its entrypoint where nobody says others. */
function argumentsOf({ arguments: given }: WorkflowSpec): ReadonlyMap<string, unknown> {
  return new Map((given?.parameters ?? []).map(({ name, value }) => [name, value] as const));
}

/** Arguments without a value: whoever uses the template says it. */
function openArguments({ arguments: given }: WorkflowSpec): readonly Parameter[] {
  return (given?.parameters ?? []).filter(({ value }) => value === undefined);
}

function convert(spec: WorkflowSpec): Component {
  const policy = policyOf(spec);
  const { type, properties, warnings } = workflowOf(spec);
  const limit = timeLimit('activeDeadlineSeconds', spec.activeDeadlineSeconds);
  const whole = present({
    executionPolicy: orNothing(policy.properties),
    suspend: spec.suspend === true ? true : undefined,
    timeoutSeconds: limit.seconds,
  });
  return {
    type,
    properties: { ...whole, ...properties },
    warnings: [...policy.warnings, ...limit.warnings, ...warnings, ...unknownIn(spec, properties)],
  };
}

/** What a workflow runs: a template of somebody else's, one container, or a flow. */
function workflowOf(spec: WorkflowSpec): Component {
  if (spec.workflowTemplateRef) return referenceOf(spec, spec.workflowTemplateRef);
  const entry = entryOf(spec);
  if (!entry)
    throw new UsageError(
      spec.entrypoint === undefined
        ? 'it has no templates, so there is nothing to run'
        : `spec.entrypoint: the template ${spec.entrypoint} does not exist, so there is nothing to run`,
    );
  return isOne(entry, spec) ? { type: 'task', ...oneTask(entry, spec) } : { type: 'task-flow', ...flow(entry, spec) };
}

function isOne(entry: Template, spec: WorkflowSpec): boolean {
  return (entry.container ?? entry.script) !== undefined && !spec.onExit && !spec.volumeClaimTemplates?.length;
}

/** Fields of a Workflow that hold beside a reference to a template. */
const besideReference = [
  'activeDeadlineSeconds',
  'arguments',
  'podGC',
  'suspend',
  'ttlStrategy',
  'workflowTemplateRef',
];

function referenceOf(spec: WorkflowSpec, reference: NonNullable<WorkflowSpec['workflowTemplateRef']>): Component {
  const { name } = reference;
  const beside = Object.keys(without(spec, besideReference)).filter((field) => read.includes(field));
  const values = (spec.arguments?.parameters ?? []).map((given) => [given.name, asText(given.value)] as const);
  return {
    type: 'task',
    properties: {
      templateRef: present({ name: name && componentName(name), parameters: orNothing(Object.fromEntries(values)) }),
    },
    warnings: [
      `${templateKind(reference)} ${String(name)} must be converted, too, and be a task-template`,
      ...beside.map((field) => `spec.${field} is left out: write it into the task-template ${String(name)}`),
      ...(spec.arguments?.artifacts ?? []).map(({ name: artifact }) => artifactLost(artifact)),
    ],
  };
}

function oneTask(entry: Template, spec: WorkflowSpec): Converted {
  const inputs = new Map(
    (entry.inputs?.parameters ?? []).map(({ name, value, default: fallback }) => {
      const given = spec.arguments?.parameters?.find((argument) => argument.name === name)?.value;
      return [`inputs.parameters.${name}`, given ?? value ?? fallback] as [string, unknown];
    }),
  );
  return podOf(
    filled(entry, (key) => inputs.get(key) ?? globalValue(spec, key)),
    spec,
  );
}

function flow(entry: Template, spec: WorkflowSpec): Converted {
  const { steps, warnings } = stepsOf(entry, spec, (key) => globalValue(spec, key));
  const shared = workspaceOf(spec, steps);
  return {
    properties: present({
      maxParallel: spec.parallelism,
      globals: shared.workspace && { workspace: shared.workspace },
      steps: shared.steps.map(({ properties }) => properties),
    }),
    warnings: ['a step that fails skips the steps that depend on it; others go on', ...warnings, ...shared.warnings],
  };
}

interface Claim extends Fields {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly accessModes?: unknown;
    readonly storageClassName?: unknown;
    readonly resources?: { readonly requests?: { readonly storage?: unknown } };
  };
}

interface Mounting {
  readonly podSpec?: { readonly containers?: readonly Fields[] };
}

/** A claim for each run is the flow's workspace, which every container mounts. */
function workspaceOf(spec: WorkflowSpec, steps: readonly FlowStep[]) {
  const [claim, ...others] = (spec.volumeClaimTemplates ?? []) as readonly Claim[];
  if (!claim) return { steps, workspace: undefined, warnings: [] };
  const name = claim.metadata?.name;
  const mountsOf = ({ podSpec }: Mounting) =>
    (podSpec?.containers ?? []).flatMap((container) => (container['volumeMounts'] ?? []) as readonly Fields[]);
  const mounts = steps
    .flatMap(({ properties }) => mountsOf(properties as Mounting))
    .filter((mount) => mount['name'] === name);
  const paths = [...new Set(mounts.map((mount) => mount['mountPath']))];
  const lostOfMounts = mounts.flatMap((mount) => Object.keys(without(mount, ['name', 'mountPath'])));
  const withoutMount = (container: Fields): Fields => {
    const mounts = ((container['volumeMounts'] ?? []) as readonly Fields[]).filter((mount) => mount['name'] !== name);
    return present({ ...container, volumeMounts: mounts.length > 0 ? mounts : undefined });
  };
  const unmounted = (step: FlowStep): FlowStep => {
    const { podSpec, ...others } = step.properties as Mounting & Fields;
    if (!podSpec?.containers) return step;
    const containers = podSpec.containers.map(withoutMount);
    const isEmpty = containers.length === 1 && Object.keys(containers[0] ?? {}).length === 0;
    const rest = present({ ...podSpec, containers: isEmpty ? undefined : containers });
    return { ...step, properties: present({ ...others, podSpec: orNothing(rest) }) };
  };
  const { accessModes, storageClassName, resources, ...lostOfClaim } = claim.spec ?? {};
  return {
    steps: steps.map(unmounted),
    workspace: present({ size: resources?.requests?.storage, storageClassName, accessModes, mountPath: paths[0] }),
    warnings: [
      ...(paths.length > 1
        ? [`the volume ${name} has several mount paths: the workspace is mounted at ${String(paths[0])} everywhere`]
        : []),
      ...[...new Set(lostOfMounts)].map(
        (field) => `the volume ${name}: ${field} of its mounts is left out: every step sees the whole workspace`,
      ),
      ...Object.keys(lostOfClaim).map(
        (field) => `volumeClaimTemplates ${name}: ${field} is left out: there is no equivalent`,
      ),
      ...others.map(
        (other) => `volumeClaimTemplates ${other.metadata?.name}: left out; a flow has one workspace for each run`,
      ),
    ],
  };
}

function entryOf({ entrypoint, templates = [], templateDefaults }: WorkflowSpec): Template | undefined {
  const found = entrypoint === undefined ? templates[0] : templates.find(({ name }) => name === entrypoint);
  return found && templateOf(found, templateDefaults);
}

/** The value of a parameter of the whole workflow. */
function globalValue({ arguments: given }: WorkflowSpec, key: string): unknown {
  const name = /^workflow\.parameters\.(.+)$/.exec(key)?.[1];
  return name === undefined ? undefined : given?.parameters?.find((parameter) => parameter.name === name)?.value;
}

/** A template with the values of its placeholders; those without a value stay. */
function filled(template: Template, valueOf: (key: string) => unknown): Template {
  return inTexts(template, (text) =>
    text.replaceAll(placeholder, (all) => {
      const value = valueOf(all.slice(2, -2).trim());
      return value === undefined ? all : asText(value);
    }),
  );
}

/** How long Jobs and pods stay. */
function policyOf({ podGC, ttlStrategy }: WorkflowSpec): Converted {
  const deletes = deletionOf(podGC);
  const stays = timeOf(ttlStrategy);
  return {
    properties: { ...deletes.properties, ...stays.properties },
    warnings: [...deletes.warnings, ...stays.warnings],
  };
}

function deletionOf({ strategy, ...others }: NonNullable<WorkflowSpec['podGC']> = {}): Converted {
  return {
    properties: present({
      keepLast: strategy === undefined ? undefined : 0,
      keepLastFailed: asText(strategy).endsWith('Completion') ? 0 : undefined,
    }),
    warnings: [
      ...(strategy === undefined ? [] : ['podGC: Jobs and pods are deleted once the run is over, not one by one']),
      ...Object.keys(others).map((name) => `podGC.${name} is left out: there is no equivalent`),
    ],
  };
}

function timeOf(ttlStrategy: WorkflowSpec['ttlStrategy']): Converted {
  if (!ttlStrategy) return { properties: {}, warnings: [] };
  const { secondsAfterCompletion, secondsAfterSuccess, secondsAfterFailure } = ttlStrategy;
  const ttlSecondsAfterFinished = secondsAfterCompletion ?? secondsAfterSuccess ?? secondsAfterFailure;
  const parts = Object.keys(only(ttlStrategy, ['secondsAfterSuccess', 'secondsAfterFailure']));
  return {
    properties: present({ ttlSecondsAfterFinished }),
    warnings: [
      'ttlStrategy deletes Jobs and pods; the run stays on record',
      ...(parts.length > 0
        ? [`ttlStrategy.${parts.join(', ')}: one time holds for all runs (${String(ttlSecondsAfterFinished)} s)`]
        : []),
    ],
  };
}

function unknownIn(spec: WorkflowSpec, converted: Fields): readonly string[] {
  return [
    ...Object.keys(spec)
      .filter((name) => !read.includes(name))
      .map((name) => `spec.${name} is left out: there is no equivalent`),
    ...matchesIn(converted, placeholder).map((text) => `${text} is not replaced: there is no equivalent`),
  ];
}
