import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMergePatch, mergeDiff, threeWayPatch } from './merge-patch.ts';

describe('a three-way merge', () => {
  const merge = (applied: object, wanted: object, live: object) =>
    applyMergePatch(live, threeWayPatch({ ...applied }, { ...wanted }, { ...live }));

  it('sets what is wanted, removes what was applied and leaves alone what others set', () => {
    const live = { a: 1, b: { c: 2, byHand: 3 }, gone: 4, list: [1, 2] };
    expect(merge({ a: 1, b: { c: 2, d: 5 }, gone: 4 }, { a: 6, b: { e: 7 }, list: [3] }, live)).toEqual({
      a: 6,
      b: { byHand: 3, e: 7 },
      list: [3],
    });
  });

  it('takes no field away where it is not known what was applied', () => {
    expect(merge({}, { a: 1 }, { a: 2, b: 3 })).toEqual({ a: 1, b: 3 });
  });

  it('puts fields in the place of another value', () => {
    expect(merge({ a: 1 }, { a: { b: 1 } }, { a: 1 })).toEqual({ a: { b: 1 } });
  });

  it('asks for nothing where all is as wanted', () => {
    const object = { a: { b: [1, { c: 2 }] }, d: null };
    expect(threeWayPatch(object, object, { ...object, e: 5 })).toEqual({});
  });
});

describe('a merge patch', () => {
  // A JSON merge patch cannot set null, and keeps no field of a list's elements apart.
  const withoutNull = fc
    .jsonValue()
    .map((value) => JSON.parse(JSON.stringify({ value }).replaceAll('null', '0')) as object);

  it('makes one object of another', () => {
    fc.assert(
      fc.property(withoutNull, withoutNull, (from, to) => {
        expect(applyMergePatch(from, mergeDiff({ ...from }, { ...to }))).toEqual(to);
      }),
    );
  });
});
