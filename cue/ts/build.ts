import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The releases of CUE that KubeVela 1.10 and 1.11 are built with, and the module file that names each. */
export const cueVersions = { '0.9.2': 'cue-0.9.2.mod', '0.14.1': 'go.mod' } as const;
export type CueVersion = keyof typeof cueVersions;

const goFolder = fileURLToPath(new URL('../go/', import.meta.url));
const cacheFolder = fileURLToPath(new URL('../../.cache/cue/', import.meta.url));
const buildLimitMs = 600_000;

/** Where the built module lies, and Go's own loader for it, of the very Go release that built it. */
export interface BuiltCue {
  readonly wasm: string;
  readonly loader: string;
}

/**
 * Returns CUE as WebAssembly, building it first unless that was done before with the same sources and the same Go
 * release. Rejects when Go is missing or the build fails, with what Go said.
 */
export async function buildCue(version: CueVersion): Promise<BuiltCue> {
  const folder = path.join(cacheFolder, await sourcesHash());
  const built = { wasm: path.join(folder, `cue-${version}.wasm`), loader: path.join(folder, 'wasm_exec.cjs') };
  if (await exists(built.wasm)) return built;
  await mkdir(folder, { recursive: true });
  await oneAtATime(`${built.wasm}.lock`, async () => {
    if (!(await exists(built.wasm))) await compile(version, built);
  });
  return built;
}

async function compile(version: CueVersion, built: BuiltCue): Promise<void> {
  const draft = `${built.wasm}.${process.pid}`;
  const { stdout: root } = await go(['env', 'GOROOT']);
  await copyFile(path.join(root.trim(), 'lib', 'wasm', 'wasm_exec.js'), built.loader);
  await go(['build', '-trimpath', '-ldflags=-s -w', `-modfile=${cueVersions[version]}`, '-o', draft, '.'], {
    GOOS: 'js',
    GOARCH: 'wasm',
  });
  await rename(draft, built.wasm);
}

async function go(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string }> {
  try {
    return await run('go', args, { cwd: goFolder, env: { ...process.env, ...env }, timeout: buildLimitMs });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Error(
      missing
        ? 'CUE is built with Go, and there is no `go` in PATH: install Go 1.23 or newer.'
        : `go ${args[0]} failed in cue/go: ${(error as { stderr?: string }).stderr ?? String(error)}`,
      { cause: error },
    );
  }
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256').update((await go(['version'])).stdout);
  for (const name of (await readdir(goFolder)).sort())
    hash.update(name).update(await readFile(path.join(goFolder, name)));
  return hash.digest('hex').slice(0, 16);
}

/** Runs `work` while holding the file `lock`; a holder that is no longer alive does not count. */
async function oneAtATime(lock: string, work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + buildLimitMs;
  while (!(await acquire(lock))) {
    if (Date.now() > deadline)
      throw new Error(
        `Another process has held ${lock} for ${buildLimitMs / 1000} s: remove it if that process is gone.`,
      );
    await delay(200);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
