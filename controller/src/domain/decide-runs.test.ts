/**
 * What `decide` does about runs that something else than a deployment asks for, and about attempts, outputs and
 * workflow steps.
 */
import { describe, expect, test } from 'vitest';
import type { Snapshot, Task, TaskRunStatus } from '../resources/index.ts';
import { decide } from './decide.ts';
import type { Action, ActionKind } from './model/actions.ts';
import type { StepLook } from './model/memory.ts';
import { remembered } from './model/remembered-run.ts';
import { after, aJob, aPod, aRun, aState, aTask, noon, rfc3339 } from './testing/builders.ts';
import { mustBeValid } from './testing/crd-schema.ts';
import { classify } from './view/classify.ts';

type RunBuilder = ReturnType<typeof aRun>;
type StateBuilder = ReturnType<typeof aState>;

function at(state: StateBuilder, seconds = 40): readonly Action[] {
  const actions = decide(state.build(), after(seconds));
  for (const action of actions) {
    if (action.kind === 'writeRunStatus') mustBeValid.taskRunStatus(action.status);
    if (action.kind === 'writeTaskStatus') mustBeValid.taskStatus(action.status);
    if (action.kind === 'createRun') mustBeValid.taskRunSpec(action.run.spec);
  }
  return actions;
}
const first = <K extends ActionKind>(kind: K, actions: readonly Action[]) =>
  actions.find((action) => action.kind === kind) as Extract<Action, { kind: K }> | undefined;
const writes = (actions: readonly Action[]) => actions.filter((action) => action.kind === 'writeRunStatus');
const statusOf = (state: StateBuilder, seconds?: number) => first('writeRunStatus', at(state, seconds))?.status;
const manual = (spec: Partial<Task['spec']> = {}) => aTask().policy({ trigger: 'Manual' }).spec(spec);
/** A run by hand of a Task that says this. */
const runOf = (snapshot: Partial<Snapshot> = {}) =>
  aRun(manual(snapshot), 'by-hand').spec({ trigger: { type: 'Manual' } });
const job = (run: RunBuilder, attempt = 0) => {
  const built = aJob(run);
  return attempt === 0
    ? built
    : {
        build: () => ({
          ...built.meta({ name: `by-hand-r${attempt}`, uid: `by-hand-job-${attempt}` }).build(),
          attempt,
        }),
      };
};

describe('a time of the schedule', () => {
  const schedule = { crons: ['*/5 * * * *'] };
  test('gets a run that is named after it, and nothing of the deployment', () => {
    const actions = at(aState(aTask().spec({ schedule })), 301);
    expect(actions.map((action) => (action.kind === 'createRun' ? action.run.metadata.name : action.kind))).toEqual([
      'mytask-202603201205',
    ]);
  });
  test("gets it beside the deployment's where Revision is written out", () => {
    const actions = at(aState(aTask().spec({ schedule }).policy({ trigger: 'Revision' })), 301);
    expect(actions.map((action) => (action.kind === 'createRun' ? action.run.metadata.name : action.kind))).toEqual([
      'mytask-v1',
      'mytask-202603201205',
    ]);
  });
  test('gets another name where somebody has taken it', () => {
    const { run } =
      first('createRun', at(aState(aTask().spec({ schedule })).taken({ runs: ['mytask-202603201205'] }), 301)) ?? {};
    expect(run?.metadata.name).toMatch(/^mytask-202603201205-[0-9a-f]{5}$/);
  });
  test('is what the Task wakes for', () => {
    const task = aTask().spec({ schedule }).withoutApplication();
    const status = first('writeTaskStatus', at(aState(task).memory({ trial: { generation: 1 } }), 1))?.status;
    expect(status).toMatchObject({ phase: 'Idle', nextScheduleTime: rfc3339(300) });
    expect(at(aState(task.status(status)), 1)).toEqual([{ kind: 'wakeAt', at: after(300).getTime() }]);
  });
  test("goes on the Job in CronJob's annotation, in the schedule's zone", () => {
    const trigger = { type: 'Schedule', value: '2026-03-20T13:05:00+01:00', scheduledTime: rfc3339(300) } as const;
    const { job: made } = first('createJob', at(aState(manual()).runs(runOf().spec({ trigger })))) ?? {};
    expect(made?.metadata.annotations).toEqual({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-20T13:05:00+01:00',
    });
  });
});

describe('a TaskRun that somebody made', () => {
  const { metadata, spec } = runOf().build();
  const { ownerReferences: _owner, ...meta } = metadata;
  const orphan = { metadata: meta, spec: { taskRef: spec.taskRef } };
  test('is adopted before anything else', () => {
    expect(at(aState(manual()).cluster({ orphans: [orphan] })).map(({ kind }) => kind)).toEqual(['adoptRun']);
  });
  test('for a Task that is being deleted is not, and ends when it is cancelled', () => {
    const going = manual().meta({ deletionTimestamp: rfc3339(30) });
    const cancelled = { ...orphan, spec: { ...orphan.spec, cancel: true } };
    expect(at(aState(going).cluster({ orphans: [orphan] })).map(({ kind }) => kind)).toEqual(['writeTaskStatus']);
    expect(at(aState(going).cluster({ orphans: [orphan, cancelled] }))).toMatchObject([
      { kind: 'writeRunStatus', uid: meta.uid, status: { phase: 'Cancelled' } },
    ]);
  });
});

describe('a run that does not start', () => {
  const older = aRun(manual(), 'older').running(0).createdAt(-60);
  test.each<[string, StateBuilder, TaskRunStatus]>([
    [
      'because its overrides are not allowed has failed',
      aState(manual().policy({ allowedOverrides: [] })).runs(runOf().spec({ overrides: { args: ['x'] } })),
      { phase: 'Failed', reason: 'OverrideNotAllowed' },
    ],
    [
      'because the Task is suspended is pending',
      aState(manual({ suspend: true })).runs(runOf()),
      { phase: 'Pending', reason: 'Suspended' },
    ],
    [
      'because it is not its turn is queued',
      aState(manual().policy({ concurrencyPolicy: 'Queue' }))
        .runs(older, runOf())
        .jobs(aJob(older).running(0)),
      { phase: 'Queued', reason: 'WaitsForTurn' },
    ],
    [
      'because another is active is skipped',
      aState(manual().policy({ concurrencyPolicy: 'Forbid' }))
        .runs(older, runOf())
        .jobs(aJob(older).running(0)),
      { phase: 'Skipped', reason: 'ConcurrencyForbidden' },
    ],
    [
      'because it is cancelled is cancelled',
      aState(manual()).runs(runOf().spec({ cancel: true, cancelReason: 'Ann: too early' })),
      { phase: 'Cancelled', reason: 'Cancelled', message: 'Ann: too early' },
    ],
  ])('%s', (_what, state, expected) => {
    expect(statusOf(state)).toMatchObject(expected);
    expect(first('createJob', at(state))).toBeUndefined();
  });
});

describe('a run that is cancelled', () => {
  const run = runOf().spec({ cancel: true }).started();
  test('while its Job runs is on record before its Job goes', () => {
    const state = aState(manual()).runs(run).jobs(aJob(run).running(1));
    expect(at(state).map(({ kind }) => kind)).toEqual(['writeRunStatus', 'event']);
    expect(statusOf(state)).toMatchObject({
      phase: 'Cancelled',
      reason: 'Cancelled',
      message: 'cancelled (spec.cancel)',
    });
  });
  test.each(['complete', 'failed'] as const)('when its Job is %s already keeps that outcome', (end) => {
    expect(statusOf(aState(manual()).runs(run).jobs(aJob(run).running(1)[end](5)))?.phase).toBe(
      end === 'complete' ? 'Succeeded' : 'Failed',
    );
  });
  test('between two attempts gets no other', () => {
    const waiting = runOf({ retry: { limit: 1 } })
      .spec({ cancel: true })
      .started();
    expect(statusOf(aState(manual()).runs(waiting).jobs(aJob(waiting).running(1).failed(5)))).toMatchObject({
      phase: 'Cancelled',
    });
  });
});

describe('a run with a retry', () => {
  const run = runOf({ retry: { limit: 2, delaySeconds: 10, backoff: 'Constant' }, timeoutSeconds: 100 }).started();
  const failing = aState(manual()).runs(run).jobs(aJob(run).running(0).failed(30));
  const status = statusOf(failing, 31);
  const recorded = status ? run.status(status) : run;
  test('says that it waits for the next attempt', () => {
    expect(status).toMatchObject({
      phase: 'Pending',
      reason: 'RetryBackoff',
      message:
        'attempt 1 of 3 failed: BackoffLimitExceeded: Job has reached the specified backoff limit; the next one starts at 12:00:40 UTC',
      jobs: [{ name: 'by-hand', phase: 'Failed', reason: 'BackoffLimitExceeded', completionTime: rfc3339(30) }],
    });
  });
  test('goes on to say how the attempt failed when its pods are gone', () => {
    const exit3 = aPod(aJob(run)).failed({ container: 'load', exitCode: 3, reason: 'Error' });
    const before = statusOf(failing.pods(exit3), 31);
    expect(before?.message).toMatch(/^attempt 1 of 3 failed: exit code 3 in container load \(BackoffLimitExceeded\); /);
    expect(statusOf(failing.runs(run.status(before ?? {})), 32)).toBeUndefined();
  });
  test('starts the next attempt at its time, with what is left of the time', () => {
    const waiting = failing.runs(recorded);
    expect(first('createJob', at(waiting, 39))).toBeUndefined();
    const { job: made } = first('createJob', at(waiting, 40)) ?? {};
    expect(made).toMatchObject({
      metadata: { name: 'by-hand-r1', labels: { 'task.oam.dev/attempt': '1' } },
      spec: { activeDeadlineSeconds: 60 },
    });
  });
  test('does not before the failure is on record', () =>
    expect(at(failing, 50).map(({ kind }) => kind)).toEqual(['writeRunStatus']));
  test('goes on from the record where the failed Job is gone', () => {
    expect(first('createJob', at(aState(manual()).runs(recorded), 40))?.job.metadata.name).toBe('by-hand-r1');
  });
  test('keeps all its attempts on record', () => {
    const second = aState(manual())
      .runs(recorded)
      .jobs(aJob(run).running(0).failed(30), {
        build: () => ({ ...job(run, 1).build(), status: { startTime: rfc3339(41), active: 1, ready: 1 } }),
      });
    expect(statusOf(second, 42)).toMatchObject({
      phase: 'Running',
      attempts: 2,
      startTime: rfc3339(0),
      jobs: [
        { name: 'by-hand', phase: 'Failed' },
        { name: 'by-hand-r1', attempt: 1, phase: 'Running' },
      ],
    });
  });
  test('has failed where nobody was there until its time was up', () => {
    expect(statusOf(failing.runs(recorded), 100)).toMatchObject({ phase: 'Failed', reason: 'BackoffLimitExceeded' });
    expect(first('createJob', at(failing.runs(recorded), 100))).toBeUndefined();
  });
});

describe('a run with outputs', () => {
  const run = runOf({ outputs: [{ name: 'version' }] }).started();
  const complete = aState(manual()).runs(run).jobs(aJob(run).running(1).complete(5));
  const read = (text?: string) => complete.memory({ terminationMessages: new Map([['by-hand-job-uid', { text }]]) });
  test('has them read once its Job is complete', () => {
    expect(at(complete)).toEqual([
      { kind: 'readTermination', job: 'by-hand', uid: 'by-hand-job-uid', container: 'mytask' },
    ]);
    expect(first('readTermination', at(complete.jobs(aJob(run).running(1))))).toBeUndefined();
  });
  test.each<[string | undefined, TaskRunStatus]>([
    ['{"version":"1.2"}', { phase: 'Succeeded', outputs: { version: '1.2' } }],
    ['{}', { phase: 'Failed', reason: 'OutputsInvalid', message: 'output version is missing' }],
    [undefined, { phase: 'Failed', reason: 'OutputsInvalid' }],
  ])('of %s ends', (text, expected) =>
    expect(statusOf(read(text))).toMatchObject({ ...expected, completionTime: rfc3339(5) }),
  );
  test('is not asked for them where the Job has failed', () => {
    expect(statusOf(complete.jobs(aJob(run).running(1).failed(5)))).toMatchObject({
      phase: 'Failed',
      reason: 'BackoffLimitExceeded',
    });
  });
});

describe('a run of a workflow step', () => {
  const trigger = {
    type: 'WorkflowStep',
    value: 'app-worker-v1#session-1',
    generation: 1,
    step: { name: 'migrate', id: 'session-1' },
  } as const;
  const run = aRun().spec({ trigger }).running(1);
  const running = aState().runs(run).jobs(aJob(run).running(1));
  const looked = (look: { at: number; ended?: string }) =>
    running.memory({ steps: new Map([['mytask-v1', { known: true, ...look }]]) });
  /** What is left to do once the Task's status is written, and KubeVela told. */
  const told = (state: StateBuilder, seconds: number) => {
    const reported = state.task(aTask().status(first('writeTaskStatus', at(state, seconds))?.status));
    const nudged = first('nudge', at(reported.memory({ nudged: 'old' }), seconds))?.value;
    return at(nudged === undefined ? reported : reported.memory({ nudged }), seconds);
  };
  const check = {
    kind: 'checkStep',
    run: 'mytask-v1',
    application: { name: 'app-worker', namespace: 'default' },
    step: trigger.step,
  };
  test.each<[string, StateBuilder, number, object]>([
    ['asks the Application where it has not been asked', running, 4, check],
    ['asks it no sooner again', looked({ at: after(6).getTime() }), 10, { kind: 'wakeAt', at: after(11).getTime() }],
    ['asks it again after five seconds', looked({ at: after(6).getTime() }), 11, check],
  ])('%s', (_what, state, seconds, expected) => expect(told(state, seconds)).toEqual([expected]));
  const ended = 'workflow step migrate of Application app-worker ended: failed, Timeout';
  describe('starts', () => {
    const fresh = aState().runs(aRun().spec({ trigger }));
    const looked = (look: Partial<StepLook>) =>
      fresh.memory({ steps: new Map([['mytask-v1', { at: after(1).getTime(), known: true, ...look }]]) });
    test('once its session is on record', () => {
      expect([first('createJob', at(fresh, 1)), first('checkStep', at(fresh, 1))]).toEqual([undefined, check]);
      expect(first('createJob', at(looked({ known: false }), 1))).toBeUndefined();
      expect(first('createJob', at(looked({}), 1))).toBeDefined();
    });
    test.each([
      [0, 250],
      [1, 500],
      [4, 2_000],
      [60, 5_000],
    ])('and asks again, after %d seconds in %d ms', (seconds, milliseconds) => {
      const now = after(seconds).getTime();
      expect(told(looked({ at: now, known: false }), seconds)).toEqual([{ kind: 'wakeAt', at: now + milliseconds }]);
    });
    test('never where the step is over, as it is when KubeVela made the run again', () => {
      const actions = at(looked({ ended }), 1);
      expect(first('createJob', actions)).toBeUndefined();
      expect(first('writeRunStatus', actions)?.status).toMatchObject({
        phase: 'Cancelled',
        reason: 'WorkflowStepEnded',
        message: ended,
      });
    });
    test('under Forbid beside one whose session KubeVela lost', () => {
      const again = aRun(aTask(), 'mytask-v1-again')
        .meta({ creationTimestamp: rfc3339(0.5) })
        .spec({ trigger: { ...trigger, step: { name: 'migrate', id: 'session-2' } } });
      const both = aState(aTask().policy({ concurrencyPolicy: 'Forbid' })).runs(aRun().spec({ trigger }), again);
      const look = { at: after(1).getTime() };
      const state = both.memory({
        steps: new Map([
          ['mytask-v1', { ...look, known: false }],
          ['mytask-v1-again', { ...look, known: true }],
        ]),
      });
      expect(first('createJob', at(state, 1))?.run).toBe('mytask-v1-again');
    });
  });
  test('ends with its step, for its reason', () => {
    expect(statusOf(looked({ at: after(36).getTime(), ended }))).toMatchObject({
      phase: 'Cancelled',
      reason: 'WorkflowStepEnded',
      message: ended,
    });
  });
});

describe('under Replace', () => {
  const task = manual().policy({ concurrencyPolicy: 'Replace' });
  const [old, next] = [aRun(task, 'old').createdAt(-60).running(-60), runOf()] as const;
  test('the newer run waits while the older one is recorded, its Job deleted and its pods gone; then it starts', () => {
    const oldJob = aJob(old).running(-60);
    const both = aState(task).runs(old, next);
    const ofOld = at(both.jobs(oldJob)).filter((action) => action.kind === 'writeRunStatus' && action.name === 'old');
    expect(ofOld[0]).toMatchObject({
      name: 'old',
      status: { phase: 'Cancelled', reason: 'Replaced', message: 'replaced by by-hand' },
    });
    const cancelled = old.status({ ...old.build().status, phase: 'Cancelled', completionTime: rfc3339(40) });
    const waits = next.status({
      phase: 'Pending',
      reason: 'WaitsForPods',
      message: 'waits until the pods of old are gone (concurrencyPolicy: Replace)',
    });
    expect(at(aState(task).runs(cancelled, waits).jobs(oldJob))).toMatchObject([{ kind: 'deleteJob', name: 'old' }]);
    const podsEnd = aState(task).runs(cancelled, waits).pods(aPod(oldJob).phase('Running'));
    expect(first('createJob', at(podsEnd))).toBeUndefined();
    expect(at(aState(task).runs(cancelled, waits)).map(({ kind }) => kind)).toEqual(['createJob']);
  });
});

test('of runs of one second, that of the later time is the newer one', () => {
  const ofTime = (name: string, seconds: number) =>
    aRun(manual(), name).spec({ trigger: { type: 'Schedule', scheduledTime: rfc3339(seconds) } });
  const { runs } = classify(aState(manual()).runs(ofTime('b', 0), ofTime('a', 300), runOf()).build());
  expect(runs.map(({ name }) => name)).toEqual(['a', 'b', 'by-hand']);
});

test('a clock that was set back starts no second run of a time', () => {
  const schedule = { crons: ['*/5 * * * *'] };
  const trigger = { type: 'Schedule', scheduledTime: rfc3339(3_600) } as const;
  const run = aRun(aTask().spec({ schedule }), 'mytask-202603201300').spec({ trigger }).createdAt(3_601).finished();
  for (let minute = 0; minute <= 60; minute += 1) {
    expect(
      first(
        'createRun',
        decide(aState(aTask().spec({ schedule })).runs(run).build(), new Date(noon.getTime() + minute * 60_000)),
      ),
    ).toBeUndefined();
  }
});

describe('a run that is being deleted, however long a finalizer keeps it', () => {
  const gone = { deletionTimestamp: rfc3339(30) };
  const steps = ['a', 'b'].map((name) => ({ name, template: { spec: { containers: [{ name, image: 'busybox' }] } } }));
  test.each<[is: string, run: RunBuilder]>([
    ['starts no Job', runOf()],
    ['starts no further step', runOf({ steps })],
  ])('%s', (_is, run) => {
    expect(first('createJob', at(aState(manual()).runs(run)))).toBeDefined();
    expect(first('createJob', at(aState(manual()).runs(run.meta(gone))))).toBeUndefined();
  });
  test('ends where none of its Jobs goes on, and the next run has its turn', () => {
    const task = manual().policy({ concurrencyPolicy: 'Queue' });
    const [older, newer] = [runOf().meta(gone), aRun(task, 'next').createdAt(60)];
    const end = { phase: 'Cancelled', reason: 'Cancelled', message: 'the TaskRun is being deleted' } as const;
    const [write] = writes(at(aState(task).runs(older, newer))).filter(({ name }) => name === 'by-hand');
    expect(write?.status).toMatchObject(end);
    const ended = older.status({ ...end, completionTime: rfc3339(40) });
    expect(first('createJob', at(aState(task).runs(ended, newer)))).toMatchObject({ run: 'next' });
  });
  test('goes on while its Job does', () => {
    const run = runOf().running(1);
    const state = aState(manual()).runs(run.meta(gone)).jobs(aJob(run).running(1));
    expect(writes(at(state)).map(({ status }) => status.phase)).not.toContain('Cancelled');
  });
  test('is not deleted again by historyLimit', () => {
    const task = manual().policy({ historyLimit: 1 });
    const runs = [0, 60, 120].map((at) =>
      aRun(task, `run-${at}`)
        .spec({ trigger: { type: 'Manual' } })
        .createdAt(at)
        .finished(),
    );
    const deleted = (...all: RunBuilder[]) =>
      at(aState(task).runs(...all)).flatMap((action) => (action.kind === 'deleteRun' ? [action.name] : []));
    expect(deleted(...runs)).toEqual(['run-60', 'run-0']);
    expect(deleted(...runs.map((run) => run.meta(gone)))).toEqual([]);
  });
});

describe('a cancelled run whose Job somebody holds by a finalizer, so that its pods run on', () => {
  const run = aRun(aTask()).finished('Cancelled');
  const held = aJob(run)
    .running(0)
    .meta({ deletionTimestamp: rfc3339(20) });
  const pod = aPod(held).phase('Running');
  const goes = {
    build: () => ({ ...pod.build(), metadata: { ...pod.build().metadata, deletionTimestamp: rfc3339(30) } }),
  };
  const deletionsOf = (state: StateBuilder) => at(state).filter(({ kind }) => kind === 'deleteJob');

  test('has them deleted before the Job', () => {
    const { name, uid } = held.build().metadata;
    expect(deletionsOf(aState().runs(run).jobs(held).pods(pod))).toEqual([
      {
        kind: 'deleteJob',
        name,
        uid,
        podsFirst: true,
        cause: 'cancelled',
        because: 'mytask-v1 was cancelled, and a finalizer holds its Job',
      },
    ]);
  });
  test.each([
    ['once that was asked for', [{ build: () => ({ ...held.build(), goesAfterPods: true as const }) }], [pod]],
    ['once they have ended', [held], [aPod(held).phase('Failed')]],
    ['once they are being deleted', [held], [goes]],
  ])('is left alone %s', (_when, jobs, pods) => {
    expect(
      deletionsOf(
        aState()
          .runs(run)
          .jobs(...jobs)
          .pods(...pods),
      ),
    ).toEqual([]);
  });
});

describe('of a Task that a finalizer holds while it is being deleted', () => {
  const deletionsOf = (state: StateBuilder) =>
    at(state).flatMap((action) => (action.kind === 'deleteJob' ? [[action.name, action.cause]] : []));
  const going = aTask().meta({ deletionTimestamp: rfc3339(30) });
  const run = aRun(aTask());
  const cancelled = run.finished('Cancelled');
  const works = aJob(run).running(0);

  test('a run that is cancelled ends on record, and then its Job', () => {
    const asked = run.running(0).spec({ cancel: true });
    const [write] = at(aState(going).runs(asked).jobs(works));
    expect(write).toMatchObject({ kind: 'writeRunStatus', status: { phase: 'Cancelled' } });
    expect(deletionsOf(aState(going).runs(cancelled).jobs(works))).toEqual([['mytask-v1', 'cancelled']]);
  });

  test('a cancelled run has its pods deleted where its Job is held, too', () => {
    const held = works.meta({ deletionTimestamp: rfc3339(20) });
    const state = aState(going).runs(cancelled).jobs(held).pods(aPod(held).phase('Running'));
    expect(deletionsOf(state)).toEqual([['mytask-v1', 'cancelled']]);
  });

  test('a run that its queue did not admit in time leaves no Job there', () => {
    const queued = { build: () => ({ ...aJob(run).build(), queue: 'q', spec: { suspend: true } }) };
    expect(deletionsOf(aState(going).runs(run.finished('Failed')).jobs(queued))).toEqual([
      ['mytask-v1', 'notAdmitted'],
    ]);
  });

  test('a step that FailFast ended loses its Job', () => {
    const steps = ['a', 'b'].map((name) => ({
      name,
      template: { spec: { containers: [{ name, image: 'busybox' }] } },
    }));
    const flow = aRun(aTask().spec({ steps, failurePolicy: 'FailFast' })).status({
      phase: 'Running',
      startTime: rfc3339(0),
      jobs: [
        { step: 'a', phase: 'Failed', completionTime: rfc3339(30) },
        { step: 'b', phase: 'Cancelled', completionTime: rfc3339(30) },
      ],
    });
    const jobOfB = { build: () => ({ ...aJob(flow).running(0).build(), step: 'b' }) };
    expect(deletionsOf(aState(going).runs(flow).jobs(jobOfB))).toEqual([['mytask-v1', 'cancelled']]);
  });

  test('what has ended keeps its Job', () => {
    const ended = aState(going).runs(run.finished('Succeeded')).jobs(works.complete(31));
    expect(deletionsOf(ended)).toEqual([]);
  });
});

describe('Jobs of a flow', () => {
  const template = { spec: { containers: [{ name: 'mytask', image: 'busybox' }] } };
  const task = aTask().spec({ steps: ['a', 'b'].map((name) => ({ name, template })), failurePolicy: 'FailFast' });
  const jobOf = (step: string) => {
    const job = aJob(aRun(task)).meta({ name: `mytask-v1-${step}`, uid: `uid-${step}` });
    const of = (one: typeof job) => ({ build: () => ({ ...one.build(), step }) });
    const held = job.running(0).meta({ deletionTimestamp: rfc3339(20) });
    return {
      complete: of(job.complete(9)),
      running: of(job.running(0)),
      held: of(held),
      pod: aPod(held).phase('Running'),
    };
  };
  const [a, b] = [jobOf('a'), jobOf('b')];
  const rows = (...phases: ('Failed' | 'Succeeded' | 'Cancelled')[]) =>
    phases.map((phase, nth) => ({
      step: 'ab'[nth] as string,
      name: `mytask-v1-${'ab'[nth]}`,
      uid: `uid-${'ab'[nth]}`,
      phase,
    }));
  const cancelled = (run: RunBuilder) => ({
    build: () =>
      remembered(
        run.status({ phase: 'Cancelled', completionTime: rfc3339(20), jobs: rows('Cancelled', 'Cancelled') }).build(),
      ),
  });
  const deletionsOf = (state: StateBuilder) =>
    at(state).flatMap((action) => (action.kind === 'deleteJob' ? [[action.name, action.podsFirst]] : []));

  test('that was cancelled and that finalizers hold all have their pods deleted', () => {
    const state = aState(task)
      .runs(cancelled(aRun(task)))
      .jobs(a.held, b.held)
      .pods(a.pod, b.pod);
    expect(deletionsOf(state)).toEqual([
      ['mytask-v1-a', true],
      ['mytask-v1-b', true],
    ]);
  });

  test('that FailFast ended and that a finalizer holds have their pods deleted', () => {
    const run = aRun(task).status({ phase: 'Running', startTime: rfc3339(0), jobs: rows('Failed', 'Cancelled') });
    expect(deletionsOf(aState(task).runs(run).jobs(b.held).pods(b.pod))).toEqual([['mytask-v1-b', true]]);
  });

  test('that was cancelled go, also where somebody deletes its record alone and the first of them is complete', () => {
    const run = cancelled(aRun(task).meta({ deletionTimestamp: rfc3339(30) }));
    expect(deletionsOf(aState(task).runs(run).jobs(a.complete, b.running)).map(([name]) => name)).toEqual([
      'mytask-v1-a',
      'mytask-v1-b',
    ]);
    expect(deletionsOf(aState(task).runs(run).jobs(a.complete))).toEqual([]);
  });
});
