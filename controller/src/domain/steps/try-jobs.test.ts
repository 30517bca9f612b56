import { expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { after, aJob, aRefusal, aRun, aState, aTask } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { TaskSpec, TaskStatus } from '../../resources/index.ts';
import { classify } from '../view/classify.ts';
import { taskStatus } from '../status/task.ts';
import { tryJobs } from './try-jobs.ts';

type StateBuilder = ReturnType<typeof aState>;

const manual = aTask().policy({ trigger: 'Manual' });
const nightly = aTask().spec({ schedule: { crons: ['0 3 * * *'] } });
const { template = {}, ...withoutTemplate } = manual.build().spec;
const saying = (spec: Partial<TaskSpec>) => ({
  build: () => ({ ...aTask().build(), spec: { ...withoutTemplate, ...spec } }),
});
const withSteps = (...names: string[]) => saying({ steps: names.map((name) => ({ name, template })) });
/** What the API server is asked about, as `step job`. */
const tried = (state: StateBuilder) =>
  tryJobs(classify(state.build())).flatMap((action) =>
    action.kind === 'tryJobs' ? action.jobs.map(({ step, job }) => `${step ?? ''} ${job.metadata.name}`.trim()) : [],
  );

test.each<[string, StateBuilder, readonly string[]]>([
  ['of a task that a person starts', aState(manual), ['mytask']],
  ['of a task that the clock starts', aState(nightly), ['mytask']],
  ['of a suspended task', aState(aTask().spec({ suspend: true })).runs(aRun()), ['mytask']],
  ['of a task whose run waits for its turn', aState().runs(aRun().status({ phase: 'Queued' })), ['mytask']],
  ['of all steps of a flow', aState(withSteps('build', 'test')), ['build mytask-build', 'test mytask-test']],
  ['of a step of a template, when it starts', aState(saying({ templateRef: { name: 'x' } })), []],
  [
    'of the first hundred steps',
    aState(withSteps(...Array.from({ length: 101 }, (_, at) => `s${at}`))),
    expect.any(Array),
  ],
])('the API server is asked about the Jobs %s', (_what, state, expected) => {
  expect(tried(state)).toEqual(expected);
  expect(tried(state).length).toBeLessThanOrEqual(100);
});

test.each<[string, StateBuilder]>([
  ['whose run has its Job', aState().runs(aRun()).jobs(aJob())],
  [
    'whose run was refused its Job',
    aState()
      .runs(aRun())
      .refusals(aRefusal({ run: 'mytask-v1' })),
  ],
  ['whose run is refused', aState().refusals(aRefusal({ object: 'TaskRun' }))],
  ['whose content has succeeded', aState(manual.generation(2)).runs(aRun(manual).finished())],
  ['that is on record', aState(manual.status({ observedGeneration: 1 }))],
  ['that it was asked about', aState(manual).memory({ trial: { generation: 1 } })],
])('it is not asked about a version %s', (_what, state) => expect(tried(state)).toEqual([]));

const problem = { reason: 'Invalid', message: 'the Job of each run would be refused: no' };
const refused = (state: StateBuilder) => state.memory({ trial: { generation: 1, problem } });
const statusOf = (state: StateBuilder): TaskStatus => {
  const status = taskStatus(classify(state.build()), after(40));
  mustBeValid.taskStatus(status);
  return status;
};
const conditionsOf = ({ conditions = [] }: TaskStatus) =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

test('what it would refuse stands in the status before anything runs', () => {
  const status = statusOf(refused(aState(nightly)));
  expect(status.message).toBe(`no run yet · ${problem.message} · 0 kept · next 2026-03-21 03:00 UTC`);
  expect(conditionsOf(status)).toEqual(['Ready False Idle', 'Stalled True Invalid', 'Valid False Invalid']);
});

test('a run that failed of it is enough to say so', () => {
  const failed = aRun().status({ phase: 'Failed', reason: 'Invalid', message: 'Job mytask-v1 was refused: no' });
  expect(statusOf(refused(aState().runs(failed))).message).toBe(
    'mytask-v1 Failed: Job mytask-v1 was refused: no · 0 kept',
  );
});

test('a controller that was restarted knows it from the status, and asks nothing', () => {
  const status = statusOf(refused(aState(nightly)));
  const state = aState(nightly.status(status));
  expect(statusOf(state)).toEqual(status);
  expect(decide(state.memory({ nudged: 'x' }).build(), after(40)).map(({ kind }) => kind)).not.toContain('tryJobs');
});

test.each<[string, StateBuilder]>([
  ['the next version', refused(aState(nightly.generation(2)))],
  ['a version that has succeeded all the same', refused(aState(nightly).runs(aRun(nightly).finished()))],
])('%s is not blamed for it', (_what, state) => {
  expect(conditionsOf(statusOf(state)).filter((one) => !one.startsWith('Ready'))).toEqual([]);
});
