/** What to write in place of a value that is of the wrong kind or form. */
import { secondsOfDuration } from '../domain/lang/duration.ts';
import { isFields, type Fields } from '../domain/lang/fields.ts';
import { shown } from './shown.ts';

export type Kind = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'fields';

export const kindWords: Readonly<Record<Kind, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list',
  fields: 'fields',
};

/**
 * What is wrong with a value of another kind, and the remedy, in words that follow the field's name.
 * @param words what it should be, where it may be of other kinds, too
 * @param path where it stands: names of fields, and indexes of lists
 */
export function wrongKind(wanted: Kind, value: unknown, path: readonly string[], words = kindWords[wanted]): string {
  return `must be ${words}, not ${shown(value)}: ${remedyForKind(wanted, value, path)}`;
}

/**
 * @param wanted the kind that the value should be of
 * @param path where it stands: names of fields, and indexes of lists
 * @returns a clause, such as `write ["a"]`
 */
export function remedyForKind(wanted: Kind, value: unknown, path: readonly string[]): string {
  switch (wanted) {
    case 'string':
      return forText(value);
    case 'integer':
    case 'number':
      return forNumber(wanted, value, path);
    case 'boolean':
      return forTruth(value);
    case 'list':
      return forList(value, path);
    case 'fields':
      return forFields(value, path);
  }
}

function forText(value: unknown): string {
  if (typeof value === 'number') return `write "${value}"`;
  // YAML also reads yes, no, on and off as booleans.
  return typeof value === 'boolean' ? 'write it in quotes' : 'write one text, in quotes';
}

function forNumber(wanted: 'integer' | 'number', value: unknown, path: readonly string[]): string {
  const words = wanted === 'integer' ? 'write a whole number' : 'write a number';
  if (typeof value !== 'string') return words;
  if (/^\d+$/.test(value)) return `write ${value} without quotes`;
  const seconds = path.at(-1)?.includes('Seconds') === true ? secondsOfDuration(value) : undefined;
  return Number.isSafeInteger(seconds) ? `write ${seconds}` : words;
}

const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...['true', 'yes', 'on', 1].map((word) => [word, true] as const),
  ...['false', 'no', 'off', 0].map((word) => [word, false] as const),
]);

function forTruth(value: unknown): string {
  const truth = truths.get(typeof value === 'string' ? value.toLowerCase() : value);
  return truth === undefined ? 'write true or false' : `write ${truth} without quotes`;
}

function forList(value: unknown, path: readonly string[]): string {
  if (isFields(value)) return forListOfFields(value, path);
  if (mainFields.has(fieldOf(path))) return `write [${fieldsWith(fieldOf(path), value)}]`;
  return value === null ? 'write a list' : `write [${quoted(value)}]`;
}

/** Fields by name, as Docker Compose has variables: here they are a list, whose elements have the name. */
function forListOfFields(value: Fields, path: readonly string[]): string {
  const [[name, first] = ['...', undefined]] = Object.entries(value);
  const rest = path.at(-1) === 'env' && !isFields(first) ? `value: ${quoted(first)}` : '...';
  return `write a list, such as [{name: ${name}, ${rest}}]`;
}

/** The field that somebody means who writes a lone value in place of fields. */
const mainFields: ReadonlyMap<string, string> = new Map([
  ['env', 'name'],
  ['items', 'name'],
  ['outputs', 'name'],
  ['queue', 'name'],
  ['retry', 'limit'],
  ['schedule', 'cron'],
  ['steps', 'name'],
]);

function forFields(value: unknown, path: readonly string[]): string {
  const field = fieldOf(path);
  if (field === 'executionPolicy') return 'write its fields, such as {keepLast: 10}';
  if (mainFields.has(field) && value !== null && !Array.isArray(value)) return `write ${fieldsWith(field, value)}`;
  return 'write its fields, one a line';
}

function fieldsWith(field: string, value: unknown): string {
  const isNumber = field === 'retry' && typeof value === 'number';
  return `{${mainFields.get(field)}: ${isNumber ? value : quoted(value)}}`;
}

/** As a string. */
function quoted(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value));
}

/** The name of the field, also for an element of its list. */
function fieldOf(path: readonly string[]): string {
  return path.findLast((part) => !/^\d+$/.test(part)) ?? '';
}

/** What texts of a pattern look like, and the nearest such text, where it can be told. */
interface Form {
  readonly words: string;
  readonly fix?: (text: string) => string | undefined;
}

/** The form of an amount, such as cpu and memory. */
export const quantityPattern = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';
/** The form of a label's value; one with a placeholder is checked when that is filled in. */
export const labelValuePattern = String.raw`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$|\$\(`;

const fixName = (kept: RegExp) => (text: string) =>
  text
    .toLowerCase()
    .replace(kept, '-')
    .replace(/^[-.]+|[-.]+$/g, '') || undefined;

/** 512MB, 1 GB and 2gi are what other tools take. */
function fixQuantity(text: string): string | undefined {
  const [, number, unit = '', binary = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp])(i?)b?\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const letter = unit.toLowerCase() === 'k' && binary === '' ? 'k' : unit.toUpperCase();
  return `${number}${letter}${binary.toLowerCase()}`;
}

/** By the patterns of our CRDs and of Kubernetes' schema of a pod. */
const forms: ReadonlyMap<string, Form> = new Map([
  [quantityPattern, { words: 'a number with a unit, such as 500m, 2, 512Mi or 1Gi', fix: fixQuantity }],
  ['^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$', { words: 'a size, such as 512Mi or 1Gi', fix: fixQuantity }],
  [
    '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    { words: 'lower-case letters, digits and dashes, no dash first or last', fix: fixName(/[^a-z0-9]+/g) },
  ],
  [
    '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$',
    {
      words: 'lower-case letters, digits, dashes and dots, a letter or digit first and last',
      fix: fixName(/[^a-z0-9.]+/g),
    },
  ],
  [
    labelValuePattern,
    {
      words: 'letters, digits, dashes, dots and underscores, a letter or digit first and last',
      fix: (text) => text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-._]+|[-._]+$/g, '') || undefined,
    },
  ],
  ['^[A-Za-z_][A-Za-z0-9_.-]*$', { words: 'letters, digits, dashes, dots and underscores, a letter first' }],
  ['^[A-Za-z_][A-Za-z0-9_-]*$', { words: 'letters, digits, dashes and underscores, a letter first' }],
  [
    '^(items|steps\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)\\.outputs\\.[A-Za-z_][A-Za-z0-9_.-]*$',
    { words: 'steps.STEP.outputs.NAME, or items.outputs.NAME for those of all items' },
  ],
  ['^(args|env|references|env:[ -<>-~]{1,253})$', { words: 'args, env, references, or env:NAME for one variable' }],
]);

/** @returns a clause, such as `write a size, such as 1Gi`; with the pattern itself where nothing else is known of it */
export function remedyForPattern(pattern: string, value: string): string {
  const form = forms.get(pattern);
  if (!form) return `it must match ${pattern}`;
  // A name in another script loses its letters.
  const near = isAscii(value) ? form.fix?.(value) : undefined;
  const isNear = near !== undefined && new RegExp(pattern).test(near);
  return isNear ? `write ${JSON.stringify(near)} (${form.words})` : `write ${form.words}`;
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
