/**
 * A JobSpec as the properties of a task, a step or a template. What has a parameter of its own is written there, all
 * else under podSpec or job, under its own name.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** What a manifest becomes, and each thing that is not as it was, in a sentence. */
export interface Converted {
  readonly properties: Fields;
  readonly warnings: readonly string[];
}

interface JobSpec extends Fields {
  readonly template?: {
    readonly metadata?: { readonly labels?: Fields; readonly annotations?: Fields };
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

/** Of a pod, the same in a task. */
const samePod = ['serviceAccountName', 'nodeSelector', 'tolerations', 'hostAliases'];
/** Of a container. */
const sameContainer = ['image', 'imagePullPolicy', 'env'];
/** Of a JobSpec. */
const sameJob = [
  'parallelism',
  'completions',
  'completionMode',
  'backoffLimit',
  'activeDeadlineSeconds',
  'podFailurePolicy',
];
const otherJob = ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy', 'podReplacementPolicy', 'managedBy'];
/** What is said elsewhere, or means nothing for a Job whose name and labels are the run's. */
const elsewhere = ['template', 'ttlSecondsAfterFinished', 'suspend'];

/** What runs, of a JobSpec. */
export function workOf(job: Fields): Converted {
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
    warnings: [...dropped.map((name) => `${name} is left out: a run's Job gets its own`), ...container.warnings],
  };
}

function isSaid(fields: Fields): boolean {
  return Object.keys(fields).length > 0;
}

/** Nothing in place of fields that say nothing. */
export function orNothing(fields: Fields): Fields | undefined {
  return isSaid(fields) ? fields : undefined;
}

/** How a run's Jobs are kept and held, of a JobSpec. */
export function policyOf({ ttlSecondsAfterFinished, suspend }: Fields): Converted {
  const warnings = suspend === true ? ['suspend holds new runs; a Job that runs is not suspended'] : [];
  return { properties: present({ ttlSecondsAfterFinished, suspend }), warnings };
}

function containerOf(container: Container): Converted & { readonly rest: Fields } {
  const { name, command, args, resources, ...others } = container;
  const sizes = sizesOf(resources);
  // Without a command the args are those of the image's own entrypoint, which cmd would replace.
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
  const warnings = name === undefined ? [] : [`container ${name} is called after its component`];
  return { properties, rest, warnings };
}

/** cpu and memory, where requests and limits are alike and nothing else is said. */
function sizesOf(resources: Container['resources']): Fields | undefined {
  if (!resources) return undefined;
  const { limits = {}, requests = limits, ...others } = resources;
  const isMore = isSaid({ ...others, ...without({ ...limits, ...requests }, ['cpu', 'memory']) });
  const isAlike = limits['cpu'] === requests['cpu'] && limits['memory'] === requests['memory'];
  return !isMore && isAlike ? only(limits, ['cpu', 'memory']) : undefined;
}

/** Those of the fields that are there. */
export function only(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

export function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** Without what is undefined. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
