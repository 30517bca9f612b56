import { describe, expect, test } from 'vitest';
import { classify } from '../view/classify.ts';
import { holdOf } from './suspend.ts';
import { aJob, aRun, aState, aTask } from '../testing/builders.ts';

const suspended = aTask().spec({ suspend: true });
const queue = { concurrencyPolicy: 'Queue', queueLimit: 1 } as const;
const older = aRun(aTask(), 'older');
const run = aRun(aTask(), 'run').createdAt(60);

function hold(state: ReturnType<typeof aState>) {
  const view = classify(state.build());
  const found = view.runs.find(({ name }) => name === 'run');
  return found && holdOf(found, view);
}

describe('a run', () => {
  const message = 'Task app-worker-mytask is suspended; set suspend to false to start the run';
  test.each<[string, ReturnType<typeof aState>, object | undefined]>([
    ['may start', aState().runs(run), undefined],
    ['may start where suspend is false', aState(aTask().spec({ suspend: false })).runs(run), undefined],
    ['of a suspended Task waits', aState(suspended).runs(run), { phase: 'Pending', reason: 'Suspended', message }],
    ['that has its Job goes on, as with CronJob', aState(suspended).runs(run).jobs(aJob(run)), undefined],
    ['that had a Job goes on', aState(suspended).runs(run.running(60)), undefined],
    [
      'waits its turn',
      aState(aTask().policy(queue)).runs(older.running(0), run),
      { phase: 'Queued', reason: 'WaitsForTurn', message: 'waits for older (concurrencyPolicy: Queue)' },
    ],
    [
      'of a suspended Task waits for that, not for its turn',
      aState(suspended.policy(queue)).runs(older.running(0), run),
      { phase: 'Pending', reason: 'Suspended', message },
    ],
    [
      'too many of a suspended Task is skipped',
      aState(suspended.policy({ queueLimit: 1 })).runs(older, run),
      { phase: 'Skipped', reason: 'QueueFull', message: '1 runs wait already (queueLimit: 1)' },
    ],
    ['under Allow is never too many', aState(aTask().policy({ queueLimit: 1 })).runs(older, run), undefined],
  ])('%s', (_what, state, expected) => expect(hold(state)).toEqual(expected));
});
