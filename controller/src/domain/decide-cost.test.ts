/**
 * Whoever may create TaskRuns in one namespace may create thousands. All Tasks are decided on by one thread, so that
 * what one decision costs is what the Tasks of all others wait.
 */
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import type { TaskState } from './model/state.ts';
import { after, aJob, aPod, aRun, aState, aTask } from './testing/builders.ts';

type Story = (count: number) => TaskState;

const underWay: Story = (count) => {
  const task = aTask().policy({ concurrencyPolicy: 'Allow' });
  const numbers = Array.from({ length: count }, (_, number) => number);
  const runs = numbers.map((number) =>
    aRun(task, `run-${number}`)
      .meta({ uid: `run-${number}` })
      .running(0),
  );
  const jobs = runs.map((run, number) =>
    aJob(run)
      .meta({ uid: `job-${number}` })
      .running(0),
  );
  const pods = jobs.map((job) => aPod(job).phase('Running'));
  return aState(task)
    .runs(...runs)
    .jobs(...jobs)
    .pods(...pods)
    .build();
};

const waiting =
  (concurrencyPolicy: 'Forbid' | 'Queue' | 'Replace'): Story =>
  (count) => {
    const task = aTask().policy({ concurrencyPolicy });
    const runs = Array.from({ length: count }, (_, number) =>
      aRun(task, `run-${number}`).meta({ uid: `run-${number}` }),
    );
    return aState(task)
      .runs(aRun(task, 'first').running(0), ...runs)
      .jobs(aJob(aRun(task, 'first')).running(0))
      .build();
  };

const retrying: Story = (count) => {
  const task = aTask();
  const runs = Array.from({ length: count }, (_, number) => {
    const run = aRun(task, `run-${number}`)
      .meta({ uid: `run-${number}` })
      .build();
    return { build: () => ({ ...run, spec: { taskRef: run.spec.taskRef, retryOf: 'gone' } }) };
  });
  return aState(task)
    .runs(...runs)
    .build();
};

/** How often the decision reads a field of a run, a Job or a pod. */
function readsOf(state: TaskState): number {
  let reads = 0;
  const counted = <T extends object>(all: readonly T[]) =>
    all.map(
      (one) =>
        new Proxy(one, {
          get: (target, key) => {
            reads += 1;
            return Reflect.get(target, key) as unknown;
          },
        }),
    );
  const { runs, jobs, pods } = state.cluster;
  decide(
    { ...state, cluster: { ...state.cluster, runs: counted(runs), jobs: counted(jobs), pods: counted(pods) } },
    after(60),
  );
  return reads;
}

test.each([
  ['that all run', underWay],
  ['that wait under Forbid', waiting('Forbid')],
  ['that wait in the queue of the Task', waiting('Queue')],
  ['that replace each other', waiting('Replace')],
  ['that retry one which is gone', retrying],
])('four times as many runs %s cost little more than four times as much', (_what, story) => {
  expect(readsOf(story(400)) / readsOf(story(100))).toBeLessThan(6);
});
