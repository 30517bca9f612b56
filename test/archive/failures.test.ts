/**
 * Databases that fail while runs end: a full disk, a server that dies, a process that is killed. Nothing is lost, and
 * nothing is there twice.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { Archive } from '../../controller/src/archive/archive.ts';
import { Archiver } from '../../controller/src/archive/archiver.ts';
import { FakeCluster } from '../../controller/src/archive/testing/fake-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres } from '../support/postgres.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const runCount = 200;
/** Larger than what is there of a run otherwise, so that runs fill a disk. */
const logLength = 40_000;

function noise(seed: number): string {
  let text = '';
  for (let index = 0; text.length < logLength; index += 1)
    text += `${createHash('sha512').update(`${seed}/${index}`).digest('base64')}\n`;
  return text;
}

/** Two hundred runs that have ended, and an archiver that takes them into that database. */
function scene(setting: string, withLogs: boolean) {
  const cluster = new FakeCluster();
  const failures: string[] = [];
  const dropped: string[] = [];
  const archive = new Archive(setting);
  const archiver = new Archiver({
    client: cluster.client,
    archive,
    log: pino({ level: 'warn' }, { write: (line: string) => void failures.push(line) }),
    logLimits: { bytes: 1_000_000, containers: 10, timeoutMs: 10_000 },
    retention: { maxAgeMs: Infinity, maxRuns: Infinity, maxBytes: Infinity },
    observer: { dropped: (what) => dropped.push(what) },
    onReleased: () => undefined,
  });
  undo.push(async () => {
    await archiver.stop();
    await archive.close();
  });
  const runs = Array.from({ length: runCount }, (_, index) =>
    cluster.add(`run-${index}`, withLogs ? [{ name: `run-${index}-x`, logs: { main: [noise(index)] } }] : []),
  );
  return { archive, archiver, runs, failures, dropped };
}

type Scene = ReturnType<typeof scene>;

async function expectAll({ archive, archiver, runs, dropped }: Scene): Promise<void> {
  await eventually('nothing is on its way', () => (archiver.queueLength === 0 ? true : undefined), { seconds: 90 });
  const found = await archive.find({}, { limit: 1_000 });
  expect(found.map(({ uid }) => uid).sort()).toEqual(runs.map(({ uid }) => uid).sort());
  expect(dropped).toEqual([]);
}

it('a PostgreSQL server that is killed while runs end gets each of them once it is back', async () => {
  const postgres = await startPostgres();
  undo.push(() => postgres.stop());
  const here = scene(postgres.url, false);
  await here.archive.ready();
  here.archiver.start();
  here.runs.slice(0, 100).forEach((run) => here.archiver.add(run));
  await eventually('some are archived', async () => ((await here.archive.count({})) > 0 ? true : undefined), {
    everyMs: 5,
  });
  await postgres.kill();
  here.runs.slice(100).forEach((run) => here.archiver.add(run));
  await eventually('it is said', () =>
    here.failures.some((line) => line.includes('it is retried')) ? true : undefined,
  );
  await postgres.start();
  await expectAll(here);
}, 120_000);

it.runIf(process.getuid?.() === 0)(
  'a disk that is full holds up nobody, and has all once there is room',
  async () => {
    const disk = await mkdtemp(join(tmpdir(), 'full-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk]);
    undo.push(async () => {
      execFileSync('umount', ['-l', disk]);
      await rm(disk, { recursive: true, force: true });
    });
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, Buffer.alloc(17 * 1024 ** 2));
    const here = scene(join(disk, 'runs.db'), true);
    await here.archive.ready();
    here.archiver.start();
    here.runs.forEach((run) => here.archiver.add(run));
    await eventually('the disk is full', () => {
      if (!here.failures.some((line) => /full|disk I\/O/.test(line)))
        throw new Error(`${here.archiver.queueLength} ${here.failures.length} ${here.failures.at(-1) ?? ''}`);
      return true;
    });
    // What is held in memory may be pruned: it is read already.
    await eventually('nobody is held up', () =>
      here.runs.every(({ uid }) => !here.archiver.holds(uid)) ? true : undefined,
    );
    await rm(ballast);
    await expectAll(here);
  },
  180_000,
);

const writer = `
import { Archive } from ${JSON.stringify(fileURLToPath(new URL('../../controller/src/archive/archive.ts', import.meta.url)))};
const archive = new Archive(process.argv[2]);
for (let index = 0; ; index += 1) {
  const record = { uid: 'u' + index, namespace: 'prod', name: 'run-' + index, task: 'task', trigger: { type: 'Manual' }, phase: 'Succeeded', creationTimestamp: new Date(1e12 + index).toISOString(), shape: 'Job' };
  await archive.save([{ record, body: { jobs: [] }, logs: [] }]);
  console.log(index);
}
`;

it('a SQLite file has all that was saved when the process that wrote it is killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'killed-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const [program, file] = [join(directory, 'writer.mts'), join(directory, 'runs.db')];
  await writeFile(program, writer);
  const child = spawn(process.execPath, ['--import', 'tsx', program, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const exited = once(child, 'exit');
  let saved = -1;
  for await (const line of createInterface(child.stdout)) {
    saved = Number(line);
    if (saved === 50) child.kill('SIGKILL');
  }
  await exited;
  const archive = new Archive(file);
  undo.push(() => archive.close());
  const count = await archive.count({});
  expect([saved + 1, saved + 2]).toContain(count);
  await archive.retain({ maxAgeMs: Infinity, maxRuns: 10, maxBytes: Infinity }, Date.now());
  expect(await archive.count({})).toBe(10);
});
