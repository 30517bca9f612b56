import { describe, expect, it } from 'vitest';
import { keepsRevision, publishVersionOf, revisionName, revisionNumber, samePublishVersion } from './revisions.ts';

const version = (spec: string, publishVersion?: string) => ({ spec: { spec }, publishVersion });

describe('an Application keeps its latest revision', () => {
  it.each([
    ['while nothing changes', version('a'), version('a'), true],
    ['not when its spec changes', version('a'), version('b'), false],
    ['while its publishVersion stays, whatever its spec says', version('a', '1'), version('b', '1'), true],
    ['not when its publishVersion changes', version('a', '1'), version('a', '2'), false],
    ['not when it gets its first publishVersion', version('a'), version('a', '1'), false],
    ['not when it loses its publishVersion', version('a', '1'), version('a'), false],
    ['where an empty publishVersion comes to the same spec', version('a'), version('a', ''), true],
    ['not where an empty publishVersion comes with another spec', version('a'), version('b', ''), false],
  ])('%s', (_, latest, wanted, keeps) => expect(keepsRevision(latest, wanted)).toBe(keeps));
});

it('an empty publishVersion names no version', () => {
  expect(samePublishVersion(version('a', ''), version('a'))).toBe(true);
  expect(publishVersionOf({ annotations: { 'app.oam.dev/publishVersion': '' } })).toBe('');
  expect(publishVersionOf({})).toBeUndefined();
});

it("a revision's name ends with its number", () => {
  expect(revisionName('web-v2', 12)).toBe('web-v2-v12');
  expect(['web-v2-v12', 'web', 'web-v', ''].map(revisionNumber)).toEqual([12, 0, 0, 0]);
});
