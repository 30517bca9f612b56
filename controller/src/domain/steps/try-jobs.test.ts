import { describe, expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { after, aJob, aRefusal, aRun, aState, aTask, noon } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { TaskSpec, TaskStatus } from '../../resources/index.ts';
import { templatesHash } from '../shape/templates.ts';
import { classify } from '../view/classify.ts';
import { taskStatus } from '../status/task.ts';
import { undecided } from '../status/undecided.ts';
import { tryJobs } from './try-jobs.ts';

type StateBuilder = ReturnType<typeof aState>;
type TaskBuilder = ReturnType<typeof aTask>;

const manual = aTask().policy({ trigger: 'Manual' });
const nightly = aTask().spec({ schedule: { crons: ['0 3 * * *'] } });
const { template = {}, ...withoutTemplate } = manual.build().spec;
const saying = (spec: Partial<TaskSpec>) => ({
  build: () => ({ ...aTask().build(), spec: { ...withoutTemplate, ...spec } }),
});
const withSteps = (...names: string[]) => saying({ steps: names.map((name) => ({ name, template })) });
const undecidedOn = (task: TaskBuilder) => {
  const [action] = undecided(task.build(), new Error('no'), noon);
  return task.status(action?.kind === 'writeTaskStatus' ? action.status : undefined);
};
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
  ['of a version that nobody could decide on at first', aState(undecidedOn(manual)), ['mytask']],
  ['of all steps of a flow', aState(withSteps('build', 'test')), ['build mytask-build', 'test mytask-test']],
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

test('a version of which no Job can be made says so as if the API server had refused it', () => {
  const state = aState(saying({ suspend: true, steps: [{ name: 'bad', template: { spec: null as never } }] }));
  const [asked] = tryJobs(classify(state.build()));
  const message = expect.stringMatching(/^no Job can be made of what each run says/) as string;
  expect(asked).toMatchObject({ kind: 'tryJobs', generation: 1, jobs: [], problem: { reason: 'Invalid', message } });
});

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

describe('a Task that takes TaskTemplates', () => {
  const spec = { template: { spec: { containers: [{ name: 'main', image: 'dump:1' }] } } };
  const manualOf = (of: Partial<TaskSpec>) => ({
    build: () => ({ ...manual.build(), spec: { ...withoutTemplate, ...of } }),
  });
  const dump = manualOf({ templateRef: { name: 'dump' } });
  const having = (state: StateBuilder, ...templates: [string, object][]) =>
    state.cluster({ templates: new Map(templates) as never });
  const there = having(aState(dump), ['dump', spec]);
  const hash = templatesHash(dump.build(), there.build().cluster.templates);

  test.each<[string, StateBuilder, readonly string[]]>([
    ['its Job', there, ['mytask']],
    ['its Job although an earlier run succeeded', there.runs(aRun(manual).finished()), ['mytask']],
    ['no Job while the template is missing', aState(dump), []],
    [
      'no Job of wrong parameters',
      having(aState(manualOf({ templateRef: { name: 'dump', parameters: { x: 1 } } })), ['dump', spec]),
      [],
    ],
    [
      'its steps, apart from those whose template is missing',
      having(
        aState(
          manualOf({
            steps: [
              { name: 'a', templateRef: { name: 'dump' } },
              { name: 'b', templateRef: { name: 'x' } },
              { name: 'c', template },
            ],
          }),
        ),
        ['dump', spec],
      ),
      ['a mytask-a', 'c mytask-c'],
    ],
    ['nothing that it was asked', there.memory({ trial: { generation: 1, templates: hash } }), []],
    [
      'its Job again once the template has changed',
      there.memory({ trial: { generation: 1, templates: 'old' } }),
      ['mytask'],
    ],
  ])('the API server is asked about %s', (_what, state, expected) => expect(tried(state)).toEqual(expected));

  test('a controller that starts knows the answer from the status until a template changes', () => {
    const told = statusOf(there.memory({ trial: { generation: 1, templates: hash, problem } }));
    expect(told.observedTemplates).toBe(hash);
    const restarted = (template: object) =>
      having(aState({ build: () => ({ ...dump.build(), status: told }) }), ['dump', template]);
    expect([tried(restarted(spec)), statusOf(restarted(spec)).message]).toEqual([[], told.message]);
    const changed = restarted({ template: { spec: { containers: [] } } });
    expect([tried(changed), statusOf(changed).message]).toEqual([['mytask'], 'no run yet · 0 kept']);
  });

  test('says when a template that it had run with has changed for the worse', () => {
    const ran = there.runs(aRun(manual).finished()).memory({ trial: { generation: 1, templates: hash, problem } });
    expect(conditionsOf(statusOf(ran))).toContain('Valid False Invalid');
  });

  test.each<[string, StateBuilder, string]>([
    [
      'that the template does not exist',
      aState(dump),
      'no run yet · there is no TaskTemplate dump in namespace default: a run would wait for it · 0 kept',
    ],
    [
      'that a parameter is wrong',
      having(aState(manualOf({ templateRef: { name: 'dump', parameters: { tabel: 'x' } } })), ['dump', spec]),
      'no run yet · TaskTemplate dump has no parameter tabel: it has none · 0 kept',
    ],
    [
      'once, by the run that waits for the template',
      aState(dump).runs(
        aRun(manual).status({ phase: 'Pending', reason: 'TemplateNotFound', message: 'there is no TaskTemplate dump' }),
      ),
      'mytask-v1 Pending: there is no TaskTemplate dump · 0 kept',
    ],
  ])('says before anything runs %s', (_what, state, message) => expect(statusOf(state).message).toBe(message));
});
