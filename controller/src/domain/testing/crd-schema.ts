/**
 * The CRDs as validators, as strict as `kubectl --validate=strict`: a field that the schema does not name is an error,
 * for the API server would drop it silently.
 */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

export interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface Crd {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

/** @param file of addon/resources */
export function readSchema(file: string): Schema {
  const crd = parse(readFileSync(new URL(`../../../../addon/resources/${file}`, import.meta.url), 'utf8')) as Crd;
  const [version] = crd.spec.versions;
  if (!version) throw new Error(`${file} has no version`);
  return version.schema.openAPIV3Schema;
}

export const taskSchema = readSchema('crd-task.yaml');
export const taskRunSchema = readSchema('crd-taskrun.yaml');

/** The schema with nothing allowed but what it names. */
export function closed(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, closed(property)] as const,
  );
  return {
    ...schema,
    ...(schema.items && { items: closed(schema.items) }),
    ...(schema.properties && {
      properties: Object.fromEntries(properties),
      additionalProperties: schema['x-kubernetes-preserve-unknown-fields'] === true,
    }),
  };
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const ajv = new Ajv({ allErrors: true, strict: false, formats: { 'date-time': dateTime, int32: true, int64: true } });

function validator(schema: Schema, part: 'spec' | 'status'): (value: unknown) => void {
  const validate: ValidateFunction = ajv.compile(closed(schema.properties?.[part] ?? {}));
  return (value) => {
    if (!validate(value))
      throw new Error(
        `the API server would refuse or cut this ${part}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`,
      );
  };
}

/** Each throws an Error that says what the API server would refuse, or silently drop. */
export const mustBeValid = {
  taskSpec: validator(taskSchema, 'spec'),
  taskStatus: validator(taskSchema, 'status'),
  taskRunSpec: validator(taskRunSchema, 'spec'),
  taskRunStatus: validator(taskRunSchema, 'status'),
};
