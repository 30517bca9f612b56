/** A field in which two values differ. */
export interface Difference {
  /** `steps[0].image`. */
  readonly path: string;
  readonly kind: 'changed' | 'added' | 'removed';
  /** JSON of the first; absent where it was added. */
  readonly before?: string;
  /** JSON of the second; absent where it was removed. */
  readonly after?: string;
}

const deepest = 40;
/** As many as a table shows of two values. */
const mostShown = 500;
const mostLetters = 2_000;

/** The first of the differences, and how many there are beyond them. */
export function shownOf(all: readonly Difference[]): {
  readonly shown: readonly Difference[];
  readonly more: number;
} {
  return { shown: all.slice(0, mostShown), more: Math.max(0, all.length - mostShown) };
}

/** A value as a cell shows it. */
export function cutText(text: string): string {
  return text.length <= mostLetters
    ? text
    : `${text.slice(0, mostLetters)} … ${text.length - mostLetters} more characters`;
}

/** The fields in which two JSON values differ, in their order. */
export function differencesOf(before: unknown, after: unknown): readonly Difference[] {
  const found: Difference[] = [];
  walk(before, after, '', 0, found);
  return found;
}

function walk(before: unknown, after: unknown, path: string, depth: number, found: Difference[]): void {
  if (Object.is(before, after)) return;
  const fields =
    depth < deepest && isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after);
  if (!fields) return note(before, after, path, found);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    walk(before[key], after[key], stepInto(path, key, Array.isArray(before)), depth + 1, found);
  }
}

function note(before: unknown, after: unknown, path: string, found: Difference[]): void {
  const texts = { before: JSON.stringify(before), after: JSON.stringify(after) };
  if (texts.before === texts.after) return;
  if (texts.before === undefined) found.push({ path, kind: 'added', after: texts.after });
  else if (texts.after === undefined) found.push({ path, kind: 'removed', before: texts.before });
  else found.push({ path, kind: 'changed', ...texts });
}

function stepInto(path: string, key: string, list: boolean): string {
  if (list) return `${path}[${key}]`;
  const named = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? named : `${path}.${named}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
