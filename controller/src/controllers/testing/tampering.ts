/**
 * What somebody may do to objects of ours, made of their schemas: every field that can be written is taken away, or
 * given another value, also one of another object; objects are deleted, copied and brought back. As if no admission
 * policy were there, except for statuses, which no role may write.
 */
import fc from 'fast-check';
import { readSchema } from '../../domain/testing/crd-schema.ts';
import type { Schema } from '../../plan/schema.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';
import type { Whole } from './memory-api.ts';
import { labelFields, ownerFields, textsAt } from './metadata-fields.ts';

/** A field that can be written, by its path, with what may stand there. */
export interface Field {
  readonly path: readonly string[];
  readonly schema: Schema;
}

/** What is done to which object; numbers choose, whatever there is to choose from. */
export interface Move {
  readonly of: string;
  readonly how: 'change' | 'delete' | 'orphan' | 'copy' | 'restore';
  readonly pick: number;
  readonly field: number;
  readonly value: number;
}

const text: Schema = { type: 'string' };
const number: Schema = { type: 'integer' };
const flag: Schema = { type: 'boolean' };
const list: Schema = { type: 'array' };
const map: Schema = { type: 'object' };

/** What the API server lets people write into the metadata of every kind. */
const metadata: readonly Field[] = [
  ...labelFields('batch.kubernetes.io/controller-uid', 'other'),
  ...textsAt(
    ['metadata', 'annotations'],
    ['batch.kubernetes.io/cronjob-scheduled-timestamp', 'app.oam.dev/last-applied-time', 'other'],
  ),
  ...['labels', 'annotations'].map((field) => ({ path: ['metadata', field], schema: map })),
  { path: ['metadata', 'finalizers'], schema: list },
  { path: ['metadata', 'ownerReferences'], schema: list },
  ...ownerFields,
];

/** What the API server lets people change of its own kinds, beside metadata. */
const builtIn: Readonly<Record<string, readonly Field[]>> = {
  jobs: [
    { path: ['spec', 'suspend'], schema: flag },
    ...['parallelism', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'completions'].map(
      (field) => ({
        path: ['spec', field],
        schema: number,
      }),
    ),
    ...['nodeSelector', 'labels', 'annotations'].map((field) => ({
      path: ['spec', 'template', 'spec', field],
      schema: map,
    })),
  ],
  pods: [
    { path: ['spec', 'activeDeadlineSeconds'], schema: number },
    { path: ['spec', 'containers', '0', 'image'], schema: text },
    { path: ['spec', 'tolerations'], schema: list },
  ],
  persistentvolumeclaims: [
    { path: ['spec', 'volumeName'], schema: text },
    { path: ['spec', 'resources', 'requests', 'storage'], schema: text },
  ],
  events: [
    ...textsAt([], ['message', 'reason', 'type', 'lastTimestamp']),
    ...textsAt(['involvedObject'], ['kind', 'name', 'uid']),
  ],
  // Who may change a Task's spec says what runs: that is not an attack.
  tasks: [],
};

const runSpec = readSchema('crd-taskrun.yaml').properties?.['spec'] as Schema;
const templateSpec = readSchema('crd-tasktemplate.yaml').properties?.['spec'] as Schema;
const fields: Readonly<Record<string, readonly Field[]>> = {
  ...builtIn,
  taskruns: fieldsOf(runSpec, ['spec']),
  tasktemplates: fieldsOf(templateSpec, ['spec']),
};

/** Every field that can be written, of an object of that kind. */
export function fieldsOfKind(plural: string): readonly Field[] {
  return [...metadata, ...(fields[plural] ?? [])];
}

/** Each field of the schema, however deep, those inside of lists in their first element. */
export function fieldsOf(schema: Schema, path: readonly string[]): readonly Field[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => fieldsOf(field, [...path, name]));
  const inList = schema.items ? fieldsOf(schema.items, [...path, '0']) : [];
  return [{ path, schema }, ...inner, ...inList];
}

const kinds = [
  'taskruns',
  'taskruns',
  'taskruns',
  'jobs',
  'jobs',
  'jobs',
  'pods',
  'persistentvolumeclaims',
  'events',
  'tasks',
  'tasktemplates',
];

export const move: fc.Arbitrary<Move> = fc.record({
  of: fc.constantFrom(...kinds),
  how: fc.constantFrom('change', 'change', 'change', 'change', 'change', 'delete', 'orphan', 'copy', 'restore'),
  pick: fc.nat(20),
  field: fc.nat(200),
  value: fc.nat(40),
});

/**
 * The object with one field changed.
 * @param others objects of the same kind, whose values may be taken
 */
export function changed(
  object: Whole,
  { field, value }: Move,
  others: readonly Whole[],
): { readonly what: string; readonly object: Whole } {
  const all = fieldsOfKind(pluralOf(object));
  // Fields that are there are changed as often as those that are not.
  const present = all.filter(({ path }) => valueAt(object, path) !== undefined);
  const pool = field % 2 === 0 && present.length > 0 ? present : all;
  const { path, schema } = pool[Math.floor(field / 2) % pool.length] as Field;
  const values = [
    undefined,
    ...ownersFor(path, object, others),
    ...others
      .map((other) => valueAt(other, path))
      .filter((one) => one !== undefined)
      .slice(-3),
    ...valuesOf(schema),
  ];
  const chosen = values[value % values.length];
  return {
    what: `${path.join('.')} = ${JSON.stringify(chosen)?.slice(0, 80)}`,
    object: withValue(object, path, chosen) as Whole,
  };
}

function pluralOf({ kind }: Whole): string {
  const plurals: Readonly<Record<string, string>> = {
    Task: 'tasks',
    TaskRun: 'taskruns',
    TaskTemplate: 'tasktemplates',
    Job: 'jobs',
    Pod: 'pods',
    PersistentVolumeClaim: 'persistentvolumeclaims',
    Event: 'events',
  };
  return plurals[kind ?? ''] ?? '';
}

/** Owners that do not exist, that the garbage collector cannot look up, or that are somebody else. */
function ownersFor(
  path: readonly string[],
  { metadata: { uid, ownerReferences = [] } }: Whole,
  others: readonly Whole[],
): readonly unknown[] {
  if (path.join('.') !== 'metadata.ownerReferences')
    return path.join('.') === 'metadata.finalizers' ? [['example.org/stays']] : [];
  const [owner] = ownerReferences;
  const ghost = {
    apiVersion: 'task.oam.dev.evil/v1',
    kind: owner?.kind ?? 'Task',
    name: 'ghost',
    uid: owner?.uid ?? uid,
    controller: true,
  };
  const [another] = others.flatMap(({ metadata }) => metadata.ownerReferences ?? []);
  return [
    [ghost],
    [...ownerReferences, ghost],
    ...(owner ? [[{ ...owner, controller: false }], [{ ...owner, uid: 'nobody' }]] : []),
    ...(another ? [[another]] : []),
  ];
}

function valuesOf(schema: Schema): readonly unknown[] {
  if (schema.enum) return schema.enum;
  switch (schema.type) {
    case 'string':
      return ['other', '', '1', 'x'.repeat(300), '2126-03-20T12:00:00Z'];
    case 'integer':
      return [0, 1, 7, 2_147_483_647, -1];
    case 'boolean':
      return [true, false];
    case 'array':
      return [[], [{ name: 'other' }]];
    case 'object':
      return [{}, { other: 'x' }, { spec: {} }];
    default:
      return ['other', 0];
  }
}

export function valueAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (Array.isArray(value) ? value[Number(key)] : isFields(value) ? value[key] : undefined),
    object,
  );
}

/** A copy with that value there; undefined takes the field away. */
function withValue(object: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  if (Array.isArray(object)) return withElement(object as readonly unknown[], Number(key), rest, value);
  const before: Fields = isFields(object) ? object : {};
  const { [key]: inner, ...others } = before;
  if (rest.length === 0) return value === undefined ? others : { ...others, [key]: value };
  if (inner === undefined && (value === undefined || rest[0] === '0')) return before;
  return { ...others, [key]: withValue(inner ?? {}, rest, value) };
}

function withElement(
  list: readonly unknown[],
  index: number,
  rest: readonly string[],
  value: unknown,
): readonly unknown[] {
  if (list.length === 0) return list;
  const next = rest.length === 0 ? value : withValue(list[index] ?? {}, rest, value);
  return next === undefined ? list.filter((_, at) => at !== index) : list.with(index, next);
}
