import { mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import { Informer } from '../controller/src/kube/informer.ts';
import type { KubeObject, ResourceType } from '../controller/src/kube/objects.ts';
import { events, pods } from '../controller/src/kube/resources.ts';
import { eventually } from '../test/support/eventually.ts';
import { withController, type Bench } from './bench.ts';
import { memoryOf, scrapeApiServer, scrapeController, sum } from './metrics.ts';
import { componentOf, deploy, forAll, jobs, renamed, taskRuns, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';

const perSecond = 10;
const usualSeconds = 360;
const taskCount = 200;
/** What is measured over a minute: early, once all Tasks have as many runs as they keep, and at the end. */
const windowMs = 60_000;
const archivingSeconds = 120;
const peer = 'the same early, once all Tasks keep as many runs as they may';

/**
 * Ten deployments a second for six minutes, and with `--times=10` for an hour: each runs a pod, is archived, and takes
 * the place of an older one, whose Job and record are pruned. The end is held against an early minute.
 */
export async function longRun(bench: Bench): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'long-run-'));
  const file = join(directory, 'runs.db');
  try {
    return await withController(bench, ({ pid, port }) => measure(bench, { pid, port, file }), [`--archive=${file}`]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Controller {
  readonly pid: number;
  readonly port: number;
  /** Its archive. */
  readonly file: string;
}

/** What the controller takes at a moment. */
interface Sizes {
  readonly memory: number;
  readonly openFiles: number;
  readonly connections: number;
  /** Objects of ours, Jobs and pods in etcd. */
  readonly objects: number;
  /** Events, which the API server keeps for an hour. */
  readonly events: number;
  /** Megabytes of etcd's file. */
  readonly etcdFile: number;
  readonly archivedRuns: number;
  readonly archiveBytes: number;
}

async function measure(bench: Bench, controller: Controller): Promise<Row[]> {
  const seconds = bench.times * usualSeconds;
  const all = await createTasks(bench);
  const latencies = await Latencies.of(bench);
  try {
    const began = performance.now();
    const early = { from: began + (seconds * 1_000) / 12, until: began + (seconds * 1_000) / 12 + windowMs };
    const deploying = deployAll(bench, { all, seconds, latencies });
    const lookingEarly = delay(early.until - began).then(() => sizesOf(bench, controller));
    const [earlySizes] = await Promise.all([lookingEarly, deploying]);
    const ended = performance.now();
    const late = { from: ended - windowMs, until: ended };
    const lateSizes = await sizesOf(bench, controller);
    const total = taskCount + perSecond * seconds;
    const archived = await untilArchived(controller, total);
    const name = `${total} runs, ${perSecond} a second`;
    return [
      row({
        name: `${name}: lost to the archive`,
        value: total - archived,
        limit: null,
        unit: 'runs',
        peer: '',
        aim: 0,
      }),
      ...[0.5, 0.99].map((share) =>
        beside(
          `${name}: deploy to Job p${share * 100}`,
          'ms',
          latencies.percentile(late, share),
          latencies.percentile(early, share),
        ),
      ),
      beside(`${name}: memory`, 'MB', lateSizes.memory, earlySizes.memory),
      beside(`${name}: open files`, 'files', lateSizes.openFiles, earlySizes.openFiles),
      beside(`${name}: connections`, 'sockets', lateSizes.connections, earlySizes.connections),
      beside(`${name}: objects in etcd`, 'objects', lateSizes.objects, earlySizes.objects),
      shown(`${name}: events in etcd, kept for an hour`, 'events', lateSizes.events, earlySizes.events),
      shown(`${name}: file of etcd`, 'MB', lateSizes.etcdFile, earlySizes.etcdFile),
      beside(`${name}: archive, a run`, 'bytes', bytesOf(lateSizes), bytesOf(earlySizes)),
    ];
  } finally {
    await latencies.stop();
  }
}

const bytesOf = ({ archiveBytes, archivedRuns }: Sizes): number => archiveBytes / archivedRuns;

/** A figure of the end beside the early one, of which it may be a tenth more. */
function beside(name: string, unit: string, value: number, limit: number): Row {
  return row({ name, value, limit, unit, peer, aim: 1.1 * limit });
}

/** A figure of the end beside the early one, without an aim: Kubernetes decides on it. */
function shown(name: string, unit: string, value: number, limit: number): Row {
  return row({ name, value, limit, unit, peer, aim: null });
}

async function createTasks({ namespace, client, render }: Bench): Promise<readonly TaskObject[]> {
  const template = await render({
    namespace,
    name: 'template',
    parameter: { executionPolicy: { keepLast: 1, historyLimit: 2 } },
  });
  const all = Array.from({ length: taskCount }, (_, index) => renamed(template, `task-${index}`));
  await forAll(all, 10, (task) => client.create(tasks, task));
  return all;
}

interface Load {
  readonly all: readonly TaskObject[];
  readonly seconds: number;
  readonly latencies: Latencies;
}

/** Each Task in its turn. @throws Error when the machine does not keep up */
async function deployAll({ client }: Bench, { all, seconds, latencies }: Load): Promise<void> {
  const began = performance.now();
  const pending = new Set<Promise<unknown>>();
  let failure: Error | undefined;
  for (let index = 0; index < seconds * perSecond; index += 1) {
    await delay(Math.max(0, began + (index * 1_000) / perSecond - performance.now()));
    const task = all[index % taskCount];
    if (!task) throw new Error('there are no Tasks');
    const revision = Math.floor(index / taskCount) + 2;
    latencies.begin(`${componentOf(task)}-v${revision}`);
    const deployed: Promise<unknown> = deploy(client, task, revision)
      .catch((error: Error) => (failure ??= error))
      .finally(() => pending.delete(deployed));
    pending.add(deployed);
    if (pending.size > taskCount) throw new Error(`${pending.size} deployments are under way: the machine is too slow`);
    if (failure) throw failure;
  }
  await Promise.all(pending);
}

interface Span {
  readonly from: number;
  readonly until: number;
}

/** From each deployment's patch until a watch has seen its Job. All moments are performance.now(). */
class Latencies {
  readonly #begun = new Map<string, number>();
  readonly #all: { readonly at: number; readonly ms: number }[] = [];
  readonly #informer: Informer<Job>;

  private constructor({ client, namespace }: Bench) {
    // A watch of its own ends after ten minutes.
    this.#informer = new Informer({ client, type: jobs, namespaces: [namespace], project: (job) => job });
    this.#informer.onEvent(({ type, object }) => type === 'added' && this.#end(object.metadata.name));
  }

  static async of(bench: Bench): Promise<Latencies> {
    const latencies = new Latencies(bench);
    await latencies.#informer.start();
    return latencies;
  }

  /** @param run the run that is about to be deployed */
  begin(run: string): void {
    this.#begun.set(run, performance.now());
  }

  /** The milliseconds within which a share of the deployments of that time had their Jobs. */
  percentile({ from, until }: Span, share: number): number {
    return percentile(
      this.#all.filter(({ at }) => from <= at && at < until).map(({ ms }) => ms),
      share,
    );
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }

  #end(run: string): void {
    const at = this.#begun.get(run);
    if (at === undefined) return;
    this.#begun.delete(run);
    this.#all.push({ at, ms: performance.now() - at });
  }
}

async function sizesOf(bench: Bench, { pid, port, file }: Controller): Promise<Sizes> {
  const [{ now }, own, files] = await Promise.all([memoryOf(pid), scrapeController(port), openFiles(pid)]);
  const apiServer = await scrapeApiServer(bench.client);
  return {
    memory: now,
    openFiles: files.length,
    connections: files.filter((target) => target.startsWith('socket:')).length,
    objects: await countObjects(bench, [tasks, taskRuns, jobs, pods]),
    events: await countObjects(bench, [events]),
    etcdFile: sum(apiServer, 'apiserver_storage_size_bytes') / 1024 / 1024,
    archivedRuns: sum(own, 'task_runs_archive_saved_total'),
    archiveBytes: await sizeOf(file),
  };
}

async function countObjects({ client, namespace }: Bench, types: readonly ResourceType[]): Promise<number> {
  let count = 0;
  for (const type of types)
    for await (const { items } of client.list<KubeObject>(type, { namespace })) count += items.length;
  return count;
}

/** What each file descriptor of a process leads to. */
async function openFiles(pid: number): Promise<readonly string[]> {
  const directory = `/proc/${pid}/fd`;
  const targets = (await readdir(directory)).map((fd) => readlink(join(directory, fd)).catch(unlessClosed));
  return (await Promise.all(targets)).filter((target) => target !== undefined);
}

function unlessClosed(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** With what SQLite has not moved into the file yet. */
async function sizeOf(file: string): Promise<number> {
  const sizes = await Promise.all([file, `${file}-wal`].map((path) => stat(path).then(({ size }) => size)));
  return sizes.reduce((total, size) => total + size, 0);
}

/** @returns how many runs the archive has, once it has all, or when time is up */
async function untilArchived({ port }: Controller, total: number): Promise<number> {
  const savedRuns = async () => sum(await scrapeController(port), 'task_runs_archive_saved_total');
  await eventually('all runs are archived', async () => (await savedRuns()) >= total, {
    seconds: archivingSeconds,
    everyMs: 1_000,
  }).catch(() => undefined);
  return savedRuns();
}
