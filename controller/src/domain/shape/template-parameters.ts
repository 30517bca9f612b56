/**
 * A TaskTemplate's parameters: `$(params.NAME)` in any text of what it runs is a value, given or by default.
 */
import { memo } from '../lang/memo.ts';
import { roundedNumber, writeAsText } from '../lang/rounded-number.ts';
import type { TaskTemplateSpec } from '../../resources/index.ts';
import { typeOf } from './declared-outputs.ts';
import { escaped, filledIn, placesIn, ValuesRoom } from './placeholders.ts';

type Parameter = NonNullable<TaskTemplateSpec['parameters']>[number];
export type Values = Readonly<Record<string, unknown>>;

const inText = /\$\(params\.([^()]+)\)/g;
const whole = /^\$\(params\.([^()]+)\)$/;
/** What is known only later, such as an item's value or another step's output. */
const later = /\$\((?:item|steps|node)\.[^()]+\)/g;
/** Where Kubernetes expands variables; indexes of lists are left out. */
const expanded =
  /^template\.spec\.(containers|initContainers)\.(command|args|env\.value|volumeMounts\.subPathExpr|(liveness|readiness|startup)Probe\.exec\.command)$/;

/** Where else a pod has text alone; elsewhere it may have numbers and booleans, and a Job does. */
const textual =
  /^template\.(metadata\.(labels|annotations)|spec\.(nodeSelector|.+\.matchLabels))\.|^template\.spec\..+\.(values?|subPath)$/;

const fits: Readonly<Record<NonNullable<Parameter['type']>, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
};

/** The values that the template is filled in with: those that are given, and its defaults. */
export function valuesOf({ parameters = [] }: TaskTemplateSpec, given: Values = {}): Values {
  const defaults = parameters.flatMap((parameter) =>
    parameter.default === undefined ? [] : [[parameter.name, parameter.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...given };
}

/**
 * What is wrong with a template's parameters, or with the values for them, in a sentence with the remedy; undefined
 * where nothing is.
 * @param name the template's
 */
export function parametersProblem(name: string, spec: TaskTemplateSpec, given: Values = {}): string | undefined {
  const { parameters = [] } = spec;
  const known = parameters.map((parameter) => parameter.name);
  const named = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) return `TaskTemplate ${name} has no parameter ${unknown}: ${named}`;
  const used = parametersIn(spec).find((place) => !known.includes(place.slice('params.'.length)));
  if (used !== undefined) return `TaskTemplate ${name} says $(${used}), which is not one of its parameters: ${named}`;
  const values = valuesOf(spec, given);
  return parameters
    .map((parameter) => valueProblem(name, parameter, values[parameter.name]))
    .find((problem) => problem !== undefined);
}

/** Remembered: a thousand steps may use the same template. */
const parametersIn = memo(({ template, job }: TaskTemplateSpec) => [
  ...new Set(placesIn(JSON.stringify([template, job]), 'params.')),
]);

/** The value itself is not quoted: people put secrets into parameters, and many read the message of a run. */
function valueProblem(
  template: string,
  { name, type = 'string', enum: choices }: Parameter,
  value: unknown,
): string | undefined {
  const what = `parameter ${name} of TaskTemplate ${template}`;
  if (value === undefined) return `${what} has no value: write one into templateRef.parameters`;
  if (typeof value === 'string' && value.search(later) >= 0) return undefined;
  if (roundedNumber(value, name) !== undefined) return `${what} is ${writeAsText}`;
  if (!fits[type](value))
    return `${what} must be ${aType(type)}, not ${aType(typeOf(value))}${type === 'string' ? ': write it in quotes' : ''}`;
  if (choices && !choices.includes(value))
    return `${what} must be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  return undefined;
}

function aType(type: string): string {
  if (type === 'null') return type;
  return `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`;
}

/**
 * What a template runs, with the values in all its texts; where a value is all of a text it keeps its type, unless a
 * pod has text there. Kubernetes reads no variables in a value, but what is known only later still takes its places
 * there.
 */
export function filledTemplate(
  { template, job }: TaskTemplateSpec,
  values: Values,
): Pick<TaskTemplateSpec, 'template' | 'job'> {
  const fill = filler(values, new ValuesRoom());
  return fill({ template, ...(job && { job }) }, '') as Pick<TaskTemplateSpec, 'template' | 'job'>;
}

function filler(values: Values, room: ValuesRoom): (value: unknown, path: string) => unknown {
  const fill = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return fillText(value, values, room, path);
    if (Array.isArray(value)) return value.map((element) => fill(element, path));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key, fill(field, path === '' ? key : `${path}.${key}`)]),
    );
  };
  return fill;
}

const asItIs = (value: string): string => value;

function escapedNow(value: string): string {
  let [result, at] = ['', 0];
  for (const { 0: place, index } of value.matchAll(later)) {
    result += escaped(value.slice(at, index)) + place;
    at = index + place.length;
  }
  return result + escaped(value.slice(at));
}

function fillText(text: string, values: Values, room: ValuesRoom, path: string): unknown {
  const isExpanded = expanded.test(path);
  const written = isExpanded ? escapedNow : asItIs;
  const [, all = ''] = whole.exec(text) ?? [];
  if (Object.hasOwn(values, all) && !room.isFull) {
    const value = values[all];
    return typeof value !== 'string' && !isExpanded && !textual.test(path) ? value : room.take(written(textOf(value)));
  }
  const valueOf = (name: string): string | undefined => {
    const [, key] = /^params\.(.+)$/s.exec(name) ?? [];
    return key === undefined || !Object.hasOwn(values, key) || values[key] === undefined
      ? undefined
      : textOf(values[key]);
  };
  if (isExpanded) return filledIn(text, valueOf, room, written);
  return text.replaceAll(inText, (placeholder, key: string) => {
    const value = room.isFull ? undefined : valueOf(`params.${key}`);
    return value === undefined ? placeholder : room.take(value);
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
