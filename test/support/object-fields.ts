/** Every field of a kind, as the CRDs and the API server's own OpenAPI document have it, and values to try there. */
import { labelFields, ownerFields, textsAt } from '../../controller/src/controllers/testing/metadata-fields.ts';
import { readSchema } from '../../controller/src/domain/testing/crd-schema.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { applyMergePatch } from '../../controller/src/vela/merge-patch.ts';

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
}

export interface Field {
  readonly path: readonly string[];
  readonly schema: Schema;
}

const text: Schema = { type: 'string' };

/** What people may write into the metadata of any object. */
const metadata: readonly Field[] = [
  ...labelFields('batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name', 'example.org/other'),
  ...textsAt(
    ['metadata', 'annotations'],
    [
      'app.oam.dev/shared-by',
      'task.oam.dev/nudge',
      'batch.kubernetes.io/cronjob-scheduled-timestamp',
      'example.org/other',
    ],
  ),
  ...['name', 'namespace', 'uid', 'generateName', 'creationTimestamp', 'deletionTimestamp', 'selfLink'].map(
    (field) => ({
      path: ['metadata', field],
      schema: field.endsWith('Timestamp') ? { type: 'string', format: 'date-time' } : text,
    }),
  ),
  { path: ['metadata', 'finalizers'], schema: { type: 'array', items: text } },
  { path: ['metadata', 'ownerReferences'], schema: { type: 'array' } },
  ...ownerFields,
];

const crds: Readonly<Record<string, string>> = {
  tasks: 'crd-task.yaml',
  taskruns: 'crd-taskrun.yaml',
  tasktemplates: 'crd-tasktemplate.yaml',
};

interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** How deep fields of Kubernetes' own kinds are listed: a pod's template has thousands below that. */
const deepest = 5;

const notTheirs = ['apiVersion', 'kind', 'metadata', 'status'];

const found = new Map<string, Promise<readonly Field[]>>();

/** @throws ApiError where the API server does not say what the kind looks like */
export function fieldsOfKind(client: Client, type: ResourceType): Promise<readonly Field[]> {
  const fields = found.get(type.plural) ?? readFields(client, type);
  found.set(type.plural, fields);
  return fields;
}

async function readFields(client: Client, type: ResourceType): Promise<readonly Field[]> {
  const file = crds[type.plural];
  if (file !== undefined) {
    const { properties = {} } = readSchema(file) as Schema;
    return [...metadata, ...['spec', 'status'].flatMap((part) => below(properties[part], [part], Infinity, {}))];
  }
  const path = type.group === '' ? `/openapi/v3/api/${type.version}` : `/openapi/v3/apis/${type.group}/${type.version}`;
  const { components } = JSON.parse(await client.getText(path)) as OpenApi;
  const group = type.group === '' ? 'core' : type.group;
  const { properties = {} } = components.schemas[`io.k8s.api.${group}.${type.version}.${type.kind}`] ?? {};
  // A status is a subresource; an event has its fields beside metadata.
  const parts = Object.entries(properties).filter(([name]) => !notTheirs.includes(name));
  return [...metadata, ...parts.flatMap(([name, part]) => below(part, [name], deepest, components.schemas))];
}

/** The field and all below it, in lists those of the first element. */
function below(
  of: Schema | undefined,
  path: readonly string[],
  depth: number,
  schemas: OpenApi['components']['schemas'],
): Field[] {
  if (!of || path.length > depth) return [];
  const schema = resolved(of, schemas);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    below(field, [...path, name], depth, schemas),
  );
  const first =
    schema.items && resolved(schema.items, schemas).properties
      ? below(schema.items, [...path, '0'], depth, schemas)
      : [];
  return [{ path, schema: withItems(schema, schemas) }, ...fields, ...first.slice(1)];
}

function withItems(schema: Schema, schemas: OpenApi['components']['schemas']): Schema {
  return schema.items ? { ...schema, items: resolved(schema.items, schemas) } : schema;
}

function resolved(schema: Schema, schemas: OpenApi['components']['schemas']): Schema {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref === undefined ? schema : (schemas[ref.split('/').at(-1) ?? ''] ?? {});
}

/** Values that the field may be given: none (null), and others than the object has. */
export function valuesOf({ path, schema }: Field, object: Stored<KubeObject>): readonly unknown[] {
  const now = path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
    object,
  );
  const others = sample(schema).filter((value) => JSON.stringify(value) !== JSON.stringify(now));
  return now === undefined ? others : [...others, null];
}

function sample(schema: Schema): readonly unknown[] {
  if (schema.enum) return schema.enum;
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? ['2126-03-20T12:00:00Z'] : ['other', '1', 'example.org/other'];
    case 'integer':
    case 'number':
      return [1, 2];
    case 'boolean':
      return [true, false];
    case 'array':
      return [
        [],
        ...sample(schema.items ?? {})
          .slice(0, 1)
          .map((one) => [one]),
      ];
    case 'object':
      return [smallest(schema), { other: 'x' }];
    default:
      return ['other', 1];
  }
}

/** With no more than what is required. */
function smallest({ required = [], properties = {} }: Schema): object {
  return Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})[0]]));
}

/**
 * The merge patch that gives a field a value. It replaces a list whole, so the first element keeps its other fields.
 * @param now the object as it is
 */
export function patchOf([key, ...rest]: readonly string[], value: unknown, now: unknown): unknown {
  if (key === undefined) return value;
  if (key !== '0')
    return { [key]: patchOf(rest, value, (now as Readonly<Record<string, unknown>> | undefined)?.[key]) };
  const [first = {}, ...others] = (now ?? []) as readonly object[];
  return [applyMergePatch(first, patchOf(rest, value, first)), ...others];
}
