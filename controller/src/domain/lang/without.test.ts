import { expect, test } from 'vitest';
import { without, withoutKey } from './without.ts';

const map: ReadonlyMap<string, number> = new Map([
  ['one', 1],
  ['two', 2],
  ['three', 3],
]);

test('a map is itself where nothing goes, and is never changed', () => {
  expect(without(map, () => false)).toBe(map);
  expect(withoutKey(map, 'four')).toBe(map);
  expect([...without(map, (_key, value) => value > 1)]).toEqual([['one', 1]]);
  expect([...withoutKey(map, 'one').keys()]).toEqual(['two', 'three']);
  expect(map.size).toBe(3);
});
