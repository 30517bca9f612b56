import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCue,
  cueVersions,
  type Cue,
  type CueVersion,
  type Definition,
  type JsonObject,
} from '../../cue/ts/index.ts';
import { readDefinition } from '../../scripts/definition-files.ts';
import { notInGit, problemsOf } from './schema.ts';

const context = {
  name: 'dump',
  namespace: 'default',
  appName: 'shop',
  appRevision: 'shop-v2',
  appRevisionNum: 2,
  publishVersion: '',
};
const names = ['task-template', 'task', 'task-flow', 'daemon-task', 'cron-task'] as const;

describe.each(Object.keys(cueVersions) as CueVersion[])('templates, with CUE %s', (version) => {
  let cue: Cue;
  const ours = {} as Record<(typeof names)[number], Definition>;
  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    for (const name of names) ours[name] = await cue.compile(await readDefinition(name));
  });
  afterAll(() => cue.close());

  const render = async (name: (typeof names)[number], parameter: JsonObject) =>
    (await ours[name].render({ parameter, context })).output as JsonObject & { spec: JsonObject };
  const templateRef = {
    name: 'dump',
    parameters: { table: 'people', rows: 10, all: true },
    args: ['--fast'],
    env: [{ name: 'A', value: 'b' }],
  };

  it('say what a task says of its pods and its Job', async () => {
    const work = {
      image: 'dump:1',
      cmd: ['dump', '$(params.table)'],
      env: [{ name: 'A', value: '$(params.rows)' }],
      backoffLimit: 2,
      podSpec: { hostNetwork: true },
    };
    const said = { retry: { limit: 1 }, timeoutSeconds: 60, outputs: [{ name: 'rows', type: 'integer' }] };
    const parameters = [
      { name: 'table', description: 'what is dumped' },
      { name: 'rows', type: 'integer', default: 10, enum: [1, 10] },
      { name: 'all', type: 'boolean', default: false },
    ];
    const output = await render('task-template', { ...work, ...said, parameters, description: 'dumps' });
    expect(problemsOf(output)).toEqual([]);
    const { template, job } = (await render('task', work)).spec;
    expect(output).toMatchObject({
      kind: 'TaskTemplate',
      metadata: { name: 'dump', annotations: notInGit },
      spec: { ...said, parameters, description: 'dumps', template, job },
    });
  });

  it.each<[(typeof names)[number], JsonObject]>([
    ['task', { items: [{ name: 'a' }], retry: { limit: 1 } }],
    ['daemon-task', { joining: true }],
    ['task', { queue: { name: 'team-a' }, queueTimeoutSeconds: 60 }],
    ['cron-task', { schedule: '@daily' }],
  ])('are what a %s runs that names one', async (name, more) => {
    const output = await render(name, { templateRef, ...more });
    expect(problemsOf(output)).toEqual([]);
    expect(output.spec).toMatchObject({ templateRef });
    expect(output.spec).not.toHaveProperty('template');
    expect(output.spec).not.toHaveProperty('job');
  });

  it('are what a step runs that names one', async () => {
    const output = await render('task-flow', {
      steps: [
        { name: 'a', image: 'busybox' },
        { name: 'b', templateRef, dependsOn: ['a'], when: 'Always', retry: { limit: 1 }, queue: { name: 'team-a' } },
      ],
    });
    expect(problemsOf(output)).toEqual([]);
    expect((output.spec['steps'] as JsonObject[])[1]).toEqual({
      name: 'b',
      templateRef,
      dependsOn: ['a'],
      when: 'Always',
      retry: { limit: 1 },
      queue: { name: 'team-a' },
    });
  });

  it('are all that runs: the schema refuses pods beside one', async () => {
    expect((await render('task', { templateRef, image: 'busybox' })).spec).toMatchObject({ templateRef, template: {} });
    expect(
      (await render('task-flow', { steps: [{ name: 'a', templateRef, cmd: ['x'] }] })).spec['steps'],
    ).toMatchObject([{ templateRef, template: {} }]);
  });

  it.each<[(typeof names)[number], JsonObject, string]>([
    ['task-template', { image: 'x', templateRef }, 'parameter.templateRef: field not allowed'],
    ['task-template', { cmd: ['x'] }, 'image'],
    ['task-template', { image: 'x', queue: { name: 'a' } }, 'parameter.queue: field not allowed'],
    ['task-template', { image: 'x', parameters: [{ nam: 'a' }] }, 'parameter.parameters.0.nam: field not allowed'],
    ['task', { templateRef: { name: 'a', parameter: {} } }, 'parameter.templateRef.parameter: field not allowed'],
    ['task', { cmd: ['x'] }, 'image'],
  ])('%s says what is wrong with %j', async (name, parameter, message) => {
    await expect(render(name, parameter)).rejects.toThrow(message);
  });
});
