import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { debianPackages } from './debian.ts';

it('says on a machine without apt how to build the image', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'no-apt-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    return rm(empty, { recursive: true });
  });
  vi.stubEnv('PATH', empty);
  await expect(debianPackages({ architecture: 'amd64', cache: empty })).rejects.toThrow(
    /no apt-get.*`make image ENGINE=docker`/,
  );
});
