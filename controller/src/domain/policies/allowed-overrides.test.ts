import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { policyOf } from '../model/execution-policy.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { aTask } from '../testing/builders.ts';
import { overridesProblem, withOverrides } from './allowed-overrides.ts';
import { programVariables } from './program-variables.ts';
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
  const problemOf = (overrides: Overrides, allowedOverrides?: ExecutionPolicy['allowedOverrides']) =>
    overridesProblem(
      { taskRef: { name: 'task' }, overrides },
      policyOf(
        aTask()
          .policy(allowedOverrides ? { allowedOverrides } : {})
          .build(),
      ),
    );

  describe('of somebody who wants to run another program with a run', () => {
    test.each([
      ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'BASH_ENV', 'ENV', 'PATH', 'PYTHONSTARTUP', 'PYTHONPATH'],
      ...['NODE_OPTIONS', 'PERL5OPT', 'RUBYOPT', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'GIT_SSH_COMMAND', 'GIT_DIR'],
      ...['HTTP_PROXY', 'https_proxy', 'All_Proxy', 'BASH_FUNC_ls%%', 'npm_config_script_shell', 'GCONV_PATH', 'HOME'],
      ...['SSL_CERT_FILE', 'KUBECONFIG', 'DOTNET_STARTUP_HOOKS', 'LESSOPEN', 'GIT_PAGER', 'KUBERNETES_SERVICE_HOST'],
    ])('%s is refused, unless the Task lists it', (name) => {
      expect(problemOf({ env: [...env, { name, value: 'x' }] })).toBe(
        `spec.overrides.env: ${name}: it can make the run another program, so the Task has to list it by name; create a TaskRun without, or add env:${name} to the Task's allowedOverrides`,
      );
      expect(problemOf({ env: [{ name }] })).toBeDefined();
      expect(problemOf({ env: [...env, { name, value: 'x' }] }, ['env', `env:${name}`])).toBeUndefined();
      expect(problemOf({ env: [{ name, value: 'x' }] }, [`env:${name}`])).toBeUndefined();
    });

    test.each(['MODE', 'LOG_LEVEL', 'NODE_ENV', 'DB_HOST', 'TZ', 'REGION', 'OLD_PATHS', 'ENVIRONMENT', 'TABLE'])(
      '%s is a variable as any other',
      (name) => expect(problemOf({ env: [{ name, value: 'x' }] })).toBeUndefined(),
    );

    test('only the variables that the Task lists are allowed where it does not list env', () => {
      expect(problemOf({ env: [{ name: 'REGION', value: 'eu' }] }, ['env:REGION'])).toBeUndefined();
      expect(problemOf({ env }, ['env:REGION'])).toBe(
        "spec.overrides.env: MODE: the Task does not allow it (allowedOverrides: env:REGION); create a TaskRun without, or add env:MODE to the Task's allowedOverrides",
      );
    });
  });

  describe('of somebody who wants to read the variables of the Task', () => {
    test.each([
      ['$(SECRET)', '$(SECRET)'],
      ['--password=hunter2 $(SECRET)b $(OTHER)', '$(SECRET)'],
      ['$$$(SECRET)', '$(SECRET)'],
      ['$(steps.a.outputs.x)', '$(steps.a.outputs.x)'],
      ['x\n$(SECRET)', '$(SECRET)'],
      ['$()', '$()'],
    ])(
      '%j is refused in args and env, unless the Task lists references; of the value no more is quoted than %j',
      (value, quoted) => {
        const others = [{ args: ['ok', value] }, { env: [{ name: 'MODE', value }] }];
        expect(others.map((one) => problemOf(one))).toEqual(
          ['args[1]', 'env: MODE'].map(
            (where) =>
              `spec.overrides.${where}: ${JSON.stringify(quoted)} refers to a variable of the Task, which is not allowed; write $$( for a plain $(, or add references to the Task's allowedOverrides`,
          ),
        );
        for (const one of others) expect(problemOf(one, ['args', 'env', 'references'])).toBeUndefined();
      },
    );

    test('a long value is looked at once, so that it cannot stop the controller', () => {
      const value = '$('.repeat(400_000);
      expect(problemOf({ args: [value] })).toBeUndefined();
      expect(problemOf({ args: [`)${value}`] })).toBeUndefined();
      expect(problemOf({ args: [`${value})`] })).toMatch(/refers to a variable of the Task/);
    });

    test.each(['$$(SECRET)', '$', '$(', '$SECRET', '${SECRET}', '(SECRET)', '$$$$(x)'])('%j is a text', (value) => {
      expect(problemOf({ args: [value], env: [{ name: 'MODE', value }] })).toBeUndefined();
    });
  });

  test('the documentation lists the variables that are refused', async () => {
    const page = await readFile(new URL('../../../../docs/operations/security.md', import.meta.url), 'utf8');
    const [, list = ''] = /## Variables that make another program\n\n[^]*?\n\n([^]*?)\n\n/.exec(page) ?? [];
    expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(programVariables);
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
