/**
 * Names that are others after the conversion, and what refers to them: an Application's component has no dots and
 * leaves room for its revision, the first container is named after it, and each run's Job has a name of its own.
 */
import { joinName } from '../../domain/lang/names.ts';
import { velaLabels } from '../../resources/index.ts';
import type { Fields } from '../../domain/lang/fields.ts';
import { present } from './fields.ts';

/** KubeVela writes the revision, such as NAME-v1234, into a label, which has at most 63 characters. */
const mostName = 57;

/** The component that a manifest of that name becomes. */
export function componentName(name: string): string {
  return joinName(name, '', mostName);
}

export interface Renamed {
  readonly job: Fields;
  readonly warnings: readonly string[];
}

interface Container {
  readonly name?: string;
}

interface Template extends Fields {
  readonly metadata?: Fields & { readonly annotations?: Fields };
  readonly spec?: Fields & {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

/** A JobSpec whose references to containers and to its Job hold after the conversion. @param name the manifest's */
export function withRenames(job: Fields, name: string): Renamed {
  const component = componentName(name);
  const { template = {} } = job as { readonly template?: Template };
  const [first, ...others] = template.spec?.containers ?? [];
  const initial = template.spec?.initContainers ?? [];
  const names = renamesOf(component, first, [...initial, ...others]);
  const selected = { old: name, component, count: 0 };
  const renamed = inReferences(job, names, selected) as Fields & { readonly template?: Template };
  const apart = names.get(component);
  return {
    job: renamed.template ? { ...renamed, template: withNames(renamed.template, names) } : renamed,
    warnings: [
      ...(apart === undefined ? [] : [becomes(component, apart)]),
      ...(selected.count === 0
        ? []
        : [
            `a selector of pods by the label job-name now selects by ${velaLabels.component}: each run's Job has a name of its own`,
          ]),
    ],
  };
}

interface Work extends Fields {
  readonly podSpec?: Template['spec'];
  readonly steps?: readonly Work[];
}

/**
 * A task, or a flow with its steps, in whose pods no other container has the name of the component, which the first
 * one has: a Tekton Task often has a step of its own name.
 */
export function withoutClashes(work: Work, name: string): { readonly properties: Work; readonly warnings: string[] } {
  const component = componentName(name);
  const warnings = new Set<string>();
  const apart = (one: Work): Work => {
    const { initContainers = [], containers: [, ...others] = [] } = one.podSpec ?? {};
    const names = renamesOf(component, undefined, [...initContainers, ...others]);
    const renamed = names.get(component);
    if (renamed === undefined) return one;
    warnings.add(becomes(component, renamed));
    return { ...one, podSpec: inPod(one.podSpec ?? {}, names) };
  };
  const properties = apart(work);
  const { steps } = properties;
  return { properties: steps ? { ...properties, steps: steps.map(apart) } : properties, warnings: [...warnings] };
}

function becomes(component: string, renamed: string): string {
  return `container ${component} becomes ${renamed}: the first container gets the name of the component`;
}

/** The new names of containers by their old ones. */
function renamesOf(
  component: string,
  first: Container | undefined,
  others: readonly Container[],
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set([component, ...others.map(({ name }) => name)]);
  if (others.some(({ name }) => name === component)) {
    let number = 2;
    while (taken.has(joinName(component, String(number)))) number += 1;
    names.set(component, joinName(component, String(number)));
  }
  if (first?.name !== undefined && first.name !== component) names.set(first.name, component);
  return names;
}

const jobNameLabels: ReadonlySet<string> = new Set(['job-name', 'batch.kubernetes.io/job-name']);

interface Selected {
  readonly old: string;
  readonly component: string;
  count: number;
}

/** The same value with the new names wherever a field refers to a container, or a selector to the old Job. */
function inReferences(value: unknown, names: ReadonlyMap<string, string>, selected: Selected): unknown {
  if (Array.isArray(value)) return value.map((element) => inReferences(element, names, selected));
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(requirement(value as Fields, selected));
  return Object.fromEntries(
    fields.map(([key, field]): [string, unknown] => {
      if (key === 'containerName' && typeof field === 'string') return [key, names.get(field) ?? field];
      if (key === 'matchLabels') return [key, selector(field, selected)];
      return [key, inReferences(field, names, selected)];
    }),
  );
}

function selector(labels: unknown, selected: Selected): unknown {
  if (labels === null || typeof labels !== 'object') return labels;
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]): [string, unknown] => {
      if (!jobNameLabels.has(key) || value !== selected.old) return [key, value];
      selected.count += 1;
      return [velaLabels.component, selected.component];
    }),
  );
}

/** An element of matchExpressions. */
function requirement(fields: Fields, selected: Selected): Fields {
  const { key, values } = fields;
  if (typeof key !== 'string' || !jobNameLabels.has(key) || !Array.isArray(values)) return fields;
  if (!values.includes(selected.old)) return fields;
  selected.count += 1;
  const others = values.map((value: unknown) => (value === selected.old ? selected.component : value));
  return { ...fields, key: velaLabels.component, values: others };
}

const appArmor = 'container.apparmor.security.beta.kubernetes.io/';
const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** With the new names of the containers themselves, and of those that annotations name. */
function withNames({ metadata, spec, ...others }: Template, names: ReadonlyMap<string, string>): Template {
  const rename = (name: string) => names.get(name) ?? name;
  return present({
    ...others,
    metadata: metadata?.annotations ? { ...metadata, annotations: inKeys(metadata.annotations, rename) } : metadata,
    spec: spec && inPod(spec, names),
  });
}

/** The first container is named by its component. */
function inPod(pod: NonNullable<Template['spec']>, names: ReadonlyMap<string, string>): NonNullable<Template['spec']> {
  const named = (container: Container): Container =>
    container.name === undefined ? container : { ...container, name: names.get(container.name) ?? container.name };
  return present({
    ...pod,
    containers: pod.containers?.map((container, index) => (index === 0 ? container : named(container))),
    initContainers: pod.initContainers?.map(named),
  });
}

function inKeys(annotations: Fields, rename: (name: string) => string): Fields {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]): [string, unknown] => {
      if (key.startsWith(appArmor)) return [`${appArmor}${rename(key.slice(appArmor.length))}`, value];
      return [key, key === defaultContainer && typeof value === 'string' ? rename(value) : value];
    }),
  );
}
