import { expect, test } from 'vitest';
import type { Condition, Task } from '../../resources/index.ts';
import { aTask, noon } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import { isUndecided, undecided } from './undecided.ts';

const lastTransitionTime = noon.toISOString();
const error = new TypeError('own is not iterable');

function said(task: Task): Task {
  const [action] = undecided(task, error, noon);
  if (action?.kind !== 'writeTaskStatus') throw new Error('says nothing');
  mustBeValid.taskStatus(action.status);
  return { ...task, status: action.status };
}

test('what is known of the Job of the next run stays beside it', () => {
  const valid: Condition = { type: 'Valid', status: 'False', reason: 'Invalid', message: 'no', lastTransitionTime };
  const stalled: Condition = { ...valid, type: 'Stalled', status: 'True' };
  const { status } = said(
    aTask()
      .status({ conditions: [stalled, valid] })
      .build(),
  );
  expect(status?.conditions).toEqual([
    expect.objectContaining({ type: 'Ready', status: 'False', reason: 'ReconciliationFailed' }),
    expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'ReconciliationFailed' }),
    valid,
  ]);
});

test('it is said once, and is not what a webhook that cannot be reached makes of a Task', () => {
  const task = said(aTask().build());
  expect(undecided(task, error, noon)).toEqual([]);
  expect(isUndecided(task)).toBe(true);
  const message = 'Job mytask-v1 was refused: failed calling webhook "x"';
  const refused = { type: 'Stalled', status: 'True', reason: 'InternalError', message, lastTransitionTime } as const;
  expect(
    isUndecided(
      aTask()
        .status({ conditions: [refused] })
        .build(),
    ),
  ).toBe(false);
});
