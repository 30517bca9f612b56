import { describe, expect, test } from 'vitest';
import type { StepLook } from '../model/memory.ts';
import { aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { applicationOf, waitsForStep } from './workflow-step.ts';

test('the Application is the one that the Task was rendered for', () => {
  expect(applicationOf(aTask().build())).toEqual({ name: 'app-worker', namespace: 'default' });
  expect(applicationOf(aTask().withoutApplication().build())).toBeUndefined();
});

describe('a run of a workflow step', () => {
  const trigger = { type: 'WorkflowStep', value: 'app-worker-v1#s1', step: { name: 'migrate', id: 's1' } } as const;
  const run = aRun().spec({ trigger });
  const look = (known: boolean) => new Map<string, StepLook>([['mytask-v1', { at: 0, known }]]);

  test.each<[string, ReturnType<typeof aState>, boolean]>([
    ['waits until its step is on record', aState().runs(run), true],
    [
      'waits while the Application does not name it',
      aState()
        .runs(run)
        .memory({ steps: look(false) }),
      true,
    ],
    [
      'starts once it does',
      aState()
        .runs(run)
        .memory({ steps: look(true) }),
      false,
    ],
    ['that has its Job goes on', aState().runs(run).jobs(aJob(run)), false],
    ['without an Application starts at once', aState(aTask().withoutApplication()).runs(run), false],
    ['that a deployment asked for starts at once', aState().runs(aRun()), false],
  ])('%s', (_what, state, waits) => {
    const view = classify(state.build());
    expect(view.runs.map((each) => waitsForStep(each, view))).toEqual([waits]);
  });
});
