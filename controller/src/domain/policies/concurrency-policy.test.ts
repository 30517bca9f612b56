import { describe, expect, test } from 'vitest';
import { classify } from '../view/classify.ts';
import { aJob, aPod, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { heldByOthers, overQueueLimit, replacingRun } from './concurrency-policy.ts';
import type { ExecutionPolicy } from '../../resources/index.ts';

type ConcurrencyPolicy = NonNullable<ExecutionPolicy['concurrencyPolicy']>;
type RunBuilder = ReturnType<typeof aRun>;
type StateBuilder = ReturnType<typeof aState>;

const policies = ['Allow', 'Forbid', 'Replace', 'Queue'] as const;
const under = (concurrencyPolicy: ConcurrencyPolicy, policy: ExecutionPolicy = {}) =>
  aTask().policy({ ...policy, concurrencyPolicy });
const older = aRun(aTask(), 'older');
const run = aRun(aTask(), 'run').createdAt(60);
const newer = aRun(aTask(), 'newer').createdAt(120);
const skipped = newer.status({ phase: 'Skipped' });
/** Cancelled, as on record with its Job. */
const cancelled = older.started().status({ ...older.started().build().status, phase: 'Cancelled' });
const withPod = (phase: string) => (state: StateBuilder) => state.pods(aPod(aJob(cancelled)).phase(phase));

function held(state: StateBuilder, name = 'run') {
  const view = classify(state.build());
  const found = view.runs.find((one) => one.name === name);
  if (!found) throw new Error(`no run ${name}`);
  return {
    hold: heldByOthers(found, view),
    replacing: replacingRun(found, view)?.name,
    full: overQueueLimit(found, view),
  };
}

describe.each<
  [
    string,
    readonly RunBuilder[],
    { readonly [K in ConcurrencyPolicy]: string },
    ((state: StateBuilder) => StateBuilder)?,
  ]
>([
  ['alone', [], { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' }],
  [
    'after a run that is finished',
    [older.finished()],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
  ],
  [
    'after a failed run that is kept',
    [older.finished('Failed')],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
    (state) => state.jobs(aJob(older).failed(31)),
  ],
  [
    'after one that runs',
    [older.running(0)],
    { Allow: 'starts', Forbid: 'ConcurrencyForbidden', Replace: 'WaitsForPods', Queue: 'WaitsForTurn' },
  ],
  [
    'after one that waits itself',
    [older],
    { Allow: 'starts', Forbid: 'ConcurrencyForbidden', Replace: 'WaitsForPods', Queue: 'WaitsForTurn' },
  ],
  ['before one that waits', [newer], { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' }],
  [
    'before one that started under another policy',
    [newer.running(120)],
    { Allow: 'starts', Forbid: 'ConcurrencyForbidden', Replace: 'starts', Queue: 'WaitsForTurn' },
  ],
  [
    'while a cancelled one has its Job',
    [cancelled],
    { Allow: 'starts', Forbid: 'WaitsForPods', Replace: 'WaitsForPods', Queue: 'WaitsForPods' },
    (state) => state.jobs(aJob(cancelled)),
  ],
  [
    'while a finalizer keeps the Job of a cancelled one, and no pod',
    [cancelled],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
    (state) => state.jobs(aJob(cancelled).meta({ deletionTimestamp: rfc3339(90) })),
  ],
  [
    'while a pod of a cancelled one runs',
    [cancelled],
    { Allow: 'starts', Forbid: 'WaitsForPods', Replace: 'WaitsForPods', Queue: 'WaitsForPods' },
    withPod('Running'),
  ],
  [
    "while a pod runs into which somebody wrote a cancelled one's Job as a further owner",
    [cancelled],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
    (state) =>
      state.pods(
        aPod(aJob(aRun(aTask(), 'other')))
          .phase('Running')
          .alsoOwnedBy(aJob(cancelled)),
      ),
  ],
  [
    'once the pods of a cancelled one have failed',
    [cancelled],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
    withPod('Failed'),
  ],
  [
    'once the pods of a cancelled one have succeeded',
    [cancelled],
    { Allow: 'starts', Forbid: 'starts', Replace: 'starts', Queue: 'starts' },
    withPod('Succeeded'),
  ],
])('a run %s', (_what, others, expected, add = (state) => state) => {
  test.each(policies)('under %s', (policy) => {
    expect(held(add(aState(under(policy)).runs(...others, run))).hold?.reason ?? 'starts').toBe(expected[policy]);
  });
});

test.each<[ConcurrencyPolicy, string, string]>([
  ['Forbid', 'Skipped', 'older is active (concurrencyPolicy: Forbid)'],
  ['Queue', 'Queued', 'waits for older (concurrencyPolicy: Queue)'],
  ['Replace', 'Pending', 'waits until the pods of older are gone (concurrencyPolicy: Replace)'],
])('under %s the run is %s: %s', (policy, phase, message) => {
  expect(held(aState(under(policy)).runs(older.running(0), run)).hold).toMatchObject({ phase, message });
});

test('of several before it, a queued run waits for the newest', () => {
  expect(held(aState(under('Queue')).runs(older.running(0), run, newer), 'newer').hold?.message).toMatch(
    'waits for run ',
  );
});

describe('queueLimit', () => {
  test.each([
    [1, [older.running(0)], 'WaitsForTurn'],
    [1, [older.running(0), newer], 'WaitsForTurn'],
    [1, [older.running(0), aRun(aTask(), 'waiting').createdAt(30)], 'QueueFull'],
    [2, [older.running(0), aRun(aTask(), 'waiting').createdAt(30)], 'WaitsForTurn'],
  ])('%i', (queueLimit, others, expected) => {
    expect(held(aState(under('Queue', { queueLimit })).runs(...others, run)).hold?.reason).toBe(expected);
  });
  test('names how many wait', () => {
    const { full } = held(aState(under('Queue', { queueLimit: 1 })).runs(older, run));
    expect(full).toEqual({ phase: 'Skipped', reason: 'QueueFull', message: '1 runs wait already (queueLimit: 1)' });
  });
});

describe('takes the place of a run', () => {
  test.each<[ConcurrencyPolicy, readonly RunBuilder[], string | undefined]>([
    ['Replace', [newer], 'newer'],
    ['Replace', [newer.running(120)], 'newer'],
    ['Replace', [older], undefined],
    ['Replace', [skipped], undefined],
    ['Allow', [newer], undefined],
    ['Forbid', [newer], undefined],
    ['Queue', [newer], undefined],
  ])('under %s', (policy, others, expected) => {
    expect(held(aState(under(policy)).runs(...others, run.running(60))).replacing).toBe(expected);
  });
  test('that is finished: none', () =>
    expect(held(aState(under('Replace')).runs(newer, run.finished())).replacing).toBeUndefined());
});
