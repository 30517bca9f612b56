/**
 * Many Applications at once (hundreds in a campaign), through the stand-in for KubeVela, a real API server and the
 * controller's own process, with simulated pods: applied in one go, changed in one go while they run, with failing and
 * slow ones among them, and changed again while the API server is killed.
 */
import { readFile } from 'node:fs/promises';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunPage, TaskPage } from '../../controller/src/api/schemas.ts';
import { applications, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { taskName } from '../../controller/src/domain/policies/task-name.ts';
import { controllerUid } from '../../controller/src/kube/objects.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import type { ApplicationStatus } from '../../sandbox/src/kubevela/application.ts';
import { callsOf } from '../support/calls.ts';
import { isCampaign } from '../support/campaign.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { killParts } from '../support/kill-parts.ts';
import { keepLedgerThroughRestarts, type History, type Ledger } from '../support/ledger.ts';
import { restOf, type Ask } from '../support/rest.ts';
import { Room } from '../support/room.ts';

/** What a machine with 2 cores does in a minute; `make campaign` takes what has once been too much for it. */
const count = isCampaign ? 300 : 60;
const namespace = 'hundreds';
/** With 2 cores that do nothing else half of it is enough. */
const patience = { seconds: 240, everyMs: 1_000 };
const testMs = 500_000;
/**
 * As for single tasks, what a run that others replace costs beyond it, and two reads of the Application: what ran
 * before a new Task, and where the mark of what ran goes (decision 24).
 */
const mostCallsOfARun = 12;
const mostMegabytes = 250;

/**
 * What an Application does: one in ten fails, one in ten is slow; half replace the run before, the others let it end
 * and keep one.
 */
interface Kind {
  readonly index: number;
  readonly does: 'succeeds' | 'fails' | 'is slow';
  readonly replaces: boolean;
}

const kinds: readonly Kind[] = Array.from({ length: count }, (_, index) => {
  const does = ({ 0: 'fails', 1: 'is slow' } as const)[Math.floor(index / 2) % 10] ?? 'succeeds';
  return { index, does, replaces: index % 2 === 1 };
});

let cluster: Cluster;
let controller: ControllerProcess;
let room: Room;
let ledger: Ledger;
let admin: Ask;

beforeAll(async () => {
  cluster = await startCluster({
    nodes: 'simulated',
    nodeCount: 4,
    kubevela: 'stand-in',
    controllerCallsPerSecond: 100,
  });
  room = await Room.open(cluster, namespace);
  ledger = await keepLedgerThroughRestarts(cluster.client);
  controller = await startController(cluster.controllerKubeconfig, [
    '--api-address=127.0.0.1:0',
    '--api-requests-per-minute=100000',
  ]);
  await cluster.kubectl(['create', 'serviceaccount', 'admin', '-n', 'default']);
  await cluster.kubectl([
    'create',
    'clusterrolebinding',
    'test-admin',
    '--clusterrole=cluster-admin',
    '--serviceaccount=default:admin',
  ]);
  admin = restOf(
    controller.apiPort ?? 0,
    (await cluster.kubectl(['create', 'token', 'admin', '-n', 'default'])).trim(),
  );
});
afterAll(async () => {
  await controller?.stop();
  await ledger?.stop();
  await cluster?.stop();
});

/**
 * How long the pods of the nth deployment run: none of the first ends by itself before the second comes, but those that
 * nothing replaces do end.
 */
function durationOf({ does, replaces }: Kind, nth: number): string {
  if (replaces && (nth === 1 || (nth === 2 && does === 'is slow'))) return '1h';
  return { 1: '20s', 2: does === 'is slow' ? '30s' : '2s', 3: does === 'is slow' ? '10s' : '2s' }[nth] ?? '2s';
}

function applicationOf(kind: Kind, nth: number) {
  const properties = {
    image: 'busybox',
    cmd: ['echo', `deployment ${nth}`],
    backoffLimit: 0,
    annotations: {
      [podAnnotations.duration]: durationOf(kind, nth),
      ...(kind.does === 'fails' && { [podAnnotations.exitCode]: '3' }),
    },
    executionPolicy: kind.replaces ? { concurrencyPolicy: 'Replace' } : { keepLast: 1, keepLastFailed: 1 },
  };
  const metadata = { name: `app-${kind.index}`, namespace };
  return {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata,
    spec: { components: [{ name: `task-${kind.index}`, type: 'task', properties }] },
  };
}

/** As a person applies a directory of Applications; whoever cannot reach the API server tries again. */
async function deployAll(nth: number): Promise<void> {
  const apply = (kind: Kind) =>
    cluster.client.patch(applications, { namespace, name: `app-${kind.index}` }, applicationOf(kind, nth), {
      type: 'apply',
      fieldManager: 'test',
      force: true,
    });
  await Promise.all(kinds.map((kind) => eventually(`app-${kind.index} is applied`, () => apply(kind), patience)));
}

interface Story {
  /** Every run that ever was, oldest first, as `v1 Succeeded`. */
  readonly runs: readonly string[];
  /** The runs whose Jobs exist. */
  readonly kept: readonly string[];
  /** Runs that had another number of Jobs than one. */
  readonly not: readonly string[];
}

const short = ({ metadata }: { readonly metadata?: { readonly name?: string } }) =>
  /v\d+.*$/.exec(metadata?.name ?? '')?.[0] ?? '';

/** What became of each Application, by the ledger. */
function stories(): ReadonlyMap<string, Story> {
  const jobsOf = grouped(ledger.jobs(namespace), ({ first }) => controllerUid(first) ?? '');
  const runsOf = grouped(ledger.runs(namespace), ({ first }) => first.spec.taskRef?.name ?? '');
  return new Map([...runsOf].map(([task, runs]) => [task, storyOf(runs, jobsOf)]));
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

function storyOf(runs: readonly History<TaskRunObject>[], jobsOf: ReadonlyMap<string, readonly History<Job>[]>): Story {
  const own = ({ first }: History<TaskRunObject>) => jobsOf.get(first.metadata.uid) ?? [];
  return {
    runs: runs.map(
      ({ last, deletedAt }) => `${short(last)} ${deletedAt === undefined ? last.status?.phase : 'deleted'}`,
    ),
    kept: runs
      .filter((run) => own(run).some(({ deletedAt }) => deletedAt === undefined))
      .map(({ last }) => short(last)),
    not: runs.filter((run) => own(run).length !== 1).map((run) => `${short(run.last)} has ${own(run).length} Jobs`),
  };
}

/** The story that an Application must have after so many deployments. */
function storyAfter({ does, replaces }: Kind, deployments: number): Story {
  const ended = does === 'fails' ? 'Failed' : 'Succeeded';
  const replaced = (nth: number) => replaces && (nth === 1 || (nth === 2 && does === 'is slow'));
  const all = Array.from({ length: deployments }, (_, index) => index + 1);
  const phase = (nth: number) => (!replaced(nth) ? ended : nth === deployments ? 'Running' : 'Cancelled');
  // Replace keeps as many as keepLast says by default; a replaced run's Job goes.
  const kept = all.filter((nth) => nth === deployments || (replaces && !replaced(nth)));
  return { runs: all.map((nth) => `v${nth} ${phase(nth)}`), kept: kept.map((nth) => `v${nth}`), not: [] };
}

/** Waits until each Application has its story, and nothing beyond it. */
async function storiesAre(deployments: number): Promise<void> {
  await eventually(
    `every Application has had ${deployments} runs`,
    () => {
      const now = stories();
      const other = kinds.find(
        (kind) => JSON.stringify(now.get(nameOf(kind))) !== JSON.stringify(storyAfter(kind, deployments)),
      );
      if (other)
        throw new Error(
          `${nameOf(other)}, which ${other.does}: ${JSON.stringify(now.get(nameOf(other)))}; seen: ${ledger.runs(namespace).length} runs, ${ledger.jobs(namespace).length} Jobs`,
        );
      return true;
    },
    patience,
  );
}

const nameOf = ({ index }: Kind) => taskName(`app-${index}`, `task-${index}`);

/** What `vela status` shows. */
async function messages(): Promise<ReadonlyMap<string, string>> {
  const found = (await room.list(applications)) as unknown as {
    metadata: { name: string };
    status?: ApplicationStatus;
  }[];
  return new Map(found.map(({ metadata, status }) => [metadata.name, status?.services?.[0]?.message ?? '']));
}

/** Waits until every Application's status shows its newest run, as its Task does. */
async function statusesShow(nth: number): Promise<void> {
  await eventually(
    `every Application shows run ${nth}`,
    async () => {
      const said = await messages();
      for (const { metadata, status } of await room.list(tasks)) {
        const application = /^app-\d+/.exec(metadata.name)?.[0] ?? '';
        const message = said.get(application) ?? '';
        if (!message.startsWith(`task-${application.slice(4)}-v${nth} `) || message !== status?.message)
          throw new Error(`${application} shows "${message}", its Task "${status?.message}"`);
      }
      return true;
    },
    { seconds: 60, everyMs: 1_000 },
  );
}

/**
 * The console's lists agree with the cluster. A running run updates its duration every minute, so both are read again.
 */
async function consoleIsFresh(runs: number): Promise<void> {
  await eventually(
    'the console says what the Tasks say',
    async () => {
      const inCluster = new Map(
        (await room.list(tasks)).map(({ metadata, status }) => [metadata.name, status?.message]),
      );
      const { items } = (await admin(`/namespaces/${namespace}/tasks?limit=500`)).json as TaskPage;
      const other = items.find(({ name, message }) => message !== inCluster.get(name));
      if (other || items.length !== count)
        throw new Error(
          `of ${items.length} Tasks ${other?.name} says "${other?.message}", in the cluster "${inCluster.get(other?.name ?? '')}"`,
        );
      return true;
    },
    { seconds: 5 },
  );
  expect((await admin(`/namespaces/${namespace}/runs?limit=1`)).json).toMatchObject({
    total: runs,
  } satisfies Partial<RunPage>);
}

/** In the middle of a storm: the list answers, and has a run that was just created. */
async function consoleHasNewest(): Promise<void> {
  const newest = ledger.runs(namespace).at(-1)?.first.metadata.name ?? '';
  await eventually(
    `the console has ${newest}`,
    async () => (await admin(`/namespaces/${namespace}/runs/${newest}`)).status === 200,
    { seconds: 2 },
  );
  const began = performance.now();
  expect(((await admin(`/namespaces/${namespace}/tasks?limit=500`)).json as TaskPage).items).toHaveLength(count);
  expect(performance.now() - began).toBeLessThan(2_000);
}

async function controllerIsModest(runs: number): Promise<void> {
  const calls = await callsOf(controller);
  const total = Object.values(calls).reduce((sum, one) => sum + one, 0);
  expect(total / runs, JSON.stringify(calls)).toBeLessThan(mostCallsOfARun);
  expect(Object.keys(calls).filter((call) => call.endsWith(' 429'))).toEqual([]);
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${controller.pid}/status`, 'utf8')) ?? [];
  expect(Number(kilobytes) / 1024).toBeLessThan(mostMegabytes);
}

/** Waits until so many runs of the nth deployment exist, as the ledger saw it. */
function runsExist(nth: number, least: number): Promise<unknown> {
  return eventually(
    `${least} runs of deployment ${nth}`,
    () => ledger.runs(namespace).filter(({ first }) => short(first).startsWith(`v${nth}`)).length >= least,
    { ...patience, everyMs: 50 },
  );
}

it(
  `gives each of ${count} Applications, applied at once and changed at once while they run, its run for each deployment`,
  async () => {
    await deployAll(1);
    await eventually(
      'every first run has pods',
      () =>
        ledger.jobs(namespace).filter(({ last }) => (last.status?.active ?? 0) > 0 || last.status?.conditions)
          .length === count,
      patience,
    );
    await deployAll(2);
    await runsExist(2, count / 2);
    await consoleHasNewest();
    await storiesAre(2);
    await statusesShow(2);
    await consoleIsFresh(2 * count);
    await controllerIsModest(2 * count);
  },
  testMs,
);

it(
  `loses nothing and runs nothing twice when the API server is killed while ${count} Applications change`,
  async () => {
    await deployAll(3);
    await runsExist(3, count / 3);
    await killParts(cluster.sandbox, 'kube-apiserver');
    await storiesAre(3);
    await statusesShow(3);
    await consoleIsFresh(3 * count);
    expect((await room.list(jobs)).length).toBe(
      [...stories().values()].reduce((sum, { kept }) => sum + kept.length, 0),
    );
    expect(controller.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  },
  testMs,
);
