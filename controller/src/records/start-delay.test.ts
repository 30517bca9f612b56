import { expect, it } from 'vitest';
import type { TaskRun, TaskRunStatus } from '../resources/index.ts';
import { startDelay } from './start-delay.ts';

const at = (clock: string): string => `2026-03-20T${clock}Z`;
const run = (status: TaskRunStatus, type: 'Schedule' | 'Manual' = 'Schedule'): Pick<TaskRun, 'spec' | 'status'> => ({
  spec: {
    taskRef: { name: 'mytask' },
    trigger: { type, ...(type === 'Schedule' && { scheduledTime: at('03:00:00') }) },
  },
  status,
});
const started: TaskRunStatus = { phase: 'Running', startTime: at('03:12:41') };

it("a scheduled run's delay includes its wait in a queue", () => {
  expect(startDelay(run({ phase: 'Queued', jobs: [{ name: 'a', queuedTime: at('03:00:01') }] }), started)).toBe(761);
  expect(startDelay(run({}), { phase: 'Succeeded', startTime: at('03:00:02') })).toBe(2);
});

it.each<[string, TaskRunStatus, TaskRunStatus, ('Schedule' | 'Manual')?]>([
  ['that has not started', { phase: 'Queued' }, { phase: 'Queued' }],
  ['that had started', started, { ...started, phase: 'Succeeded' }],
  [
    'that was evicted and starts again',
    { phase: 'Queued', jobs: [{ name: 'a', queuedTime: at('04:00:00'), waitedSeconds: 760 }] },
    started,
  ],
  ['that a person asked for', {}, started, 'Manual'],
])('nothing is reported for a run %s', (_what, before, after, type) =>
  expect(startDelay(run(before, type), after)).toBeUndefined(),
);
