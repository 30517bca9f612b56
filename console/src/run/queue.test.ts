import { expect, test } from 'vitest';
import { queuedFrom, queuesOf, waitedSeconds } from './queue.ts';

const at = (clock: string) => `2026-11-22T${clock}Z`;
const now = Date.parse(at('03:10:00'));

test('what waits has waited until now, and what it waited before is added', () => {
  expect([
    waitedSeconds({ queuedTime: at('03:00:00') }, now),
    waitedSeconds({ queuedTime: at('03:00:00'), waitedSeconds: 5 }, now),
    waitedSeconds({ waitedSeconds: 5 }, now),
    waitedSeconds({}, now),
  ]).toEqual([600, 605, 5, undefined]);
});

test('a run came into its queue so long before it started as it waited', () => {
  expect(queuedFrom({ shape: 'Job', startTime: at('03:12:41'), waitedSeconds: 760 })).toBe(Date.parse(at('03:00:01')));
  expect(queuedFrom({ shape: 'Steps', queuedTime: at('03:00:01') })).toBe(Date.parse(at('03:00:01')));
  expect([
    queuedFrom({ shape: 'Steps', startTime: at('03:12:41'), waitedSeconds: 760 }),
    queuedFrom({ shape: 'Job', startTime: at('03:12:41') }),
    queuedFrom({ shape: 'Job' }),
  ]).toEqual([undefined, undefined, undefined]);
});

test("the queues of a run are its steps', or its own", () => {
  const snapshot = { queue: { name: 'slow' } };
  expect(
    queuesOf({
      snapshot,
      jobs: [{ step: 'a', queue: { name: 'fast', priorityClass: 'urgent' } }, { step: 'b' }, { step: 'c' }],
    }),
  ).toEqual(['fast (priority class urgent)', 'slow']);
  expect([queuesOf({ snapshot, jobs: [] }), queuesOf({ snapshot: {}, jobs: [{ name: 'a' }] })]).toEqual([['slow'], []]);
});
