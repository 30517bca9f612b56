import { expect, test } from 'vitest';
import type { ExecutionPolicy } from '../../resources/index.ts';
import { aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { beyondKeepLast } from './keep-last.ts';

const phases = ['Succeeded', 'Failed', 'Succeeded', 'Failed', 'Cancelled'] as const;
const runs = phases.map((phase, index) => aRun(aTask(), `run-${index}`).createdAt(index).finished(phase));

function beyond(policy: ExecutionPolicy) {
  const state = aState(aTask().policy(policy))
    .runs(...runs)
    .jobs(...runs.map(aJob));
  return beyondKeepLast(classify(state.build())).map(({ view, because }) => `${view.name}: ${because}`);
}

test('the newest successes and failures stay, counted apart', () => {
  expect(beyond({})).toEqual([]);
  expect(beyond({ keepLast: 1 })).toEqual(['run-0: keepLast: 1']);
  expect(beyond({ keepLastFailed: 1 })).toEqual(['run-1: keepLastFailed: 1']);
});

test('0 keeps none', () =>
  expect(beyond({ keepLast: 0, keepLastFailed: 0 })).toEqual([
    'run-2: keepLast: 0',
    'run-0: keepLast: 0',
    'run-3: keepLastFailed: 0',
    'run-1: keepLastFailed: 0',
  ]));
