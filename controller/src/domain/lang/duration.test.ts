import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coarseAge, durationBetween, formatDuration, secondsBetween, secondsOfDuration } from './duration.ts';

describe('formatDuration', () => {
  const rows: readonly [seconds: number, text: string][] = [
    [-5, '0s'],
    [0, '0s'],
    [0.9, '0s'],
    [59, '59s'],
    [60, '1m'],
    [90, '1m30s'],
    [3_600, '1h'],
    [3_601, '1h'],
    [3_660, '1h1m'],
    [7_199, '1h59m'],
    [86_400, '1d'],
    [97_200, '1d3h'],
    [86_460, '1d'],
    [8_640_000, '100d'],
  ];
  for (const [seconds, text] of rows)
    test(`of ${seconds} s is ${text}`, () => expect(formatDuration(seconds * 1000)).toBe(text));
});

test.each([
  ['30s', 30],
  ['1h30m', 5_400],
  ['1.5h', 5_400],
  ['2d', 172_800],
  ['1500ms', 2],
  ['90', undefined],
  ['1h 30m', undefined],
  [`${'1'.repeat(100_000)}x`, undefined],
])('the seconds of the duration %.20s are %s', (text, seconds) => expect(secondsOfDuration(text)).toBe(seconds));

describe('secondsBetween', () => {
  test('counts across zones', () =>
    expect(secondsBetween('2026-03-20T13:00:00+01:00', '2026-03-20T12:01:30Z')).toBe(90));
  test('is undefined where a clock was set back', () =>
    expect(secondsBetween('2026-03-20T12:01:30Z', '2026-03-20T12:00:00Z')).toBe(0));
  test('is unknown where a time is invalid', () =>
    expect(secondsBetween('yesterday', '2026-03-20T12:00:00Z')).toBeUndefined());
});

describe('durationBetween', () => {
  test('counts from start to end', () =>
    expect(durationBetween('2026-03-20T12:00:00Z', '2026-03-20T12:01:30Z')).toBe('1m30s'));
  test('is unknown where the start is', () =>
    expect(durationBetween(undefined, '2026-03-20T12:01:30Z')).toBeUndefined());
  test('is unknown where the end is', () => expect(durationBetween('2026-03-20T12:01:30Z', undefined)).toBeUndefined());
});

describe('coarseAge', () => {
  const rows: readonly [elapsed: number, shown: number, next: number][] = [
    [-1, 0, 60],
    [0, 0, 60],
    [59.999, 0, 60],
    [60, 60, 120],
    [119.999, 60, 120],
    [120, 120, 240],
    [479.999, 240, 480],
    [480, 480, 960],
    [86_400, 61_440, 122_880],
  ];
  for (const [elapsed, shown, next] of rows) {
    test(`after ${elapsed} s shows ${shown} s until ${next} s`, () => {
      expect(coarseAge(elapsed * 1000)).toEqual({ shown: shown * 1000, next: next * 1000 });
    });
  }

  test('is never ahead, never off by more than half, and changes at `next` and no sooner', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), (elapsed) => {
        const { shown, next } = coarseAge(elapsed);
        expect(shown).toBeLessThanOrEqual(elapsed);
        expect(next).toBeGreaterThan(elapsed);
        if (elapsed >= 60_000) expect(shown * 2).toBeGreaterThan(elapsed);
        expect(coarseAge(next - 1).shown).toBe(shown);
        expect(coarseAge(next).shown).toBe(next);
      }),
    );
  });
});
