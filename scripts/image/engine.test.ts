import { expect, it } from 'vitest';
import { engineBuild } from './engine.ts';

it('refuses what an engine would not do, before anything is built', () => {
  const build = () =>
    engineBuild('docker', 'task-runs:1', { PUSH: 'registry.example/a:1', ARCH: undefined, SOURCE: 'x' });
  expect(build).toThrow(
    /^ENGINE=docker builds for this machine alone.*: leave out PUSH and SOURCE, name .* `docker push`/,
  );
});

it('says that an engine is not there', () => {
  expect(() => engineBuild('no-such-engine', 'task-runs:1', { PUSH: undefined })).toThrow(
    'ENGINE=no-such-engine does not start',
  );
});
