/** What is ours in the controller's image: its bundle, the console, the licences of what is bundled. */
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TarEntry } from '../../sandbox/src/build/tar.ts';
import { packagesFile, type BundledPackage, type BundleName } from '../bundled-packages.ts';

const documents = 'usr/share/doc/task-runs';

/** The packages of npm in some bundles, each once. */
export async function bundledPackages(...bundles: readonly BundleName[]): Promise<BundledPackage[]> {
  const lists = await Promise.all(
    bundles.map(async (name) => JSON.parse(await readFile(packagesFile(name), 'utf8')) as BundledPackage[]),
  );
  const once = new Map(lists.flat().map((one) => [one.folder, one]));
  return [...once.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** @param sbom the list of contents, which is in the image, too */
export async function appFiles(
  repository: string,
  packages: readonly BundledPackage[],
  sbom: Buffer,
): Promise<TarEntry[]> {
  const dist = (path: string): Promise<Buffer> => readFile(join(repository, 'dist', path));
  const modules = (await readdir(join(repository, 'dist/controller'))).filter((name) => name.endsWith('.mjs'));
  const pages = (await readdir(join(repository, 'dist/console'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(join(repository, 'dist'), join(parentPath, name)));
  return Promise.all([
    // .mjs says that it is a module, which a package.json would say otherwise.
    dist('controller/main.js').then((content) => ({ path: 'app/main.mjs', content })),
    ...modules.map(async (name) => ({ path: `app/${name}`, content: await dist(`controller/${name}`) })),
    ...pages.map(async (path) => ({ path: `app/${path}`, content: await dist(path) })),
    readFile(join(repository, 'LICENSE')).then((content) => ({ path: `${documents}/LICENSE`, content })),
    licences(repository, packages).then((content) => ({ path: `${documents}/third-party-licenses.txt`, content })),
    Promise.resolve({ path: `${documents}/sbom.cdx.json`, content: sbom }),
  ]);
}

/** Most of these licences ask for their text to go with every copy. */
export async function licences(repository: string, packages: readonly BundledPackage[]): Promise<Buffer> {
  const texts = packages.map(async ({ name, version, license, folder }) => {
    const directory = join(repository, folder);
    const files = (await readdir(directory)).filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file)).sort();
    const contents = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
    return [`==== ${name} ${version}: ${license}`, ...contents.map((text) => text.trim())].join('\n\n');
  });
  return Buffer.from(`${(await Promise.all(texts)).join('\n\n')}\n`);
}
