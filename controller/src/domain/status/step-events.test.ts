import { expect, test } from 'vitest';
import { stepEvents } from './step-events.ts';

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

test('attempts of a run of one Job are no steps', () => {
  expect(told('run', undefined, { jobs: [{ name: 'run', phase: 'Running' }] })).toEqual([]);
});
