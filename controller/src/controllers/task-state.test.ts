import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import type { Event, PersistentVolumeClaim, Pod as CorePod } from 'kubernetes-types/core/v1.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCaches, runOfJob, type Caches } from '../cluster/caches.ts';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import type { TaskObject, TaskRunObject } from '../cluster/resource-types.ts';
import { decide } from '../domain/decide.ts';
import { after, aJob, aRun, aTask, noon } from '../domain/testing/builders.ts';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { labels, type OwnerReference, type TaskRun } from '../resources/index.ts';
import { TaskMemory } from './task-memory.ts';
import { readLeftBehind, readTaskState } from './task-state.ts';

const kueue = {
  queueingOf: () => ({ installed: false, workloads: new Map(), clusterQueues: new Map(), priorityClasses: new Set() }),
} as unknown as KueueWatch;
const task = aTask().withoutApplication();

/** A run that is on record with its Job. */
const running = (name = 'mytask-v1') => {
  const { uid } = aJob(aRun(task, name)).build().metadata;
  return aRun(task, name).status({ phase: 'Running', jobs: [{ name, uid, phase: 'Running' }] });
};

let caches: Caches;
let version: number;

const stored = <T>(object: { readonly metadata: object }) =>
  ({ ...object, metadata: { ...object.metadata, resourceVersion: String((version += 1)) } }) as unknown as Stored<
    T & object
  >;
const see = (run: TaskRun) => caches.runs.observe(stored<TaskRunObject>(run));
function seeJob(name: string, ownerReferences: readonly OwnerReference[] | undefined): void {
  const { metadata, spec } = aJob(aRun(task, name)).build();
  const owned = { ...metadata, labels: { [labels.run]: name }, ownerReferences };
  caches.jobs.observe(stored<BatchJob>({ metadata: owned, spec } as { readonly metadata: object }));
}
function state() {
  const { namespace, name } = task.build().metadata;
  const found = readTaskState(
    `${namespace}/${name}`,
    { caches, kueue, isRead: () => false },
    new TaskMemory(),
    noon.getTime(),
  );
  if (!found) throw new Error('no Task');
  return found;
}
const owner = (changes: Partial<OwnerReference> = {}): OwnerReference => ({
  ...(aJob(aRun(task)).build().metadata.ownerReferences?.[0] as OwnerReference),
  ...changes,
});

beforeEach(() => {
  version = 0;
  caches = createCaches({ client: {} as Client });
  caches.tasks.observe(stored<TaskObject>(task.build()));
});

describe('somebody who may do in another namespace what they like', () => {
  test('cannot have runs, Jobs, claims and pods of theirs counted for a Task, whose UIDs they know', () => {
    see(running().build());
    seeJob('mytask-v1', [owner()]);
    const before = JSON.stringify(state().cluster);
    const { uid: taskUid } = task.build().metadata;
    const { metadata: run } = aRun(task, 'mytask-v1').build();
    const { metadata: job } = aJob(aRun(task, 'mytask-v1')).build();
    const theirs = (name: string, apiVersion: string, kind: string, uid: string) => ({
      name,
      namespace: 'evil',
      uid: `evil-${name}`,
      labels: { [labels.run]: 'mytask-v1' },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    });
    const ours = 'task.oam.dev/v1alpha1';
    const { spec, status } = running('mytask-v1').build();
    see({ metadata: theirs('run', ours, 'Task', taskUid), spec, status } as unknown as TaskRun);
    const made = [theirs('job', ours, 'TaskRun', run.uid), theirs('claim', ours, 'Task', taskUid)] as const;
    caches.jobs.observe(
      stored<BatchJob>({ metadata: made[0], status: { failed: 1 } } as { readonly metadata: object }),
    );
    caches.claims.observe(stored<PersistentVolumeClaim>({ metadata: made[1] }));
    const pod = { metadata: theirs('pod', 'batch/v1', 'Job', job.uid), status: { phase: 'Failed', message: 'forged' } };
    caches.pods.observe(stored<CorePod>(pod));
    expect(JSON.stringify(state().cluster)).toBe(before);
    // The run that they name is not woken by their Job, nor does it end with it.
    const [theirJob] = [...caches.jobs.cache.values()].filter(({ metadata }) => metadata.namespace === 'evil');
    expect(theirJob && runOfJob(theirJob, caches)).toBeUndefined();
  });
});

describe('somebody whose own Job gives its pods the label of a run', () => {
  const failing = (name: string, job: string) => ({
    metadata: {
      name,
      namespace: task.build().metadata.namespace,
      uid: name,
      labels: { [labels.run]: 'mytask-v1' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job, uid: job, controller: true }],
    },
    status: { phase: 'Failed', message: 'forged' },
  });

  test('does not have them counted, quoted or waited for as pods of that run', () => {
    see(running().build());
    seeJob('mytask-v1', [owner()]);
    const own = aJob(aRun(task, 'mytask-v1')).build().metadata.uid;
    for (const pod of [failing('forged', 'job-of-somebody'), failing('own', own)])
      caches.pods.observe(stored<CorePod>(pod));
    expect(state().cluster.pods.map(({ metadata }) => metadata.name)).toEqual(['own']);
  });
});

describe('a Job whose owner somebody took off', () => {
  test.each([
    ['off', undefined],
    ['off, and put another kind there', [owner({ apiVersion: 'task.oam.dev.evil/v1' })]],
    ['off, and gave it to another run', [owner({ name: 'mytask-v2', uid: 'mytask-v2-uid' })]],
  ])('%s, stays that of the run which is on record with it', (_what, owners) => {
    see(running().build());
    see(aRun(task, 'mytask-v2').build());
    seeJob('mytask-v1', owners);
    const jobs = state().cluster.jobs.map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.name]);
    expect(jobs).toEqual([['mytask-v1', 'mytask-v1']]);
  });
  test('goes when its run is cancelled', () => {
    see(running().spec({ cancel: true }).build());
    seeJob('mytask-v1', undefined);
    const [write] = decide(state(), after(5));
    if (write?.kind !== 'writeRunStatus') throw new Error(JSON.stringify(write));
    expect(write.status.phase).toBe('Cancelled');
    see({ ...running().spec({ cancel: true }).build(), status: write.status });
    expect(decide(state(), after(5))).toMatchObject([{ kind: 'deleteJob', name: 'mytask-v1', cause: 'cancelled' }]);
  });
  test('goes with the others when its run has ended and is not kept', () => {
    const policy = task.policy({ keepLast: 0 });
    caches.tasks.observe(stored<TaskObject>(policy.build()));
    const { uid } = aJob(aRun(task, 'mytask-v1')).build().metadata;
    const ended = aRun(task, 'mytask-v1').finished().build();
    see({ ...ended, status: { ...ended.status, jobs: [{ name: 'mytask-v1', uid, phase: 'Succeeded' }] } });
    seeJob('mytask-v1', undefined);
    expect(decide(state(), after(5))).toContainEqual(
      expect.objectContaining({ kind: 'deleteJob', name: 'mytask-v1', uid, cause: 'keepLast' }),
    );
  });
  test('is left alone where its run is being deleted, for it may be meant to stay', () => {
    see(running().meta({ deletionTimestamp: noon.toISOString() }).build());
    seeJob('mytask-v1', undefined);
    expect(state().cluster.jobs).toEqual([]);
  });
});

test('a run under the UID of the Task and the group of somebody else is not one of its runs', () => {
  const { metadata, ...rest } = aRun(task, 'ghost').build();
  const evil = { ...(metadata.ownerReferences?.[0] as OwnerReference), apiVersion: 'task.oam.dev.evil/v1' };
  see({ ...rest, metadata: { ...metadata, ownerReferences: [evil] } });
  expect(state().cluster.runs).toEqual([]);
  expect(decide(state(), after(30))).toMatchObject([
    { kind: 'writeRunStatus', name: 'ghost', status: { phase: 'Failed', reason: 'NotAdoptable' } },
    { kind: 'event' },
  ]);
});

test.each([
  ['of its namespace', 'default', 1],
  ['that an editor of another namespace wrote about its UID', 'other', 0],
])('an event %s about a Job that gets no pods is believed or not', (_what, namespace, count) => {
  const { metadata } = aJob(aRun(task)).build();
  see(running().build());
  seeJob('mytask-v1', metadata.ownerReferences);
  caches.podRefusals.observe(
    stored<Event>({
      metadata: { name: 'forged', namespace, uid: 'event-uid', creationTimestamp: noon.toISOString() },
      involvedObject: { kind: 'Job', name: 'mytask-v1', namespace, uid: metadata.uid },
      reason: 'FailedCreate',
      message: 'contact https://evil.example',
    } as { readonly metadata: object }),
  );
  expect(state().cluster.podRefusals).toHaveLength(count);
});

describe('runs whose Task is gone, as the garbage collector missed that it was deleted', () => {
  const { namespace, name, uid } = task.build().metadata;
  const left = (taskUid: string | undefined) =>
    readLeftBehind(`${namespace}/${name}`, caches, taskUid).map(({ metadata }) => metadata.name);

  test('are looked after once somebody cancels them, also where a new Task has the name', () => {
    const run = running().build();
    see(run);
    expect(left('another')).toEqual([]);
    see({ ...run, spec: { ...run.spec, cancel: true } });
    expect(left('another')).toEqual(['mytask-v1']);
    expect(left(undefined)).toEqual(['mytask-v1']);
    expect(left(uid)).toEqual([]);
  });
});
