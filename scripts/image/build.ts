/** Builds the controller's image from nothing: no engine, no base image. The same commit gives the same bytes. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import packageJson from '../../package.json' with { type: 'json' };
import { gzipLayer, type Image, type Layer } from '../../sandbox/src/build/oci-image.ts';
import { tar, type TarEntry } from '../../sandbox/src/build/tar.ts';
import { commit } from '../commit.ts';
import { appFiles, bundledPackages } from './app-files.ts';
import { architectures, type Architecture } from './architecture.ts';
import { debianPackages, readLock, replaced, thisRelease } from './debian.ts';
import { nodePackage } from './node.ts';
import { sbomOf } from './sbom.ts';
import { systemFiles, user, type System } from './system-files.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const imageCache = join(repository, '.cache/image');

export interface ControllerImage {
  readonly image: Image & { readonly architecture: Architecture };
  readonly sbom: Buffer;
  /** Sentences about what is not as the commit says: from other machines or on other days, the image is another one. */
  readonly differences: readonly string[];
}

/** What its processes are started with; the Dockerfile says the same. */
export const config = {
  User: `${user}:${user}`,
  ExposedPorts: { '8080/tcp': {}, '8090/tcp': {} },
  Env: ['NODE_ENV=production', 'MALLOC_ARENA_MAX=1'],
  Entrypoint: ['/usr/local/bin/node', '--max-semi-space-size=4', '--heap-growing-percent=30', '/app/main.mjs'],
  WorkingDir: '/',
};

/**
 * @param name such as `task-runs:0.1.0`
 * @param source the address of the source, for the image's label
 * @throws Error when dist/ is not built, or when a package cannot be downloaded
 */
export async function controllerImage(
  name: string,
  architecture: Architecture,
  source?: string,
): Promise<ControllerImage> {
  const lock = await readLock();
  const [node, packages] = await Promise.all([
    nodePackage(`node-linux-${architectures[architecture].npm}`, imageCache),
    debianPackages({ architecture, cache: imageCache, lock }),
  ]);
  const others = replaced(packages, lock, architecture);
  const system = { architecture, node, packages, release: others.length === 0 ? lock.release : await thisRelease() };
  const bundled = await bundledPackages('controller', 'console');
  const sbom = sbomOf(packageJson.version, system, bundled);
  const { revision, created, changed } = commit();
  return {
    image: {
      name: fullName(name),
      architecture,
      created,
      layers: [await systemLayer(system), await layerOf(await appFiles(repository, bundled, sbom))],
      config: { ...config, Labels: labels(revision, source) },
    },
    sbom,
    differences: [...others, ...(changed ? ['files differ from the commit that the image names as its revision'] : [])],
  };
}

/** The names of github.com/opencontainers/image-spec, annotations.md. */
function labels(revision: string, source: string | undefined): Record<string, string> {
  const values = {
    title: packageJson.name,
    description: packageJson.description,
    version: packageJson.version,
    revision,
    licenses: packageJson.license,
    ...(source === undefined ? {} : { source }),
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`org.opencontainers.image.${key}`, value]));
}

/** As engines complete names: `task-runs:1` is `docker.io/library/task-runs:1`; `latest` where there is no tag. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const host = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const full = host ? name : `docker.io/${rest.length > 0 ? '' : 'library/'}${name}`;
  return /:[^/]+$/.test(full) ? full : `${full}:latest`;
}

/** Compressing Node takes ten seconds, so it is done once for each Node and Debian. */
async function systemLayer(system: System): Promise<Layer> {
  const archive = tar(withFolders(await systemFiles(system)));
  const hash = createHash('sha256').update(archive).digest('hex');
  const cached = join(imageCache, `layer-${hash}.tar.gz`);
  const known = await readFile(cached).catch(() => undefined);
  if (known !== undefined) return gzipLayer(archive, known);
  const compressed = await compress(archive);
  await mkdir(imageCache, { recursive: true });
  await writeFile(`${cached}.${process.pid}`, compressed);
  await rename(`${cached}.${process.pid}`, cached);
  return gzipLayer(archive, compressed);
}

async function layerOf(files: readonly TarEntry[]): Promise<Layer> {
  const archive = tar(withFolders(files));
  return gzipLayer(archive, await compress(archive));
}

/** zlib writes no time into its header; the level is named, as defaults change. */
const compress = (archive: Buffer): Promise<Buffer> => promisify(gzip)(archive, { level: 9 });

/** Sorted, with the folders that they are in. */
export function withFolders(files: readonly TarEntry[]): TarEntry[] {
  const all = new Map<string, TarEntry>();
  for (const file of files) {
    for (let slash = file.path.indexOf('/'); slash >= 0; slash = file.path.indexOf('/', slash + 1)) {
      const path = file.path.slice(0, slash + 1);
      if (!all.has(path)) all.set(path, { path, directory: true });
    }
    all.set(file.path, file);
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
