import { describe, expect, test } from 'vitest';
import { nameWithHash } from '../lang/names.ts';
import { aRun, aTask, rfc3339 } from '../testing/builders.ts';
import { isClaimOf } from './workspace.ts';

const run = aRun(aTask(), 'again').build();
const claim = (
  name: string,
  meta: { readonly deletionTimestamp?: string; readonly creationTimestamp?: string } = {},
) => ({
  metadata: { name, namespace: 'default', uid: 'claim', creationTimestamp: rfc3339(0), ...meta },
});

describe('the claim of a run', () => {
  test.each([
    ['has its name', claim('again-workspace'), true],
    ['has a name made of its UID', claim(nameWithHash('again-workspace', run.metadata.uid)), true],
    [
      'is that of a run of this name that was deleted',
      claim('again-workspace', { creationTimestamp: rfc3339(-1) }),
      false,
    ],
    ['has a name made of the UID of such a run', claim(nameWithHash('again-workspace', 'other-uid')), false],
    ['is being deleted', claim('again-workspace', { deletionTimestamp: rfc3339(1) }), false],
    ['is of another run', claim('other-workspace'), false],
  ])('%s', (_what, one, isIts) => {
    expect(isClaimOf(one, run)).toBe(isIts);
  });

  test('counts under a name of its UID whatever the clocks of the API servers say', () => {
    const name = nameWithHash('again-workspace', run.metadata.uid);
    expect(isClaimOf(claim(name, { creationTimestamp: rfc3339(-1) }), run)).toBe(true);
  });
});
