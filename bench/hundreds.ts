import { readFile } from 'node:fs/promises';
import { isNotFound } from '../controller/src/kube/api-error.ts';
import { resourceType, type KubeObject, type ResourceType, type Stored } from '../controller/src/kube/objects.ts';
import { isFinished } from '../controller/src/domain/model/phase.ts';
import { taskName } from '../controller/src/domain/policies/task-name.ts';
import type { TaskObject, TaskRunObject } from '../controller/src/cluster/resource-types.ts';
import { createCue, type JsonObject } from '../cue/ts/index.ts';
import type { ApplicationStatus } from '../sandbox/src/kubevela/application.ts';
import { definitionManifest } from '../sandbox/src/kubevela/definition-manifest.ts';
import { systemNamespace } from '../sandbox/src/kubevela/definitions.ts';
import { eventually } from '../test/support/eventually.ts';
import { ownCalls, quiet } from './api-calls.ts';
import { withController, type Bench } from './bench.ts';
import { writeRun } from './burst.ts';
import { seeJobs } from './jobs-seen.ts';
import { memoryOf, sum } from './metrics.ts';
import {
  componentOf,
  createNamespace,
  deploy,
  empty,
  forAll,
  jobOf,
  jobs,
  ownerless,
  renamed,
  runOf,
  taskRuns,
  tasks,
} from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import { Seen } from './seen.ts';
import { startStandIn } from './stand-in.ts';

export const count = 300;
export const deployments = [1, 2] as const;
/** They run for longer than a deployment takes, so that the second one finds them running. */
const podSeconds = 30;
/** As many as the controller has workers; a raw loop has as many calls in flight as both together. */
const creators = 10;
const patience = 240;
const names = Array.from({ length: count }, (_, index) => `task-${index}`);

interface CoreObject extends KubeObject {
  readonly spec?: JsonObject;
  readonly status?: ApplicationStatus;
}
const core = (plural: string, kind: string, namespaced = true) =>
  resourceType<CoreObject>({ group: 'core.oam.dev', version: 'v1beta1', plural, kind, namespaced });
export const applications = core('applications', 'Application');
const revisions = core('applicationrevisions', 'ApplicationRevision');
const trackers = core('resourcetrackers', 'ResourceTracker', false);
const componentDefinitions = core('componentdefinitions', 'ComponentDefinition');

/**
 * Hundreds deployed at once and then changed at once while they run: Tasks by themselves, and Applications through the
 * stand-in for KubeVela.
 */
export async function hundreds(bench: Bench): Promise<Row[]> {
  return [...(await directly(bench)), ...(await throughKubevela(bench))];
}

/** Seconds from the beginning until the last was seen. */
async function untilLast(
  seen: { at(name: string, seconds: number): Promise<number> },
  all: readonly string[],
  began: number,
): Promise<number> {
  const times = await Promise.all(all.map((name) => seen.at(name, patience)));
  return (Math.max(...times) - began) / 1000;
}

async function directly(bench: Bench): Promise<Row[]> {
  const { namespace, client, asController, render } = bench;
  const template = await render({ namespace, name: 'template', seconds: podSeconds });
  const all = names.map((name) => renamed(template, name));
  const rawDeployment = async (task: TaskObject, nth: number) => {
    if (nth === 1) return writeRun(bench, await client.create(tasks, task));
    await deploy(client, task, nth);
    const stored = await client.get(tasks, { namespace, name: task.metadata.name ?? '' });
    const run = await asController.create(taskRuns, runOf(stored, `${componentOf(task)}-v${nth}`));
    await asController.create(jobs, jobOf(run));
  };
  const raw = await inTurn(bench, (nth) => forAll(all, 2 * creators, (task) => rawDeployment(task, nth)));
  const ours = await withController(bench, () =>
    inTurn(bench, (nth) =>
      forAll(all, creators, (task) => (nth === 1 ? client.create(tasks, task) : deploy(client, task, nth))),
    ),
  );
  const peer = 'loop that writes the same Tasks, TaskRuns and Jobs';
  return deployments.map((nth, index) => {
    const [value = NaN, limit = NaN] = [ours[index], raw[index]];
    return row({
      name: `${count} Tasks ${how(nth)}, until the last Job`,
      value,
      limit,
      unit: 's',
      peer,
      aim: 1.2 * limit,
    });
  });
}

export const how = (nth: number) => (nth === 1 ? 'at once' : 'changed at once');

/** Seconds of each deployment until its last Job. What came of them is removed again. */
async function inTurn({ client, namespace }: Bench, act: (nth: number) => Promise<unknown>): Promise<number[]> {
  const seen = await seeJobs(client, namespace);
  const all: number[] = [];
  for (const nth of deployments) {
    const began = performance.now();
    await act(nth);
    all.push(
      await untilLast(
        seen,
        names.map((name) => `${name}-v${nth}`),
        began,
      ),
    );
  }
  seen.stop();
  await empty(client, namespace);
  return all;
}

/** What was seen of one deployment, in seconds from its beginning; of each Task until its Job in milliseconds. */
interface Deployed {
  readonly lastTask: number;
  readonly lastJob: number;
  readonly lastTaskSays: number;
  readonly lastApplicationSays: number;
  readonly taskToJob: readonly number[];
}

interface Measured {
  readonly deployed: readonly Deployed[];
  readonly memory: { readonly before: number; readonly most: number };
  readonly callsPerRun: number;
  readonly refused: number;
  readonly objects: Objects;
}

async function throughKubevela(bench: Bench): Promise<Row[]> {
  const standIn = await startStandIn(bench.adminKubeconfig, bench.signal);
  try {
    const cueAlone = await defineTask(bench);
    const measured = await withController(bench, (controller) => measure(bench, controller));
    await removeApplications(bench);
    await standIn.stop();
    const raw = await replay(bench, measured.objects);
    return rowsOf(measured, raw, cueAlone);
  } finally {
    await standIn.stop();
  }
}

/**
 * Puts our definition in the place of the stand-in's own. @returns the seconds that CUE alone takes to render as many
 * components, and a status of each
 */
async function defineTask({ client }: Bench): Promise<number> {
  const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  try {
    const definition = await cue.compile(await readFile(new URL('../definitions/task.cue', import.meta.url), 'utf8'));
    const manifest = definitionManifest(await definition.describe(), systemNamespace) as CoreObject;
    await client.patch(componentDefinitions, { namespace: systemNamespace, name: 'task' }, manifest, {
      type: 'apply',
      fieldManager: 'bench',
      force: true,
    });
    const began = performance.now();
    for (const name of names) {
      const context = {
        appName: name,
        name,
        namespace: 'default',
        appRevision: `${name}-v1`,
        appRevisionNum: 1,
        appLabels: {},
        appAnnotations: {},
        revision: '',
      };
      const { output = {} } = await definition.render({ parameter: propertiesOf(1), context });
      await definition.status({
        parameter: propertiesOf(1),
        context: { ...context, output: { ...output, metadata: { generation: 1 } } },
      });
    }
    return (performance.now() - began) / 1000;
  } finally {
    await cue.close();
  }
}

function propertiesOf(nth: number): JsonObject {
  return {
    image: 'ubuntu:22.04',
    cmd: ['sleep', String(podSeconds), `deployment ${nth}`],
    annotations: { 'sandbox.task.oam.dev/duration': `${podSeconds}s` },
  };
}

const specOf = (name: string, nth: number): JsonObject => ({
  components: [{ name, type: 'task', properties: propertiesOf(nth) }],
});

export function applicationOf(namespace: string, name: string): CoreObject {
  return {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { namespace, name },
    spec: specOf(name, 1),
  };
}

async function measure(
  bench: Bench,
  { port, pid }: { readonly port: number; readonly pid: number },
): Promise<Measured> {
  const { namespace, client } = bench;
  const before = await quiet(port);
  const { now: memoryBefore } = await memoryOf(pid);
  const deployed: Deployed[] = [];
  for (const nth of deployments) deployed.push(await deployAll(bench, nth));
  await eventually(
    'all runs have ended',
    async () => (await all(bench, taskRuns)).every(({ status }) => isFinished(status?.phase)),
    { seconds: patience, everyMs: 2_000 },
  );
  const after = await quiet(port);
  const refused = (samples: typeof after) => sum(samples, 'task_runs_api_requests_total', ({ code }) => code === '429');
  const runs = count * deployments.length;
  return {
    deployed,
    memory: { before: memoryBefore, most: (await memoryOf(pid)).most },
    callsPerRun: (ownCalls(after) - ownCalls(before)) / runs,
    refused: refused(after) - refused(before),
    objects: await readObjects({ namespace, client }),
  };
}

/** Applies all Applications, or changes each, and waits until each shows its new run. */
export async function deployAll({ namespace, client }: Bench, nth: number): Promise<Deployed> {
  const firstWord = (message = '') => message.split(' ')[0];
  const seen = {
    tasks: await Seen.of(client, tasks, namespace, ({ metadata }) => `${metadata.name}@${metadata.generation}`),
    jobs: await seeJobs(client, namespace),
    taskSays: await Seen.of(client, tasks, namespace, ({ status }) => firstWord(status?.message)),
    applicationSays: await Seen.of(client, applications, namespace, ({ status }) =>
      firstWord(status?.services?.[0]?.message),
    ),
  };
  const runs = names.map((name) => `${name}-v${nth}`);
  const stored = names.map((name) => `${taskName(name, name)}@${nth}`);
  const began = performance.now();
  const apply = (name: string) =>
    nth === 1
      ? client.create(applications, applicationOf(namespace, name))
      : client.patch(applications, { namespace, name }, { spec: specOf(name, nth) });
  await forAll(names, 2 * creators, apply);
  const deployed = {
    lastTask: await untilLast(seen.tasks, stored, began),
    lastJob: await untilLast(seen.jobs, runs, began),
    lastTaskSays: await untilLast(seen.taskSays, runs, began),
    lastApplicationSays: await untilLast(seen.applicationSays, runs, began),
    taskToJob: await Promise.all(
      runs.map(async (run, index) => (await seen.jobs.at(run)) - (await seen.tasks.at(stored[index] ?? ''))),
    ),
  };
  for (const one of Object.values(seen)) one.stop();
  return deployed;
}

/**
 * What KubeVela's stand-in and the controller had made of each Application, by its name; a list an Application, oldest
 * first.
 */
interface Objects {
  readonly revisions: ReadonlyMap<string, readonly CoreObject[]>;
  readonly trackers: ReadonlyMap<string, readonly CoreObject[]>;
  readonly tasks: ReadonlyMap<string, readonly TaskObject[]>;
  readonly runs: ReadonlyMap<string, readonly TaskRunObject[]>;
}

async function all<T extends KubeObject>(
  { client, namespace }: Pick<Bench, 'client' | 'namespace'>,
  type: ResourceType<T>,
): Promise<Stored<T>[]> {
  const found: Stored<T>[] = [];
  for await (const { items } of client.list(type, type.namespaced ? { namespace } : {})) found.push(...items);
  return found;
}

async function readObjects(at: Pick<Bench, 'client' | 'namespace'>): Promise<Objects> {
  const byApplication = async <T extends KubeObject>(type: ResourceType<T>) => {
    const found = await all(at, type);
    found.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    return new Map(
      names.map((name) => [name, found.filter(({ metadata }) => metadata.labels?.['app.oam.dev/name'] === name)]),
    );
  };
  return {
    revisions: await byApplication(revisions),
    trackers: await byApplication(trackers),
    tasks: await byApplication(tasks),
    runs: await byApplication(taskRuns),
  };
}

/** Deletes them as a person does; the stand-in must run. */
export async function removeApplications(bench: Bench): Promise<void> {
  const { namespace, client } = bench;
  await forAll(names, creators, (name) => client.delete(applications, { namespace, name }));
  await eventually('no Application is left', async () => (await all(bench, applications)).length === 0, {
    seconds: patience,
    everyMs: 1_000,
  });
  await empty(client, namespace);
}

interface Replayed {
  readonly lastJob: number;
  readonly taskToJob: readonly number[];
}

/**
 * The same objects again in a namespace of their own, without KubeVela and controller: each Application's one after the
 * other, several Applications at a time.
 */
async function replay(bench: Bench, objects: Objects): Promise<Replayed[]> {
  const namespace = `${bench.namespace}-raw`;
  const raw = { ...bench, namespace };
  const { client } = bench;
  await createNamespace(client, namespace);
  const seen = {
    tasks: await Seen.of(client, tasks, namespace, ({ metadata }) => `${metadata.name}@${metadata.generation}`),
    jobs: await seeJobs(client, namespace),
  };
  const replayed: Replayed[] = [];
  for (const nth of deployments) {
    const runs = names.map((name) => `${name}-v${nth}`);
    const began = performance.now();
    await forAll(names, 2 * creators, (name) => writeAgain(raw, objects, name, nth));
    const lastJob = await untilLast(seen.jobs, runs, began);
    replayed.push({
      lastJob,
      taskToJob: await Promise.all(
        names.map(
          async (name) =>
            (await seen.jobs.at(`${name}-v${nth}`)) - (await seen.tasks.at(`${taskName(name, name)}@${nth}`)),
        ),
      ),
    });
  }
  for (const one of Object.values(seen)) one.stop();
  await empty(client, namespace);
  for (const type of [applications, revisions, trackers]) {
    await forAll(await all(raw, type), creators, ({ metadata: { name } }) =>
      client.delete(type, type.namespaced ? { namespace, name } : { name }).catch(unlessGone),
    );
  }
  return replayed;
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** The writes of an Application's nth deployment. */
async function writeAgain(
  { client, asController, namespace }: Bench,
  objects: Objects,
  name: string,
  nth: number,
): Promise<void> {
  const nthOf = <T>(kind: ReadonlyMap<string, readonly T[]>, number = nth) => {
    const found = kind.get(name)?.[number - 1];
    if (found === undefined) throw new Error(`there was no deployment ${nth} of ${name}`);
    return found;
  };
  const task = nthOf(objects.tasks, 1);
  const again = nth > 1;
  await (again
    ? client.patch(applications, { namespace, name }, { spec: specOf(name, nth) })
    : client.create(applications, applicationOf(namespace, name)));
  await client.create(revisions, fresh(nthOf(objects.revisions), namespace));
  // That of the first deployment is gone once the second is through.
  const tracker = fresh(nthOf(objects.trackers, 1));
  await client.create(trackers, {
    ...tracker,
    metadata: { ...tracker.metadata, name: `${name}-v${nth}-${namespace}` },
  });
  const trigger = { trigger: { appRevision: `${name}-v${nth}` } };
  await (again
    ? client.patch(tasks, { namespace, name: task.metadata.name ?? '' }, { spec: trigger })
    : client.create(tasks, { ...fresh(task, namespace), spec: { ...task.spec, ...trigger } }));
  const run = await asController.create(taskRuns, fresh(nthOf(objects.runs), namespace));
  await asController.create(jobs, ownerless(jobOf(run)));
}

/** The object as it was created, without owners and finalizers, for those are not there. */
function fresh<T extends KubeObject>(object: T, namespace?: string): T {
  const { status: _status, ...rest } = object as T & { readonly status?: unknown };
  const { name, labels, annotations } = object.metadata ?? {};
  return {
    ...(rest as T),
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
  };
}

function rowsOf(
  { deployed, memory, callsPerRun, refused }: Measured,
  raw: readonly Replayed[],
  cueAlone: number,
): Row[] {
  const both = `${count} Applications at once, then changed at once`;
  return [
    ...deployments.flatMap((nth, index) => {
      const [ours, again] = [deployed[index], raw[index]];
      return ours && again ? deploymentRows(`${count} Applications ${how(nth)}`, ours, again, cueAlone) : [];
    }),
    row({
      name: `${both}: API calls a run`,
      value: callsPerRun,
      limit: null,
      unit: 'calls',
      peer: 'no raw figure: a TaskRun and a Job are 2 creates',
      aim: 8,
    }),
    row({
      name: `${both}: calls that the API server answered with 429`,
      value: refused,
      limit: 0,
      unit: 'calls',
      peer: 'none',
      aim: 0,
    }),
    row({
      name: `${both}: most memory`,
      value: memory.most,
      limit: memory.before,
      unit: 'MB',
      peer: 'the controller before',
      aim: 150,
    }),
  ];
}

function deploymentRows(what: string, ours: Deployed, raw: Replayed, cueAlone: number): Row[] {
  const [value, limit] = [percentile(ours.taskToJob, 0.99), percentile(raw.taskToJob, 0.99)];
  return [
    row({
      name: `${what}, until the last Job`,
      value: ours.lastJob,
      limit: raw.lastJob,
      unit: 's',
      peer: 'loop that writes the same Applications, revisions, trackers, Tasks, TaskRuns and Jobs',
      aim: null,
    }),
    row({
      name: `${what}, until the last Task: the stand-in's part`,
      value: ours.lastTask,
      limit: cueAlone,
      unit: 's',
      peer: 'CUE alone: each component and one status of it',
      aim: null,
    }),
    row({
      name: `${what}, from the last Task to the last Job`,
      value: ours.lastJob - ours.lastTask,
      limit: ours.lastTask,
      unit: 's',
      peer: 'all before it',
      aim: null,
    }),
    row({
      name: `${what}, from a Task to its Job, p99`,
      value,
      limit,
      unit: 'ms',
      peer: 'the same of the loop, on a machine that does nothing else',
      aim: null,
    }),
    lastStatusRow(what, ours, null),
  ];
}

/** @param aim in seconds; null where the stand-in's own part is most of it */
export function lastStatusRow(what: string, { lastApplicationSays, lastTaskSays }: Deployed, aim: number | null): Row {
  return row({
    name: `${what}, until the last status shows its run`,
    value: lastApplicationSays,
    limit: lastTaskSays,
    unit: 's',
    peer: "until the last Task's status does",
    aim,
  });
}
