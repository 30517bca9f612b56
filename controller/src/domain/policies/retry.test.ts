import { describe, expect, test } from 'vitest';
import { partsOf } from '../model/view.ts';
import { classify } from '../view/classify.ts';
import { after, aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { mostAttempts, nextAttempt } from './retry.ts';
import type { Snapshot, Task } from '../../resources/index.ts';

type Retry = NonNullable<Task['spec']['retry']>;

const runOf = (snapshot: Partial<Snapshot>) => aRun(aTask().spec(snapshot)).running(0);
/** The run whose attempt of that number failed a minute after noon. */
function failedRun(snapshot: Partial<Snapshot>, attempt = 0, reason?: string) {
  const run = runOf(snapshot);
  const job = { ...aJob(run).running(0).failed(60, reason).build(), ...(attempt > 0 && { attempt }) };
  const [view] = classify(
    aState()
      .runs(run)
      .jobs({ build: () => job })
      .build(),
  ).runs.flatMap(partsOf);
  if (!view) throw new Error('no run');
  return view;
}

describe('after attempt number', () => {
  test.each<[number, Retry, number | undefined]>([
    // No more than the limit.
    [0, { limit: 0 }, undefined],
    [0, { limit: 1 }, 10],
    [1, { limit: 1 }, undefined],
    [2, { limit: 2 }, undefined],
    // The pause is doubled each time.
    [1, { limit: 5 }, 20],
    [2, { limit: 5 }, 40],
    [0, { limit: 5, delaySeconds: 30, backoff: 'Exponential' }, 30],
    [1, { limit: 5, delaySeconds: 30, backoff: 'Exponential' }, 60],
    [2, { limit: 5, delaySeconds: 30, backoff: 'Constant' }, 30],
    [0, { limit: 1, delaySeconds: 0 }, 0],
    // A day at most.
    [4, { limit: 5, delaySeconds: 86_400 }, 86_400],
  ])('%i, %o: the next one comes after %s seconds', (attempt, retry, pause) => {
    const next = pause === undefined ? undefined : { attempt: attempt + 1, at: after(60 + pause).getTime() };
    expect(nextAttempt(failedRun({ retry }, attempt), after(61))).toEqual(next);
  });
});

describe('no attempt follows', () => {
  const retry = { limit: 3 };
  test('without a retry', () => expect(nextAttempt(failedRun({}), after(61))).toBeUndefined());
  test('a Job that its podFailurePolicy ended', () =>
    expect(nextAttempt(failedRun({ retry }, 0, 'PodFailurePolicy'), after(61))).toBeUndefined());
  test('a Job that has not failed', () => {
    const run = runOf({ retry });
    const [view] = classify(aState().runs(run).jobs(aJob(run).running(0)).build()).runs.flatMap(partsOf);
    expect(view && nextAttempt(view, after(61))).toBeUndefined();
  });
  // It failed at 60, and would be tried again at 70.
  test.each<[string, number, number, boolean]>([
    ['within timeoutSeconds', 71, 61, true],
    ['at its end', 70, 61, false],
    ['after its end', 65, 61, false],
    ['within it, but nobody was there in time', 120, 120, false],
    ['within it, late', 120, 119, true],
  ])('%s', (_what, timeoutSeconds, now, follows) => {
    expect(nextAttempt(failedRun({ retry, timeoutSeconds }), after(now)) !== undefined).toBe(follows);
  });
});

test.each<[Partial<Snapshot>, number]>([
  [{}, 1],
  [{ retry: { limit: 0 } }, 1],
  [{ retry: { limit: 4 } }, 5],
])('a run of %o has that many attempts: %i', (snapshot, most) => {
  expect(mostAttempts(failedRun(snapshot))).toBe(most);
});
