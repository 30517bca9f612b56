import { describe, expect, test } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { jobs } from '../kube/resources.ts';
import { ownPodsOfTask } from './run-pods.ts';

type Pods = Parameters<ReturnType<typeof ownPodsOfTask>>[0];

const task = { namespace: 'default', uid: 'task', labelSelector: 'task.oam.dev/task=mytask' };
const of = (kind: 'Job' | 'Task' | 'TaskRun', uid: string) => {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'task.oam.dev/v1alpha1';
  return { ownerReferences: [{ apiVersion, kind, name: uid, uid, controller: true }] };
};
const pod = (name: string, owner: object) => ({ metadata: { name, ...owner } });

/** A cluster with Jobs and runs; with each list the calls grow by one. */
function cluster(lists: { readonly jobs: readonly object[]; readonly runs: readonly object[] }, forbidden = false) {
  const calls: string[] = [];
  const client = {
    async *list(type: { readonly plural: string }) {
      calls.push(type.plural);
      await Promise.resolve();
      if (forbidden)
        throw new ApiError(
          { verb: 'list', resource: 'jobs.batch', kind: 'Job', name: '' },
          { status: 403, reason: 'Forbidden', message: 'no' },
        );
      yield { items: type.plural === jobs.plural ? lists.jobs : lists.runs };
    },
  };
  return { calls, client: client as unknown as Client };
}

const names = (found: Pods) => found.map(({ metadata }) => metadata.name);
const lists = {
  jobs: [
    { metadata: { uid: 'job', ...of('TaskRun', 'run') } },
    { metadata: { uid: 'strange-job' } },
    { metadata: { uid: 'others-job', ...of('TaskRun', 'others-run') } },
  ],
  runs: [
    { metadata: { uid: 'run', ...of('Task', 'task') }, status: { jobs: [{ uid: 'job-without-owner' }] } },
    { metadata: { uid: 'others-run', ...of('Task', 'another') }, status: { jobs: [{ uid: 'others-job' }] } },
  ],
};

describe('among pods with the label of a task, those of its runs', () => {
  const pods = [
    pod('ours', of('Job', 'job')),
    pod('of-a-job-without-owner', of('Job', 'job-without-owner')),
    pod('by-nobody', {}),
    pod('of-a-strange-job', of('Job', 'strange-job')),
    pod('of-another-task', of('Job', 'others-job')),
  ] as unknown as Pods;

  test('are the ones that a Job of a run controls', async () => {
    const { client, calls } = cluster(lists);
    const own = ownPodsOfTask(client, task);
    expect(names(await own(pods))).toEqual(['ours', 'of-a-job-without-owner']);
    await own(pods);
    expect(calls).toHaveLength(2);
  });
  test('are all that a Job controls for a person who may read no Jobs', async () => {
    const { client } = cluster(lists, true);
    const found = await ownPodsOfTask(client, task)(pods);
    expect(names(found)).not.toContain('by-nobody');
    expect(names(found)).toContain('ours');
  });
});
