/**
 * Volcano's Job and CronJob (batch.volcano.sh/v1alpha1), JobFlow and JobTemplate (flow.volcano.sh/v1alpha1). The steps
 * of a JobFlow name their templates, and a template is such a Job.
 */
import { UsageError } from '../errors.ts';
import { componentName } from './names.ts';
import { asText } from './text.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { orNothing, present, without } from './fields.ts';
import { inUtc, runsOf, timesOf } from './schedule.ts';
import { workOf, type Converted } from './work.ts';

interface Component extends Converted {
  readonly type: string;
}

interface Flow extends Fields {
  readonly name?: string;
  readonly dependsOn?: Fields & { readonly targets?: readonly string[] };
}

export function fromVolcanoFlow(spec: Fields): Component {
  const {
    flows = [],
    jobRetainPolicy,
    ...others
  } = spec as {
    readonly flows?: readonly Flow[];
    readonly jobRetainPolicy?: string;
  } & Fields;
  const steps = flows.map(({ name, dependsOn: { targets = [] } = {} }) =>
    present({
      name,
      dependsOn: targets.length > 0 ? targets : undefined,
      templateRef: present({ name: name && componentName(name) }),
    }),
  );
  const lost = flows.flatMap((flow) => [
    ...Object.keys(without(flow, ['name', 'dependsOn'])).map((field) => [flow.name, field]),
    ...Object.keys(without(flow.dependsOn ?? {}, ['targets'])).map((field) => [flow.name, `dependsOn.${field}`]),
  ]);
  return {
    type: 'task-flow',
    properties: present({
      executionPolicy: jobRetainPolicy === 'delete' ? { keepLast: 0, keepLastFailed: 0 } : undefined,
      steps,
    }),
    warnings: [
      'every deployment runs, under its own names; a step that fails skips the steps that depend on it',
      `the JobTemplates ${flows.map(({ name }) => name).join(', ')} must be converted, too: they become task-templates`,
      ...lost.map(([name, field]) => `step ${name}: ${field} is left out: there is no equivalent`),
      ...leftOut(others),
    ],
  };
}

interface VolcanoTask extends Fields {
  readonly name?: string;
  readonly replicas?: number;
  readonly template?: Fields;
}

/** @throws UsageError if its tasks need each other: they start together, and a task has one kind of pod */
export function fromVolcanoJob(spec: Fields, labels: Fields, name: string): Component {
  const { executionPolicy, work } = ofJob(spec, labels, name);
  return {
    type: 'task',
    properties: present({ executionPolicy: orNothing(executionPolicy), ...work.properties }),
    warnings: ['every deployment runs', ...work.warnings],
  };
}

/** What a Job runs, whether it is deployed or stands in a CronJob. */
function ofJob(spec: Fields, labels: Fields, name: string): { executionPolicy: Fields; work: Converted } {
  const { ttlSecondsAfterFinished, ...others } = spec as { readonly tasks?: readonly VolcanoTask[] } & Fields;
  const { tasks = [] } = others;
  if (tasks.length > 1)
    throw new UsageError(
      `it has ${tasks.length} tasks that start together, and a task has one kind of pod: make each a Job of its own, or a step of a task-flow`,
    );
  return { executionPolicy: present({ ttlSecondsAfterFinished }), work: fromVolcanoTemplate(others, labels, name) };
}

interface JobTemplate extends Fields {
  readonly metadata?: Fields;
  readonly spec?: Fields;
}

/** It has the fields of Kubernetes' CronJob, and in its jobTemplate a Job of Volcano's. */
export function fromVolcanoCronJob(spec: Fields, labels: Fields, name: string): Component {
  const { jobTemplate = {}, schedule, timeZone, ...others } = spec as { readonly jobTemplate?: JobTemplate } & Fields;
  const times = timesOf(schedule, timeZone);
  const runs = runsOf(others);
  const { executionPolicy, work } = ofJob(jobTemplate.spec ?? {}, labels, name);
  return {
    type: 'cron-task',
    properties: {
      ...present({ schedule: times.cron, timeZone: times.timeZone }),
      ...runs.properties,
      ...executionPolicy,
      ...work.properties,
    },
    warnings: [
      ...(times.timeZone === undefined ? [inUtc] : []),
      ...runs.warnings,
      ...work.warnings,
      ...Object.keys(without(jobTemplate, ['spec'])).map(
        (field) => `jobTemplate.${field} is left out: there is no equivalent`,
      ),
    ],
  };
}

export function fromVolcanoTemplate(spec: Fields, _labels: Fields, name: string): Component {
  const {
    tasks = [],
    volumes = [],
    ...others
  } = spec as {
    readonly tasks?: readonly VolcanoTask[];
    readonly volumes?: readonly { readonly mountPath?: string; readonly volumeClaimName?: string }[];
  } & Fields;
  const [{ replicas, template, name: _name, ...more } = {} as VolcanoTask, ...further] = tasks;
  const { properties, warnings } = workOf(
    {
      ...(template && { template }),
      ...(replicas !== undefined && { parallelism: replicas, completions: replicas }),
    },
    name,
  );
  const mounted = volumes.flatMap(({ mountPath, volumeClaimName }, index) =>
    mountPath !== undefined && volumeClaimName !== undefined
      ? [{ name: `volume-${index}`, mountPath, type: 'pvc', claimName: volumeClaimName }]
      : [],
  );
  return {
    type: 'task-template',
    properties: present({
      backoffLimit: 0,
      ...properties,
      ...(others['priorityClassName'] === undefined
        ? {}
        : {
            podSpec: {
              priorityClassName: others['priorityClassName'],
              ...(properties['podSpec'] as Fields | undefined),
            },
          }),
      volumes: mounted.length > 0 ? mounted : undefined,
    }),
    warnings: [
      ...further.map(
        ({ name }) =>
          `task ${name} is left out: a template has one kind of pod; make it a template and a step of its own`,
      ),
      ...Object.keys(more).map((field) => `tasks[0].${field} is left out: there is no equivalent`),
      ...(mounted.length < volumes.length
        ? ['a volume without a volumeClaimName is left out: use globals.workspace']
        : []),
      ...(others['queue'] === undefined
        ? []
        : [`queue ${asText(others['queue'])} is Volcano's: name a LocalQueue of Kueue in the step's queue`]),
      ...restartOf(properties),
      ...leftOut(without(others, ['queue', 'priorityClassName'])),
      ...warnings,
    ],
  };
}

function restartOf({ restart }: Fields): readonly string[] {
  if (restart !== 'OnFailure') return [];
  return [
    'restartPolicy OnFailure: Volcano lets the kubelet start a failed container again without limit, and a Job fails at its first failure here: write backoffLimit',
  ];
}

function leftOut(fields: Fields): readonly string[] {
  return Object.keys(fields).map((field) => `spec.${field} is left out: there is no equivalent`);
}
