/**
 * Fields that Kubernetes does not have, and values that no Task has. A cluster may have dropped such a field, and never
 * checked such a value; in a run's Job they are refused, and a plan refuses them by these schemas.
 */
import { imageProblems } from '../../plan/kubernetes/images.ts';
import { Place } from '../../plan/kubernetes/place.ts';
import { admitBySchema, type Schema, type SchemaProblem } from '../../plan/schema.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';
import { UsageError } from '../errors.ts';
import type { Component } from './kinds.ts';

/** By kind: Task and TaskTemplate, as `Definitions` has them. */
export type Schemas = Readonly<Record<string, Schema>>;

/** The schemas of the parameters of our definitions, by their names. */
type Parameters = Readonly<Record<string, Schema>>;

const mostSaid = 10;

/**
 * In each pod template of a manifest's spec, wherever it stands.
 * @throws UsageError with the place of each in the manifest, and the nearest right spelling
 */
export function checkPodTemplates(spec: Fields, schemas: Schemas): void {
  refuse(inTemplates(spec, ['spec'], podSchemaOf(schemas, 'Task')));
}

function inTemplates(value: unknown, path: readonly string[], podSpec: Schema): readonly SchemaProblem[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => inTemplates(one, [...path, String(index)], podSpec));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const at = [...path, name];
    const isPod = name === 'spec' && path.at(-1) === 'template' && isFields(field) && 'containers' in field;
    return isPod ? admitBySchema(podSpec, field, at).problems : inTemplates(field, at, podSpec);
  });
}

/**
 * In what a manifest of another kind becomes.
 * @throws UsageError with the place of each in the component, and the nearest right spelling
 */
export function checkProperties({ type, properties }: Component, schemas: Schemas): void {
  const kind = type === 'task-template' ? 'TaskTemplate' : 'Task';
  const parameters = { ...parametersOf(schemas, kind), ...ownOf(schemas, kind) };
  const { steps = [], ...others } = properties as { readonly steps?: readonly Fields[] } & Fields;
  refuse([
    ...inProperties(others, [], parameters),
    ...imagesIn(others, []),
    ...steps.flatMap((step, index) => {
      const at = ['steps', String(index)];
      return [...inProperties(step, at, parameters), ...imagesIn(step, at)];
    }),
  ]);
}

/** Those of the containers beside the task's own, too. */
function imagesIn(fields: Fields, path: readonly string[]): readonly SchemaProblem[] {
  const pod = new Place(fields, path).at('podSpec');
  const others = ['containers', 'initContainers'].flatMap((list) => pod.at(list).items);
  const images = [new Place(fields, path), ...others].map((container) => container.at('image'));
  // A placeholder that has no equivalent is named as such.
  return images.filter(({ text = '' }) => !text.includes('{{')).flatMap(imageProblems);
}

function inProperties(fields: Fields, path: readonly string[], parameters: Parameters): readonly SchemaProblem[] {
  return Object.entries(parameters).flatMap(([name, schema]) =>
    fields[name] === undefined ? [] : admitBySchema(schema, fields[name], [...path, name]).problems,
  );
}

function schemaAt(schema: Schema | undefined, ...names: readonly string[]): Schema {
  return names.reduce<Schema>((one, name) => one.properties?.[name] ?? {}, schema ?? {});
}

function podSchemaOf(schemas: Schemas, kind: string): Schema {
  return schemaAt(schemas[kind], 'spec', 'template', 'spec');
}

/** Fields of a JobSpec that are parameters. */
const ofJob = ['activeDeadlineSeconds', 'backoffLimit', 'completions', 'parallelism', 'podFailurePolicy'];
/** Fields of a Task that are parameters. */
const ofTask = ['executionPolicy', 'maxParallel', 'outputs', 'queue', 'retry', 'timeoutSeconds'];

/** What a template alone has. */
function ownOf(schemas: Schemas, kind: string): Parameters {
  if (kind !== 'TaskTemplate') return {};
  const template = schemaAt(schemas[kind], 'spec');
  return { description: schemaAt(template, 'description'), parameters: schemaAt(template, 'parameters') };
}

/** What becomes of the parameters of our definitions in a Task. */
function parametersOf(schemas: Schemas, kind: string): Parameters {
  const podSpec = podSchemaOf(schemas, kind);
  const task = schemaAt(schemas['Task'], 'spec');
  // Its rules are about fields that are parameters beside it.
  const { 'x-kubernetes-validations': _rules, ...job } = schemaAt(schemas[kind], 'spec', 'job');
  const policy = schemaAt(task, 'executionPolicy');
  const metadata = schemaAt(schemas[kind], 'spec', 'template', 'metadata');
  return {
    podSpec,
    job,
    env: schemaAt(schemaAt(podSpec, 'containers').items, 'env'),
    tolerations: schemaAt(podSpec, 'tolerations'),
    hostAliases: schemaAt(podSpec, 'hostAliases'),
    labels: schemaAt(metadata, 'labels'),
    annotations: schemaAt(metadata, 'annotations'),
    ...Object.fromEntries(ofJob.map((name) => [name, schemaAt(job, name)])),
    ...Object.fromEntries(ofTask.map((name) => [name, schemaAt(task, name)])),
    suspend: schemaAt(task, 'suspend'),
    // As a cron-task has them, in CronJob's words.
    concurrencyPolicy: schemaAt(policy, 'concurrencyPolicy'),
    failedJobsHistoryLimit: schemaAt(policy, 'keepLastFailed'),
    startingDeadlineSeconds: schemaAt(task, 'schedule', 'startingDeadlineSeconds'),
    successfulJobsHistoryLimit: schemaAt(policy, 'keepLast'),
    ttlSecondsAfterFinished: schemaAt(policy, 'ttlSecondsAfterFinished'),
  };
}

function refuse(problems: readonly SchemaProblem[]): void {
  if (problems.length === 0) return;
  const said = problems.slice(0, mostSaid).map(({ path, message }) => `${placeOf(path)} ${message}`);
  const more = problems.length > mostSaid ? [`and ${problems.length - mostSaid} more`] : [];
  throw new UsageError([...said, ...more].join('; '));
}

/** As in `spec.template.spec.containers[0].image`. */
function placeOf(path: readonly string[]): string {
  return path.join('.').replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}
