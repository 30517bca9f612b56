import { describe, expect, test } from 'vitest';
import { rowWindow } from './row-window.ts';

const rows = (scrolled: number, count = 5_000) => rowWindow({ scrolled, height: 800, rowHeight: 40, rows: count });

describe('the rows in view', () => {
  test('a few dozen are drawn of thousands', () => {
    expect(rows(40_000)).toEqual({ first: 988, end: 1_032, before: 39_520, after: 158_720 });
  });

  test('at the top, at the end and beyond', () => {
    expect(rows(-100)).toEqual({ first: 0, end: 30, before: 0, after: 198_800 });
    expect(rows(199_200)).toMatchObject({ end: 5_000, after: 0 });
    expect(rows(1_000_000)).toEqual({ first: 5_000, end: 5_000, before: 200_000, after: 0 });
  });

  test('all of a few, and none if there are none', () => {
    expect([rows(0, 3), rows(0, 0)]).toEqual([
      { first: 0, end: 3, before: 0, after: 0 },
      { first: 0, end: 0, before: 0, after: 0 },
    ]);
  });
});
