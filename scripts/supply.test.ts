/** What is installed is what was committed, and nothing of it runs because it is installed. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

it.each(['package-lock.json', 'docs/site/package-lock.json'])('%s pins each package by its hash', (file) => {
  const { packages } = JSON.parse(read(file)) as { packages: Readonly<Record<string, Locked>> };
  const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
  expect(installed.length).toBeGreaterThan(0);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  // Never from a repository, whose contents no hash pins.
  expect(installed.filter(([, { resolved = '' }]) => /^(git|file)/.test(resolved))).toEqual([]);
});

it('packages are installed without running their scripts, which none but these have', () => {
  for (const file of ['Makefile', 'package.json'])
    for (const [command] of read(file).matchAll(/npm (ci|install)\b[^\n"']*/g))
      expect(command, file).toContain('--ignore-scripts');
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
  const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  // It checks that its program starts, which building does as well.
  expect(scripted.map(([path]) => path)).toEqual(['node_modules/esbuild']);
});
