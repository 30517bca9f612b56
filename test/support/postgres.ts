/** A PostgreSQL server of the tests' own, on a socket's worth of loopback, gone with them. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { kill } from '../../sandbox/src/machine/processes.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const password = 'not-a-secret';

export interface Postgres {
  /** Where it listens: 127.0.0.1 and a port. */
  readonly url: string;
  readonly port: number;
  /** The server dies, as in a power cut. */
  kill(): Promise<void>;
  /** It comes back on the same port with the same files. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Who owns the server's files: it refuses to run as root. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** @throws Error which says how to get PostgreSQL, where it is neither here nor in Debian's packages */
export async function startPostgres(): Promise<Postgres> {
  const programs = await programDirectory();
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'));
  const owner: Owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  await run(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'archive', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'],
    { ...owner, cwd: directory },
  );
  const port = await freePort();
  const url = `postgres://archive:${password}@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | undefined;
  const end = async (signal: 'SIGKILL' | 'SIGINT'): Promise<void> => {
    // Whom a signal ended has no exit code.
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const killAll = async (): Promise<void> => {
    const servants = await childrenOf(child?.pid);
    await end('SIGKILL');
    // Those that serve a connection would answer until they notice.
    for (const pid of servants) kill(pid, 'SIGKILL');
    await eventually(
      'all of PostgreSQL has ended',
      async () => !(await Promise.all(servants.map(runs))).includes(true),
    );
  };
  const start = async (): Promise<void> => {
    const args = [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${directory}`,
    ];
    child = spawn(join(programs, 'postgres'), args, { ...owner, cwd: directory, stdio: 'ignore' });
    await eventually('PostgreSQL answers', () => answers(url), { seconds: 30, everyMs: 50 });
  };
  await start();
  return {
    url,
    port,
    start,
    kill: killAll,
    async stop() {
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function childrenOf(parent: number | undefined): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await statOf(pid))?.parent === parent ? [pid] : [])));
  return found.flat();
}

/** Whether a process is there and has not ended; one that has may still wait for its parent. */
async function runs(pid: number): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== undefined && !['Z', 'X'].includes(stat.state);
}

/** Undefined where there is no such process. */
async function statOf(pid: number): Promise<{ readonly state: string; readonly parent: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name before them may contain anything.
  const [, state, parent] = /.*\) (\w) (\d+) /s.exec(text) ?? [];
  return state === undefined ? undefined : { state, parent: Number(parent) };
}

async function answers(connectionString: string): Promise<true | undefined> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const installed = '/usr/lib/postgresql';

/** Debian's packages put the server beside others of other versions. */
async function programDirectory(): Promise<string> {
  const found = await newest();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0)
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'postgresql'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).catch(() => undefined);
  const now = await newest();
  if (now === undefined)
    throw new Error('these tests need a PostgreSQL server: install it (for example: apt-get install postgresql)');
  return now;
}

async function newest(): Promise<string | undefined> {
  const versions = await readdir(installed).catch(() => []);
  const [latest] = versions
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => b - a);
  return latest === undefined ? undefined : join(installed, String(latest), 'bin');
}
