import { expect, it } from 'vitest';
import { endsWorkflow, isStepFinished } from './workflow.ts';

it.each([
  [{ phase: 'running' }, false],
  [{ phase: 'pending' }, false],
  [{ phase: 'suspending', reason: 'Suspend' }, false],
  [{ phase: 'succeeded' }, true],
  [{ phase: 'skipped', reason: 'Skip' }, true],
  [{ phase: 'failed', reason: 'Execute' }, false],
  [{ phase: 'failed' }, false],
  [{ phase: 'failed', reason: 'Action' }, true],
  [{ phase: 'failed', reason: 'FailedAfterRetries' }, true],
  [{}, false],
])('a step with status %j is finished: %s', (status, finished) => expect(isStepFinished(status)).toBe(finished));

it('a workflow ends by itself after a step that failed or was terminated', () => {
  const ends = [{ phase: 'failed' }, { phase: 'skipped', reason: 'Terminate' }, { phase: 'succeeded' }].map(
    endsWorkflow,
  );
  expect(ends).toEqual([true, true, false]);
});
