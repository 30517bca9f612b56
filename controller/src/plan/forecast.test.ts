import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isFinished } from '../domain/model/phase.ts';
import { after, aJob, aRun, aState, aTask, noon } from '../domain/testing/builders.ts';
import { FlowWorld } from '../domain/testing/flow-world.ts';
import { ModelController } from '../domain/testing/model-controller.ts';
import { World } from '../domain/testing/world.ts';
import type { ExecutionPolicy, Task } from '../resources/index.ts';
import type { RunPlan } from './document.ts';
import { forecast } from './forecast.ts';
import type { FlowStep } from '../domain/model/flow.ts';

const nobody = { runs: new Set<string>(), jobs: new Set<string>() };
const v2 = aTask().revision('app-worker-v2');
const ended = aRun().finished();
const active = aRun().running(0);
const plan = (state: ReturnType<typeof aState>) => forecast(state.build(), after(40), nobody).plan;
/** `name decision` of each run, and its Jobs if it starts. */
const said = ({ runs }: { readonly runs: readonly RunPlan[] }) =>
  runs.map(
    ({ name, decision, jobs }) =>
      `${name} ${decision}${decision === 'Starts' ? ` ${jobs.map((job) => job.name).join(' ')}` : ''}`,
  );
const before = (policy: ExecutionPolicy, run = ended, spec: Partial<Task['spec']> = {}) =>
  aState(v2.policy(policy).spec(spec))
    .runs(run)
    .jobs(run === ended ? aJob(run).complete(31) : aJob(run).running(0));

describe('a new version of a task', () => {
  it.for<[what: string, state: ReturnType<typeof aState>, runs: readonly string[]]>([
    ['starts a run', before({}), ['mytask-v2 Starts mytask-v2']],
    ['with the same content starts no run with trigger Change', before({ trigger: 'Change' }), []],
    ['starts no run with trigger Manual', before({ trigger: 'Manual' }), []],
    [
      'starts beside an active run with Allow',
      before({ concurrencyPolicy: 'Allow' }, active),
      ['mytask-v2 Starts mytask-v2'],
    ],
    ['is skipped with Forbid', before({ concurrencyPolicy: 'Forbid' }, active), ['mytask-v2 Skipped']],
    ['is queued with Queue', before({ concurrencyPolicy: 'Queue' }, active), ['mytask-v2 Queued']],
    [
      'replaces the active run with Replace',
      before({ concurrencyPolicy: 'Replace' }, active),
      ['mytask-v1 Cancelled', 'mytask-v2 Starts mytask-v2'],
    ],
    [
      'that can never start leaves the active run alone with Replace',
      before({ concurrencyPolicy: 'Replace' }, active, { items: [{ name: 'a' }, { name: 'a' }] }),
      ['mytask-v2 Fails'],
    ],
    ['waits while the task is suspended', before({}, ended, { suspend: true }), ['mytask-v2 Held']],
  ])('%s', ([, state, runs]) => expect(said(plan(state))).toEqual(runs));

  it.for<[policy: ExecutionPolicy, prunes: readonly string[], keeps: readonly string[]]>([
    [{}, [], ['mytask-v1']],
    [{ keepLast: 1 }, ['mytask-v1 Later keepLast: 1'], []],
    [{ keepLast: 0 }, ['mytask-v1 Now keepLast: 0', 'mytask-v2 Later keepLast: 0'], []],
    [{ ttlSecondsAfterFinished: 5 }, ['mytask-v1 Now ttlSecondsAfterFinished: 5'], []],
  ])('deletes with %o %o', ([policy, prunes, keeps]) => {
    const planned = plan(before(policy));
    expect(
      planned.prunes.filter(({ what }) => what === 'Job').map(({ run, when, because }) => `${run} ${when} ${because}`),
    ).toEqual(expect.arrayContaining([...prunes]));
    expect(planned.keeps).toEqual(keeps);
  });

  it('takes another name if somebody else has it', () => {
    const taken = { runs: new Set(['mytask-v2']), jobs: new Set<string>() };
    expect(forecast(before({}).build(), after(40), taken).plan.runs[0]).toMatchObject({
      name: expect.stringMatching(/^mytask-v2-[0-9a-f]{5}$/) as string,
      decision: 'Starts',
    });
  });

  it('gives the next three times of the schedule', () => {
    const schedule = { crons: ['30 2 * * *'], timeZone: 'Europe/Berlin' };
    expect(plan(aState(aTask().spec({ schedule }))).schedule).toEqual({
      ...schedule,
      nextTimes: ['2026-03-21T02:30:00+01:00', '2026-03-22T02:30:00+01:00', '2026-03-23T02:30:00+01:00'],
    });
    expect(plan(aState(aTask().spec({ schedule, suspend: true }))).schedule?.nextTimes).toEqual([]);
  });
});

/** Variants of a deployment; the template varies what runs, so that trigger Change has something to compare. */
const specs = fc.record({
  word: fc.constantFrom('one', 'two'),
  suspend: fc.boolean(),
  cron: fc.option(fc.constantFrom('*/5 * * * *', '7 * * * *'), { nil: undefined }),
  policy: fc.record(
    {
      unique: fc.boolean(),
      keepLast: fc.integer({ min: 0, max: 2 }),
      keepLastFailed: fc.integer({ min: 0, max: 2 }),
      trigger: fc.constantFrom('Revision' as const, 'Change' as const, 'Manual' as const),
      nameSuffix: fc.constantFrom('Revision' as const, 'UUID' as const, 'Timestamp' as const),
      historyLimit: fc.integer({ min: 1, max: 3 }),
      concurrencyPolicy: fc.constantFrom('Allow' as const, 'Forbid' as const, 'Replace' as const, 'Queue' as const),
      queueLimit: fc.integer({ min: 1, max: 2 }),
    },
    { requiredKeys: [] },
  ),
});
type Deployment = typeof specs extends fc.Arbitrary<infer T> ? T : never;

function specOf({ word, suspend, cron, policy }: Deployment, revision: number): Task['spec'] {
  const { spec } = aTask().running(word).build();
  return {
    ...spec,
    trigger: { appRevision: `app-worker-v${revision}`, publishVersion: '' },
    executionPolicy: policy,
    ...(suspend && { suspend }),
    ...(cron !== undefined && { schedule: { crons: [cron] } }),
  };
}

/** Ends everything that runs in this way, until nothing is left to run. */
function endAll(world: World, controller: ModelController, step: 'complete' | 'fail'): void {
  for (let round = 0; round < 20; round += 1) {
    const running = world.ownJobs().filter(({ status }) => !status?.conditions);
    if (running.length === 0) return;
    for (const { metadata } of running) world.progress(metadata.name, step);
    world.endPods();
    controller.watch();
    controller.reconcile();
  }
}

const namesOf = (world: World) => ({
  runs: world.ownRuns().map(({ metadata }) => metadata.name),
  jobs: world.ownJobs().map(({ metadata }) => metadata.name),
});
const without = (all: readonly string[], others: readonly string[]) =>
  all.filter((one) => !others.includes(one)).sort();

describe('a forecast', () => {
  test('comes true: the same runs, Jobs and deletions happen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(specs, fc.constantFrom('complete' as const, 'fail' as const, 'leave' as const)), {
          maxLength: 4,
        }),
        specs,
        (history, last) => {
          const world = new World();
          const controller = new ModelController(world);
          controller.reconcile();
          for (const [index, [deployment, end]] of history.entries()) {
            world.advance(170);
            world.deploy(specOf(deployment, index + 2));
            controller.watch();
            controller.reconcile();
            if (end !== 'leave') endAll(world, controller, end);
          }
          world.advance(1);
          world.deploy(specOf(last, history.length + 2));
          controller.watch();
          const start = namesOf(world);
          const { plan: planned, atRest, atEnd } = forecast(controller.state(), new Date(world.now), nobody);

          controller.reconcile();
          world.endPods();
          controller.watch();
          controller.reconcile();
          const rest = namesOf(world);
          expect(
            planned.runs
              .filter(({ isNew }) => isNew)
              .map(({ name }) => name)
              .sort(),
          ).toEqual(without(rest.runs, start.runs));
          expect(atRest.cluster.jobs.map(({ metadata }) => metadata.name).sort()).toEqual([...rest.jobs].sort());
          const startsNow = planned.runs.flatMap(({ jobs }) =>
            jobs.filter(({ starts }) => starts === 'Now').map(({ name }) => name),
          );
          for (const name of without(rest.jobs, start.jobs)) expect(startsNow).toContain(name);

          endAll(world, controller, 'complete');
          const end = namesOf(world);
          expect(atEnd.cluster.runs.map(({ metadata }) => metadata.name).sort()).toEqual([...end.runs].sort());
          expect(atEnd.cluster.jobs.map(({ metadata }) => metadata.name).sort()).toEqual([...end.jobs].sort());
          const finished = world.ownRuns().filter(({ status }) => isFinished(status?.phase));
          for (const { metadata, status } of finished)
            expect(atEnd.cluster.runs.find((run) => run.metadata.name === metadata.name)?.status?.phase).toBe(
              status?.phase,
            );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('has the Jobs of a flow by name: those that start at once, and those that follow', () => {
    const flows = fc.array(
      fc.record({
        needs: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
        when: fc.constantFrom(undefined, 'OnSuccess' as const, 'OnFailure' as const, 'Always' as const),
      }),
      { minLength: 1, maxLength: 10 },
    );
    fc.assert(
      fc.property(flows, fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), (drawn, maxParallel) => {
        const steps = drawn.map(({ needs, when }, index): FlowStep => {
          const dependsOn = [...new Set(needs.filter((need) => need < index).map((need) => `step${need}`))];
          return {
            name: `step${index}`,
            template: {},
            ...(when && { when }),
            ...(dependsOn.length > 0 && { dependsOn }),
          };
        });
        const world = new FlowWorld(steps, maxParallel === undefined ? {} : { maxParallel });
        const {
          runs: [run],
        } = forecast(aState({ build: () => world.task }).build(), noon, nobody).plan;
        world.reconcile();
        const jobsThat = (...starts: readonly string[]) =>
          (run?.jobs ?? [])
            .filter((job) => starts.includes(job.starts))
            .map(({ name }) => name)
            .sort();
        expect(jobsThat('Now')).toEqual(world.created.map(({ job }) => job.metadata.name).sort());
        for (let round = 0; round <= steps.length && world.active.length > 0; round += 1) {
          for (const name of world.active) world.finish(name);
          world.advance(5).reconcile();
        }
        expect(jobsThat('Now', 'Later')).toEqual(world.created.map(({ job }) => job.metadata.name).sort());
      }),
      { numRuns: 200 },
    );
  });
});
