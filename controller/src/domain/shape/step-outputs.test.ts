import { expect, test } from 'vitest';
import type { FlowStep } from '../model/flow.ts';
import { outputProblems } from './step-outputs.ts';

/** Each step depends on up to a hundred before it, and takes the first one's output by many references. */
function chain(length: number): readonly FlowStep[] {
  const args = [...Array(50).keys()].map((nth) => `${nth} $(steps.s0.outputs.${nth % 2 === 0 ? 'a' : 'b'})`);
  return [...Array(length).keys()].map((place) => ({
    name: `s${place}`,
    dependsOn: [...Array(Math.min(place, 100)).keys()].map((back) => `s${place - 1 - back}`),
    outputs: [{ name: 'a' }, { name: 'b' }],
    template: place > 0 ? { spec: { containers: [{ name: 'main', args }] } } : {},
  }));
}

/** The flow, and how often its dependencies are asked for. */
function counted(steps: readonly FlowStep[]) {
  const dependencies = new Map(steps.map(({ name, dependsOn = [] }) => [name, dependsOn]));
  const asked = { times: 0 };
  const get = (name: string) => {
    asked.times += 1;
    return dependencies.get(name);
  };
  const flow = { order: steps, steps: new Map(steps.map((step) => [step.name, step])), dependencies };
  return { flow: { ...flow, dependencies: Object.assign(new Map(dependencies), { get }) }, asked };
}

test('a flow of a thousand steps that all come after each other is sorted in one go', () => {
  const { flow, asked } = counted(chain(1_000));
  expect(outputProblems(flow)).toEqual([]);
  expect(asked.times).toBeLessThanOrEqual(1_000);
});

test('a step comes after another through others, and not after itself or what comes later', () => {
  const takes = (name: string, from: string, dependsOn: readonly string[]): FlowStep => ({
    name,
    dependsOn: [...dependsOn],
    outputs: [{ name: 'a' }],
    template: { spec: { containers: [{ name: 'main', args: [`$(steps.${from}.outputs.a)`] }] } },
  });
  const steps: FlowStep[] = [
    { name: 'one', outputs: [{ name: 'a' }], template: {} },
    takes('two', 'one', ['one']),
    takes('three', 'one', ['two']),
  ];
  expect(outputProblems(counted(steps).flow)).toEqual([]);
  expect(outputProblems(counted([...steps, takes('four', 'four', ['three'])]).flow)).toEqual([
    'step four takes $(steps.four.outputs.a) and does not come after four: add four to its dependsOn',
  ]);
  expect(
    outputProblems(counted([...steps, takes('four', 'five', []), takes('five', 'one', ['four', 'one'])]).flow),
  ).toEqual(['step four takes $(steps.five.outputs.a) and does not come after five: add five to its dependsOn']);
});
