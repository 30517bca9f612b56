/** What people's objects and programs rely on in the CRDs, and what a later version may therefore not change. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** The part of a CRD's schema that decides which objects are taken. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly [limit: string]: unknown;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
}

/** A version of a CRD, short enough to be kept for each release. */
export interface KeptVersion {
  readonly columns: readonly Column[];
  readonly schema: Schema;
}

/** By `Task v1alpha1` and so on. */
export type KeptSchemas = Readonly<Record<string, KeptVersion>>;

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly additionalPrinterColumns?: readonly Column[];
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

export const crdFiles = ['crd-task.yaml', 'crd-taskrun.yaml', 'crd-tasktemplate.yaml'];

/** The schemas as addon/resources has them. */
export async function currentSchemas(): Promise<KeptSchemas> {
  const texts = crdFiles.map((file) => readFile(new URL(`../../addon/resources/${file}`, import.meta.url), 'utf8'));
  return keptSchemas(await Promise.all(texts));
}

/** Where the schemas of a version are kept, relative to the repository. */
export const keptFile = (version: string): string => `test/definitions/released/${version}.json`;

/** The schemas of today, as they are kept. */
export const keptText = async (): Promise<string> => `${JSON.stringify(await currentSchemas())}\n`;

/** @param crds the text of each CRD */
export function keptSchemas(crds: readonly string[]): KeptSchemas {
  const versions = crds
    .map((text) => parse(text) as Crd)
    .flatMap(({ spec }) =>
      spec.versions.map(({ name, additionalPrinterColumns = [], schema }) => [
        `${spec.names.kind} ${name}`,
        {
          columns: additionalPrinterColumns.map(({ name, type, jsonPath }) => ({ name, type, jsonPath })),
          schema: judged(schema.openAPIV3Schema),
        },
      ]),
    );
  return Object.fromEntries(versions) as KeptSchemas;
}

const upperLimits = ['maximum', 'maxLength', 'maxItems', 'maxProperties'];
const lowerLimits = ['minimum', 'minLength', 'minItems', 'minProperties'];
const open = 'x-kubernetes-preserve-unknown-fields';
const intOrString = 'x-kubernetes-int-or-string';
const kept = new Set(['type', 'enum', 'required', open, intOrString, ...upperLimits, ...lowerLimits]);

/** Without descriptions, defaults, patterns and rules. */
function judged(schema: Schema): Schema {
  const own = Object.entries(schema).filter(([key]) => kept.has(key));
  const { properties, items, additionalProperties: others } = schema;
  return {
    ...Object.fromEntries(own),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, judged(v)])) }),
    ...(items && { items: judged(items) }),
    ...(others !== undefined && { additionalProperties: typeof others === 'boolean' ? others : judged(others) }),
  };
}

/**
 * What breaks objects that an earlier version took, or programs that read them.
 * @returns one sentence for each, such as `Task v1alpha1 spec.suspend is gone`
 */
export function broken(before: KeptSchemas, now: KeptSchemas): string[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const current = now[name];
    if (current === undefined) return [`${name} is gone`];
    return [...brokenColumns(name, old.columns, current.columns), ...brokenFields(name, old.schema, current.schema)];
  });
}

function brokenColumns(where: string, before: readonly Column[], now: readonly Column[]): string[] {
  return before.flatMap((column) => {
    const same = now.find(({ name }) => name === column.name);
    if (same === undefined) return [`${where}: the printer column ${column.name} is gone`];
    if (same.jsonPath === column.jsonPath && same.type === column.type) return [];
    return [
      `${where}: the printer column ${column.name} was ${column.jsonPath} (${column.type}), and is ${same.jsonPath} (${same.type})`,
    ];
  });
}

function brokenFields(where: string, before: Schema, now: Schema): string[] {
  if (now.type !== before.type || now[intOrString] !== before[intOrString])
    return [`${where} was ${typeOf(before)}, and is ${typeOf(now)}`];
  return [
    ...brokenEnum(where, before, now),
    ...upperLimits.flatMap((limit) => brokenLimit(where, limit, [before, now], Infinity)),
    ...lowerLimits.flatMap((limit) => brokenLimit(where, limit, [before, now], -Infinity)),
    ...(now.required ?? [])
      .filter((field) => !(before.required ?? []).includes(field))
      .map((field) => `${where}.${field} is required, and was not`),
    ...(before[open] === true && now[open] !== true
      ? [`${where} took fields that nobody named, and no longer does`]
      : []),
    ...Object.entries(before.properties ?? {}).flatMap(([name, old]) => {
      const current = now.properties?.[name];
      return current === undefined ? [`${where}.${name} is gone`] : brokenFields(`${where}.${name}`, old, current);
    }),
    ...brokenMembers(`${where}[]`, before.items, now.items),
    ...brokenMembers(`${where}.*`, before.additionalProperties, now.additionalProperties),
  ];
}

const typeOf = (schema: Schema): string =>
  schema[intOrString] === true ? 'a number or text' : (schema.type ?? 'anything');

function brokenEnum(where: string, before: Schema, now: Schema): string[] {
  if (now.enum === undefined) return [];
  if (before.enum === undefined) return [`${where} takes only ${now.enum.join(', ')}, and took anything`];
  const gone = before.enum.filter((value) => !now.enum?.includes(value));
  return gone.map((value) => `${where} no longer takes ${String(value)}`);
}

/** @param unlimited what a limit is where it is left out */
function brokenLimit(where: string, limit: string, [before, now]: [Schema, Schema], unlimited: number): string[] {
  const [old, current] = [before, now].map((schema) => Number(schema[limit] ?? unlimited)) as [number, number];
  const narrower = unlimited > 0 ? current < old : current > old;
  return narrower ? [`${where}: ${limit} was ${old}, and is ${current}`] : [];
}

function brokenMembers(where: string, before?: Schema | boolean, now?: Schema | boolean): string[] {
  if (typeof before !== 'object') return [];
  return typeof now === 'object' ? brokenFields(where, before, now) : [`${where} is gone`];
}
