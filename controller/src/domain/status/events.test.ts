import { expect, test } from 'vitest';
import type { TaskRunStatus } from '../../resources/index.ts';
import { rfc3339 } from '../testing/builders.ts';
import { outcomeEvent, queueEvents, stepEvents } from './events.ts';

const told = (...args: Parameters<typeof stepEvents>) =>
  stepEvents(...args).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
const rows = (...phases: string[]) => ({
  jobs: phases.map((phase, index) => ({
    step: `s${index}`,
    phase,
    ...(phase === 'Failed' && { message: 'exit code 3', duration: '4s' }),
  })),
});

test('each start and end of a step is told once', () => {
  expect(told('run', undefined, rows('Running', 'Pending'))).toEqual(['Normal StepStarted run: s0 Running']);
  expect(
    told('run', rows('Running', 'Pending', 'Running', 'Succeeded'), rows('Failed', 'Skipped', 'Running', 'Succeeded')),
  ).toEqual(['Warning StepFailed run: s0 Failed after 4s: exit code 3', 'Normal StepSkipped run: s1 Skipped']);
});

test('a step that was over before anybody looked has its start told, too', () => {
  const over = {
    jobs: [
      { step: 'a', phase: 'Succeeded', startTime: '2026-11-23T00:00:00Z', duration: '0s' },
      { step: 'b', phase: 'Skipped' },
    ],
  };
  expect(told('run', undefined, over)).toEqual([
    'Normal StepStarted run: a Running',
    'Normal StepSucceeded run: a Succeeded after 0s',
    'Normal StepSkipped run: b Skipped',
  ]);
});

test('of many steps only failures are told, and nothing of what another run did', () => {
  const many = Array.from({ length: 51 }, () => 'Running');
  expect(told('run', undefined, rows(...many))).toEqual([]);
  expect(told('run', rows(...many), rows('Failed', ...many.slice(1)))).toHaveLength(1);
  expect(told('run', undefined, { jobs: [{ step: 'a', run: 'before', phase: 'Succeeded' }] })).toEqual([]);
});

test('attempts of a run of one Job are not steps', () => {
  expect(told('run', undefined, { jobs: [{ name: 'run', phase: 'Running' }] })).toEqual([]);
});

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

test.each<[status: TaskRunStatus, told: string | undefined]>([
  [{ phase: 'Running' }, undefined],
  [{ phase: 'Succeeded', duration: '31s' }, 'Normal Succeeded: mytask-v1 Succeeded after 31s'],
  [
    { phase: 'Failed', reason: 'JobDeleted', message: 'the Job was deleted' },
    'Warning JobDeleted: mytask-v1 Failed: the Job was deleted',
  ],
])('the end of a run is one event: %o', (status, told) => {
  const [event] = outcomeEvent('mytask-v1', status);
  expect(event && `${event.type} ${event.reason}: ${event.message}`).toBe(told);
});
