import { describe, expect, test } from 'vitest';
import { decide } from '../decide.ts';
import { classify } from '../view/classify.ts';
import { nextMessageAt, taskStatus } from './task.ts';
import { after, aJob, aPod, aRefusal, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { TaskRunStatus, TaskStatus } from '../../resources/index.ts';

type StateBuilder = ReturnType<typeof aState>;
type RunBuilder = ReturnType<typeof aRun>;

function statusOf(state: StateBuilder, seconds = 40): TaskStatus {
  const status = taskStatus(classify(state.build()), after(seconds));
  mustBeValid.taskStatus(status);
  return status;
}
const withJob = (run: RunBuilder) => aState().runs(run).jobs(aJob(run));
const failed = (rest: object) => aRun().status({ ...aRun().finished('Failed').build().status, ...rest });

test('a status is complete, and takes the form of the CRD', () => {
  const [one, two] = [aTask(), aTask().revision('app-worker-v2')];
  const runs = [aRun(two).createdAt(60).running(61), aRun(one).finished()] as const;
  const { hash } = runs[0].build().spec.snapshot ?? {};
  expect(
    statusOf(
      aState(two)
        .runs(...runs)
        .jobs(...runs.map(aJob)),
      125,
    ),
  ).toEqual({
    observedGeneration: 2,
    observedTrigger: {
      appRevision: 'app-worker-v2',
      publishVersion: '',
      generation: 2,
      revisionHash: 'c2a9b2aca82010ba',
      run: 'mytask-v2',
      snapshotHash: hash,
    },
    phase: 'Running',
    message: 'mytask-v2 Running 1m · 1 kept',
    active: [{ name: 'mytask-v2', phase: 'Running', startTime: rfc3339(61) }],
    lastRuns: [
      {
        name: 'mytask-v1',
        phase: 'Succeeded',
        startTime: rfc3339(0),
        completionTime: rfc3339(31),
        duration: '31s',
        kept: true,
      },
    ],
    totals: { active: 1, succeeded: 1, failed: 0, cancelled: 0, kept: 1 },
    conditions: [
      { type: 'Ready', status: 'False', reason: 'Running', message: '', lastTransitionTime: after(125).toISOString() },
    ],
    lastSuccessfulTime: rfc3339(31),
  });
});

test('a workflow step is known by its session alone: nothing is written that the schema would drop', () => {
  const { observedTrigger } = statusOf(
    aState(aTask().trigger({ appRevision: 'app-worker-v1', step: 'migrate', id: 'session-1' })),
  );
  expect(observedTrigger).toEqual({
    appRevision: 'app-worker-v1',
    id: 'session-1',
    generation: 1,
    revisionHash: 'c2a9b2aca82010ba',
  });
});

test.each<[string, TaskRunStatus, number | undefined]>([
  ['for its turn', { phase: 'Queued', reason: 'WaitsForTurn' }, 1],
  ['for the end of a suspension', { phase: 'Pending', reason: 'Suspended' }, 1],
  ['for a node', { phase: 'Pending', reason: 'Unschedulable' }, undefined],
])('a run that waits %s: %o is counted as queued: %s', (_what, status, queued) => {
  expect(statusOf(aState().runs(aRun().status(status))).totals?.queued).toBe(queued);
});

describe('a run that ran out of time', () => {
  const run = aRun().finished('Failed');
  const job = aJob(run).failed(31, 'DeadlineExceeded', 'Job was active longer than specified deadline');
  const keptOf = (state: StateBuilder) => {
    const { totals, lastRuns, message } = statusOf(state);
    return [totals?.kept, lastRuns?.map(({ kept }) => kept), message];
  };
  test('is not kept: Kubernetes deleted its pods, and nobody can read its log', () =>
    expect(keptOf(aState().runs(run).jobs(job))).toEqual([0, [false], 'mytask-v1 Failed after 31s · 0 kept']));
  test('is kept while a pod of it exists', () =>
    expect(keptOf(aState().runs(run).jobs(job).pods(aPod(job).phase('Failed')))).toEqual([
      1,
      [true],
      'mytask-v1 Failed after 31s · 1 kept',
    ]));
  test('is kept where others of its pods had succeeded before', () =>
    expect(
      keptOf(
        aState()
          .runs(run)
          .jobs(job.status({ succeeded: 2 })),
      )[0],
    ).toBe(1));
  test('still has a Job, which keepLastFailed deletes', () =>
    expect(
      decide(
        aState(aTask().policy({ keepLastFailed: 0 }))
          .runs(run)
          .jobs(job)
          .build(),
        after(40),
      ),
    ).toMatchObject([{ kind: 'deleteJob', name: 'mytask-v1' }]));
});

describe('the message reads', () => {
  const newer = aTask().revision('app-worker-v2');
  const exit1 = 'exit code 1 in container mytask (BackoffLimitExceeded)';
  const pull = 'ImagePullBackOff: Back-off pulling image "nope"';
  const runRefused = aRefusal({ object: 'TaskRun', message: 'TaskRun mytask-v1 was refused: exceeded quota' });
  const rows: readonly [state: StateBuilder, message: string][] = [
    [aState(aTask().policy({ trigger: 'Manual' })), 'no run yet · 0 kept'],
    [aState().runs(aRun()), 'mytask-v1 Pending · 0 kept'],
    [
      withJob(aRun().status({ phase: 'Pending', reason: 'ImagePullBackOff', message: pull })),
      `mytask-v1 Pending: ${pull} · 0 kept`,
    ],
    [withJob(aRun().running(31)), 'mytask-v1 Running · 0 kept'],
    [withJob(aRun().running(-80)), 'mytask-v1 Running 2m · 0 kept'],
    [withJob(aRun().finished()), 'mytask-v1 Succeeded in 31s · 1 kept'],
    [aState().runs(aRun().finished()), 'mytask-v1 Succeeded in 31s · 0 kept'],
    [withJob(failed({ message: exit1 })), `mytask-v1 Failed after 31s: ${exit1} · 1 kept`],
    [
      withJob(aRun().status({ phase: 'Cancelled', message: 'replaced by mytask-v2' })),
      'mytask-v1 Cancelled: replaced by mytask-v2 · 1 kept',
    ],
    [aState(newer).runs(aRun(newer).running(30), aRun().running(0)), 'mytask-v2 Running · 1 more active · 0 kept'],
    [aState().refusals(runRefused), 'mytask-v1 not created: TaskRun mytask-v1 was refused: exceeded quota · 0 kept'],
    [
      aState(aTask().status({ phase: 'Succeeded', observedTrigger: { generation: 1, run: 'mytask-v1' } })),
      'mytask-v1 is no longer on record · 0 kept',
    ],
  ];
  for (const [state, message] of rows) test(message, () => expect(statusOf(state).message).toBe(message));

  test('one line of at most 400 characters with what was said elsewhere', () => {
    const { message = '' } = statusOf(aState().refusals({ ...runRefused, message: `two\nlines ${'x'.repeat(500)}` }));
    expect(message).toHaveLength(400);
    expect(message).toMatch(/^mytask-v1 not created: two lines x+…$/);
  });
});

describe('of a run that waits in a queue', () => {
  const queued = (reason: string, message: string) =>
    statusOf(withJob(aRun().status({ phase: 'Queued', reason, message })));

  test('the message says for what, and it is counted as queued', () => {
    const { phase, message, totals } = queued('Pending', 'waits for 600m cpu in cq');
    expect([phase, message, totals?.queued]).toEqual([
      'Queued',
      'mytask-v1 Queued: waits for 600m cpu in cq · 0 kept',
      1,
    ]);
  });

  test.each([
    ['Pending', false],
    ['WaitingForQuota', false],
    ['Waiting', false],
    ['NotStarted', true],
    ['ExceedsMaxQuota', true],
    ['Inadmissible', true],
    ['KueueNotInstalled', true],
    ['Deactivated', true],
  ])('%s stalls the Task: %s', (reason, isStalled) => {
    expect(queued(reason, 'why').conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True')).toBe(
      isStalled,
    );
  });
});

describe('the phase', () => {
  const forgotten = (phase: NonNullable<TaskStatus['phase']>) =>
    aState(aTask().status({ phase, observedTrigger: { generation: 1, run: 'mytask-v1' } }));
  const rows: readonly [state: StateBuilder, is: string, phase: TaskStatus['phase']][] = [
    [aState(aTask().policy({ trigger: 'Manual' })), 'without a run', 'Idle'],
    [aState().runs(aRun().running(1)), 'with a running run', 'Running'],
    [aState().refusals(aRefusal({ object: 'TaskRun' })), 'while its run is refused', 'Pending'],
    [aState().refusals(aRefusal({ object: 'TaskRun', final: true })), 'once its run is finally refused', 'Failed'],
    [forgotten('Succeeded'), 'after its successful run was deleted', 'Succeeded'],
    [forgotten('Running'), 'after its running run was deleted', 'Cancelled'],
  ];
  for (const [state, is, phase] of rows) test(`${is} is ${phase}`, () => expect(statusOf(state).phase).toBe(phase));
});

test('a trigger whose run is refused is not answered, so that it stays due', () => {
  const observedTrigger = { appRevision: 'app-worker-v1', generation: 1, run: 'mytask-v1' };
  const task = aTask().revision('app-worker-v2').status({ observedTrigger });
  const refusal = aRefusal({ object: 'TaskRun', run: 'mytask-v2' });
  expect(statusOf(aState(task).runs(aRun().finished()).refusals(refusal)).observedTrigger).toEqual(observedTrigger);
  expect(statusOf(aState().refusals(aRefusal({ object: 'TaskRun' }))).observedTrigger).toEqual({});
});

test('lists stay within the limits of the CRD, newest first, and totals count what they dropped', () => {
  const versions = Array.from({ length: 60 }, (_, index) => aTask().revision(`app-worker-v${index + 1}`));
  const runs = versions.map((version, index) =>
    index < 25 ? aRun(version) : aRun(version).finished(index % 2 ? 'Failed' : 'Succeeded'),
  );
  const { active = [], lastRuns = [], totals } = statusOf(aState(versions[59]).runs(...runs));
  expect([active.length, lastRuns.length]).toEqual([20, 10]);
  expect([active[0]?.name, lastRuns[0]?.name]).toEqual(['mytask-v25', 'mytask-v60']);
  expect(totals).toEqual({ active: 25, succeeded: 17, failed: 18, cancelled: 0, kept: 0 });
});

describe('conditions', () => {
  const stalled = aRun().status({ phase: 'Pending', reason: 'QuotaExceeded', message: 'no room' });
  const ready = (status: 'True' | 'False', reason: string, message: string, at: string) => ({
    type: 'Ready',
    status,
    reason,
    message,
    lastTransitionTime: at,
  });
  const now = after(40).toISOString();

  test('say what keeps a run from getting on', () => {
    expect(statusOf(aState().runs(stalled)).conditions).toEqual([
      ready('False', 'QuotaExceeded', 'no room', now),
      { type: 'Stalled', status: 'True', reason: 'QuotaExceeded', message: 'no room', lastTransitionTime: now },
    ]);
  });
  test('call a Job that tries again not stalled', () => {
    const run = aRun().status({ phase: 'Running', reason: 'PodFailed', message: 'a pod failed' });
    expect(statusOf(aState().runs(run)).conditions).toEqual([ready('False', 'PodFailed', 'a pod failed', now)]);
  });
  test('call a finished run not stalled', () => {
    const run = failed({ reason: 'DeadlineExceeded', message: 'too long' });
    expect(statusOf(aState().runs(run)).conditions).toEqual([ready('False', 'DeadlineExceeded', 'too long', now)]);
  });
  test('keep the time of their last change of status', () => {
    const before = ready('False', 'Pending', '', rfc3339(2));
    const task = aTask().status({ conditions: [before] });
    expect(statusOf(aState(task).runs(aRun().running(5))).conditions).toEqual([
      ready('False', 'Running', '', rfc3339(2)),
    ]);
    expect(statusOf(aState(task).runs(aRun().finished())).conditions).toEqual([ready('True', 'Succeeded', '', now)]);
  });
});

describe('nextMessageAt', () => {
  const next = (run: RunBuilder) => nextMessageAt(classify(aState().runs(run).build()), after(40));
  test('is when the running time doubles', () => expect(next(aRun().running(-40))).toBe(after(-40 + 120).getTime()));
  test('is never for a finished run', () => expect(next(aRun().finished())).toBeUndefined());
  test('is never for a run that waits', () => expect(next(aRun())).toBeUndefined());
});

test('a suspension, or another change that asks for no run, leaves a retry current', () => {
  const task = aTask();
  const retry = aRun(task, 'mytask-retry')
    .createdAt(50)
    .spec({ trigger: { type: 'Retry' }, retryOf: 'mytask-v1' })
    .finished();
  const state = (of: typeof task) => aState(of).runs(aRun(task).finished('Failed'), retry);
  const first = statusOf(state(task), 100);
  const second = statusOf(state(task.generation(2).status(first)), 100);
  expect([first, second, statusOf(state(task.generation(2).status(second)), 100)]).toMatchObject(
    Array.from({ length: 3 }, () => ({
      phase: 'Succeeded',
      message: expect.stringContaining('mytask-retry') as unknown,
    })),
  );
});

test('a refused record of what nobody saw leaves the Task as it is, and is retried', () => {
  const task = aTask();
  const run = aRun(task).finished();
  const status = statusOf(aState(task).runs(run));
  const refused = (final: boolean) => {
    const refusal = { ...aRefusal({ object: 'TaskRun', run: 'mytask-v1-39aff', final }), isReturn: true };
    return statusOf(
      aState(task.generation(3).status(status))
        .runs(run)
        .memory({ refusals: [refusal] }),
    );
  };
  expect(refused(false)).toMatchObject({ phase: 'Succeeded', observedTrigger: { generation: 1 } });
  expect(refused(true)).toMatchObject({ phase: 'Succeeded', observedTrigger: { generation: 3 } });
});
