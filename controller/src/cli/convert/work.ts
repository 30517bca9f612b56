/**
 * Converts a JobSpec to the properties of a task, a step or a template. A field that has a parameter is written there;
 * all other fields go under podSpec or job with their own names.
 */
import { nearest } from '../../plan/spelling.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { isSaid, only, orNothing, present, without } from './fields.ts';
import { withRenames } from './names.ts';

/** The component that a manifest becomes, and a sentence for each thing that behaves differently. */
export interface Converted {
  readonly properties: Fields;
  readonly warnings: readonly string[];
}

interface JobSpec extends Fields {
  readonly template?: Fields & {
    readonly metadata?: Fields & { readonly labels?: Fields; readonly annotations?: Fields };
    readonly spec?: PodSpec;
  };
}

interface PodSpec extends Fields {
  readonly containers?: readonly Container[];
  readonly restartPolicy?: string;
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
}

interface Container extends Fields {
  readonly name?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly resources?: { readonly limits?: Fields; readonly requests?: Fields; readonly [other: string]: unknown };
}

/** Fields of a pod that a task has under the same name. */
const samePod = ['serviceAccountName', 'nodeSelector', 'tolerations', 'hostAliases'];
/** Fields of a container. */
const sameContainer = ['image', 'imagePullPolicy', 'env'];
/** Fields of a JobSpec. */
const sameJob = [
  'parallelism',
  'completions',
  'completionMode',
  'backoffLimit',
  'activeDeadlineSeconds',
  'podFailurePolicy',
];
const otherJob = ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy', 'podReplacementPolicy', 'managedBy'];
/** Fields that are converted elsewhere, or have no meaning for a Job whose name and labels come from the run. */
const elsewhere = ['template', 'ttlSecondsAfterFinished', 'suspend'];
const ofTheJobAlone = ['selector', 'manualSelector'];
/** Fields of a pod template's metadata that are converted, or that Kubernetes does not read there. */
const templateMetadata = ['labels', 'annotations', 'name', 'namespace', 'creationTimestamp'];

/**
 * The part of a JobSpec that says what runs.
 * @param name the manifest's, where the component and so the first container is named after it
 */
export function workOf(spec: Fields, name?: string): Converted {
  const { job, warnings } = name === undefined ? { job: spec, warnings: [] } : withRenames(spec, name);
  const work = jobWorkOf(job);
  return { properties: work.properties, warnings: [...work.warnings, ...warnings, ...lostOfTemplate(job)] };
}

function lostOfTemplate({ template = {} }: JobSpec): readonly string[] {
  const { metadata = {} } = template;
  return [
    ...Object.keys(without(template, ['metadata', 'spec'])).map(
      (field) => `template.${field} is left out: it is not a field of a pod template`,
    ),
    ...Object.keys(without(metadata, templateMetadata)).map(
      (field) => `template.metadata.${field} is left out: there is no equivalent`,
    ),
  ];
}

function jobWorkOf(job: Fields): Converted {
  const { template = {} } = job as JobSpec;
  const { spec = {}, metadata = {} } = template;
  const [first = {}, ...others] = spec.containers ?? [];
  const container = containerOf(first);
  const { containers: _containers, restartPolicy, imagePullSecrets, ...pod } = spec;
  const podSpec = present({
    ...without(pod, samePod),
    containers: isSaid(container.rest) || others.length > 0 ? [container.rest, ...others] : undefined,
  });
  const properties = present({
    ...container.properties,
    restart: restartPolicy,
    imagePullSecrets: imagePullSecrets?.map(({ name }) => name),
    ...only(pod, samePod),
    labels: metadata.labels,
    annotations: metadata.annotations,
    ...only(job, sameJob),
    podSpec: orNothing(podSpec),
    job: orNothing(only(job, otherJob)),
  });
  const dropped = Object.keys(without(job, [...sameJob, ...otherJob, ...elsewhere]));
  return {
    properties,
    warnings: [...dropped.map(whyDropped), ...container.warnings],
  };
}

function whyDropped(name: string): string {
  if (ofTheJobAlone.includes(name)) return `${name} is left out: a run's Job gets its own`;
  const near = nearest(name, [...sameJob, ...otherJob, ...elsewhere]);
  const remedy = near === undefined ? '' : `; write ${near}, and convert it again`;
  return `${name} is left out: it is not a field of a Job's spec${remedy}`;
}

/** The part of a JobSpec that says how long a run's Jobs are kept, and whether runs are suspended. */
export function policyOf({ ttlSecondsAfterFinished, suspend }: Fields): Converted {
  const warnings = suspend === true ? ['suspend lets new runs wait; a running Job is not suspended'] : [];
  return { properties: present({ ttlSecondsAfterFinished, suspend }), warnings };
}

function containerOf(container: Container): Converted & { readonly rest: Fields } {
  const { name, command: words, args, resources, ...others } = container;
  const command = words?.length === 0 ? undefined : words;
  const sizes = sizesOf(resources);
  // Without a command the args are passed to the image's entrypoint, which cmd would replace.
  const properties = {
    ...only(others, sameContainer),
    ...(command && { cmd: [...command, ...(args ?? [])] }),
    ...sizes,
  };
  const rest = present({
    ...without(others, sameContainer),
    args: command ? undefined : args,
    resources: sizes ? undefined : resources,
  });
  const warnings = name === undefined ? [] : [`container ${name} is named after its component`];
  return { properties, rest, warnings };
}

/** cpu and memory as texts, if requests equal limits and no other resource is named. */
function sizesOf(resources: Container['resources']): Fields | undefined {
  if (!resources) return undefined;
  const { limits = {}, requests = limits, ...others } = resources;
  const isMore = isSaid({ ...others, ...without({ ...limits, ...requests }, ['cpu', 'memory']) });
  const isAlike = limits['cpu'] === requests['cpu'] && limits['memory'] === requests['memory'];
  if (isMore || !isAlike) return undefined;
  return Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)]));
}
