/** What is below the controller in its image: Node, the libraries that it needs, and what is known of both. */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarEntry } from '../../sandbox/src/build/tar.ts';
import { architectures, type Architecture } from './architecture.ts';
import type { DebianLock, DebianPackage } from './debian.ts';
import { librariesOf, loaderOf, withoutSymbols } from './elf.ts';
import type { NodePackage } from './node.ts';

/** The image's user: a number, so that runAsNonRoot can tell. */
export const user = 65532;

export interface System {
  readonly architecture: Architecture;
  readonly node: NodePackage;
  readonly packages: readonly DebianPackage[];
  readonly release: DebianLock['release'];
}

/** @throws Error when a library that something needs is in none of the packages */
export async function systemFiles(system: System): Promise<TarEntry[]> {
  const { node, packages, release } = system;
  const documents = packages.map(async (one) => [
    { path: `usr/share/doc/${one.name}/copyright`, content: await copyrightOf(one, packages) },
    // Where scanners look for packages in images without dpkg.
    { path: `var/lib/dpkg/status.d/${one.name}`, content: Buffer.from(one.control) },
  ]);
  return [
    { path: 'usr/local/bin/node', content: withoutSymbols(node.program), mode: 0o755 },
    { path: 'usr/share/doc/node/LICENSE', content: node.license },
    ...(await libraries(system)),
    ...(await Promise.all(documents)).flat(),
    { path: 'tmp/', directory: true, mode: 0o1777 },
    ...Object.entries(configuration(release)).map(([name, text]) => ({
      path: `etc/${name}`,
      content: Buffer.from(text),
    })),
  ];
}

const configuration = ({ id, version, name }: DebianLock['release']): Record<string, string> => ({
  passwd: `root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${user}:${user}:nonroot:/:/sbin/nologin\n`,
  group: `root:x:0:\nnonroot:x:${user}:\n`,
  // Without it glibc asks DNS before /etc/hosts.
  'nsswitch.conf': 'hosts: files dns\n',
  'os-release': `ID=${id}\nVERSION_ID="${version}"\nPRETTY_NAME="${name}"\n`,
});

/** The loader, and all libraries that Node needs, those that libraries need included. */
async function libraries({ architecture, node, packages }: System): Promise<TarEntry[]> {
  const { triplet } = architectures[architecture];
  const loader = loaderOf(node.program) ?? '';
  const found = new Map<string, Buffer>();
  const missing = librariesOf(node.program);
  for (let name = missing.pop(); name !== undefined; name = missing.pop()) {
    if (found.has(name)) continue;
    const content = await findLibrary(name, triplet, packages);
    found.set(name, content);
    missing.push(...librariesOf(content));
  }
  const loaderName = loader.slice(loader.lastIndexOf('/') + 1);
  const program = found.get(loaderName) ?? (await findLibrary(loaderName, triplet, packages));
  found.delete(loaderName);
  return [
    { path: loader.slice(1), content: program, mode: 0o755 },
    ...[...found].map(([name, content]) => ({ path: `lib/${triplet}/${name}`, content })),
  ];
}

async function findLibrary(name: string, triplet: string, packages: readonly DebianPackage[]): Promise<Buffer> {
  for (const { files } of packages) {
    for (const folder of ['lib', 'usr/lib']) {
      const path = await realpath(join(files, folder, triplet, name)).catch(() => undefined);
      if (path !== undefined) return readFile(path);
    }
  }
  throw new Error(
    `${name} is in none of ${packages.map((one) => one.name).join(', ')}: add its package in scripts/image/debian.ts.`,
  );
}

/** A package's own, or that of the package whose documents it shares. */
async function copyrightOf({ name, files }: DebianPackage, packages: readonly DebianPackage[]): Promise<Buffer> {
  for (const { files: others } of [{ files }, ...packages.filter((one) => /^gcc-\d+-base$/.test(one.name))]) {
    for (const folder of [name, ...packages.map((one) => one.name)]) {
      const content = await readFile(join(others, 'usr/share/doc', folder, 'copyright')).catch(() => undefined);
      if (content !== undefined) return content;
    }
  }
  throw new Error(`The copyright of Debian's package ${name} was not found in it.`);
}
