import { expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { versionFiles } from './version.ts';

const { version } = packageJson;

it.each(['7.8.9', '7.8.9-rc.1'])(
  'a version %s is written wherever a file of the release or the image is named',
  async (next) => {
    for (const { target, text } of await versionFiles(next)) {
      // Other packages that npm has locked may have any version.
      if (target !== 'package-lock.json') expect(text, target).not.toContain(version);
      expect(text, target).toContain(next);
      expect(text, target).not.toMatch(new RegExp(`${next}-(?!linux|<platform>)`));
    }
  },
);

it('npm locks the package under its new version, and nothing else changes', async () => {
  const lock = (await versionFiles('7.8.9')).find(({ target }) => target === 'package-lock.json');
  const { version: own, packages } = JSON.parse(lock?.text ?? '') as {
    version: string;
    packages: Record<string, { version: string }>;
  };
  expect([own, packages['']?.version]).toEqual(['7.8.9', '7.8.9']);
  expect(lock?.text.match(/"7\.8\.9"/g)).toHaveLength(2);
});
