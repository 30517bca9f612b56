/**
 * From an earlier version to this one, disabled and enabled again, and back, while hundreds of runs are active,
 * waiting, scheduled and half through a flow. The API server's audit log says whether each trigger had one run, and
 * each run its Jobs once: the rules of test/campaign/judge.ts. `make upgrade` builds the earlier version and names its
 * directory in UPGRADE_FROM.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../cue/ts/index.ts';
import { taskRuns, tasks, type TaskObject, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import { jobs, namespaces } from '../../controller/src/kube/resources.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { readAudit } from '../campaign/audit.ts';
import { bookOf, firstOf, ownedBy, type Book } from '../campaign/book.ts';
import { judge } from '../campaign/judge.ts';
import { addonDirectory, installAddon, startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { deploy, taskWhere, type Deployment } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';

const account = 'system:serviceaccount:vela-system:task-runs';
const patience = { seconds: 900, everyMs: 1_000 };
/** How long a run takes: longer than the deployments of all, and the change of versions. */
const duration = '240s';
const atOnce = pLimit(50);

/** A version of the addon, assembled and built. */
interface Version {
  readonly addon: string;
  readonly program: string;
}
const builtIn = (directory: string): Version => ({
  addon: join(directory, 'dist/task-runs'),
  program: join(directory, 'dist/controller/main.js'),
});
const earlier = builtIn(process.env['UPGRADE_FROM'] ?? '');
const present: Version = { addon: addonDirectory, program: join(addonDirectory, '../controller/main.js') };

/** A deployment, and the phase that the Task must have before what follows. */
interface Told extends Omit<Deployment, 'namespace' | 'application'> {
  readonly until: string;
}
const policy = { keepLast: 1 };
const inTurn = { ...policy, concurrencyPolicy: 'Queue' } as const;

/** What the Tasks of a namespace do, and how many there are of each. */
const stories: Readonly<Record<string, { readonly count: number; readonly told: readonly Told[] }>> = {
  active: { count: 200, told: [{ revision: 1, policy, pods: { duration }, until: 'Running' }] },
  waiting: {
    count: 100,
    told: [
      { revision: 1, policy: inTurn, pods: { duration }, until: 'Running' },
      { revision: 2, policy: inTurn, until: 'Queued' },
    ],
  },
  scheduled: {
    count: 100,
    told: [{ revision: 1, policy, spec: { schedule: { crons: ['* * * * *'] } }, until: 'Succeeded' }],
  },
  flow: {
    count: 100,
    told: [
      {
        revision: 1,
        policy,
        steps: [
          { name: 'first' },
          { name: 'second', dependsOn: ['first'], pods: { duration } },
          { name: 'third', dependsOn: ['second'] },
        ],
        until: 'Running',
      },
    ],
  },
};

let cluster: Cluster;
let controller: ControllerProcess | undefined;
let installed: readonly JsonObject[] = [];

beforeAll(async () => {
  if (process.env['UPGRADE_FROM'] === undefined)
    throw new Error('UPGRADE_FROM names the directory of an earlier version that is built: make upgrade sets it');
  cluster = await startCluster({
    nodes: 'simulated',
    nodeCount: 10,
    audit: true,
    controllerCallsPerSecond: 100,
    addon: earlier.addon,
  });
});
afterAll(async () => {
  await controller?.stop();
  await cluster?.stop();
});

const keyOf = ({ apiVersion, kind, metadata }: JsonObject): string =>
  JSON.stringify([
    apiVersion,
    kind,
    (metadata as KubeObject['metadata'])?.namespace,
    (metadata as KubeObject['metadata'])?.name,
  ]);

/**
 * Ends the controller that runs, and puts a version in the place of the other, as KubeVela does: what that one had and
 * this one has not is deleted.
 *
 * @returns how long no controller led, in milliseconds
 */
async function change({ addon, program }: Version): Promise<number> {
  await controller?.stop();
  const from = Date.now();
  const before = installed;
  installed = await installAddon(cluster.kubectl, addon);
  const stays = new Set(installed.map(keyOf));
  await remove(before.filter((object) => !stays.has(keyOf(object))));
  controller = await startController(cluster.controllerKubeconfig, [], 'leading', {}, program);
  return Date.now() - from;
}

async function remove(objects: readonly JsonObject[]): Promise<void> {
  if (objects.length === 0) return;
  await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], {
    input: { apiVersion: 'v1', kind: 'List', items: objects },
  });
}

/**
 * Ends the controller that runs and deletes what `vela addon disable` deletes: all but the CRDs (the policy `keep` of
 * addon/template.cue). Enables the version once Jobs have ended of which nobody knows.
 *
 * @returns how long no controller led, in milliseconds
 */
async function disableAndEnable(namespace: string, version: Version): Promise<number> {
  const stays = new Set(['CustomResourceDefinition', 'Namespace']);
  const from = Date.now();
  await controller?.stop();
  controller = undefined;
  const goneAt = Date.now();
  await remove(installed.filter(({ kind }) => !stays.has(String(kind))));
  installed = installed.filter(({ kind }) => stays.has(String(kind)));
  await eventually(
    'Jobs have ended that no controller saw',
    async () => {
      const ended = (await listed(jobs, namespace)).filter(
        ({ status }) => Date.parse(status?.completionTime ?? '') > goneAt,
      );
      return ended.length >= 10;
    },
    patience,
  );
  installed = await installAddon(cluster.kubectl, version.addon);
  // The token of before was the old service account's.
  await writeControllerKubeconfig(cluster.kubectl, cluster.controllerKubeconfig);
  controller = await startController(cluster.controllerKubeconfig, [], 'leading', {}, version.program);
  return Date.now() - from;
}

const listed = <T extends KubeObject>(type: ResourceType<T>, namespace: string): Promise<Stored<T>[]> =>
  listAll(cluster.client, type, { namespace });

/** Deploys all stories, and waits until each is where the version is to change. */
async function tellAll(namespace: string): Promise<void> {
  await cluster.client.create(namespaces, { metadata: { name: namespace } });
  const tell = async (told: readonly Told[], application: string) => {
    for (const { until, ...deployment } of told) {
      const task = await deploy(cluster.client, { ...deployment, namespace, application });
      await taskWhere(cluster.client, task, `is ${until}`, ({ phase }) => phase === until, patience);
    }
  };
  await Promise.all(
    Object.entries(stories).flatMap(([name, { count, told }]) =>
      Array.from({ length: count }, (_, index) => atOnce(() => tell(told, `${name}-${index}`))),
    ),
  );
}

const scheduledIn = async (namespace: string): Promise<Stored<TaskObject>[]> =>
  (await listed(tasks, namespace)).filter(({ spec }) => spec.schedule);

const lastTimeOf = ({ status }: TaskObject): number => Date.parse(status?.lastScheduleTime ?? '');

/** Ends the schedules once each has gone on after the change, and waits until every run has finished. */
async function untilRest(namespace: string, changedAt: number): Promise<void> {
  const scheduled = await eventually(
    'each schedule has gone on',
    async () => {
      const all = await scheduledIn(namespace);
      const late = all.filter((task) => !(lastTimeOf(task) > changedAt));
      if (late.length > 0) throw new Error(`${late.length} have not: ${JSON.stringify(late[0])}`);
      return all;
    },
    patience,
  );
  await Promise.all(
    scheduled.map(({ metadata: { name } }) =>
      atOnce(() => cluster.client.patch(tasks, { namespace, name }, { spec: { suspend: true } })),
    ),
  );
  await eventually(
    `all runs of ${namespace} have finished`,
    async () => {
      const unfinished = (await listed(taskRuns, namespace)).filter(({ status }) => !isFinished(status?.phase));
      const unsettled = (await listed(tasks, namespace)).filter((task) => !hasSettled(task));
      if (unfinished.length + unsettled.length === 0) return true;
      const some = [...unfinished, ...unsettled].slice(0, 3).map(({ metadata, status }) => [metadata.name, status]);
      throw new Error(`${unfinished.length} runs, ${unsettled.length} Tasks: ${JSON.stringify(some)}`);
    },
    patience,
  );
}

const hasSettled = ({ metadata, status }: Stored<TaskObject>): boolean =>
  status?.observedGeneration === metadata.generation && (status?.totals?.active ?? 0) === 0;

/** The runs that had finished keep their word; those that had not, ended well, and started once. */
function lost(before: readonly Stored<TaskRunObject>[], after: readonly Stored<TaskRunObject>[]): readonly string[] {
  const now = new Map(after.map((run) => [run.metadata.uid, run]));
  // The oldest runs of a schedule leave with time.
  const asked = before.filter(({ metadata }) => !metadata.name.startsWith('scheduled') || now.has(metadata.uid));
  return asked.flatMap(({ metadata, status: then }) => {
    const run = now.get(metadata.uid)?.status;
    return isKept(then, run) ? [] : [`${metadata.name}: ${JSON.stringify([then, run])}`];
  });
}

function isKept(then: TaskRunObject['status'], now: TaskRunObject['status']): boolean {
  const end = isFinished(then?.phase) ? then?.phase : 'Succeeded';
  return now?.phase === end && (then?.startTime === undefined || then.startTime === now?.startTime);
}

/** Each time of a schedule up to the last that was answered has a run, or the Task says that it was missed. */
function silentlyMissed(scheduled: readonly TaskObject[], { runs }: Book): readonly string[] {
  const minute = (time: number): number => Math.floor(time / 60_000);
  return scheduled.flatMap((task) => {
    const { name, uid = '' } = task.metadata ?? {};
    const since = Date.parse(task.status?.observedSchedule?.since ?? '');
    const times = minute(lastTimeOf(task)) - minute(since);
    const answered = ownedBy(runs, uid).filter((run) => firstOf(run)?.spec.trigger?.scheduledTime !== undefined);
    const missed = task.status?.missedSchedules ?? 0;
    return answered.length + missed === times
      ? []
      : [`${name}: ${times} times, ${answered.length} runs, ${missed} missed`];
  });
}

/** Changes the version while everything is under way in a new namespace, and judges what came of it. */
async function changeAmid(namespace: string, makeChange: () => Promise<number>): Promise<void> {
  await tellAll(namespace);
  const before = await listed(taskRuns, namespace);
  const downtime = await makeChange();
  const active = before.filter(({ status }) => !isFinished(status?.phase)).length;
  console.log(`${active} of ${before.length} runs were active; no controller led for ${downtime} ms.`);
  expect(active).toBeGreaterThanOrEqual(400);
  await untilRest(namespace, Date.now());
  await delay(15_000);
  const restsFrom = Date.now();
  await delay(10_000);
  expect(lost(before, await listed(taskRuns, namespace))).toEqual([]);
  const changes = await readAudit(cluster.sandbox.auditLog, new Set([namespace]));
  const findings = judge({ changes, controller: account, restsFrom });
  if (findings.length > 0) {
    await mkdir('out', { recursive: true });
    await copyFile(cluster.sandbox.auditLog, join('out', `upgrade-audit-${namespace}.log`));
  }
  expect(findings).toEqual([]);
  expect(silentlyMissed(await scheduledIn(namespace), bookOf(changes))).toEqual([]);
}

describe('a change of the version while 500 Tasks are under way', () => {
  it('an upgrade from an earlier version loses nothing, and runs nothing twice', async () => {
    await change(earlier);
    await changeAmid('up', () => change(present));
  });

  it('disabling this version and enabling it again loses nothing, and runs nothing twice', () =>
    changeAmid('off', () => disableAndEnable('off', present)));

  it('going back to the earlier version loses nothing, and runs nothing twice', () =>
    changeAmid('back', () => change(earlier)));
});
