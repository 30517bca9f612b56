import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobRow } from '../../resources/index.ts';
import { after, rfc3339 } from '../testing/builders.ts';
import { idleInQueues, standsStill } from './idle.ts';

const ran = (from: number, to?: number, more: Partial<JobRow> = {}): JobRow => ({
  step: 'a',
  phase: to === undefined ? 'Running' : 'Succeeded',
  startTime: rfc3339(from),
  ...(to !== undefined && { completionTime: rfc3339(to) }),
  ...more,
});
const waits = (since: number, more: Partial<JobRow> = {}): JobRow => ({
  step: 'b',
  phase: 'Queued',
  queuedTime: rfc3339(since),
  ...more,
});
const pending: JobRow = { step: 'c', phase: 'Pending' };

describe('a run that began at 10 s has at 100 s stood still in queues', () => {
  test.each<[what: string, rows: readonly JobRow[], seconds: number]>([
    ['not at all where no row waited', [ran(10, 20), pending, ran(40)], 0],
    ['since its last step ended, where the next one waits', [ran(10, 20), waits(20), pending], 80],
    ['not at all where another step runs', [ran(10), waits(20)], 0],
    ['until another step started, and after it ended', [ran(10, 20), waits(20), ran(50, 60)], 70],
    ['once though two steps wait', [ran(10, 20), waits(20), waits(30)], 80],
    ['for as long as a step waited that runs', [ran(10, 20), ran(80, undefined, { waitedSeconds: 50 })], 50],
    ['not at all for what was waited before it began', [ran(10, undefined, { waitedSeconds: 10 })], 0],
    ['until the waiting was given up', [ran(10, 20), waits(20, { phase: 'Failed', completionTime: rfc3339(50) })], 30],
    [
      'while a further attempt of its step waits',
      [ran(10, undefined, { phase: 'Queued', queuedTime: rfc3339(40), attempt: 1 })],
      60,
    ],
    ['while a further attempt of its step waited', [ran(10, undefined, { waitedSeconds: 30, attempt: 1 })], 30],
  ])('%s', (_, rows, seconds) =>
    expect(idleInQueues(rows, after(10).getTime(), after(100).getTime())).toBe(seconds * 1000),
  );

  test('never for longer than it has been there, and never less as it waits on', () => {
    const second = fc.nat({ max: 200 });
    const row = fc.oneof(
      fc
        .tuple(second, second, second)
        .map(([from, length, waitedSeconds]) => ran(from, from + length, { waitedSeconds })),
      fc.tuple(second, second).map(([from, waitedSeconds]) => ran(from, undefined, { waitedSeconds })),
      second.map((since) => waits(since)),
    );
    fc.assert(
      fc.property(fc.array(row), second, second, second, (rows, since, first, later) => {
        const idle = (now: number) => idleInQueues(rows, after(since).getTime(), after(now).getTime()) / 1000;
        expect(idle(first)).toBeGreaterThanOrEqual(0);
        expect(idle(first)).toBeLessThanOrEqual(Math.max(0, first - since));
        expect(idle(first + later)).toBeGreaterThanOrEqual(idle(first));
      }),
    );
  });
});

test.each<[what: string, rows: readonly JobRow[], still: boolean]>([
  ['stands still while its last step waits', [ran(0, 1), waits(1), pending], true],
  ['stands still while another step waits for its next attempt', [ran(0, 1, { phase: 'Pending' }), waits(1)], true],
  ['goes on while another step runs', [ran(0), waits(1)], false],
  ['goes on where nothing waits', [ran(0, 1), pending], false],
  [
    'goes on once the waiting was given up',
    [waits(0, { phase: 'Failed', completionTime: rfc3339(9) }), pending],
    false,
  ],
])('a run %s', (_, rows, still) => expect(standsStill(rows)).toBe(still));
