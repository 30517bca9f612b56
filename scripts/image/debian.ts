/**
 * Debian's packages of the image, downloaded by apt as this machine is configured, for any architecture and without
 * installing them. debian.lock.json has their versions and hashes. A mirror keeps only the newest versions: what it no
 * longer has is replaced by what it has, and that is reported.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../sandbox/src/build/lock.ts';
import type { Architecture } from './architecture.ts';

const run = promisify(execFile);
export const lockFile = join(import.meta.dirname, 'debian.lock.json');

/** What Node needs; the licence of the last three is in a package that they depend on. */
const names = ['libc6', 'libatomic1', 'libgcc-s1', 'libstdc++6'];

interface Locked {
  readonly version: string;
  readonly sha256: string;
}

export interface DebianLock {
  /** As in os-release(5); scanners look up what is known to be vulnerable by it. */
  readonly release: { readonly id: string; readonly version: string; readonly name: string };
  readonly packages: Readonly<Record<Architecture, Readonly<Record<string, Locked>>>>;
}

export interface DebianPackage extends Locked {
  readonly name: string;
  /** Its fields, as dpkg writes them. */
  readonly control: string;
  /** Where its files are unpacked. */
  readonly files: string;
}

export async function readLock(): Promise<DebianLock> {
  return JSON.parse(await readFile(lockFile, 'utf8')) as DebianLock;
}

export interface DebianOptions {
  readonly architecture: Architecture;
  /** Where what was downloaded is kept. */
  readonly cache: string;
  /** Without it, the newest versions are taken. */
  readonly lock?: DebianLock;
}

/**
 * Downloads and unpacks the packages.
 * @returns them, sorted by name
 * @throws Error when this machine has no apt, or its mirror not these packages
 */
export async function debianPackages(options: DebianOptions): Promise<DebianPackage[]> {
  // apt refuses to work beside another in the same folder.
  return withLock(join(options.cache, 'debian-packages'), () => fetchPackages(options));
}

async function fetchPackages(options: DebianOptions): Promise<DebianPackage[]> {
  const mirror = mirrorFor(options);
  const packages = await inTurn(names, (name) => fetchPackage(name, options, mirror));
  const bases = new Set(packages.flatMap(({ control }) => /\bgcc-\d+-base\b/.exec(control) ?? []));
  packages.push(...(await inTurn([...bases], (name) => fetchPackage(name, options, mirror))));
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function inTurn<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const value of values) results.push(await work(value));
  return results;
}

/** @returns one sentence for each package that is not the one of the lock */
export function replaced(packages: readonly DebianPackage[], lock: DebianLock, architecture: Architecture): string[] {
  return packages.flatMap(({ name, version, sha256 }) => {
    const locked = lock.packages[architecture][name];
    if (locked?.sha256 === sha256) return [];
    return [`${name} ${locked?.version ?? ''} of ${architecture} is no longer in Debian's mirror; it has ${version}`];
  });
}

async function fetchPackage(
  name: string,
  { architecture, cache, lock }: DebianOptions,
  mirror: Mirror,
): Promise<DebianPackage> {
  const locked = lock?.packages[architecture][name];
  const archive =
    (locked && (await ifThere(join(cache, 'debian', `${locked.sha256}.deb`)))) ??
    (await mirror.download(locked === undefined ? [name] : [`${name}=${locked.version}`, name]));
  const sha256 = basename(archive, '.deb');
  const files = join(cache, 'debian', sha256);
  if ((await ifThere(files)) === undefined) {
    const unfinished = await mkdtemp(`${files}.`);
    await run('dpkg-deb', ['--extract', archive, unfinished]);
    await rename(unfinished, files);
  }
  const control = (await run('dpkg-deb', ['--field', archive])).stdout;
  return { name, version: /^Version: (.*)$/m.exec(control)?.[1] ?? '', sha256, control, files };
}

interface Mirror {
  /** Takes the first of the specifications, such as `libc6=2.36-9`, that the mirror has. */
  download(specifications: readonly string[]): Promise<string>;
}

const withoutApt =
  "This machine has no apt-get, by which Debian's packages for the image come: build it with `make image ENGINE=docker`.";

/** apt with lists of its own: this machine's may be old, or of another architecture, and belong to root. */
function mirrorFor({ architecture, cache }: DebianOptions): Mirror {
  const state = join(cache, `apt-${architecture}`);
  const options = [
    `Dir::State=${state}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${state}/cache`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    // As root, apt would download as the user _apt, who may not write here.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
  ].flatMap((option) => ['-o', option]);
  let updated: Promise<unknown> | undefined;
  const update = async (): Promise<void> => {
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      await mkdir(join(state, folder), { recursive: true });
    await run('apt-get', [...options, '-q', 'update']).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Error(withoutApt, { cause: error }) : error;
    });
  };
  return {
    download: async (specifications) => {
      await (updated ??= update());
      const scratch = await mkdtemp(join(state, 'download-'));
      try {
        return await keep(await downloadFirst(options, specifications, scratch), join(cache, 'debian'));
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

async function downloadFirst(
  options: readonly string[],
  [first = '', ...others]: readonly string[],
  scratch: string,
): Promise<string> {
  try {
    await run('apt-get', [...options, '-q', 'download', first], { cwd: scratch });
  } catch (error) {
    if (others.length > 0) return downloadFirst(options, others, scratch);
    throw new Error(
      `${first} cannot be downloaded from Debian's or Ubuntu's packages: ${(error as Error).message.trim()}`,
      { cause: error },
    );
  }
  return join(scratch, (await readdir(scratch)).find((entry) => entry.endsWith('.deb')) ?? '');
}

/** Keeps a package under its hash. */
async function keep(archive: string, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const sha256 = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  const kept = join(directory, `${sha256}.deb`);
  await rename(archive, kept);
  return kept;
}

async function ifThere(path: string): Promise<string | undefined> {
  return stat(path).then(
    () => path,
    () => undefined,
  );
}

/** Writes debian.lock.json with the newest versions that the mirror has. */
export async function writeLock(architectures: readonly Architecture[], cache: string): Promise<void> {
  const packages: Record<string, Record<string, Locked>> = {};
  for (const architecture of architectures) {
    const found = await debianPackages({ architecture, cache });
    packages[architecture] = Object.fromEntries(found.map(({ name, version, sha256 }) => [name, { version, sha256 }]));
  }
  await writeFile(lockFile, `${JSON.stringify({ release: await thisRelease(), packages }, undefined, 2)}\n`);
}

/** The release that this machine's apt takes its packages from. */
export async function thisRelease(): Promise<DebianLock['release']> {
  const text = await readFile('/etc/os-release', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), version: field('VERSION_ID'), name: field('PRETTY_NAME') };
}
