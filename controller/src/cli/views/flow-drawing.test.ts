import { expect, it } from 'vitest';
import { aRun } from '../testing/resources.ts';
import { drawFlow } from './flow-drawing.ts';

const step = (name: string, ...dependsOn: string[]) => ({ name, template: {}, dependsOn });

it('draws each step below the one that it waits for longest', () => {
  const steps = [
    step('job1'),
    step('job2'),
    step('job3', 'job1', 'job2'),
    step('job4', 'job3'),
    step('job5', 'job2', 'job4'),
    step('log', 'job1'),
  ];
  const jobs = [
    { step: 'job1', phase: 'Succeeded', duration: '2s' },
    { step: 'job2', phase: 'Running' },
  ];
  expect(drawFlow(aRun({ spec: { snapshot: { hash: '', steps } }, status: { phase: 'Running', jobs } }))).toBe(`\
job1  Succeeded 2s
└─ log  Pending
job2  Running
└─ job3  Pending  (after job1, job2)
   └─ job4  Pending
      └─ job5  Pending  (after job2, job4)`);
});

it('draws nothing for a run that is not a flow, or whose steps form a cycle', () => {
  expect(drawFlow(aRun({ spec: { snapshot: { hash: '', template: {} } } }))).toBeUndefined();
  expect(drawFlow(aRun({ spec: { snapshot: { hash: '', steps: [step('a', 'b'), step('b', 'a')] } } }))).toBeUndefined();
});
