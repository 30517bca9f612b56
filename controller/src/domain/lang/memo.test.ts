import { describe, expect, test, vi } from 'vitest';
import { memo, memoLatest, memoText } from './memo.ts';

const noon = () => new Date('2026-03-20T12:00:00Z');

describe('what is remembered', () => {
  test('of an object is computed once for that very object, also where nothing came out', () => {
    const compute = vi.fn(() => undefined);
    const known = memo(compute);
    const one = {};
    known(one);
    known(one);
    known({});
    expect(compute).toHaveBeenCalledTimes(2);
  });

  test('is computed again once another argument is another object, or another time', () => {
    const compute = vi.fn((_key: object, other: object, at: Date) => [other, at.getTime()]);
    const known = memoLatest(compute);
    const [key, other] = [{}, {}];
    known(key, other, noon());
    known(key, other, noon());
    expect(compute).toHaveBeenCalledTimes(1);
    known(key, {}, noon());
    expect(known(key, other, new Date(0))).toEqual([other, 0]);
    expect(compute).toHaveBeenCalledTimes(3);
  });

  test('of texts is limited to those that were asked for last', () => {
    const compute = vi.fn((text: string) => text.length);
    const known = memoText(2, compute);
    for (const text of ['a', 'bb', 'a', 'ccc', 'a']) expect(known(text)).toBe(text.length);
    expect(compute).toHaveBeenCalledTimes(3);
    known('bb');
    expect(compute).toHaveBeenCalledTimes(4);
  });
});
