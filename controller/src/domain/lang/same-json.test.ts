import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { sameJson } from './same-json.ts';

/** Few keys and values, so that two of them are often alike. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, 0, 1, '', 'a', false),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), tie('any')),
  ),
})).any;

test('two values are the same where their canonical JSON is', () => {
  fc.assert(
    fc.property(value, value, (a, b) => sameJson(a, b) === (canonicalJson(a) === canonicalJson(b))),
    { numRuns: 2_000 },
  );
});

test('a value is the same as its copy with the keys in another order', () => {
  const reversed = (given: unknown): unknown => {
    if (Array.isArray(given)) return given.map(reversed);
    return typeof given === 'object' && given !== null
      ? Object.fromEntries(
          Object.entries(given)
            .reverse()
            .map(([key, field]) => [key, reversed(field)]),
        )
      : given;
  };
  fc.assert(fc.property(value, (a) => sameJson(a, reversed(a))));
});

test('an undefined field counts as absent', () => {
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(sameJson({ a: undefined }, { b: undefined })).toBe(true);
  expect(sameJson({ a: undefined }, { a: null })).toBe(false);
});
