import type { Job } from 'kubernetes-types/batch/v1.js';
import { describe, expect, test } from 'vitest';
import { emptyState } from '../domain/model/state.ts';
import { keepName } from '../domain/steps/keep-name.ts';
import { aTask } from '../domain/testing/builders.ts';
import { classify } from '../domain/view/classify.ts';
import type { Stored } from '../kube/objects.ts';
import { kueueTypes, type WorkloadObject } from './kueue-types.ts';
import {
  projectJob,
  projectPodRefusal,
  projectRun,
  projectStartFailure,
  projectTask,
  projectWorkload,
} from './projections.ts';
import type { TaskObject, TaskRunObject } from './resource-types.ts';

const { group, version, kind } = kueueTypes('v1beta2').workloads;
const at = '2026-01-01T00:00:00Z';

function workload(...conditions: readonly { type: string; reason: string }[]): Stored<WorkloadObject> {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'mytask-v1', uid: 'job-uid', controller: true };
  const metadata = {
    name: 'job-mytask-v1',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: at,
    ownerReferences: [owner],
  };
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata,
    spec: {},
    status: {
      conditions: conditions.map((said) => ({ ...said, status: 'True', message: 'why', lastTransitionTime: at })),
    },
  };
}

test.each([
  ['2', 2],
  ['', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['many', undefined],
  ['99999999', undefined],
])('a Job whose label says attempt %o is of attempt %o', (attempt, expected) => {
  const metadata = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: at };
  const job = { metadata: { ...metadata, labels: { 'task.oam.dev/attempt': attempt } } } as unknown as Stored<Job>;
  expect(projectJob(job).attempt).toBe(expected);
});

test.each([
  ['was told to keep its name no longer asks its Application', { 'task.oam.dev/joined-by': '-', other: 'x' }, []],
  ['was not told asks it', { other: 'x' }, ['keepName']],
])('a Task of an old name that %s', (_what, annotations, asked) => {
  const task = aTask().named('app-worker-my-task').component('my-task').build();
  const metadata = { ...task.metadata, resourceVersion: '1', annotations };
  const cached = projectTask({ ...task, metadata } as unknown as Stored<TaskObject>);
  const actions = keepName(classify(emptyState(cached)));
  expect(actions.map(({ kind }) => kind)).toEqual(asked);
});

describe('the projection of a Workload', () => {
  const waits = { type: 'QuotaReserved', reason: 'QuotaReserved' };

  test('has the conditions that say whether its Job is admitted or has failed', () => {
    const { conditions } = projectWorkload(
      workload(
        waits,
        { type: 'PodsReady', reason: 'PodsReady' },
        { type: 'DeactivationTarget', reason: 'AdmissionCheck' },
      ),
    );
    expect(conditions.map(({ type }) => type)).toEqual(['QuotaReserved', 'DeactivationTarget']);
  });

  test('is empty once it has finished with its Job', () => {
    expect(projectWorkload(workload(waits, { type: 'Finished', reason: 'Succeeded' })).conditions).toEqual([]);
  });

  test('says why Kueue finished it without its Job', () => {
    expect(projectWorkload(workload(waits, { type: 'Finished', reason: 'FailedToStart' })).conditions).toEqual([
      { type: 'Finished', status: 'True', reason: 'FailedToStart', message: 'why' },
    ]);
  });
});

describe('the projection of an event', () => {
  const event = (message: string) => ({
    apiVersion: 'v1' as const,
    kind: 'Event' as const,
    metadata: { name: 'e', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: at },
    involvedObject: { uid: 'job-uid' },
    message,
  });

  test('has the same words at each attempt to create a pod, whatever its name is', () => {
    const quota = 'is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    const said = ['x7k2p', 'bd4fz'].map(
      (end) => projectPodRefusal(event(`Error creating: pods "mytask-v1-${end}" ${quota}`)).message,
    );
    expect(said).toEqual(Array(2).fill(`Error creating: pods "mytask-v1-…" ${quota}`));
    expect(
      projectPodRefusal(event(`(combined from similar events): Error creating: pods "mytask-v1-x7k2p" ${quota}`))
        .message,
    ).toBe(said[0]);
  });

  test('has the same words at each attempt to set up the network, whatever the sandbox is called', () => {
    const said = ['a', '9'].map(
      (digit) =>
        projectStartFailure(event(`failed to setup network for sandbox "${digit.repeat(64)}": no IP address`)).message,
    );
    expect(said).toEqual(Array(2).fill('failed to setup network for sandbox "…": no IP address'));
  });
});

test('a megabyte of labels that somebody wrote into a TaskRun is not kept', () => {
  const foreign = Object.fromEntries(Array.from({ length: 5_000 }, (_, nth) => [`example.org/${nth}`, 'x'.repeat(63)]));
  const metadata = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: at };
  const labels = { ...foreign, 'app.oam.dev/component': 'mytask' };
  const run = { metadata: { ...metadata, labels }, spec: { taskRef: { name: 'task' } } } as Stored<TaskRunObject>;
  expect(projectRun(run).metadata).toEqual({ ...metadata, labels: { 'app.oam.dev/component': 'mytask' } });
});
