import { describe, expect, test } from 'vitest';
import { cutText, differencesOf, shownOf } from './differences.ts';

describe('what differs', () => {
  test('fields are found wherever they are', () => {
    const before = { steps: [{ name: 'a', image: 'x:1' }], retry: 3, 'app.io/name': 'b' };
    const after = { steps: [{ name: 'a', image: 'x:2' }, { name: 'b' }], 'app.io/name': 'c', timeoutSeconds: 5 };
    expect(differencesOf(before, after)).toEqual([
      { path: 'steps[0].image', kind: 'changed', before: '"x:1"', after: '"x:2"' },
      { path: 'steps[1]', kind: 'added', after: '{"name":"b"}' },
      { path: 'retry', kind: 'removed', before: '3' },
      { path: '"app.io/name"', kind: 'changed', before: '"b"', after: '"c"' },
      { path: 'timeoutSeconds', kind: 'added', after: '5' },
    ]);
  });

  test.each([
    [{ a: 1 }, { a: 1 }],
    [undefined, undefined],
    [[], []],
    [{ a: null }, { a: null }],
  ])('%j and %j do not', (before, after) => {
    expect(differencesOf(before, after)).toEqual([]);
  });

  test('a list in place of an object is another value', () => {
    expect(differencesOf({ a: [] }, { a: {} })).toEqual([{ path: 'a', kind: 'changed', before: '[]', after: '{}' }]);
  });

  test('500 are shown, with how many more there are', () => {
    const all = differencesOf(Array(2_000).fill(1), Array(2_000).fill(2));
    const { shown, more } = shownOf(all);
    expect([shown.length, more]).toEqual([500, 1_500]);
    expect(shownOf(all.slice(0, 500)).more).toBe(0);
  });

  test('a long value is cut, and says so', () => {
    expect(cutText('x'.repeat(2_000))).toBe('x'.repeat(2_000));
    expect(cutText('x'.repeat(2_003))).toBe(`${'x'.repeat(2_000)} … 3 more characters`);
  });
});
