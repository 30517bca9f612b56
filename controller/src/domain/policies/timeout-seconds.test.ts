import { describe, expect, test } from 'vitest';
import { classify } from '../view/classify.ts';
import { after, aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { activeDeadlineSeconds, deadlineOf } from './timeout-seconds.ts';
import type { Snapshot } from '../../resources/index.ts';

function viewOf(
  snapshot: Partial<Snapshot>,
  startTime?: number,
  job?: (of: ReturnType<typeof aJob>) => ReturnType<typeof aJob>,
) {
  const pending = aRun(aTask().spec(snapshot));
  const run = startTime === undefined ? pending : pending.running(startTime);
  const state = aState().runs(run);
  const [view] = classify((job ? state.jobs(job(aJob(run))) : state).build()).runs;
  if (!view) throw new Error('no run');
  return view;
}

describe('the deadline of a run', () => {
  test.each<[string, ReturnType<typeof viewOf>, number | undefined]>([
    ['without a time-out: none', viewOf({}, 5), undefined],
    ['that has not started: none', viewOf({ timeoutSeconds: 60 }), undefined],
    ['counts from its start', viewOf({ timeoutSeconds: 60 }, 5), 65],
    [
      "counts from its Job's start where that is not on record yet",
      viewOf({ timeoutSeconds: 60 }, undefined, (job) => job.running(7)),
      67,
    ],
    [
      'counts from its own start where a later Job has another',
      viewOf({ timeoutSeconds: 60 }, 5, (job) => job.running(40)),
      65,
    ],
    [
      'whose Job a queue holds: none',
      viewOf({ timeoutSeconds: 60 }, undefined, (job) => job.spec({ suspend: true })),
      undefined,
    ],
  ])('%s', (_what, view, seconds) =>
    expect(deadlineOf(view, after(100))).toBe(seconds === undefined ? undefined : after(seconds).getTime()),
  );
});

describe('activeDeadlineSeconds of the next Job', () => {
  const job = { activeDeadlineSeconds: 20 };
  test.each<[string, ReturnType<typeof viewOf>, number, number | undefined]>([
    ['is left out where nothing says so', viewOf({}), 0, undefined],
    ["is the Job's own", viewOf({ job }), 0, 20],
    ['is all of the time-out at first, however long the run waited', viewOf({ timeoutSeconds: 60 }), 3_600, 60],
    ['is what is left later', viewOf({ timeoutSeconds: 60 }, 0), 45, 15],
    ['is rounded up', viewOf({ timeoutSeconds: 60 }, 0), 45.5, 15],
    ['is a second at least', viewOf({ timeoutSeconds: 60 }, 0), 100, 1],
    ["is the Job's own where that is less", viewOf({ timeoutSeconds: 60, job }), 0, 20],
    ['is what is left where that is less', viewOf({ timeoutSeconds: 60, job }, 0), 45, 15],
  ])('%s', (_what, view, now, expected) => expect(activeDeadlineSeconds(view, after(now))).toBe(expected));
});
