import { expect, test } from 'vitest';
import { roundedNumber } from './rounded-number.ts';

test.each<[string, string | undefined]>([
  ['{"id": 9007199254740991, "share": 0.1, "text": "12345678901234567890", "none": null}', undefined],
  ['{"id": 9007199254740993}', 'id'],
  ['{"id": -12345678901234567890}', 'id'],
  ['{"rows": [{"id": 1}, {"id": 12345678901234567890}]}', 'rows[1].id'],
])('of %s the number that loses digits is %s', (json, path) => {
  expect(roundedNumber(JSON.parse(json))).toBe(path);
});
