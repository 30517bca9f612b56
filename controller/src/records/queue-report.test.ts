import { describe, expect, it } from 'vitest';
import { firstQueuedTime, queueOfRow, queuesOf, queueWords, waitOfRow, waitOfRun } from './queue-report.ts';

const at = (clock: string): string => `2026-11-22T${clock}Z`;

describe('how long a run waits in a queue', () => {
  it('is the sum of its attempts', () => {
    expect(
      waitOfRun({
        jobs: [
          { name: 'a', waitedSeconds: 60 },
          { name: 'b', attempt: 1, waitedSeconds: 30, queuedTime: at('03:00:00') },
        ],
      }),
    ).toEqual({ waitedSeconds: 90, queuedTime: at('03:00:00') });
  });

  it('is the longest wait of its steps, which wait at the same time, without steps that another run has run', () => {
    const jobs = [
      { step: 'a', waitedSeconds: 60 },
      { step: 'b', waitedSeconds: 90 },
      { step: 'c', queuedTime: at('03:00:05') },
      { step: 'd', queuedTime: at('03:00:02') },
      { step: 'e', run: 'earlier', waitedSeconds: 900 },
    ];
    expect(waitOfRun({ jobs })).toEqual({ waitedSeconds: 90, queuedTime: at('03:00:02') });
  });

  it('lasts to the end of a run that was never admitted', () => {
    expect(
      waitOfRun({
        phase: 'Failed',
        completionTime: at('03:10:00'),
        jobs: [{ name: 'a', phase: 'Failed', queuedTime: at('03:00:00') }],
      }),
    ).toEqual({ waitedSeconds: 600 });
    expect(
      waitOfRow(
        { step: 'a', phase: 'Cancelled', queuedTime: at('03:00:00'), waitedSeconds: 5, completionTime: at('03:01:00') },
        at('04:00:00'),
      ),
    ).toEqual({ waitedSeconds: 65 });
  });

  it('is undefined without a queue', () => {
    expect([waitOfRun(), waitOfRun({ jobs: [{ name: 'a', phase: 'Succeeded' }] })]).toEqual([{}, {}]);
  });
});

describe('when a run came into its queue', () => {
  it('is computed back from its start', () => {
    expect(
      firstQueuedTime({
        startTime: at('03:12:41'),
        jobs: [
          { name: 'a', waitedSeconds: 760 },
          { name: 'b', attempt: 1, waitedSeconds: 5 },
        ],
      }),
    ).toBe(at('03:00:01'));
  });

  it('is what its record says while it waits', () => {
    expect(firstQueuedTime({ jobs: [{ name: 'a', queuedTime: at('03:00:01') }] })).toBe(at('03:00:01'));
  });

  it('is that of the first step', () => {
    expect(
      firstQueuedTime({
        startTime: at('03:01:00'),
        jobs: [
          { step: 'a', startTime: at('03:02:00'), waitedSeconds: 60 },
          { step: 'b', queuedTime: at('03:00:30') },
          { step: 'c' },
        ],
      }),
    ).toBe(at('03:00:30'));
  });

  it('is undefined if nothing waited', () =>
    expect(firstQueuedTime({ startTime: at('03:00:00'), jobs: [{ name: 'a' }] })).toBeUndefined());
});

it('a step has a queue of its own, or the run has one for all', () => {
  const snapshot = {
    queue: { name: 'slow' },
    steps: [{ name: 'a', queue: { name: 'fast', priorityClass: 'urgent' } }, { name: 'b' }, { name: 'c' }],
  };
  expect(queuesOf(snapshot).map(queueWords)).toEqual(['fast (priority class urgent)', 'slow']);
  expect([
    queueOfRow(snapshot, { step: 'a' })?.name,
    queueOfRow(snapshot, { step: 'b' })?.name,
    queueOfRow(snapshot, {})?.name,
  ]).toEqual(['fast', 'slow', 'slow']);
  expect([queuesOf(), queuesOf({ steps: [{ name: 'a' }] })]).toEqual([[], []]);
});
