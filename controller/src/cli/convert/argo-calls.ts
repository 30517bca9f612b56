/** What a step or a task of a dag of Argo Workflows waits for, and the items that it runs with. */
import { asText } from './text.ts';
import type { Call } from './argo-pods.ts';
import type { Fields } from '../../domain/lang/fields.ts';

interface Dependencies {
  readonly names: readonly string[];
  readonly when?: string;
  /** Why they have no equivalent. */
  readonly problem?: string;
}

interface Items {
  readonly values: readonly unknown[];
  /** Why the items are not known. */
  readonly problem?: string;
}

type ItemFields = Pick<Call, 'withItems' | 'withParam' | 'withSequence'>;

const once: readonly unknown[] = [undefined];

/** The tasks that one waits for, and how they must end. */
export function dependenciesOf({ dependencies = [], depends }: Call): Dependencies {
  if (depends === undefined) return { names: dependencies };
  const parts = [...depends.matchAll(/([A-Za-z0-9_][-A-Za-z0-9_]*)(?:\.(\w+))?/g)];
  const names = [...new Set(parts.map(([, name = '']) => name))];
  const ends = new Set(parts.map(([, , end = 'Succeeded']) => end));
  const isPlain = !/[|!]/.test(depends);
  if (isPlain && isEach(ends, ['Succeeded'])) return { names };
  if (isPlain && isEach(ends, ['Failed', 'Errored'])) return { names, when: 'OnFailure' };
  if (names.length === 1 && isInAnyCase(depends, ends)) return { names, when: 'Always' };
  return { names, problem: 'has no equivalent; the step waits until all of them have succeeded' };
}

function isInAnyCase(depends: string, ends: ReadonlySet<string>): boolean {
  return !depends.includes('!') && ends.has('Failed') && ends.has('Succeeded');
}

function isEach(ends: ReadonlySet<string>, allowed: readonly string[]): boolean {
  return [...ends].every((end) => allowed.includes(end));
}

/**
 * The values that a step runs with, one after the other; undefined for a step without items.
 * @param call with the values of its placeholders, as far as they are known
 */
export function itemsOf({ withItems, withSequence, withParam }: ItemFields): Items {
  if (withItems) return { values: withItems };
  if (withParam !== undefined)
    return (
      listOf(withParam) ?? {
        values: once,
        problem: 'withParam is left out: items must be known when a run starts; the step runs once',
      }
    );
  if (!withSequence) return { values: once };
  const values = sequenceOf(withSequence);
  return values
    ? { values }
    : { values: once, problem: 'withSequence is left out: write the items; the step runs once' };
}

/** A JSON list that stands in the manifest itself; undefined where a step makes it, or it is not one. */
function listOf(text: unknown): Items | undefined {
  try {
    const values: unknown = JSON.parse(asText(text));
    return Array.isArray(values) ? { values } : undefined;
  } catch {
    return undefined;
  }
}

/** The numbers of a sequence in its format; undefined if they are not known, or too many. */
function sequenceOf({ start = 0, end, count, format = '%d' }: NonNullable<Call['withSequence']>) {
  const from = Number(start);
  const size = count === undefined ? Math.abs(Number(end) - from) + 1 : Number(count);
  const numbered = formatOf(String(format));
  if (!Number.isInteger(size) || !Number.isInteger(from) || size > 1000 || !numbered) return undefined;
  const step = count === undefined && Number(end) < from ? -1 : 1;
  return Array.from({ length: size }, (_, index) => numbered(from + step * index));
}

/** What writes a number in a format such as `%d` or `node-%02d`; undefined for any other. */
function formatOf(format: string): ((number: number) => string) | undefined {
  const pad = /^([^%]*)%(?:0(\d{1,2}))?d([^%]*)$/.exec(format);
  if (!pad) return undefined;
  const [, head = '', width = '0', tail = ''] = pad;
  return (number) => `${head}${String(number).padStart(Number(width), '0')}${tail}`;
}

/** The value of `item`, or of a field of it. */
export function itemValue(key: string, item: unknown): unknown {
  if (item === undefined) return undefined;
  if (key === 'item') return textOf(item);
  const field = /^item\.(.+)$/.exec(key)?.[1];
  return field === undefined || typeof item !== 'object' ? undefined : textOf((item as Fields | null)?.[field]);
}

function textOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? asText(value) : value;
}

const status = /^\s*["']?\{\{\s*workflow\.status\s*\}\}["']?\s*(==|!=)\s*["']?(\w+)["']?\s*$/;

/**
 * How a flow must have ended for a step of an exit handler to run: as in `{{workflow.status}} != Succeeded`.
 * @returns undefined for any other condition
 */
export function endFor(when: unknown): 'OnSuccess' | 'OnFailure' | 'Always' | undefined {
  if (when === undefined) return 'Always';
  const [, operator, end = ''] = status.exec(asText(when)) ?? [];
  if (operator === '==' && end === 'Succeeded') return 'OnSuccess';
  const isFailure = operator === '==' ? end === 'Failed' || end === 'Error' : operator === '!=' && end === 'Succeeded';
  return isFailure ? 'OnFailure' : undefined;
}
