import { describe, expect, test } from 'vitest';
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import type { Job, Pod } from '../model/objects.ts';
import { after, aJob, aPod, aRun, noon } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import { isCancelledOfTask, withoutTask } from './without-task.ts';

const message = 'there is no Task app-worker-mytask in namespace default; apply it, or delete this TaskRun';
const notFound = { reason: 'TaskNotFound', message } as const;

/** With this status, and without an owner. */
function orphan(status: TaskRunStatus, spec: Partial<TaskRun['spec']> = {}): TaskRun {
  const run = aRun().status(status).build();
  const { ownerReferences: _owners, ...metadata } = run.metadata;
  return { ...run, metadata, spec: { ...run.spec, ...spec } };
}

/** As `kubectl create` leaves it. */
function byHand(status: TaskRunStatus, spec: Partial<TaskRun['spec']> = {}): TaskRun {
  const { metadata } = orphan(status);
  return { metadata, spec: { taskRef: { name: 'app-worker-mytask' }, ...spec }, status };
}

function decided(run: TaskRun, jobs: readonly Job[] = [], pods: readonly Pod[] = []) {
  const actions = withoutTask([run], () => jobs, pods, noon);
  for (const action of actions) if (action.kind === 'writeRunStatus') mustBeValid.taskRunStatus(action.status);
  return actions;
}

const cancel = { cancel: true, cancelReason: 'ann: not needed' };
const cancelled = {
  phase: 'Cancelled',
  reason: 'Cancelled',
  message: 'ann: not needed',
  completionTime: rfc3339(noon),
} as const;

describe('a TaskRun that somebody made for a Task that does not exist', () => {
  test('says so, and waits', () => {
    const status = { phase: 'Pending', ...notFound };
    expect(decided(byHand({ phase: 'Pending' }))).toMatchObject([{ kind: 'writeRunStatus', status }]);
  });
  test('says it once', () => expect(decided(byHand({ phase: 'Pending', ...notFound }))).toEqual([]));
  test('ends when somebody cancels it', () =>
    expect(decided(byHand({ phase: 'Pending', ...notFound }, cancel))).toMatchObject([
      { kind: 'writeRunStatus', status: cancelled },
    ]));
});

describe('a run whose Task was deleted without it', () => {
  const running = {
    phase: 'Running',
    startTime: rfc3339(after(-60)),
    jobs: [{ name: 'mytask-v1', uid: 'mytask-v1-job-uid', phase: 'Running' }, { phase: 'Pending' }],
  } as const satisfies TaskRunStatus;
  const job = aJob().running(-60);
  test('keeps what is on record of it, and says that nobody looks after it', () => {
    const status = { ...running, ...notFound };
    expect(decided(orphan(running), [job.build()])).toEqual([
      { kind: 'writeRunStatus', name: 'mytask-v1', uid: 'mytask-v1-uid', status },
    ]);
    expect(decided(orphan(status), [job.build()])).toEqual([]);
  });
  test('that waits for its turn goes on waiting', () =>
    expect(decided(orphan({ phase: 'Pending', reason: 'Suspended' }))).toEqual([]));
  const stop = { kind: 'deleteJob', name: 'mytask-v1', uid: 'mytask-v1-job-uid', cause: 'cancelled' };
  test('ends with its Jobs when somebody cancels it', () => {
    const jobs = [{ phase: 'Cancelled' }, { phase: 'Skipped' }];
    const actions = decided(orphan({ ...running, ...notFound }, cancel), [job.build()]);
    expect(actions).toMatchObject([{ kind: 'writeRunStatus', status: { ...cancelled, duration: '1m', jobs } }, stop]);
  });
  test('that waits for its turn ends when somebody cancels it', () =>
    expect(decided(orphan({ phase: 'Pending', reason: 'Suspended' }, cancel))).toMatchObject([
      { kind: 'writeRunStatus', status: cancelled },
    ]));
  test('and whose Job has ended is on record as that ended, also where somebody cancels it afterwards', () => {
    const rows = (phase: 'Succeeded' | 'Failed') => ({ phase, jobs: [{ phase }, { phase: 'Skipped' }] });
    expect(decided(orphan({ ...running, ...notFound }, cancel), [aJob().complete(1).build()])).toMatchObject([
      { kind: 'writeRunStatus', status: { ...rows('Succeeded'), completionTime: rfc3339(after(1)) } },
    ]);
    expect(decided(orphan({ ...running, ...notFound }, cancel), [aJob().failed(2).build()])).toMatchObject([
      { kind: 'writeRunStatus', status: { ...rows('Failed'), reason: 'BackoffLimitExceeded' } },
    ]);
  });
  test('and that is on record as cancelled has no Job that goes on', () => {
    const ended = orphan({ ...running, ...cancelled }, cancel);
    expect(decided(ended, [job.build()])).toMatchObject([stop]);
    expect(decided(ended, [job.complete(1).build()])).toEqual([]);
  });
  test('and that was cancelled has its pods deleted where somebody holds its Job, which is asked for once', () => {
    const ended = orphan({ ...running, ...cancelled }, cancel);
    const held = job.meta({ deletionTimestamp: rfc3339(noon) }).build();
    const pods = [aPod(job).build()];
    expect(decided(ended, [held], pods)).toMatchObject([{ ...stop, podsFirst: true }]);
    expect(decided(ended, [{ ...held, goesAfterPods: true }], pods)).toEqual([]);
    expect(decided(ended, [held])).toEqual([]);
  });
  test('and that is still there is looked at once somebody cancels it', () => {
    const owned = aRun().status(running).build();
    const { metadata, spec } = orphan(running);
    const going = { ...metadata, deletionTimestamp: rfc3339(noon) };
    for (const left of [owned, { metadata: going, spec }]) {
      expect(isCancelledOfTask(left)).toBe(false);
      expect(isCancelledOfTask({ ...left, spec: { ...spec, ...cancel } })).toBe(true);
    }
    expect(isCancelledOfTask({ metadata, spec: { ...spec, ...cancel } })).toBe(false);
  });
});
