/** Texts with placeholders, and programs that are written as a text. */
import { secondsOfDuration } from '../../domain/lang/duration.ts';
import type { Fields } from '../../domain/lang/fields.ts';

/** The same value with all its texts changed. */
export function inTexts<T>(value: T, change: (text: string) => string): T {
  return walk(value, change) as T;
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((element) => walk(element, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, walk(field, change)]));
}

/** Without fields whose value is null: Kubernetes reads them as absent. */
export function withoutNulls(fields: Fields): Fields {
  return dropNulls(fields) as Fields;
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === null ? [] : [[key, dropNulls(field)]])),
  );
}

/** As in the schema of the resource TaskTemplate. */
const longestDescription = 512;

/** A description of at most as many characters as a template has. @param said takes the sentence if it is cut */
export function described(text: unknown, what: string, said: string[]): string | undefined {
  if (text === undefined) return undefined;
  const whole = asText(text);
  const characters = [...whole];
  if (characters.length <= longestDescription) return whole;
  said.push(`${what} has ${characters.length} characters, and is cut to ${longestDescription}`);
  return `${characters
    .slice(0, longestDescription - 1)
    .join('')
    .trimEnd()}…`;
}

/** What in the texts of a value fits a pattern, each once. */
export function matchesIn(value: unknown, pattern: RegExp): readonly string[] {
  return [...new Set(asText(value).match(pattern))];
}

/** The option by which an interpreter takes a program as an argument; undefined where it is not known. */
function optionOf(interpreter: string): string | undefined {
  const name = interpreter.split('/').at(-1) ?? '';
  if (/^((platform-)?python[\d.]*|(ba|da|a|z|k)?sh)$/.test(name)) return '-c';
  if (/^(node|perl|ruby)$/.test(name)) return '-e';
  return name === 'php' ? '-r' : undefined;
}

/**
 * A command that runs a program's text. Kubernetes expands `$$` and `$(NAME)` of variables in a command, and not in a
 * file as the text was one: so these are escaped.
 * @returns undefined if the interpreter cannot take it as an argument
 */
export function commandFor(interpreter: readonly string[], source: string, env: unknown): string[] | undefined {
  const program = interpreter.findLast((word) => !word.startsWith('-')) ?? 'sh';
  const option = optionOf(program);
  if (option === undefined) return undefined;
  const names = Array.isArray(env) ? (env as readonly Fields[]).map(({ name }) => String(name)) : [];
  const escaped = source
    .replaceAll('$$', () => '$$$$')
    .replaceAll(/\$\(([^()]+)\)/g, (all, name: string) => (names.includes(name) ? `$${all}` : all));
  return [...(interpreter.length > 0 ? interpreter : ['sh']), option, escaped];
}

/** A value as it stands in a text: JSON where it is not a string; nothing where there is none. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, withoutBigInts) ?? '');
}

/** Whole numbers too large for a number are read as bigints, which JSON has not. */
const withoutBigInts = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Seconds of a duration such as `90`, `30s`, `2m` or `1h30m`; undefined for anything else. */
export function secondsOf(duration: unknown): number | undefined {
  const text = asText(duration);
  if (/^\d+$/.test(text)) return Number(text);
  return secondsOfDuration(text);
}

/** A limit of time in seconds; 0 means no limit. A warning where it is an expression, or has another form. */
export function timeLimit(
  field: string,
  value: unknown,
): { readonly seconds: number | undefined; readonly warnings: readonly string[] } {
  const seconds = value === undefined ? undefined : secondsOf(value);
  const isLost = value !== undefined && seconds === undefined;
  return {
    seconds: seconds === 0 ? undefined : seconds,
    warnings: isLost ? [`${field} ${asText(value)} is left out: write a number of seconds`] : [],
  };
}
