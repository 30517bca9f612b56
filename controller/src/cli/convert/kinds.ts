/**
 * From the manifests that people have to components: Job and CronJob of Kubernetes; JobFlow, DaemonJob and JobTemplate
 * of the JobFlow operator (api.practice.com/v1alpha1), and in other files those of Argo Workflows, Volcano and Tekton.
 * docs/guides/migrating.md says the same in tables.
 */
import { UsageError } from '../errors.ts';
import { fromCronWorkflow, fromWorkflow, fromWorkflowTemplate } from './argo.ts';
import { queueLabels } from '../../resources/index.ts';
import { componentName } from './names.ts';
import { isQueued, queueOf } from './queue.ts';
import { inUtc, runsOf, timesOf } from './schedule.ts';
import { fromTektonTask, fromTektonTaskRun } from './tekton.ts';
import { fromVolcanoCronJob, fromVolcanoFlow, fromVolcanoJob, fromVolcanoTemplate } from './volcano.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { only, orNothing, present, without } from './fields.ts';
import { policyOf, workOf, type Converted } from './work.ts';

export interface Component extends Converted {
  readonly type: string;
}

/** From a manifest's spec, labels and name. */
export type Converter = (spec: Fields, labels: Fields, name: string) => Component;

/** By API group and kind. */
const converters: Readonly<Record<string, Readonly<Record<string, Converter>>>> = {
  batch: { Job: fromJob, CronJob: fromCronJob },
  'api.practice.com': { JobFlow: fromJobFlow, DaemonJob: fromDaemonJob, JobTemplate: fromJobTemplate },
  'batch.volcano.sh': { Job: fromVolcanoJob, CronJob: fromVolcanoCronJob },
  'flow.volcano.sh': { JobFlow: fromVolcanoFlow, JobTemplate: fromVolcanoTemplate },
  'argoproj.io': {
    Workflow: fromWorkflow,
    WorkflowTemplate: fromWorkflowTemplate,
    ClusterWorkflowTemplate: fromWorkflowTemplate,
    CronWorkflow: fromCronWorkflow,
  },
  'tekton.dev': { Task: fromTektonTask, TaskRun: fromTektonTaskRun },
};

/** All kinds that are converted. */
export const knownKinds: readonly string[] = [
  ...new Set(Object.values(converters).flatMap((kinds) => Object.keys(kinds))),
];

/** How a kind is converted. A manifest without an apiVersion is taken for the first that has the kind. */
export function converterFor(apiVersion: unknown, kind: string): Converter | undefined {
  const [group = ''] = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  const kinds = group === '' ? Object.values(converters).find((one) => Object.hasOwn(one, kind)) : converters[group];
  return kinds && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}

function fromJob(spec: Fields, labels: Fields, name: string): Component {
  const work = workOf(spec, name);
  const queue = queueOf(labels);
  const policy = policyOf(isQueued(labels) ? without(spec, ['suspend']) : spec);
  const warnings = [
    'every deployment runs; executionPolicy.trigger: Change runs only what changed',
    ...(spec['ttlSecondsAfterFinished'] === undefined
      ? []
      : ['ttlSecondsAfterFinished deletes Job and pods; the run stays on record']),
  ];
  return {
    type: 'task',
    properties: { ...withPolicy(policy.properties), ...work.properties, ...queue.properties },
    warnings: [...warnings, ...policy.warnings, ...queue.warnings, ...work.warnings],
  };
}

/** `suspend` is a field of the task; the other fields belong to executionPolicy. */
function withPolicy({ suspend, ...policy }: Fields): Fields {
  return present({ executionPolicy: orNothing(policy), suspend });
}

interface JobTemplate extends Fields {
  readonly metadata?: Fields & { readonly labels?: Fields; readonly annotations?: Fields };
  readonly spec?: Fields;
}

function fromCronJob(spec: Fields, labels: Fields, name: string): Component {
  const { jobTemplate, schedule: cron, timeZone, ...others } = spec as { readonly jobTemplate?: JobTemplate } & Fields;
  checkPlace(spec);
  const { cron: schedule, timeZone: zone } = timesOf(cron, timeZone);
  const job = jobTemplate?.spec ?? {};
  const work = workOf(job, name);
  const queue = queueOfJobs(labels, jobTemplate?.metadata?.labels ?? {});
  const { suspend: _suspend, ...policy } = policyOf(job).properties;
  const runs = runsOf(others);
  const warnings = zone === undefined ? [inUtc] : [];
  return {
    type: 'cron-task',
    properties: {
      ...present({ schedule, timeZone: zone }),
      ...runs.properties,
      ...policy,
      ...work.properties,
      ...queue.properties,
    },
    warnings: [
      ...warnings,
      'runs are named after their time in UTC',
      ...runs.warnings,
      ...queue.warnings,
      ...work.warnings,
      ...(job['suspend'] === true && queue.properties['queue'] === undefined
        ? ["jobTemplate.spec.suspend is left out: a run's Job starts at once; suspend of the task holds runs back"]
        : []),
      ...lostOfJobTemplate(jobTemplate),
    ],
  };
}

/** @throws UsageError where the pod template is not within the jobTemplate, as in a Job */
function checkPlace(spec: Fields): void {
  if (!('jobTemplate' in spec) && 'template' in spec)
    throw new UsageError('its template stands where no CronJob has one: move it to spec.jobTemplate.spec.template');
}

/** What a CronJob gives its Jobs, and a task does not. */
function lostOfJobTemplate({ metadata = {}, spec: _spec, ...others }: JobTemplate = {}): readonly string[] {
  const { labels = {}, annotations = {} } = metadata;
  const lost = {
    labels: Object.keys(labels).filter((label) => !Object.values<string>(queueLabels).includes(label)),
    annotations: Object.keys(annotations),
  };
  return [
    ...Object.entries(lost).flatMap(([field, keys]) =>
      keys.length === 0
        ? []
        : [
            `jobTemplate.metadata.${field} ${keys.join(', ')}: left out; write them into ${field}, which each pod has, or under the Application's metadata`,
          ],
    ),
    ...Object.keys(others).map((field) => `jobTemplate.${field} is left out: it is not a field of a job template`),
  ];
}

/** Kueue reads a Job's labels, which come from the jobTemplate and not from the CronJob. */
function queueOfJobs(ofCronJob: Fields, ofJobs: Fields): Converted {
  if (isQueued(ofJobs) || !isQueued(ofCronJob)) return queueOf({ ...ofCronJob, ...ofJobs });
  return {
    ...queueOf(ofCronJob),
    warnings: [
      'the queue label of the CronJob itself now takes effect; Kueue read only the labels of its jobTemplate: remove queue if runs should not wait',
    ],
  };
}

interface Flow extends Fields {
  readonly name?: string;
  readonly dependencies?: readonly string[];
  readonly jobTemplate?: Fields;
  readonly jobTemplateRef?: string;
  readonly shareVolumeMounts?: readonly Fields[];
}

/** Fields of globalParams that are converted. */
const globalFields = ['env', 'labels', 'annotations', 'nodeName'];

function lostGlobals(globalParams: Fields): readonly string[] {
  return Object.keys(without(globalParams, globalFields)).map(
    (field) => `globalParams.${field} is left out: there is no equivalent`,
  );
}

interface JobFlowSpec {
  readonly flows?: readonly Flow[];
  readonly globalParams?: Fields;
  readonly shareVolumes?: readonly Fields[];
}

function fromJobFlow(spec: Fields, _labels: Fields, name: string): Component {
  const { flows = [], globalParams = {}, shareVolumes = [] } = spec as JobFlowSpec;
  const steps = flows.map((flow) => stepOf(flow, shareVolumes, name));
  const globals = only(globalParams, globalFields);
  const warnings = [
    'every deployment runs, under its own names; a step that fails skips the steps that depend on it',
    ...(globals['env'] === undefined
      ? []
      : ["a container's own environment variable overrides the shared one of the same name"]),
  ];
  const properties = present({ globals: orNothing(globals), steps: steps.map(({ properties: step }) => step) });
  return {
    type: 'task-flow',
    properties,
    warnings: [
      ...warnings,
      ...steps.flatMap((step) => step.warnings),
      ...unread(spec, ['flows', 'globalParams', 'shareVolumes']),
      ...lostGlobals(globalParams),
    ],
  };
}

function stepOf(
  { name = '', dependencies = [], jobTemplate, jobTemplateRef, shareVolumeMounts = [], ...others }: Flow,
  shared: readonly Fields[],
  component: string,
): Converted {
  const dependsOn = dependencies.length > 0 ? dependencies : undefined;
  const lost = Object.keys(others).map((field) => `${field} is left out: there is no equivalent`);
  const say = (warnings: readonly string[]) => [...warnings, ...lost].map((warning) => `step ${name}: ${warning}`);
  if (jobTemplateRef !== undefined) {
    const warnings =
      shareVolumeMounts.length > 0
        ? [
            'shareVolumeMounts together with a template are left out: write the volumes into the template, or into globals.volumes',
          ]
        : [];
    return {
      properties: present({ name, dependsOn, templateRef: { name: componentName(jobTemplateRef) } }),
      warnings: say(warnings),
    };
  }
  const work = operatorWork(jobTemplate ?? {}, component);
  const properties =
    shareVolumeMounts.length > 0 ? withVolumes(work.properties, shareVolumeMounts, shared) : work.properties;
  return { properties: present({ name, dependsOn, ...properties }), warnings: say(work.warnings) };
}

/** The operator gives each Job restartPolicy Never and a backoffLimit of 0. */
function operatorWork(job: Fields, component: string): Converted {
  const { properties, warnings } = workOf(job, component);
  const said = only(properties, ['restart', 'backoffLimit']);
  const now = Object.keys(said).map(
    (name) =>
      `${name === 'restart' ? 'restartPolicy' : name} now takes effect; the operator ignored it: remove it if the run should not be retried`,
  );
  return { properties: { backoffLimit: 0, ...properties }, warnings: [...now, ...warnings] };
}

interface Podlike {
  readonly podSpec?: { readonly containers?: readonly Fields[]; readonly volumes?: readonly Fields[] };
}

/** The shared volumes that a step mounts in addition to its own. */
function withVolumes(properties: Fields, mounts: readonly Fields[], shared: readonly Fields[]): Fields {
  const { podSpec = {} } = properties as Podlike;
  const [first = {}, ...others] = podSpec.containers ?? [];
  const volumeMounts = [...((first['volumeMounts'] as readonly Fields[] | undefined) ?? []), ...mounts];
  const mounted = shared.filter(({ name }) => mounts.some((mount) => mount['name'] === name));
  return {
    ...properties,
    podSpec: {
      ...podSpec,
      volumes: [...(podSpec.volumes ?? []), ...mounted],
      containers: [{ ...first, volumeMounts }, ...others],
    },
  };
}

function fromDaemonJob(spec: Fields, _labels: Fields, name: string): Component {
  const {
    globalParams = {},
    excludeNodeList = '',
    ...job
  } = spec as { readonly globalParams?: Fields; readonly excludeNodeList?: string } & Fields;
  const { properties, warnings } = operatorWork(job, name);
  const names = excludeNodeList
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const { nodeName, ...shared } = only(globalParams, globalFields);
  const nodeSelector =
    nodeName === undefined
      ? properties['nodeSelector']
      : { ...(properties['nodeSelector'] as Fields | undefined), 'kubernetes.io/hostname': nodeName };
  const merged = present({
    ...properties,
    ...withoutDefaults(shared, properties),
    nodeSelector,
    exclude: names.length > 0 ? { names } : undefined,
  });
  return {
    type: 'daemon-task',
    properties: merged,
    warnings: ['every deployment runs a Job on each node that fits', ...warnings, ...lostGlobals(globalParams)],
  };
}

/** The fields that all jobs share; the Job's own values override them. */
function withoutDefaults(shared: Fields, own: Fields): Fields {
  const { env, ...maps } = shared as { readonly env?: readonly Fields[] } & Fields;
  const ownEnv = (own['env'] as readonly Fields[] | undefined) ?? [];
  const names = new Set(ownEnv.map(({ name }) => name));
  const merged = Object.fromEntries(
    Object.entries(maps).map(([name, map]) => [name, { ...(map as Fields), ...(own[name] as Fields | undefined) }]),
  );
  return present({ ...merged, env: env && [...env.filter(({ name }) => !names.has(name)), ...ownEnv] });
}

function fromJobTemplate(spec: Fields, _labels: Fields, name: string): Component {
  const { jobTemplate = {} } = spec as { readonly jobTemplate?: Fields };
  const { properties, warnings } = operatorWork(jobTemplate, name);
  return { type: 'task-template', properties, warnings: [...warnings, ...unread(spec, ['jobTemplate'])] };
}

/** Fields of the spec that are not read. */
function unread(spec: Fields, read: readonly string[]): readonly string[] {
  return Object.keys(without(spec, read)).map((field) => `spec.${field} is left out: there is no equivalent`);
}
