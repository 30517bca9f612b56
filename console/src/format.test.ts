import { describe, expect, test } from 'vitest';
import { bytes, counted, duration, inWords, relative } from './format.ts';

describe('words for figures', () => {
  test.each([
    [0, '0s'],
    [0.42, '0.4s'],
    [9.95, '9.9s'],
    [59, '59s'],
    [61.5, '1m 1s'],
    [3_600, '1h'],
    [3_601, '1h'],
    [93_784, '1d 2h'],
    [-5, '0s'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  test.each([
    ['2026-11-23T11:55:58Z', '4m 2s ago'],
    ['2026-11-23T15:00:00Z', 'in 3h'],
    ['2026-11-23T12:00:00Z', 'now'],
    ['soon', 'soon'],
  ])('%s is %s', (time, words) => {
    expect(relative(time, Date.parse('2026-11-23T12:00:00Z'))).toBe(words);
  });

  test('counts and sizes', () => {
    expect([counted(1, 'run'), counted(5_000, 'run'), bytes(12), bytes(18_432), bytes(5 << 20)]).toEqual([
      '1 run',
      '5,000 runs',
      '12 B',
      '18 KiB',
      '5.0 MiB',
    ]);
  });

  test.each([
    [undefined, '–'],
    [null, '–'],
    ['text', 'text'],
    [{ a: [1] }, '{"a":[1]}'],
    [false, 'false'],
  ])('%j is %s', (value, words) => {
    expect(inWords(value)).toBe(words);
  });
});
