import { describe, expect, test } from 'vitest';
import type { JobRow, Snapshot, TaskRun } from '../../resources/index.ts';
import { after, aRun, aState, aTask } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import type { FlowRun } from '../model/view.ts';
import { endsStep, stopOf } from './failure-policy.ts';

const template = aTask().build().spec.template ?? {};
const steps = [
  { name: 'load', template },
  { name: 'other', template },
  { name: 'notify', template, when: 'Always' },
] as NonNullable<Snapshot['steps']>;
const failed: JobRow[] = [{ step: 'load', phase: 'Failed' }];

function flow(snapshot: Partial<Snapshot>, changes: Partial<TaskRun['spec']> = {}, jobs = failed): FlowRun {
  const run = aRun(aTask().spec({ steps, ...snapshot }))
    .spec(changes)
    .status({ phase: 'Running', jobs });
  const spec = run.build().spec;
  const [view] = classify(
    aState()
      .runs(run.spec({ snapshot: { ...spec.snapshot, ...snapshot } as Snapshot }))
      .build(),
  ).runs;
  if (view?.kind !== 'flow') throw new Error('not a flow');
  return view;
}

describe('after a step has failed', () => {
  test.each<[string, FlowRun, ReturnType<typeof stopOf>]>([
    ['the others go on by default', flow({}), undefined],
    ['FailFast stops', flow({ failurePolicy: 'FailFast' }), { policy: 'FailFast', step: 'load' }],
    ['Pause stops', flow({ failurePolicy: 'Pause' }), { policy: 'Pause', step: 'load' }],
    ['Pause goes on once somebody says so', flow({ failurePolicy: 'Pause' }, { resume: true }), undefined],
    ['nothing stops before', flow({ failurePolicy: 'FailFast' }, {}, [{ step: 'load', phase: 'Running' }]), undefined],
  ])('%s', (_what, run, stop) => expect(stopOf(run, after(60))).toEqual(stop));
});

test('FailFast ends what waits for success, and leaves what says when it runs; Pause ends nothing', () => {
  const { parts } = flow({ failurePolicy: 'FailFast' });
  const ended = (policy: 'FailFast' | 'Pause') =>
    parts.filter((part) => endsStep({ policy, step: 'load' }, part)).map(({ step }) => step.name);
  expect([ended('FailFast'), ended('Pause')]).toEqual([['load', 'other'], []]);
});
