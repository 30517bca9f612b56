import { describe, expect, test } from 'vitest';
import type { FlowStep, StepEnd } from '../model/flow.ts';
import { aRun } from '../testing/builders.ts';
import { viewFlow } from '../view/flow-run.ts';
import { nothing } from '../view/part.ts';
import { arrangedOf, flowOf, gateOf, stepEnd } from './arrange.ts';
import { stepsOf } from './items.ts';

const step = (name: string, dependsOn?: string[], more: Partial<FlowStep> = {}): FlowStep => ({
  name,
  template: {},
  ...(dependsOn && { dependsOn }),
  ...more,
});
const arranged = (steps: FlowStep[]) => {
  const flow = flowOf(steps);
  return 'problem' in flow ? flow.problem : flow.order.map(({ name }) => name).join(' ');
};

describe('the order of steps', () => {
  test.each<[string, FlowStep[], string]>([
    ['is that of the list where nothing depends on anything', [step('b'), step('a')], 'b a'],
    [
      'has each after what it depends on',
      [
        step('job5', ['job2', 'job4']),
        step('job1'),
        step('job2'),
        step('job3', ['job1', 'job2']),
        step('job4', ['job3']),
      ],
      'job1 job2 job3 job4 job5',
    ],
    [
      'has what always runs after all others, except those that come after it',
      [step('b', ['clean']), step('clean', undefined, { when: 'Always' }), step('a')],
      'a clean b',
    ],
    [
      'has what always runs after all that does not',
      [
        step('clean', undefined, { when: 'Always' }),
        step('tell', undefined, { when: 'OnFailure' }),
        step('a'),
        step('b', ['a']),
      ],
      'a b clean tell',
    ],
    [
      'but after nothing else where it says so',
      [step('clean', ['a'], { when: 'Always' }), step('b', ['c']), step('c'), step('a')],
      'c a b clean',
    ],
  ])('%s', (_what, steps, order) => expect(arranged(steps)).toBe(order));

  test.each<[string, FlowStep[], string]>([
    [
      'a step that is not there',
      [step('a', ['b', 'c']), step('b')],
      'step a depends on c, which does not exist: name one of a, b',
    ],
    [
      'a step itself',
      [step('a', ['a'])],
      "steps depend on each other in a circle (a -> a): take one of these out of the other's dependsOn",
    ],
    [
      'a circle, and what is behind it',
      [step('z', ['a']), step('a', ['c']), step('b', ['a']), step('c', ['b']), step('d')],
      "steps depend on each other in a circle (a -> c -> b -> a): take one of these out of the other's dependsOn",
    ],
  ])('is refused with %s', (_what, steps, problem) => expect(arranged(steps)).toBe(problem));

  const build = step('build', [], { outputs: [{ name: 'image' }] });
  const takes = (output: string, dependsOn: string[]) =>
    step('deploy', dependsOn, { template: { spec: { containers: [{ args: [`$(steps.build.outputs.${output})`] }] } } });
  test.each<[string, FlowStep[], string]>([
    ['of a step before it', [build, step('test', ['build']), takes('image', ['test'])], 'build test deploy'],
    [
      'of a step that declares none such',
      [build, takes('tag', ['build'])],
      'step deploy takes $(steps.build.outputs.tag), and step build declares no output tag: add it to the outputs of build',
    ],
    ['of no step', [takes('image', [])], 'step deploy takes $(steps.build.outputs.image), and there is no step build'],
    [
      'of a step that it does not wait for',
      [build, takes('image', [])],
      'step deploy takes $(steps.build.outputs.image) and does not come after build: add build to its dependsOn',
    ],
  ])('with an output %s', (_what, steps, expected) => expect(arranged(steps)).toBe(expected));

  test('of a thousand steps that all wait for all before them is found at once', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
    expect(arranged(names.map((name, index) => step(name, names.slice(Math.max(0, index - 100), index))))).toBe(
      names.join(' '),
    );
  });
});

describe('how a step ended', () => {
  test.each<[Parameters<typeof stepEnd>[1], Partial<FlowStep>, StepEnd | undefined]>([
    [{ phase: 'Pending' }, {}, undefined],
    [{ phase: 'Running' }, {}, undefined],
    [{ phase: 'Succeeded' }, {}, 'ok'],
    [{ phase: 'Failed', reason: 'BackoffLimitExceeded' }, {}, 'failed'],
    [{ phase: 'Failed', reason: 'BackoffLimitExceeded' }, { continueOnFailure: true }, 'ok'],
    [{ phase: 'Skipped', reason: 'DependencyFailed' }, { continueOnFailure: true }, 'failed'],
    [{ phase: 'Skipped', reason: 'NothingFailed' }, {}, 'unneeded'],
    [{ phase: 'Cancelled' }, {}, 'failed'],
  ])('%j with %j is %s', (row, more, end) => expect(stepEnd(step('a', [], more), row)).toBe(end));
});

describe('a step', () => {
  const wait = { opens: false };
  const start = { opens: true };
  const skip = (reason: string, message: string) => ({ skip: { reason, message } });
  const ends = { done: 'ok', bad: 'failed', idle: 'unneeded', busy: undefined } as const;
  test.each<[NonNullable<FlowStep['when']>, (keyof typeof ends)[], ReturnType<typeof gateOf>]>([
    ['OnSuccess', [], start],
    ['OnSuccess', ['done', 'done'], start],
    ['OnSuccess', ['done', 'busy'], wait],
    ['OnSuccess', ['busy', 'bad'], skip('DependencyFailed', 'bad did not succeed')],
    ['OnSuccess', ['idle', 'done'], skip('NothingFailed', 'idle was not needed')],
    // What is still under way may fail, and then the reason is another.
    ['OnSuccess', ['idle', 'busy'], wait],
    ['OnFailure', ['done'], skip('NothingFailed', 'nothing failed')],
    ['OnFailure', ['done', 'busy'], wait],
    ['OnFailure', ['bad', 'busy'], wait],
    ['OnFailure', ['bad', 'done'], start],
    ['OnFailure', ['idle'], skip('NothingFailed', 'nothing failed')],
    ['Always', ['bad', 'busy'], wait],
    ['Always', ['bad', 'idle', 'done'], start],
  ])('that runs %s after %j', (when, needed, gate) => {
    expect(gateOf(step('a', needed, { when }), new Map(needed.map((name) => [name, ends[name]])))).toEqual(gate);
  });
});

test('a run that an earlier version began goes on, though a value is named where none is filled in', () => {
  const template = { spec: { containers: [{ name: 'main', image: 'busybox', workingDir: '/$(item.name)' }] } };
  const snapshot = { hash: '', template, items: [{ name: 'a' }] };
  const run = aRun().spec({ snapshot }).build();
  const begun = { ...run, status: { jobs: [{ step: 'a', phase: 'Running', uid: 'job-uid', name: 'mytask-v1-a' }] } };
  const arrangedAs = (record: typeof run) => arrangedOf(viewFlow(record, stepsOf(snapshot) ?? [], nothing));
  expect(arrangedAs(run)).toHaveProperty('problem');
  expect(arrangedAs(begun)).not.toHaveProperty('problem');
});
