/**
 * Whole numbers of more than 15 digits: JavaScript, as most readers of JSON, rounds them when it reads them, and then
 * nobody can say what was written.
 */

/**
 * Where such a number stands.
 * @returns a path such as `rows[2].id` below `at`, or undefined where there is none
 */
export function roundedNumber(value: unknown, at = ''): string | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? at : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  const fields = Array.isArray(value)
    ? value.map((element, index) => [`${at}[${index}]`, element] as const)
    : Object.entries(value).map(([key, field]) => [at === '' ? key : `${at}.${key}`, field] as const);
  for (const [path, field] of fields) {
    const found = roundedNumber(field, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What to do about it. */
export const writeAsText = 'a number with too many digits to be kept exactly: write it in quotes';
