import { expect, test } from 'vitest';
import { aRun } from '../testing/builders.ts';
import { stepsOf } from '../shape/items.ts';
import { nothing } from '../view/part.ts';
import { viewFlow } from '../view/flow-run.ts';
import { arrangedOf } from './flow-rows.ts';

test('a run that an earlier version began goes on, though a value is named where none is filled in', () => {
  const template = { spec: { containers: [{ name: 'main', image: 'busybox', workingDir: '/$(item.name)' }] } };
  const snapshot = { hash: '', template, items: [{ name: 'a' }] };
  const run = aRun().spec({ snapshot }).build();
  const begun = { ...run, status: { jobs: [{ step: 'a', phase: 'Running', uid: 'job-uid', name: 'mytask-v1-a' }] } };
  const arranged = (record: typeof run) => arrangedOf(viewFlow(record, stepsOf(snapshot) ?? [], nothing));
  expect(arranged(run)).toHaveProperty('problem');
  expect(arranged(begun)).not.toHaveProperty('problem');
});
