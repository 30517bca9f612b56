/** Which packages of npm are in a bundle: for the list of what an image contains, and for their licences. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireAllowed } from './allowed-licenses.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** From the top of the repository. */
  readonly folder: string;
}

export type BundleName = 'controller' | 'console' | 'cli';

/** Where a bundle's packages are listed, beside the bundles. */
export const packagesFile = (bundle: BundleName): string => join(repository, `dist/packages/${bundle}.json`);

/**
 * Writes the list of a bundle's packages, sorted by name.
 * @param files what went into the bundle; what is not below node_modules is ours
 */
export async function writeBundledPackages(bundle: BundleName, files: Iterable<string>): Promise<void> {
  const folders = new Set<string>();
  for (const file of files) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
    if (folder !== undefined) folders.add(folder.slice(folder.indexOf('node_modules/')));
  }
  const packages = await Promise.all([...folders].map(describe));
  packages.sort((a, b) => (a.folder < b.folder ? -1 : 1));
  await mkdir(dirname(packagesFile(bundle)), { recursive: true });
  await writeFile(packagesFile(bundle), JSON.stringify(packages, undefined, 2));
}

async function describe(folder: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(
    await readFile(join(repository, folder, 'package.json'), 'utf8'),
  ) as Omit<BundledPackage, 'folder'>;
  return { name, version, license: requireAllowed(name, license), folder };
}
