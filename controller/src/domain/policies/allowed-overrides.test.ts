import { describe, expect, test } from 'vitest';
import { policyOf } from '../model/execution-policy.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { aTask } from '../testing/builders.ts';
import { overridesProblem, withOverrides } from './allowed-overrides.ts';
import type { ExecutionPolicy, TaskRun } from '../../resources/index.ts';

type Overrides = NonNullable<TaskRun['spec']['overrides']>;

const args = ['--fast'];
const env = [{ name: 'MODE', value: 'dry' }];

describe('overrides', () => {
  test.each<[Overrides | undefined, ExecutionPolicy['allowedOverrides'], string | undefined]>([
    [undefined, [], undefined],
    [{}, [], undefined],
    [{ args, env }, undefined, undefined],
    [{ args }, ['args'], undefined],
    [
      { env },
      ['args'],
      'spec.overrides.env: the Task does not allow it (allowedOverrides: args); create a TaskRun without',
    ],
    [
      { args },
      [],
      'spec.overrides.args: the Task does not allow it (allowedOverrides: none); create a TaskRun without',
    ],
    [
      { args, env },
      [],
      'spec.overrides.args and spec.overrides.env: the Task does not allow it (allowedOverrides: none); create a TaskRun without',
    ],
    // An empty list is an override, too: it takes the args away.
    [
      { args: [] },
      ['env'],
      'spec.overrides.args: the Task does not allow it (allowedOverrides: env); create a TaskRun without',
    ],
  ])('%o where %o is allowed', (overrides, allowedOverrides, expected) => {
    const task = aTask()
      .policy(allowedOverrides ? { allowedOverrides } : {})
      .build();
    expect(overridesProblem({ taskRef: { name: 'task' }, ...(overrides && { overrides }) }, policyOf(task))).toBe(
      expected,
    );
  });
  test('of a flow are env alone', () => {
    const problem = (overrides: Overrides) =>
      overridesProblem(
        { taskRef: { name: 'task' }, overrides, snapshot: { hash: '', steps: [] } },
        policyOf(aTask().build()),
      );
    expect(problem({ env })).toBeUndefined();
    expect(problem({ args, env })).toBe(
      "spec.overrides.args: a flow's steps have args of their own; create a TaskRun without, and with env for all steps if need be",
    );
  });
});

describe('a snapshot with', () => {
  const containers = [
    {
      name: 'mytask',
      image: 'busybox',
      args: ['--slow'],
      env: [
        { name: 'MODE', value: 'real' },
        { name: 'REGION', value: 'eu' },
      ],
    },
    { name: 'sidecar', image: 'proxy', args: ['--listen'] },
  ];
  const snapshot = snapshotOf(
    aTask()
      .spec({ template: { metadata: { labels: { a: 'b' } }, spec: { containers, restartPolicy: 'Never' } } })
      .build(),
  );
  test.each<[string, Overrides | undefined, object]>([
    ['none is as it was', undefined, {}],
    ["args has them in place of the first container's", { args }, { args }],
    ['empty args has none', { args: [] }, { args: [] }],
    [
      'env has a variable of that name replaced in its place, so that those which refer to it are still expanded',
      { env },
      {
        env: [
          { name: 'MODE', value: 'dry' },
          { name: 'REGION', value: 'eu' },
        ],
      },
    ],
    [
      'another variable has it beside the others',
      { env: [{ name: 'DEBUG' }] },
      { env: [...(containers[0]?.env ?? []), { name: 'DEBUG' }] },
    ],
  ])('%s', (_what, overrides, changed) => {
    const [first, ...others] = containers;
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ ...first, ...changed }, ...others], restartPolicy: 'Never' },
    };
    expect(withOverrides(snapshot, overrides)).toEqual({ ...snapshot, template });
  });
  test('env has it in every step of a flow', () => {
    const step = (name: string, more: object = {}) => ({
      name,
      template: { spec: { containers: [{ name, ...more }] } },
    });
    expect(withOverrides({ hash: '', steps: [step('a'), step('b')] }, { env })).toEqual({
      hash: '',
      steps: [step('a', { env }), step('b', { env })],
    });
  });
  test('no container is left alone', () => {
    const empty = { ...snapshot, template: {} };
    expect(withOverrides(empty, { args })).toEqual(empty);
  });
});
