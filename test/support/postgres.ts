/** A PostgreSQL server of the tests' own, on a socket's worth of loopback, gone with them. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
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
    if (child?.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
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
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
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
