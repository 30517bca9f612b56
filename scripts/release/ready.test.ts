import { describe, expect, it } from 'vitest';
import { checkReady } from './ready.ts';

const commit = {
  version: '0.2.0',
  revision: 'aaaaaaaaaa',
  tagged: 'aaaaaaaaaa',
  keptSchemas: '{"Task v1":1}\n',
  schemas: '{"Task v1":1}\n',
};

describe('a commit that is to be released', () => {
  it('is ready with its schemas kept, before it is tagged and after', () => {
    checkReady(commit);
    checkReady({ ...commit, tagged: undefined });
  });

  it('is refused where the tag of its version is another commit', () => {
    expect(() => checkReady({ ...commit, tagged: 'bbbbbbbbbb' })).toThrow(
      'The tag v0.2.0 is commit bbbbbbb, and this is aaaaaaa: what was released never changes; check that commit out, or set a new version in package.json.',
    );
  });

  it('is refused where its schemas were not kept', () => {
    expect(() => checkReady({ ...commit, keptSchemas: undefined })).toThrow(
      'test/definitions/released/0.2.0.json is missing: write it by `npx tsx scripts/release/keep-schemas.ts`, and commit it.',
    );
    expect(() => checkReady({ ...commit, keptSchemas: '{}\n' })).toThrow(
      'test/definitions/released/0.2.0.json has other schemas than the CRDs: if 0.2.0 was not released yet, write it by',
    );
  });
});
