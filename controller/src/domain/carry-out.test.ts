import { describe, expect, test } from 'vitest';
import { carryOut, type Outside, quietOutside } from './carry-out.ts';
import { after, aJob, aRefusal, aRun, aState, aTask, noon } from './testing/builders.ts';

const outside: Outside = { ...quietOutside, now: noon.getTime(), newUid: (kind) => `${kind}-uid` };
const run = aRun().started();
const uid = 'mytask-v1-uid';

describe('an action that is carried out in memory', () => {
  test('that ends a run makes the process forget what it remembered for that run alone', () => {
    const state = aState()
      .runs(run)
      .deletedJobs(aJob(run))
      .refusals(aRefusal(), aRefusal({ run: 'mytask-v2' }))
      .build();
    const status = { phase: 'Failed' as const };
    const { cluster, memory } = carryOut(state, { kind: 'writeRunStatus', name: 'mytask-v1', uid, status }, outside);
    expect(cluster.runs[0]?.status).toEqual(status);
    expect(memory.deletedJobs).toEqual([]);
    expect(memory.refusals.map(({ run: of }) => of)).toEqual(['mytask-v2']);
  });

  test('that writes the status of an active run remembers when', () => {
    const status = { phase: 'Running' as const };
    const action = { kind: 'writeRunStatus' as const, name: 'mytask-v1', uid, status };
    const { memory } = carryOut(aState().runs(run).build(), action, { ...outside, now: after(5).getTime() });
    expect([...memory.written]).toEqual([['mytask-v1', after(5).getTime()]]);
  });

  test('that deletes a run deletes its Jobs with it', () => {
    const other = aRun(aTask(), 'other');
    const state = aState().runs(run, other).jobs(aJob(run), aJob(other)).build();
    const { cluster } = carryOut(state, { kind: 'deleteRun', name: 'mytask-v1', uid, because: '' }, outside);
    expect(cluster.runs.map(({ metadata }) => metadata.name)).toEqual(['other']);
    expect(cluster.jobs.map(({ metadata }) => metadata.name)).toEqual(['other']);
  });

  test('that adopts a retry gives it the snapshot of the run that it retries', () => {
    const failed = run.status({ phase: 'Failed' });
    const { ownerReferences: _owners, ...metadata } = aRun(aTask(), 'again').build().metadata;
    const taskRef = { name: 'app-worker-mytask' };
    const state = aState()
      .runs(failed)
      .cluster({ orphans: [{ metadata, spec: { taskRef, retryOf: 'mytask-v1' } }] })
      .build();
    const ownerReference = { apiVersion: '', kind: 'Task', name: 'app-worker-mytask', uid: 'task-uid' };
    const { cluster } = carryOut(
      state,
      {
        kind: 'adoptRun',
        name: 'again',
        uid: metadata.uid,
        adoption: { labels: {}, ownerReference, spec: { trigger: { type: 'Retry', value: 'mytask-v1' } } },
        retryOf: { name: 'mytask-v1', uid },
      },
      outside,
    );
    expect(cluster.orphans).toEqual([]);
    expect(cluster.runs.at(-1)?.spec.snapshot).toEqual(failed.build().spec.snapshot);
  });

  test('asks the live API before a Job is called gone', () => {
    const check = { kind: 'checkJob' as const, name: 'mytask-v1', uid: 'job-uid' };
    const gone = (hasJob: boolean) =>
      carryOut(aState().build(), check, { ...outside, hasJob: () => hasJob }).memory.goneJobs.size;
    expect([gone(true), gone(false)]).toEqual([0, 1]);
  });
});
