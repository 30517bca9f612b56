/**
 * Does what the API server does with an object according to its CRD's schema: sets defaults, drops fields that the
 * schema does not name, and refuses what breaks a rule. It supports the keywords that our CRDs use; a CEL rule that
 * cel.ts does not support is left to the API server.
 */
import { isFields, type Fields } from '../domain/lang/fields.ts';
import { bytesOf } from './bytes.ts';
import { celHolds } from './cel.ts';
import { kindWords, remedyForPattern, wrongKind, type Kind } from './remedies.ts';
import { shown } from './shown.ts';
import { nearest } from './spelling.ts';

/** A part of an OpenAPI v3 schema. */
export interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  /** As maxLength, but a text with a placeholder, such as `$(item.name)`, is not measured: it is filled in later. */
  readonly 'x-most-characters'?: number;
  /** The bytes of all names and values of an object's fields together. */
  readonly 'x-most-bytes'?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  /** false: a field that `properties` does not name is refused, as Kubernetes does in its own kinds. */
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

export interface SchemaProblem {
  readonly path: readonly string[];
  /** What is wrong with the value, in words that follow the field's name. */
  readonly message: string;
  /** What a rule in CEL says itself: a whole sentence, which names the fields that it is about. */
  readonly sentence?: string;
}

export interface Admitted {
  /** The value as it would be stored. */
  readonly value: unknown;
  readonly problems: readonly SchemaProblem[];
}

export function admitBySchema(schema: Schema, value: unknown, path: readonly string[] = []): Admitted {
  if (value === null && schema.nullable === true) return { value, problems: [] };
  const own = brokenRule(schema, value, path);
  // Inside a value of the wrong type there is nothing to check.
  if (own) return { value, problems: [{ path, ...own }] };
  if (Array.isArray(value)) return admitList(schema, value, path);
  return isFields(value) ? admitFields(schema, value, path) : { value, problems: [] };
}

function admitList({ items }: Schema, value: readonly unknown[], path: readonly string[]): Admitted {
  if (!items) return { value, problems: [] };
  const admitted = value.map((item, index) => admitBySchema(items, item, [...path, String(index)]));
  return { value: admitted.map((one) => one.value), problems: admitted.flatMap(({ problems }) => problems) };
}

function admitFields(schema: Schema, value: Fields, path: readonly string[]): Admitted {
  const { properties = {}, additionalProperties } = schema;
  const isOpen =
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    (!schema.properties && additionalProperties === undefined);
  const problems: SchemaProblem[] = [];
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries({ ...defaultsOf(properties), ...value })) {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (known === false) problems.push({ path: [...path, name], message: unknownField(name, properties) });
    if (!known && !isOpen) continue;
    const admitted: Admitted = known ? admitBySchema(known, field, [...path, name]) : { value: field, problems: [] };
    kept[name] = admitted.value;
    problems.push(...admitted.problems);
  }
  return { value: kept, problems };
}

function unknownField(name: string, properties: Readonly<Record<string, Schema>>): string {
  const near = nearest(name, Object.keys(properties));
  return `is a field that Kubernetes does not have there: ${near === undefined ? 'take it out' : `write ${near}`}`;
}

function defaultsOf(properties: Readonly<Record<string, Schema>>): Fields {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Each rule but those in CEL: whether the schema has it and the value breaks it, and what to say then. */
const rules: readonly ((schema: Schema, value: unknown, path: readonly string[]) => string | undefined)[] = [
  (schema, value, path) =>
    schema.type !== undefined && !isOfType(schema.type, value) ? wrongType(schema.type, value, path) : undefined,
  (schema, value) =>
    schema['x-kubernetes-int-or-string'] === true && !Number.isInteger(value) && typeof value !== 'string'
      ? `must be a number or a string, not ${shown(value)}`
      : undefined,
  ({ enum: allowed }, value) =>
    allowed && !allowed.includes(value)
      ? `is ${shown(value)}: write one of ${allowed.map(String).filter(Boolean).join(', ')}`
      : undefined,
  ({ minimum, maximum }, value) =>
    typeof value === 'number' && (value < (minimum ?? -Infinity) || value > (maximum ?? Infinity))
      ? `is ${value}: write ${range(minimum, maximum === mostInt32 && value < mostInt32 ? Infinity : maximum)}`
      : undefined,
  ({ minLength = 0, maxLength = Infinity }, value) =>
    typeof value === 'string' && (value.length < minLength || value.length > maxLength)
      ? `has ${value.length} characters: write ${range(minLength, maxLength)} of them`
      : undefined,
  ({ 'x-most-characters': most = Infinity }, value) =>
    typeof value === 'string' && value.length > most && !value.includes('$(')
      ? `has ${value.length} characters: write ${range(0, most)} of them`
      : undefined,
  ({ 'x-most-bytes': most = Infinity }, value) => {
    const bytes = most === Infinity || !isFields(value) ? 0 : bytesOf(Object.entries(value).flat().join(''));
    return bytes > most ? `has ${bytes} bytes in all: write ${most} or less` : undefined;
  },
  ({ pattern }, value) =>
    pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)
      ? `is ${shown(value)}: ${remedyForPattern(pattern, value)}`
      : undefined,
  ({ minItems = 0, maxItems = Infinity }, value) =>
    Array.isArray(value) && (value.length < minItems || value.length > maxItems)
      ? `has ${value.length} elements: write ${range(minItems, maxItems)}`
      : undefined,
  ({ minProperties = 0, maxProperties = Infinity }, value) => {
    const count = isFields(value) ? Object.keys(value).length : minProperties;
    return count < minProperties || count > maxProperties
      ? `has ${count} fields: write ${range(minProperties, maxProperties)}`
      : undefined;
  },
  ({ required = [] }, value) => {
    const missing = isFields(value) ? required.filter((name) => !Object.hasOwn(value, name)) : [];
    return missing.length > 0
      ? `lacks ${missing.join(', ')}: write ${missing.length === 1 ? 'it' : 'them'}`
      : undefined;
  },
  (schema, value) => twiceIn(schema, value),
];

/** The first rule that the value breaks; those in CEL come last. */
function brokenRule(schema: Schema, value: unknown, path: readonly string[]): Omit<SchemaProblem, 'path'> | undefined {
  for (const rule of rules) {
    const message = rule(schema, value, path);
    if (message !== undefined) return { message };
  }
  const { 'x-kubernetes-validations': validations = [] } = schema;
  const broken = validations.find(({ rule }) => celHolds(rule, value) === false);
  if (!broken) return undefined;
  const sentence = broken.message ?? broken.rule;
  return { message: `is refused: ${sentence}`, sentence };
}

function twiceIn(schema: Schema, value: unknown): string | undefined {
  const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  if (!Array.isArray(value) || (type !== 'set' && type !== 'map')) return undefined;
  const identities = value.map((item: unknown) =>
    type === 'set' || !isFields(item) ? shown(item) : keys.map((key) => shown(item[key])).join(', '),
  );
  const twice = identities.find((identity, index) => identities.indexOf(identity) < index);
  return twice === undefined ? undefined : `has ${twice} twice: write it once`;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isFields(value);
    default:
      return typeof value === type;
  }
}

/** OpenAPI's names of kinds. */
const kinds: Readonly<Record<string, Kind>> = {
  array: 'list',
  boolean: 'boolean',
  integer: 'integer',
  number: 'number',
  object: 'fields',
};

function wrongType(type: string, value: unknown, path: readonly string[]): string {
  const kind = kinds[type];
  if (kind !== undefined) return wrongKind(kind, value, path, kind === 'integer' ? 'an integer' : kindWords[kind]);
  // YAML reads 80, yes and y as something else than text.
  const isPlainWord = typeof value === 'number' || typeof value === 'boolean';
  return `must be a ${type}, not ${shown(value)}: ${isPlainWord ? 'write it in quotes' : 'write one text'}`;
}

/** The limit of Kubernetes' own numbers, which helps nobody who wrote one that is too small. */
const mostInt32 = 2_147_483_647;

function range(least = -Infinity, most = Infinity): string {
  if (most === Infinity) return `${least} or more`;
  return least <= 0 && least !== 0 ? `${most} or less` : `${least} to ${most}`;
}
