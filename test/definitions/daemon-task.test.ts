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
import { problemsOf } from './schema.ts';

const context = {
  name: 'pull',
  namespace: 'default',
  appName: 'shop',
  appRevision: 'shop-v2',
  appRevisionNum: 2,
  publishVersion: '',
};

describe.each(Object.keys(cueVersions) as CueVersion[])('daemon-task, with CUE %s', (version) => {
  let cue: Cue;
  let daemon: Definition;
  let task: Definition;
  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    daemon = await cue.compile(await readDefinition('daemon-task'));
    task = await cue.compile(await readDefinition('task'));
  });
  afterAll(() => cue.close());

  const render = async (parameter: JsonObject, definition = daemon) =>
    (await definition.render({ parameter, context })).output as JsonObject & { spec: JsonObject };

  it('renders what task renders, for every node', async () => {
    const same = {
      image: 'busybox',
      cmd: ['true'],
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ operator: 'Exists' }],
      retry: { limit: 1 },
      queue: { name: 'team-a' },
      queueTimeoutSeconds: 60,
      schedule: { cron: '@daily' },
      executionPolicy: { keepLast: 1 },
      maxParallel: '10%',
      failurePolicy: 'FailFast',
    };
    const output = await render({ ...same, exclude: { names: ['n1'], labels: { role: 'db' } }, joining: true });
    expect(problemsOf(output)).toEqual([]);
    expect(output.spec).toEqual({
      ...(await render(same, task)).spec,
      nodes: { excludedNames: ['n1'], excludedSelector: { role: 'db' }, joining: true },
    });
  });

  it('asks for no more than an image', async () => {
    const output = await render({ image: 'busybox' });
    expect(problemsOf(output)).toEqual([]);
    expect(output.spec['nodes']).toEqual({});
  });

  it.each<[JsonObject, string]>([
    [{ image: 'x', excludes: {} }, 'parameter.excludes: field not allowed'],
    [{ image: 'x', exclude: { nodes: ['a'] } }, 'parameter.exclude.nodes: field not allowed'],
    [{ image: 'x', queue: { name: 'a', namespace: 'b' } }, 'parameter.queue.namespace: field not allowed'],
    [{ image: 'x', items: [{ a: 1 }] }, 'parameter.items: field not allowed'],
    [{ image: 'x', exclude: { names: 'a' } }, 'parameter.exclude.names'],
    [{ exclude: { names: ['a'] } }, 'image'],
  ])('says what is wrong with %j', async (parameter, message) => {
    await expect(render(parameter)).rejects.toThrow(message);
  });
});
