import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { pino } from 'pino';
import { findRuns } from '../controller/src/api/history.ts';
import type { People, Person } from '../controller/src/api/person.ts';
import { createApi, serveApi } from '../controller/src/api/server.ts';
import { Service } from '../controller/src/api/service.ts';
import { Archive, type Material, type RunFilter } from '../controller/src/archive/archive.ts';
import { openDatabase } from '../controller/src/archive/database.ts';
import type { Caches } from '../controller/src/cluster/caches.ts';
import { Cache, byNamespace, byOwner } from '../controller/src/kube/cache.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { median, percentile, row, type Row } from './report.ts';

const archived = 1_000_000;
const namespaceCount = 20;
const taskCount = 5_000;
const queries = 600;
const pageSize = 50;
const begin = Date.parse('2026-01-01T00:00:00Z');
/** Rows of one statement: the archive waits ten seconds for each. */
const filledAtOnce = 50_000;
/** One run a second. */
const everyMs = 1_000;

/** The history over a million archived runs on both databases; and the logs of fifty runs as one. Asks no cluster. */
export async function history(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'history-'));
  try {
    const sqlite = await measureHistory('SQLite', join(directory, 'runs.db'));
    const postgres = await startPostgres();
    const postgresRows = await measureHistory('PostgreSQL', postgres.url).finally(() => postgres.stop());
    return [...sqlite, ...postgresRows, ...(await measureLogs(directory))];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureHistory(name: string, setting: string): Promise<Row[]> {
  await fill(setting);
  const archive = new Archive(setting);
  try {
    const sources = { caches: noCaches(), archive };
    const times: number[] = [];
    const raws: number[] = [];
    let cursor: string | undefined;
    for (let round = 0; round < queries; round += 1) {
      const filter = filterOf(round);
      const began = performance.now();
      // Every third asks for the page that follows.
      const page = await findRuns(sources, filter, { limit: pageSize, cursor: round % 3 === 1 ? cursor : undefined });
      times.push(performance.now() - began);
      ({ nextCursor: cursor } = page);
      const again = performance.now();
      await archive.known(page.items.map(({ uid }) => uid));
      raws.push(performance.now() - again);
    }
    const peer = 'looking the same runs up by their uids';
    return [
      row({
        name: `history of ${archived} archived runs on ${name}: a page with its total, p99`,
        value: percentile(times, 0.99),
        limit: percentile(raws, 0.99),
        unit: 'ms',
        peer,
        aim: 50,
      }),
      row({
        name: `history of ${archived} archived runs on ${name}: the same, median`,
        value: median(times),
        limit: median(raws),
        unit: 'ms',
        peer,
        aim: null,
      }),
    ];
  } finally {
    await archive.close();
  }
}

/** What people and the console ask for, in turn. */
function filterOf(round: number): RunFilter {
  const namespace = `ns-${round % namespaceCount}`;
  const owner = { namespaceUid: `uid-of-${namespace}`, olderRuns: false };
  const task = `task-${(round * 7 * namespaceCount + (round % namespaceCount)) % taskCount}`;
  const from = begin + ((round * 7_919) % archived) * everyMs;
  const filters: readonly RunFilter[] = [
    { namespace, owner },
    { namespace, owner, task },
    { namespace, owner, phases: ['Failed'] },
    { namespace, owner, task, phases: ['Failed', 'Cancelled'] },
    { namespace, owner, triggers: ['Manual'] },
    { namespace, owner, from, to: from + 86_400_000 },
    {},
    { phases: ['Failed'] },
  ];
  return filters[round % filters.length] ?? {};
}

/**
 * Rows as the archive writes them, made by the database itself: a million through the archive would take minutes and
 * measure nothing.
 */
async function fill(setting: string): Promise<void> {
  const opened = await openDatabase(setting);
  const { database, kind } = opened;
  try {
    const number = sql.raw('i');
    const ms = sql`${sql.lit(begin)} + ${number} * ${sql.lit(everyMs)}`;
    const namespace = sql`'ns-' || (${number} % ${sql.lit(namespaceCount)})`;
    const task = sql`'task-' || (${number} % ${sql.lit(taskCount)})`;
    const phase = sql`case when ${number} % 50 = 0 then 'Failed' when ${number} % 333 = 0 then 'Cancelled' else 'Succeeded' end`;
    const trigger = sql`case when ${number} % 100 = 7 then 'Manual' else 'Schedule' end`;
    const created =
      kind === 'sqlite'
        ? sql`strftime('%Y-%m-%dT%H:%M:%SZ', (${ms}) / 1000, 'unixepoch')`
        : sql`to_char(to_timestamp((${ms}) / 1000) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
    const summary = sql`'{"uid":"uid-' || ${number} || '","namespace":"' || ${namespace} || '","name":"run-' || ${number} || '","task":"' || ${task} || '","trigger":{"type":"' || ${trigger} || '"},"phase":"' || ${phase} || '","message":"exit code 0 in container main after a while","creationTimestamp":"' || ${created} || '","startTime":"' || ${created} || '","completionTime":"' || ${created} || '","durationSeconds":12,"shape":"Job"}'`;
    const body = kind === 'sqlite' ? sql`zeroblob(400)` : sql`decode(repeat('00', 400), 'hex')`;
    const seriesFrom = (first: number) => {
      const last = first + filledAtOnce - 1;
      return kind === 'sqlite'
        ? sql`(with recursive n(i) as (select ${sql.lit(first)} union all select i + 1 from n where i < ${sql.lit(last)}) select i from n) as series`
        : sql`(select i::bigint from generate_series(${sql.lit(first)}, ${sql.lit(last)}) as i) as series`;
    };
    const insert = (first: number) =>
      sql`insert into runs (uid, namespace, namespace_uid, task, name, phase, trigger_type, created_at, summary, body, bytes) select 'uid-' || ${number}, ${namespace}, 'uid-of-' || ${namespace}, ${task}, 'run-' || ${number}, ${phase}, ${trigger}, ${ms}, ${summary}, ${body}, 400 from ${seriesFrom(first)}`;
    for (let first = 0; first < archived; first += filledAtOnce) await insert(first).execute(database);
    // As PostgreSQL's autovacuum does by itself once so much was written.
    await (kind === 'sqlite' ? sql`analyze` : sql`vacuum analyze`).execute(database);
  } finally {
    await opened.close();
  }
}

const noCluster = { get: () => Promise.reject(new Error('there is no cluster')) };

function noCaches(): Caches {
  const informer = { cache: new Cache({ namespace: byNamespace, owner: byOwner }, () => undefined) };
  return { tasks: informer, runs: informer, jobs: informer } as unknown as Caches;
}

const logRuns = 50;
const logBytes = 1024 ** 2;
const logRounds = 5;

/** Fifty runs of a megabyte each, read through HTTP by another process, beside cat of the same text. */
async function measureLogs(directory: string): Promise<Row[]> {
  const archive = new Archive(join(directory, 'logs.db'));
  const files: string[] = [];
  for (let index = 0; index < logRuns; index += 1) {
    const text = logOf(index);
    await archive.save([materialOf(index, text)]);
    files.push(join(directory, `log-${index}`));
    await writeFile(files.at(-1) ?? '', text);
  }
  const service = new Service({ caches: noCaches(), archive, client: noCluster });
  const people = { of: () => Promise.resolve(everybody) } as unknown as People;
  const app = createApi({
    service,
    people,
    log: pino({ level: 'silent' }),
    version: '',
    requestLimits: { all: 1_000, changes: 1_000 },
  });
  const server = await serveApi(app, { host: '127.0.0.1', port: 0 }, undefined);
  try {
    const url = `http://127.0.0.1:${server.port}/api/v1/namespaces/prod/tasks/task/logs?runs=${logRuns}`;
    const all: number[] = [];
    const first: number[] = [];
    const cat: number[] = [];
    for (let round = 0; round < logRounds; round += 1) {
      const read = await readBy(url);
      if (read.bytes < logRuns * logBytes * 0.6) throw new Error(`only ${read.bytes} bytes came`);
      all.push(read.all);
      first.push(read.first);
      cat.push(await timeOf('sh', ['-c', `cat ${files.join(' ')} | wc -c`]));
    }
    return [
      row({
        name: `logs of ${logRuns} archived runs of 1 MB merged: all of it`,
        value: median(all),
        limit: median(cat),
        unit: 'ms',
        peer: 'cat of the same files into a pipe',
        aim: 3 * median(cat),
      }),
      row({
        name: `logs of ${logRuns} archived runs of 1 MB merged: first byte`,
        value: median(first),
        limit: null,
        unit: 'ms',
        peer: '',
        aim: 100,
      }),
    ];
  } finally {
    await server.close();
    await archive.close();
  }
}

const everybody: Person = {
  name: 'bench',
  onlyReads: false,
  reader: undefined as never,
  acting: () => undefined as never,
  may: () => Promise.resolve(true),
  require: () => Promise.resolve(),
};

/** Lines of different runs stand between each other. */
function logOf(run: number): string {
  const lines: string[] = [];
  for (let bytes = 0, index = 0; bytes < logBytes; index += 1) {
    const time = new Date(begin + index * 100 + run * 2).toISOString().replace('Z', '000000Z');
    lines.push(`${time} ${createHash('sha1').update(`${run}/${index}`).digest('hex')} a line as programs print them\n`);
    bytes += lines.at(-1)?.length ?? 0;
  }
  return lines.join('');
}

function materialOf(index: number, text: string): Material {
  const creationTimestamp = new Date(begin + index).toISOString();
  const record = {
    uid: `log-${index}`,
    namespace: 'prod',
    name: `run-${index}`,
    task: 'task',
    trigger: { type: 'Manual' as const },
    phase: 'Succeeded' as const,
    creationTimestamp,
    shape: 'Job' as const,
  };
  return {
    record,
    namespaceUid: 'uid-of-prod',
    body: { jobs: [] },
    logs: [
      { pod: `run-${index}-x`, container: 'main', restart: 0, bytes: text.length, cutBytes: 0, body: gzipSync(text) },
    ],
  };
}

/** The first request of a process takes a while of its own. */
const reader = `
await (await fetch(new URL('/api/v1/access', process.argv[1]))).text();
const began = performance.now();
const response = await fetch(process.argv[1]);
let bytes = 0, first;
for await (const chunk of response.body) { first ??= performance.now() - began; bytes += chunk.length; }
console.log(JSON.stringify({ bytes, first, all: performance.now() - began }));
`;

async function readBy(url: string): Promise<{ bytes: number; first: number; all: number }> {
  return JSON.parse(await outputOf(process.execPath, ['--input-type=module', '-e', reader, url])) as {
    bytes: number;
    first: number;
    all: number;
  };
}

async function timeOf(program: string, args: readonly string[]): Promise<number> {
  const began = performance.now();
  await outputOf(program, args);
  return performance.now() - began;
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}`))));
  });
}
