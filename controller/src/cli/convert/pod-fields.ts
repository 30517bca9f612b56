/**
 * Fields that Kubernetes does not have. A cluster may have dropped them from the manifest; in a run's Job they are
 * refused, and a plan refuses them by the same schemas.
 */
import { admitBySchema, type Schema, type SchemaProblem } from '../../plan/schema.ts';
import { isFields, type Fields } from '../../vela/fields.ts';
import { UsageError } from '../errors.ts';
import type { Component } from './kinds.ts';

/** By kind: Task and TaskTemplate, as `Definitions` has them. */
export type Schemas = Readonly<Record<string, Schema>>;

/** The parameters of a definition whose values have a schema of Kubernetes. */
interface Parameters {
  readonly podSpec: Schema;
  readonly job: Schema;
  readonly env: Schema;
  readonly tolerations: Schema;
  readonly hostAliases: Schema;
  readonly podFailurePolicy: Schema;
}

const mostSaid = 10;

/**
 * In each pod template of a manifest's spec, wherever it stands.
 * @throws UsageError with the place of each in the manifest, and the nearest right spelling
 */
export function checkPodTemplates(spec: Fields, schemas: Schemas): void {
  const { podSpec } = parametersOf(schemas, 'Task');
  refuse(inTemplates(spec, ['spec'], podSpec));
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
  const parameters = parametersOf(schemas, type === 'task-template' ? 'TaskTemplate' : 'Task');
  const { steps = [], ...others } = properties as { readonly steps?: readonly Fields[] } & Fields;
  refuse([
    ...inProperties(others, [], parameters),
    ...steps.flatMap((step, index) => inProperties(step, ['steps', String(index)], parameters)),
  ]);
}

function inProperties(fields: Fields, path: readonly string[], parameters: Parameters): readonly SchemaProblem[] {
  return Object.entries(parameters).flatMap(([name, schema]: [string, Schema]) =>
    fields[name] === undefined ? [] : admitBySchema(schema, fields[name], [...path, name]).problems,
  );
}

/** The schemas of what a Task's pods and Jobs are made of. */
function parametersOf(schemas: Schemas, kind: string): Parameters {
  const at = (schema: Schema | undefined, ...names: readonly string[]): Schema =>
    names.reduce<Schema>((one, name) => one.properties?.[name] ?? {}, schema ?? {});
  // Its rules are about fields that are parameters beside it.
  const { 'x-kubernetes-validations': _rules, ...job } = at(schemas[kind], 'spec', 'job');
  const podSpec = at(schemas[kind], 'spec', 'template', 'spec');
  return {
    podSpec,
    job,
    env: at(at(podSpec, 'containers').items, 'env'),
    tolerations: at(podSpec, 'tolerations'),
    hostAliases: at(podSpec, 'hostAliases'),
    podFailurePolicy: at(job, 'podFailurePolicy'),
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
