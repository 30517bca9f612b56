/**
 * What a test makes up comes from one seed for the whole run: vitest.config.ts draws it and prints it, and
 * SEED=<number> repeats a run.
 */

export const seed = Number(process.env['SEED'] ?? 0);

/**
 * Numbers from 0 up to 1, the same for the same seed and topic (mulberry32).
 * @param topic tells one use from another, so that a test that draws more shifts nothing elsewhere
 */
export function randomOf(topic: string): Random {
  let state = [...topic].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Numbers from 0 up to 1. */
export type Random = () => number;

/** One of the elements, of which there is at least one. */
export const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;

/** The same elements in a made-up order. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((element) => ({ element, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ element }) => element);
}
