/**
 * A TaskTemplate's parameters: `$(params.NAME)` in any text of what it runs is a value, given or by default.
 */
import type { TaskTemplateSpec } from '../../resources/index.ts';

type Parameter = NonNullable<TaskTemplateSpec['parameters']>[number];
export type Values = Readonly<Record<string, unknown>>;

const inText = /\$\(params\.([^()]+)\)/g;
const whole = /^\$\(params\.([^()]+)\)$/;
/** What is known only later, such as an item's value or another step's output. */
const later = /\$\((item|steps)\./;

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
  const { parameters = [], template, job } = spec;
  const known = parameters.map((parameter) => parameter.name);
  const named = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) return `TaskTemplate ${name} has no parameter ${unknown}: ${named}`;
  const used = [...JSON.stringify([template, job]).matchAll(inText)].find(([, key = '']) => !known.includes(key));
  if (used) return `TaskTemplate ${name} says ${used[0]}, which is none of its parameters: ${named}`;
  const values = valuesOf(spec, given);
  return parameters
    .map((parameter) => valueProblem(name, parameter, values[parameter.name]))
    .find((problem) => problem !== undefined);
}

function valueProblem(
  template: string,
  { name, type = 'string', enum: choices }: Parameter,
  value: unknown,
): string | undefined {
  const what = `parameter ${name} of TaskTemplate ${template}`;
  if (value === undefined) return `${what} has no value: write one into templateRef.parameters`;
  if (typeof value === 'string' && later.test(value)) return undefined;
  if (!fits[type](value))
    return `${what} is ${JSON.stringify(value)}, and has to be ${type === 'integer' ? 'an' : 'a'} ${type}`;
  if (choices && !choices.includes(value))
    return `${what} is ${JSON.stringify(value)}, and has to be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  return undefined;
}

/** The same object, with the values in all its texts; where a value is all of a text it keeps its type. */
export function filledIn<T>(object: T, values: Values): T {
  return fill(object, values) as T;
}

function fill(value: unknown, values: Values): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((element) => fill(element, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fill(field, values)]));
}

function fillText(text: string, values: Values): unknown {
  const [, all = ''] = whole.exec(text) ?? [];
  if (Object.hasOwn(values, all)) return values[all];
  return text.replaceAll(inText, (placeholder, name: string) => {
    const value = values[name];
    return value === undefined ? placeholder : typeof value === 'string' ? value : JSON.stringify(value);
  });
}
