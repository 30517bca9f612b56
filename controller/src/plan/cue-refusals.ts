/** Turns CUE's errors about properties that a template refuses into problems with these properties, with the remedy. */
import { fieldsOf, isFields, type Fields } from '../domain/lang/fields.ts';
import { kindWords, wrongKind, type Kind } from './remedies.ts';
import type { Refusal } from './render.ts';
import type { SchemaProblem } from './schema.ts';
import { shown } from './shown.ts';
import { nearest } from './spelling.ts';

/** What a definition declares about its parameters. */
export interface Parameters {
  readonly type: string;
  /** The names of all its parameters, at any depth. */
  readonly names: readonly string[];
}

interface CueLine {
  readonly path: readonly string[];
  readonly words: string;
}

/** What people know from a pod, and its place in a task. */
const instead: ReadonlyMap<string, string> = new Map([
  ['command', 'cmd'],
  ['envFrom', 'podSpec.containers[0].envFrom'],
  ['resources', 'cpu and memory, or podSpec.containers[0].resources'],
  ['restartPolicy', 'restart'],
  ['securityContext', 'podSpec.securityContext, or podSpec.containers[0].securityContext'],
]);

const mostRefusals = 100;

/** The names that a definition's text declares with a usage. */
export function parameterNames(source: string): readonly string[] {
  return [
    ...new Set(
      [...source.matchAll(/\/\/ \+usage=.*\n(?:\s*\/\/.*\n)*\s*"?([A-Za-z]\w*)"?[?!]?:/g)].map(([, name = '']) => name),
    ),
  ];
}

/** @param messages CUE's, all of them */
export function refusalsOf(
  messages: readonly string[],
  properties: Fields,
  parameters: Parameters,
): readonly Refusal[] {
  const lines = messages.slice(0, mostRefusals).map(cueLine);
  const ofParameters = lines.flatMap(({ path, words }): readonly CueLine[] =>
    path.includes('parameter') ? [{ path: path.slice(path.lastIndexOf('parameter') + 1), words }] : [],
  );
  // A wrong parameter also breaks the output; it is reported only once.
  const refusals =
    ofParameters.length > 0
      ? byPath(ofParameters).flatMap((group) => ofAlternatives(group, properties, parameters))
      : lines.map((line) => ofOutput(asWritten(line), properties));
  const once = [...new Map(refusals.map((refusal) => [JSON.stringify(refusal), refusal])).values()];
  // What is inside a value of the wrong kind says nothing more.
  return once.filter(({ path }) => !once.some((other) => isInside(path, other.path)));
}

function isInside(path: readonly string[], outer: readonly string[]): boolean {
  return outer.length > 0 && outer.length < path.length && outer.every((part, index) => part === path[index]);
}

/** `parameter.env.0.name: message`; a part of the path may be in quotes. */
function cueLine(message: string): CueLine {
  const [path = ''] = /^(?:"(?:[^"\\]|\\.)*"|[\w#$-]+)(?:\.(?:"(?:[^"\\]|\\.)*"|[\w#$-]+))*(?=: )/.exec(message) ?? [];
  if (path === '') return { path: [], words: message };
  const parts = path.match(/"(?:[^"\\]|\\.)*"|[^."]+/g) ?? [];
  return {
    path: parts.map((part) => (part.startsWith('"') ? part.slice(1, -1) : part)),
    words: message.slice(path.length + 2),
  };
}

/** What CUE says before it says of each alternative that the value is not that one. */
const manyAlternatives = /^\d+ errors in empty disjunction/;

function byPath(lines: readonly CueLine[]): readonly (readonly CueLine[])[] {
  return [...Map.groupBy(lines, ({ path }) => path.join('.')).values()];
}

/** The lines of one path: where they are about alternatives, one sentence names all of these. */
function ofAlternatives(lines: readonly CueLine[], properties: Fields, parameters: Parameters): readonly Refusal[] {
  const told = lines.filter(({ words }) => !manyAlternatives.test(words));
  const [first] = told;
  if (!first || told.length === lines.length) return lines.map((line) => ofParameter(line, properties, parameters));
  const { path } = first;
  const value = valueAt(properties, path);
  const literals = [...new Set(told.flatMap(({ words }) => literalIn(words, value) ?? []))];
  if (literals.length > 0 && typeof value === 'string')
    return [{ path, message: `${path.join('.')} is ${shown(value)}: write one of ${literals.join(', ')}` }];
  const types = [...new Set(told.flatMap(({ words }) => wantedType(words, value) ?? []))];
  // The simplest kind first: the remedy is about that one.
  const wanted = types.sort((a, b) => Number(a === 'list') - Number(b === 'list')).join('|');
  return wanted === ''
    ? told.map((line) => ofParameter(line, properties, parameters))
    : [{ path, message: wrongType(path, wanted, value) }];
}

/** The text that the value is not, of `conflicting values "a" and "b"`. */
function literalIn(words: string, value: unknown): string | undefined {
  const [, one, other] = /^conflicting values ("(?:[^"\\]|\\.)*") and ("(?:[^"\\]|\\.)*")$/.exec(words) ?? [];
  const literal = one === JSON.stringify(value) ? other : one;
  return literal?.slice(1, -1);
}

/** The kind that the value is not, as CUE calls it. */
function wantedType(words: string, value: unknown): string | undefined {
  const types = /mismatched types ([\w|()]+) and ([\w|()]+)/.exec(words);
  return (types?.[1] === cueType(value) ? types[2] : types?.[1])?.replace(/[()]/g, '');
}

/** @param wanted the types that CUE would take; the remedy is that for the first one */
function wrongType(path: readonly string[], wanted: string, value: unknown): string {
  const types = wanted.split('|');
  const words = types.map((type) => wordsOf(kinds[type]) ?? type).join(' or ');
  const [kind] = types.flatMap((type) => kinds[type] ?? []);
  return kind === undefined
    ? `${path.join('.')} must be ${words}, not ${shown(value)}: write ${words}`
    : `${path.join('.')} ${wrongKind(kind, value, path, words)}`;
}

/** Where a definition merges what podSpec says of a list, its second part is that of podSpec. */
function asWritten({ path, words }: CueLine): CueLine {
  const at = path.findIndex((part) => part === '_podMerges' || part === '_mainMerges');
  const [merge, field, part, ...rest] = at < 0 ? [] : path.slice(at);
  if (field === undefined || part !== 'theirs') return { path, words };
  const before = path.slice(0, at).filter((one) => one !== 'pods');
  return {
    path: [...before, 'podSpec', ...(merge === '_mainMerges' ? ['containers', '0'] : []), field, ...rest],
    words,
  };
}

function ofParameter({ path, words }: CueLine, properties: Fields, parameters: Parameters): Refusal {
  const name = path.join('.');
  if (words.startsWith('field not allowed'))
    return { path, message: `${name} does not exist: ${remedyForName(path.at(-1) ?? '', parameters)}` };
  const compared = comparedWithText(words, path, properties);
  if (compared !== undefined) return refusedAsText(compared, properties);
  const value = valueAt(properties, path);
  const wanted = wantedType(words, value);
  return { path, message: wanted === undefined ? `${name}: ${words}` : wrongType(path, wanted, value) };
}

function remedyForName(name: string, { type, names }: Parameters): string {
  // A name that exists in another place is not a misspelt one.
  const meant = names.includes(name) ? undefined : nearest(name, names);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const ofPods = names.includes('podSpec') ? instead.get(name) : undefined;
  return ofPods === undefined ? `see \`vela show ${type}\` for the parameters` : `write ${ofPods}`;
}

/**
 * A missing property appears only where the output needs it. If the template itself refuses something, the path
 * contains the sentence.
 */
function ofOutput({ path, words }: CueLine, properties: Fields): Refusal {
  const sentence = path.filter((part) => part.includes(' '));
  if (sentence.length > 0)
    return { path: 'steps' in properties ? ['steps'] : [], message: `${sentence[0]}; fix it there` };
  const [, missing = words.startsWith('incomplete value') ? path.at(-1) : undefined] =
    /(?:optional field|undefined field|field not found): "?([\w-]+)/.exec(words) ?? [];
  const around = propertyOf(missing === undefined ? path : path.slice(0, -1), properties);
  if (missing === undefined) return ofOutputValue({ path, words }, around, properties);
  return { path: around, message: `${[...around, missing].join('.')} is missing: write it` };
}

function ofOutputValue({ path, words }: CueLine, around: readonly string[], properties: Fields): Refusal {
  const compared = comparedWithText(words, around, properties);
  if (compared !== undefined) return refusedAsText(compared, properties);
  const value = valueAt(properties, around);
  const wanted = isWhole(path, around) ? wantedType(words, value) : undefined;
  return {
    path: around,
    message: wanted === undefined ? `${path.join('.')}: ${words}` : wrongType(around, wanted, value),
  };
}

/** The property that a template compares with a text and is of another kind: `invalid operands 5 and "pvc" to '=='`. */
function comparedWithText(words: string, around: readonly string[], properties: Fields): readonly string[] | undefined {
  const [, operand] = /^invalid operands (.+) and "[^"]*" to '=='/.exec(words) ?? [];
  const [field] =
    Object.entries(fieldsOf(valueAt(properties, around))).find(([, value]) => JSON.stringify(value) === operand) ?? [];
  return field === undefined ? undefined : [...around, field];
}

function refusedAsText(path: readonly string[], properties: Fields): Refusal {
  return { path, message: wrongType(path, 'string', valueAt(properties, path)) };
}

/** Whether an output's path ends with that of the property. */
function isWhole(path: readonly string[], property: readonly string[]): boolean {
  return property.length > 0 && property.every((part, index) => path.at(index - property.length) === part);
}

/** The longest part of an output's path that exists in the properties. */
function propertyOf(path: readonly string[], properties: Fields): readonly string[] {
  const ways = path.map((_, start) => {
    const way = path.slice(start);
    const end = way.findIndex((_part, index) => valueAt(properties, way.slice(0, index + 1)) === undefined);
    return end < 0 ? way : way.slice(0, end);
  });
  return ways.reduce((longest, way) => (way.length > longest.length ? way : longest), []);
}

/** The names under which the Task's schema has a property, if different. */
const otherNames: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'schedule.crons': [['schedule', 'cron'], ['schedule']],
  'schedule.timeZone': [['timeZone']],
  'schedule.startingDeadlineSeconds': [['startingDeadlineSeconds']],
  'executionPolicy.keepLast': [['successfulJobsHistoryLimit']],
  'executionPolicy.keepLastFailed': [['failedJobsHistoryLimit']],
  'executionPolicy.concurrencyPolicy': [['concurrencyPolicy']],
  'executionPolicy.ttlSecondsAfterFinished': [['ttlSecondsAfterFinished']],
  'job.parallelism': [['parallelism'], ['count']],
  'job.completions': [['completions'], ['count']],
};

/** Turns a refusal by the Task's schema into a problem with the property that it comes from. */
export function refusalOfSchema({ path, message, sentence }: SchemaProblem, properties: Fields): Refusal {
  const [, ...field] = path; // without spec
  const named = otherNames[field.slice(0, 2).join('.')] ?? [];
  const candidates = [
    field,
    ...named.map((name) => [...name, ...field.slice(2)]),
    ...named,
    field.filter((part) => part !== 'job'),
    ...ofPods(field),
  ];
  const found =
    candidates.find((candidate) => valueAt(properties, candidate) !== undefined) ??
    propertyOf(field.slice(0, -1), properties);
  return { path: found, message: sentence ?? `${(found.length > 0 ? found : field).join('.')} ${message}` };
}

/** What a pod template has of podSpec, and what its first container has of the parameters: cpu and memory as well. */
function ofPods(field: readonly string[]): readonly (readonly string[])[] {
  const at = field.indexOf('template');
  if (at < 0) return [];
  const [before, [part, ...inside]] = [field.slice(0, at), field.slice(at + 1)];
  if (part === 'metadata') return [[...before, ...inside]];
  const [list, index, ...rest] = inside;
  return [
    [...before, 'podSpec', ...inside],
    ...(list === 'containers' && index === '0'
      ? [[...before, ...rest], ...(rest[0] === 'resources' ? [[...before, ...rest.slice(2)]] : [])]
      : [[...before, ...inside]]),
  ];
}

function valueAt(properties: Fields, path: readonly string[]): unknown {
  if (path.length === 0) return undefined;
  return path.reduce<unknown>(
    (value, part) =>
      Array.isArray(value)
        ? value[Number(part)]
        : isFields(value) && Object.hasOwn(value, part)
          ? fieldsOf(value)[part]
          : undefined,
    properties,
  );
}

function cueType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (isFields(value)) return 'struct';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** CUE's names of kinds. */
const kinds: Readonly<Record<string, Kind>> = {
  string: 'string',
  int: 'integer',
  bool: 'boolean',
  list: 'list',
  struct: 'fields',
  number: 'number',
  float: 'number',
};

function wordsOf(kind: Kind | undefined): string | undefined {
  return kind && kindWords[kind];
}
