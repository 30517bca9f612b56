import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCaches, type Caches } from '../cluster/caches.ts';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import type { TaskObject, TaskRunObject } from '../cluster/resource-types.ts';
import { jobManifest } from '../domain/manifest/job.ts';
import { aRun, aTask, noon } from '../domain/testing/builders.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Stored } from '../kube/objects.ts';
import type { Task, TaskRun } from '../resources/index.ts';
import { TaskReconciler } from './task-reconciler.ts';

const plain = aTask().withoutApplication();
const key = `default/${plain.build().metadata.name}`;
const kueue = {
  queueingOf: () => ({ installed: false, workloads: new Map(), clusterQueues: new Map(), priorityClasses: new Set() }),
} as unknown as KueueWatch;

/** The parts of a Job that a stranger may choose. */
interface Made {
  readonly image?: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

let caches: Caches;
let version: number;
let created: BatchJob[];
let told: string[];
let reconciler: TaskReconciler;
/** What is there under each name. */
let there: Map<string, Stored<BatchJob>>;

const stored = <T>(object: { readonly metadata: object }) =>
  ({ ...object, metadata: { ...object.metadata, resourceVersion: String((version += 1)) } }) as unknown as Stored<
    T & object
  >;

function setUp(task: Task, run: TaskRun): void {
  version = 0;
  created = [];
  told = [];
  there = new Map();
  const { name, namespace } = task.metadata;
  const patchStatus = (
    _type: unknown,
    ref: { readonly name: string },
    patch: readonly { readonly value: object }[],
  ) => {
    const before =
      ref.name === name ? caches.tasks.cache.get(namespace, name) : caches.runs.cache.get(namespace, ref.name);
    if (!before) throw new Error(`there is no ${ref.name}`);
    return Promise.resolve(
      stored({ ...(before as { readonly metadata: object }), status: patch.at(-1)?.value } as {
        readonly metadata: object;
      }),
    );
  };
  const client = {
    create: (_type: unknown, job: BatchJob) => {
      const { name: jobName = '' } = job.metadata ?? {};
      if (there.has(jobName))
        return Promise.reject(
          new ApiError(
            { verb: 'create', resource: 'jobs.batch', kind: 'Job', namespace, name: jobName },
            { status: 409, reason: 'AlreadyExists', message: `jobs.batch "${jobName}" already exists` },
          ),
        );
      created.push(job);
      const object = stored<BatchJob>({ ...job, metadata: { ...job.metadata, uid: `${jobName}-uid`, namespace } });
      there.set(jobName, object);
      return Promise.resolve(object);
    },
    get: (_type: unknown, { name: jobName }: { readonly name: string }) => Promise.resolve(there.get(jobName)),
    patchStatus,
  };
  caches = createCaches({ client: client as unknown as Client });
  caches.tasks.observe(stored<TaskObject>(task));
  caches.runs.observe(stored<TaskRunObject>(run));
  reconciler = new TaskReconciler({
    client: client as unknown as Client,
    caches,
    kueue,
    recorder: {
      record: (_type: unknown, _of: unknown, { reason, message }: Record<string, string>) =>
        told.push(`${reason}: ${message}`),
    } as unknown as EventRecorder,
    log: pino({ enabled: false }),
    now: () => noon.getTime(),
  });
}

/** A complete Job that has the run as its owner, and that this process did not create. */
function somebodyMakes(run: TaskRun, { image, name = run.metadata.name, labels = {} }: Made = {}): void {
  const { metadata, spec } = jobManifest(run, { name, attempt: 0 });
  const text = JSON.stringify({ spec, status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } });
  const { image: wanted } = firstContainer(spec);
  const job = stored<BatchJob>({
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      uid: `strange-${name}`,
      creationTimestamp: noon.toISOString(),
    },
    ...(JSON.parse(image === undefined ? text : text.replaceAll(`"${wanted}"`, `"${image}"`)) as object),
  });
  there.set(name, job);
  caches.jobs.observe(job);
}

function firstContainer(spec: object): { readonly image: string } {
  const { template } = spec as {
    readonly template: { readonly spec: { readonly containers: [{ readonly image: string }] } };
  };
  return template.spec.containers[0];
}

const reconcile = () => reconciler.reconcile(key);
const statusOf = (run: TaskRun) => caches.runs.cache.byUid(run.metadata.uid)?.status;
const names = () => created.map(({ metadata }) => metadata?.name);

describe('a Job with a run as its owner, which this process did not create', () => {
  const run = aRun(plain).build();
  beforeEach(() => setUp(plain.build(), run));

  test("is the run's if it is what the run wants: a controller died after it created it", async () => {
    somebodyMakes(run);
    await reconcile();
    expect([names(), told, statusOf(run)?.phase]).toEqual([[], [expect.stringContaining('Succeeded')], 'Succeeded']);
  });
  test('does not count if it runs something else: the run gets its own', async () => {
    somebodyMakes(run, { image: 'evil' });
    await reconcile();
    expect(names()).toEqual([expect.stringMatching(/^mytask-v1-[0-9a-z]{5}$/)]);
    expect(told).toEqual([
      'JobNotOurs: Job mytask-v1 has run mytask-v1 as its owner, and is not what the run wants (container mytask has another image): it does not count; delete it',
    ]);
    expect(statusOf(run)?.phase).not.toBe('Succeeded');
  });
  test('does not count under a name that the run never gives', async () => {
    somebodyMakes(run, { name: 'forged' });
    await reconcile();
    expect([names(), statusOf(run)?.phase]).toEqual([['mytask-v1'], 'Pending']);
  });
  test('does not count as an attempt that the run never made', async () => {
    somebodyMakes(run, { image: 'evil', name: 'mytask-v1-r7', labels: { 'task.oam.dev/attempt': '7' } });
    await reconcile();
    expect([names(), statusOf(run)?.phase]).toEqual([['mytask-v1'], 'Pending']);
  });
  test('has no outcome for the run if it is deleted before anybody looked', async () => {
    somebodyMakes(run, { image: 'evil' });
    reconciler.memory(key).keepDeleted({ ...[...caches.jobs.cache.values()][0] } as never);
    caches.jobs.forget('strange-mytask-v1');
    there.clear();
    await reconcile();
    expect([names(), statusOf(run)?.phase]).toEqual([['mytask-v1'], 'Pending']);
  });
});

test('a run that waits while its Task is suspended has no Job, whatever somebody made', async () => {
  const suspended = plain.spec({ suspend: true });
  const run = aRun(suspended).build();
  setUp(suspended.build(), run);
  somebodyMakes(run);
  await reconcile();
  expect([names(), statusOf(run)?.phase, statusOf(run)?.reason]).toEqual([[], 'Pending', 'Suspended']);
});
