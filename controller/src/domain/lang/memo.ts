/**
 * Functions that remember what they returned. All of them are pure, so that a caller cannot tell except by the time it
 * takes. Each use says why it is worth its memory.
 */

/** As `compute`, once for each object; what it returned is dropped with the object. */
export function memo<K extends object, T>(compute: (key: K) => T): (key: K) => T {
  const latest = memoLatest(compute);
  return (key) => latest(key);
}

/**
 * As `compute`. For each object only the latest result is kept, and returned again while the other arguments stay the
 * same: times by their value, everything else by identity.
 */
export function memoLatest<K extends object, A extends readonly unknown[], T>(
  compute: (key: K, ...others: A) => T,
): (key: K, ...others: A) => T {
  const results = new WeakMap<K, { readonly others: A; readonly result: T }>();
  return (key, ...others) => {
    const known = results.get(key);
    if (known?.others.every((other, index) => isSame(other, others[index]))) return known.result;
    const result = compute(key, ...others);
    results.set(key, { others, result });
    return result;
  };
}

/** As `compute`, for the `most` texts that were asked for last. */
export function memoText<T>(most: number, compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, { readonly result: T }>();
  return (text) => {
    const known = results.get(text) ?? { result: compute(text) };
    results.delete(text);
    results.set(text, known);
    const [oldest = text] = results.size > most ? results.keys() : [];
    if (oldest !== text) results.delete(oldest);
    return known.result;
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : one === other;
}
