import { expect, test } from 'vitest';
import { mostAtOnce } from './max-parallel.ts';

test.each([
  ['nothing', undefined, 7, Infinity],
  ['a number', 3, 7, 3],
  ['a number as text', '3', 7, 3],
  ['a share, rounded up', '25%', 7, 2],
  ['a share of few, one at least', '1%', 2, 1],
])('%s', (_what, maxParallel, count, most) =>
  expect(mostAtOnce(maxParallel === undefined ? {} : { maxParallel }, count)).toBe(most),
);
