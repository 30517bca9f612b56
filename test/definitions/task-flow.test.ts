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
  name: 'nightly',
  namespace: 'default',
  appName: 'shop',
  appRevision: 'shop-v2',
  appRevisionNum: 2,
  publishVersion: '',
};
const build = { name: 'build', image: 'busybox', cmd: ['make'] };

describe.each(Object.keys(cueVersions) as CueVersion[])('task-flow, with CUE %s', (version) => {
  let cue: Cue;
  let flow: Definition;
  let task: Definition;
  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    flow = await cue.compile(await readDefinition('task-flow'));
    task = await cue.compile(await readDefinition('task'));
  });
  afterAll(() => cue.close());

  interface Rendered {
    metadata: JsonObject;
    spec: JsonObject & { steps: JsonObject[]; template: JsonObject; job: JsonObject };
  }
  const render = async (parameter: JsonObject, definition = flow) =>
    (await definition.render({ parameter, context })).output as unknown as Rendered;

  it('renders a Task with steps, each with the pods and the Job that a task of its parameters has', async () => {
    const work = {
      image: 'busybox',
      cmd: ['make'],
      env: [{ name: 'A', value: 'b' }],
      cpu: '1',
      volumes: [{ name: 'work', mountPath: '/work', type: 'emptyDir', medium: '' }],
      labels: { a: 'b' },
      backoffLimit: 2,
      count: 3,
      podSpec: { priorityClassName: 'low' },
    };
    const output = await render({
      steps: [
        build,
        {
          ...work,
          name: 'test',
          dependsOn: ['build'],
          when: 'Always',
          continueOnFailure: true,
          retry: { limit: 1 },
          timeoutSeconds: 60,
          queue: { name: 'team-a' },
          queueTimeoutSeconds: 9,
          outputs: [{ name: 'rows' }],
        },
      ],
    });
    expect(problemsOf(output as unknown as JsonObject)).toEqual([]);
    expect(output.metadata).toEqual({ name: 'shop-nightly', annotations: notInGit });
    const { template, job } = (await render(work, task)).spec;
    expect(output.spec.steps[1]).toEqual({
      name: 'test',
      dependsOn: ['build'],
      when: 'Always',
      continueOnFailure: true,
      retry: { limit: 1 },
      timeoutSeconds: 60,
      queue: { name: 'team-a' },
      queueTimeoutSeconds: 9,
      outputs: [{ name: 'rows' }],
      template,
      job,
    });
    expect(output.spec).not.toHaveProperty('template');
    expect(output.spec).not.toHaveProperty('job');
  });

  it('says of its runs what a task says of them', async () => {
    const runs = {
      executionPolicy: { keepLast: 2 },
      schedule: { cron: '@daily', timeZone: 'Europe/Berlin' },
      suspend: true,
      retry: { limit: 2 },
      timeoutSeconds: 600,
      queue: { name: 'team-a', priorityClass: 'urgent' },
      queueTimeoutSeconds: 60,
      maxParallel: 3,
      outputs: [{ name: 'image', valueFrom: 'steps.build.outputs.image' }],
    };
    const { steps, ...spec } = (await render({ ...runs, steps: [{ ...build, outputs: [{ name: 'image' }] }] })).spec;
    const { template: _template, job: _job, ...same } = (await render({ ...runs, image: 'busybox' }, task)).spec;
    expect(spec).toEqual(same);
    expect(steps).toHaveLength(1);
  });

  it('gives what is shared in the words of a pod', async () => {
    const env = [{ name: 'ZONE', value: 'eu' }];
    const globals = {
      env,
      labels: { team: 'shop' },
      annotations: { note: 'x' },
      nodeName: 'node-1',
      volumes: [{ name: 'work', mountPath: '/work', type: 'pvc', claimName: 'work' }],
    };
    const output = await render({ globals, steps: [build] });
    expect(problemsOf(output as unknown as JsonObject)).toEqual([]);
    expect(output.spec['globals']).toEqual({
      env,
      labels: { team: 'shop' },
      annotations: { note: 'x' },
      nodeName: 'node-1',
      volumes: [{ name: 'work', persistentVolumeClaim: { claimName: 'work' } }],
      volumeMounts: [{ name: 'work', mountPath: '/work' }],
    });
  });

  it('takes an empty list of shared volumes, as a task takes one of its own', async () => {
    const output = await render({ globals: { volumes: [], labels: { a: 'b' } }, steps: [build] });
    expect(problemsOf(output as unknown as JsonObject)).toEqual([]);
    expect(output.spec['globals']).toEqual({ labels: { a: 'b' } });
  });

  it('mounts a shared volume in several places, and refuses two different ones of a name', async () => {
    const work = { name: 'work', mountPath: '/work' };
    const twice = await render({ globals: { volumes: [work, { ...work, mountPath: '/out' }] }, steps: [build] });
    expect(twice.spec['globals']).toEqual({
      volumes: [{ name: 'work', emptyDir: { medium: '' } }],
      volumeMounts: [work, { ...work, mountPath: '/out' }],
    });
    const other = { ...work, mountPath: '/out', type: 'pvc', claimName: 'work' };
    await expect(render({ globals: { volumes: [work, other] }, steps: [build] })).rejects.toThrow(
      'there are two different volumes work',
    );
  });

  it.each<[JsonObject, string]>([
    [{ steps: [{ ...build, imag: 'x' }] }, 'parameter.steps.0.imag: field not allowed'],
    [{ steps: [build], retries: 3 }, 'parameter.retries: field not allowed'],
    [{ steps: [build], globals: { envs: [] } }, 'parameter.globals.envs: field not allowed'],
    [{ steps: [{ ...build, retry: { limit: '3' } }] }, 'parameter.steps.0.retry.limit'],
    [
      { steps: [{ ...build, queue: { name: 'a', priority: 1 } }] },
      'parameter.steps.0.queue.priority: field not allowed',
    ],
    [{ steps: [build], queue: { names: 'a' } }, 'parameter.queue.names: field not allowed'],
    [{ steps: [{ name: 'build' }] }, 'image'],
    [{ steps: [{ ...build, dependsOn: 'fetch' }] }, 'parameter.steps.0.dependsOn'],
    [{ steps: [build], outputs: [{ name: 'image' }] }, 'outputs.0.valueFrom'],
    [
      {
        steps: [
          { ...build, dependsOn: ['test'] },
          { ...build, name: 'test', dependsOn: ['build'] },
        ],
      },
      'these steps depend on each other in a cycle, or on a step that does not exist: build, test',
    ],
    [
      { steps: [build, { ...build, name: 'test', dependsOn: ['biuld'] }] },
      'these steps depend on each other in a cycle, or on a step that does not exist: test',
    ],
    [
      { steps: [{ ...build, dependsOn: ['build'] }] },
      'these steps depend on each other in a cycle, or on a step that does not exist: build',
    ],
  ])('refuses %j', async (parameter, message) => {
    await expect(render(parameter)).rejects.toThrow(message);
  });

  it('leaves it to the run to order more steps than CUE orders in good time', async () => {
    const steps = Array.from({ length: 41 }, (_, index) => ({
      ...build,
      name: `s${index}`,
      dependsOn: [`s${(index + 1) % 41}`],
    }));
    expect((await render({ steps })).spec.steps).toHaveLength(41);
  });

  it('orders any steps that can be ordered', async () => {
    const steps = Array.from({ length: 40 }, (_, index) => ({
      ...build,
      name: `s${index}`,
      ...(index < 39 && { dependsOn: [`s${index + 1}`] }),
    }));
    expect((await render({ steps })).spec.steps).toHaveLength(40);
  });

  it.each<[JsonObject, string]>([
    [{ steps: [] }, '/spec/steps must NOT have fewer than 1 items'],
    [{ steps: [{ ...build, name: 'Build it' }] }, '/spec/steps/0/name must match pattern'],
    [{ steps: [{ ...build, when: 'Sometimes' }] }, '/spec/steps/0/when must be equal to one of the allowed values'],
  ])('leaves %j to the API server', async (parameter, problem) => {
    expect(problemsOf((await render(parameter)) as unknown as JsonObject).join()).toContain(problem);
  });
});
