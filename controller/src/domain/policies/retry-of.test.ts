import { describe, expect, test } from 'vitest';
import type { Snapshot, TaskRunStatus } from '../../resources/index.ts';
import { aRun, aTask } from '../testing/builders.ts';
import { retryProblem, retrySpec } from './retry-of.ts';

describe('a run can be retried', () => {
  test.each([
    ['that failed', aRun().finished('Failed'), undefined],
    ['that was cancelled', aRun().finished('Cancelled'), undefined],
    [
      'only once it has ended',
      aRun().running(1),
      'mytask-v1 is Running, and only a run that failed or was cancelled can be retried; wait for its end, or cancel it first',
    ],
    [
      'only if it did not succeed',
      aRun().finished(),
      'mytask-v1 is Succeeded, and only a run that failed or was cancelled can be retried; create a TaskRun without retryOf to run again',
    ],
  ])('%s', (_what, run, problem) => expect(retryProblem('mytask-v1', run.build())).toBe(problem));

  test('only if it is on record', () =>
    expect(retryProblem('lost', undefined)).toBe(
      'the Task has no run lost on record; name one of its runs that failed or was cancelled',
    ));
});

describe('a retry of a flow', () => {
  const template = aTask().build().spec.template ?? {};
  const steps = [
    { name: 'a', template },
    { name: 'b', template, dependsOn: ['a'] },
    { name: 'c', template, dependsOn: ['b'] },
  ] as NonNullable<Snapshot['steps']>;
  const flow = aRun(aTask().spec({ steps, globals: { workspace: { size: '1Gi', mountPath: '/work' } } }));
  const kept = (status: TaskRunStatus) => retrySpec(flow.status(status).build(), undefined).snapshot;

  test('keeps what succeeded, after nothing but what succeeded, and whose run it was', () => {
    const jobs = [
      { step: 'a', phase: 'Succeeded', outputs: { rows: 3 } },
      { step: 'b', phase: 'Failed' },
      { step: 'c', phase: 'Succeeded' },
    ] as const;
    expect(kept({ phase: 'Failed', jobs: [...jobs] })?.kept).toEqual([
      { step: 'a', run: 'mytask-v1', phase: 'Succeeded', outputs: { rows: 3 } },
    ]);
  });

  test('runs all of it where nothing succeeded', () =>
    expect(kept({ phase: 'Failed', jobs: [{ step: 'a', phase: 'Failed' }] })?.kept).toBeUndefined());

  test('has the workspace and the node of what succeeded', () =>
    expect(
      kept({ phase: 'Failed', workspace: 'w', nodeName: 'node-1', jobs: [{ step: 'a', phase: 'Succeeded' }] })?.globals,
    ).toEqual({ workspace: { size: '1Gi', mountPath: '/work', claimName: 'w' }, nodeName: 'node-1' }));
});
