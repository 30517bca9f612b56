import { describe, expect, test } from 'vitest';
import type { Snapshot, TaskRunStatus } from '../../resources/index.ts';
import { after, aRun, aState, aTask, noon } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { reportWaitsUntil, writeWaitsUntil } from './pacing.ts';

interface Write {
  /** What is on record. */
  readonly recorded?: TaskRunStatus;
  readonly snapshot?: Partial<Snapshot>;
  /** When this process last wrote it, in seconds. */
  readonly writtenAt?: number;
  readonly seconds: number;
}

/** Until when the write of the status waits, and until when the Task's does, in seconds; undefined for at once. */
function waits(status: TaskRunStatus, { recorded = { phase: 'Pending' }, snapshot, writtenAt, seconds }: Write) {
  const written = new Map(writtenAt === undefined ? [] : [['mytask-v1', after(writtenAt).getTime()]]);
  const run = aRun(aTask().spec(snapshot ?? {})).status(recorded);
  const state = aState().runs(run).memory({ written }).build();
  const [view] = classify(state).runs;
  if (!view) throw new Error('no run');
  return [writeWaitsUntil, reportWaitsUntil].map((until) => {
    const at = until(view, status, state, after(seconds));
    return at === undefined ? undefined : (at - noon.getTime()) / 1000;
  });
}

describe('a young run', () => {
  test('is written once, for more follows within a second or two', () => {
    expect(waits({ phase: 'Running' }, { seconds: 1 })).toEqual([1.5, 1.5]);
    expect(waits({ phase: 'Running' }, { seconds: 1.5 })).toEqual([undefined, undefined]);
  });

  test.each<[string, TaskRunStatus, Partial<Write>]>([
    ['has ended', { phase: 'Failed' }, {}],
    ['has trouble', { phase: 'Pending', reason: 'QuotaExceeded' }, {}],
    ['leaves its queue', { phase: 'Running' }, { recorded: { phase: 'Queued' } }],
    ['knows its node', { phase: 'Running', nodeName: 'node-1' }, {}],
    ['was created in the future, by a clock that was set back', { phase: 'Running' }, { seconds: -60 }],
  ])('is written at once where it %s', (_what, status, write) =>
    expect(waits(status, { seconds: 1, ...write })).toEqual([undefined, undefined]),
  );
});

describe('a run of many rows', () => {
  const rows = (phase: 'Pending' | 'Running') =>
    Array.from({ length: 500 }, (_, index) => ({ step: `s${index}`, phase }));
  const status = { phase: 'Running', jobs: rows('Running') } as const;
  const write = { recorded: { phase: 'Running', jobs: rows('Pending') }, seconds: 60.1, writtenAt: 60 } as const;

  test('is written again after a millisecond for each row', () => {
    expect(waits(status, write)).toEqual([60.5, 60.5]);
    expect(waits(status, { ...write, seconds: 60.5 })).toEqual([undefined, undefined]);
  });

  test('is written at once where others wait for it: at its end, and for steps that depend on it', () => {
    expect(waits({ ...status, phase: 'Succeeded' }, write)).toEqual([undefined, undefined]);
    const template = aTask().build().spec.template ?? {};
    expect(waits(status, { ...write, snapshot: { steps: [{ name: 's0', template }] } })).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test('the words of a queue are written every ten seconds at most, and the Task does not wait for them', () => {
  const recorded = { phase: 'Queued', reason: 'QuotaExceeded', message: '2 are before it' } as const;
  const status = { ...recorded, message: '1 is before it' };
  expect(waits(status, { recorded, writtenAt: 60, seconds: 62 })).toEqual([70, undefined]);
  expect(waits(status, { recorded, writtenAt: 60, seconds: 70 })).toEqual([undefined, undefined]);
});
