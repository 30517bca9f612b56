import { expect, test } from 'vitest';
import type { TaskRunStatus } from '../../resources/index.ts';
import { queueEvents } from './queue-events.ts';
import { rfc3339 } from '../testing/builders.ts';

const queued: TaskRunStatus = { phase: 'Queued', reason: 'Pending', message: 'waits for 600m cpu in cq' };
const running: TaskRunStatus = {
  phase: 'Running',
  startTime: rfc3339(5),
  jobs: [{ name: 'mytask-v1', uid: 'u', waitedSeconds: 5 }],
};

test.each<[is: string, before: TaskRunStatus | undefined, after: TaskRunStatus, told: readonly string[]]>([
  ['begins to wait', { phase: 'Pending' }, queued, ['Normal Queued: mytask-v1: waits for 600m cpu in cq']],
  ['goes on waiting', queued, { ...queued, message: 'waits in queue q' }, []],
  ['is admitted', queued, running, ['Normal Admitted: mytask-v1 was admitted after 5s']],
  ['is evicted', running, queued, ['Warning Evicted: mytask-v1 waits again: waits for 600m cpu in cq']],
  ['fails while it waits', queued, { phase: 'Failed', reason: 'QueueTimeout' }, []],
  ['never waits', undefined, running, []],
])('a run that %s', (_, before, after, told) => {
  expect(
    queueEvents('mytask-v1', before, after).map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
  ).toEqual(told);
});
