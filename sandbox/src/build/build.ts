import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Component } from '../components.ts';
import { Refusal } from '../refusal.ts';
import { cacheDirectory, repository } from '../settings.ts';
import type { Progress } from '../progress.ts';
import { withLock } from './lock.ts';
import { exists } from '../exists.ts';

const run = promisify(execFile);
const binDirectory = join(cacheDirectory, 'bin');
const modulesDirectory = join(repository, 'sandbox/go');
const gibibyte = 1024 ** 3;

/**
 * Builds what is not there yet and says where each component's programs are. What is there is found by a hash of the
 * module's files, the flags and Go's version, so that nothing is asked of the network or of Go's cache then.
 * @throws Refusal when Go or disk space is missing, or a build fails
 */
export async function build(components: readonly Component[], progress: Progress): Promise<Record<string, string>> {
  const built: Record<string, string> = {};
  for (const component of components) {
    built[component.name] = await buildComponent(component, await findGo(component), progress);
  }
  return built;
}

interface Go {
  /** Version and architecture; with another one the programs are others. */
  readonly version: string;
  readonly cache: string;
}

async function findGo({ name, folder }: Component): Promise<Go> {
  try {
    // In a module: so Go says which version it takes for it, which may be a newer one that it downloads.
    const { stdout } = await run('go', ['env', 'GOVERSION', 'GOARCH', 'GOCACHE'], {
      cwd: join(modulesDirectory, folder),
    });
    const [version = '', architecture = '', cache = ''] = stdout.trim().split('\n');
    return { version: `${version} ${architecture}`, cache };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none' : describe(error);
    throw new Refusal(`Building ${name} needs Go 1.24 or newer (${reason}): install it from https://go.dev/dl.`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}

async function buildComponent(component: Component, go: Go, progress: Progress): Promise<string> {
  const directory = join(binDirectory, `${component.folder}-${await keyOf(component, go)}`);
  if (await exists(directory)) return directory;
  let waiting: { end(outcome: string): void } | undefined;
  // Two builds of one thing would take twice as long.
  const build = async (): Promise<void> => {
    waiting?.end('done');
    if (!(await exists(directory))) await buildInto(directory, component, go, progress);
  };
  await withLock(`${directory}.building`, build, () => {
    waiting = progress.begin(`waiting for another build of ${component.name}`);
  });
  return directory;
}

/** Everything that decides what the programs are. */
async function keyOf(component: Component, go: Go): Promise<string> {
  const module = join(modulesDirectory, component.folder);
  const files = (await readdir(module)).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file)).sort();
  const hash = createHash('sha256').update(JSON.stringify([go.version, component.programs, component.flags]));
  for (const file of files) hash.update(file).update(await readFile(join(module, file)));
  return hash.digest('hex').slice(0, 12);
}

async function buildInto(directory: string, component: Component, go: Go, progress: Progress): Promise<void> {
  await mkdir(go.cache, { recursive: true });
  await needSpace(component, binDirectory);
  await needSpace(component, go.cache);
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const step = progress.begin(
    `building ${component.name} (the first time takes ${describeMinutes(component.minutes)} on 2 cores)`,
  );
  try {
    for (const [program, path] of Object.entries(component.programs)) {
      await buildProgram(component, path, join(unfinished, program));
    }
  } catch (error) {
    step.end('failed');
    throw error;
  }
  await rename(unfinished, directory);
  await removeOthers(component, directory);
  step.end('built');
}

function describeMinutes(minutes: number): string {
  return minutes < 1 ? 'some seconds' : `about ${minutes} min`;
}

function buildProgram(component: Component, path: string, program: string): Promise<void> {
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', ...component.flags, '-o', program, path];
  const child = spawn('go', args, {
    cwd: join(modulesDirectory, component.folder),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve()
        : reject(
            new Refusal(`${basename(program)} cannot be built; fix what Go reports and try again:\n${output.trim()}`),
          ),
    );
  });
}

async function needSpace(component: Component, directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = (bavail * bsize) / gibibyte;
  if (free >= component.diskGiB) return;
  throw new Refusal(
    `Building ${component.name} needs ${component.diskGiB} GiB of disk, but ${directory} has ${free.toFixed(1)} GiB left: make room there.`,
  );
}

/** One build of a component is kept. */
async function removeOthers(component: Component, kept: string): Promise<void> {
  const old = (await readdir(binDirectory)).filter(
    (entry) => new RegExp(`^${component.folder}-[0-9a-f]{12}$`).test(entry) && join(binDirectory, entry) !== kept,
  );
  await Promise.all(old.map((entry) => rm(join(binDirectory, entry), { recursive: true, force: true })));
}
