/** Flows and items: Jobs that depend on each other, and Jobs of one template, as one run each. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import type { ApplicationSpec } from '../../sandbox/src/kubevela/application.ts';
import { all, aNamespace, App, apply, kubectl, place } from './user.ts';

const realPods = place.pods === 'real';
const image = 'busybox:1.36';

interface Example {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly components: {
      readonly name: string;
      readonly properties: { readonly steps?: object[]; readonly annotations?: object };
    }[];
  };
}

/** An example unchanged, except for an image that the cluster has, and annotations for the simulated node. */
async function anExample(
  file: string,
  pods: Record<string, Partial<Record<keyof typeof podAnnotations, string>>> = {},
): Promise<App> {
  const text = await readFile(new URL(`../../examples/${file}`, import.meta.url), 'utf8');
  const { metadata, spec } = parse(text.replaceAll(/image: "?ubuntu:22.04"?/g, `image: "${image}"`)) as Example;
  const annotated = (name: string) =>
    Object.fromEntries(
      Object.entries({ duration: '100ms', ...pods[name] }).map(([key, value]) => [
        podAnnotations[key as keyof typeof podAnnotations],
        value,
      ]),
    );
  const [component] = spec.components;
  const properties = { ...component?.properties };
  const steps = properties.steps?.map((step) => ({ ...step, annotations: annotated((step as { name: string }).name) }));
  const app = new App(await aNamespace(file.replace('.yaml', '')), metadata.name, component?.name);
  await apply(app.namespace, app.name, {
    components: [
      { ...component, properties: { ...properties, ...(steps ? { steps } : { annotations: annotated('item') }) } },
    ],
  } as unknown as ApplicationSpec);
  return app;
}

const rows = ({ status }: Stored<TaskRunObject>) =>
  (status?.jobs ?? []).map(({ step, phase }) => `${step} ${phase}`).join(', ');

describe.concurrent('a flow', () => {
  it('of five Jobs runs each after those that it depends on, and shows them', async () => {
    const app = await anExample('flow.yaml');
    const service = await app.says(/^nightly-v1 Succeeded in \d+s · 1 kept$/, { seconds: 90 });
    const run = await app.succeeded(1);
    expect(rows(run)).toBe('job1 Succeeded, job2 Succeeded, job3 Succeeded, job4 Succeeded, job5 Succeeded');
    expect(service.details?.['steps']).toMatch(/^job1 Succeeded in \d+s\njob2 /);
    const began = new Map(
      (await all(jobs, app.namespace)).map(({ metadata }) => [
        metadata.labels?.['task.oam.dev/step'],
        metadata.creationTimestamp,
      ]),
    );
    const ended = new Map(run.status?.jobs?.map(({ step, completionTime }) => [step, completionTime]));
    for (const [later, earlier] of [
      ['job3', 'job1'],
      ['job3', 'job2'],
      ['job4', 'job3'],
      ['job5', 'job4'],
    ])
      expect(`${began.get(later)}` >= `${ended.get(earlier)}`, `${later} after ${earlier}`).toBe(true);
  });

  it('that fails says where and what it skipped; it tells, and tidies up', async () => {
    const app = await anExample('flow-failing.yaml', {
      build: { message: '{"image": "shop:1.4.2"}' },
      test: { exitCode: '3' },
    });
    await app.says(
      /^release-v1 Failed after \d+s: test failed: exit code 3 in container release \(BackoffLimitExceeded\); skipped: deploy · 1 kept$/,
      { seconds: 90 },
    );
    const [run] = await app.runs();
    expect(run && rows(run)).toBe('build Succeeded, test Failed, deploy Skipped, tell Succeeded, clean-up Succeeded');
    if (realPods)
      expect(await kubectl(['logs', 'job/release-v1-test', '-n', app.namespace])).toBe('testing shop:1.4.2\n');
  });

  it.runIf(realPods)('hands a file on in a volume that its steps share', async () => {
    const app = new App(await aNamespace('shared'), 'shop', 'flow');
    const claim = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: app.namespace };
    await kubectl(['create', '-f', '-'], {
      input: {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: app.namespace },
        spec: {
          capacity: { storage: '1Mi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: `/tmp/${app.namespace}`, type: 'DirectoryOrCreate' },
        },
      },
    });
    try {
      await kubectl(['create', '-f', '-'], {
        input: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'work', namespace: app.namespace },
          spec: { ...claim, resources: { requests: { storage: '1Mi' } } },
        },
      });
      const step = (name: string, script: string, dependsOn: string[]) => ({
        name,
        image,
        cmd: ['sh', '-c', script],
        dependsOn,
      });
      await app.deploy(
        {
          globals: {
            volumes: [{ name: 'work', mountPath: '/work', type: 'pvc', claimName: 'work' }],
            env: [{ name: 'WHO', value: 'build' }],
          },
          steps: [
            step('write', 'echo by $WHO > /work/file', []),
            step('read', 'cat /work/file; rm -r /work/*', ['write']),
          ],
        },
        { type: 'task-flow' },
      );
      await app.succeeded(1);
      expect(await kubectl(['logs', 'job/flow-v1-read', '-n', app.namespace])).toBe('by build\n');
    } finally {
      await kubectl(['delete', 'persistentvolume', app.namespace, '--wait=false']);
    }
  });

  it('whose steps depend on each other in a cycle is refused, and the message names them', async () => {
    const app = new App(await aNamespace('circle'), 'shop', 'flow');
    await app.deploy(
      {
        steps: [
          { name: 'a', image, dependsOn: ['b'] },
          { name: 'b', image, dependsOn: ['a'] },
        ],
      },
      { type: 'task-flow' },
    );
    await app.step(/these steps depend on each other in a cycle, or on a step that does not exist: a, b/);
    expect(await app.runs()).toEqual([]);
  });
});

describe('a daemon-task', () => {
  it('runs on every node that fits, and names them', async () => {
    const app = await anExample('daemon-task.yaml');
    const run = await app.succeeded(1, 90);
    const names = (await kubectl(['get', 'nodes', '-o', 'name']))
      .trim()
      .split('\n')
      .map((name) => name.replace('node/', ''))
      .sort();
    expect(run.status?.jobs?.map(({ step, node = step }) => node).sort()).toEqual(names);
    if (realPods)
      expect(await kubectl(['logs', `job/${run.status?.jobs?.[0]?.name}`, '-n', app.namespace])).toBe(
        `cleaning ${names[0]}\n`,
      );
  });

  it('leaves out the nodes that are excluded, and says how many', async () => {
    const names = (await kubectl(['get', 'nodes', '-o', 'name']))
      .trim()
      .split('\n')
      .map((name) => name.replace('node/', ''));
    const app = new App(await aNamespace('excluded'), 'shop', 'upkeep');
    await app.deploy(
      { image, cmd: ['true'], exclude: { names: names.slice(1) }, annotations: { [podAnnotations.duration]: '100ms' } },
      { type: 'daemon-task' },
    );
    const run = await app.succeeded(1, 90);
    expect(run.status?.jobs?.map(({ step, node = step }) => node)).toEqual(names.slice(0, 1));
    await app.deploy({ image, cmd: ['true'], exclude: { names } }, { type: 'daemon-task' });
    await app.says(
      new RegExp(
        `^upkeep-v2 Pending: no node fits: of ${names.length} there are ${names.length} excluded by name; the run starts once one does`,
      ),
    );
  });

  it('that fits no node says so, and runs once one does', async () => {
    const app = new App(await aNamespace('nowhere'), 'shop', 'upkeep');
    await app.deploy({ image, cmd: ['true'], nodeSelector: { place: app.namespace } }, { type: 'daemon-task' });
    await app.says(
      /^upkeep-v1 Pending: no node fits: of \d+ there are \d+ without the labels of nodeSelector; the run starts once one does/,
    );
    const [node = ''] = (await kubectl(['get', 'nodes', '-o', 'name'])).split('\n');
    await kubectl(['label', node, `place=${app.namespace}`]);
    try {
      await app.succeeded(1, 90);
    } finally {
      await kubectl(['label', node, 'place-']);
    }
  });
});

describe('a template', () => {
  it('is run by a task and by steps, each with values of its own', async () => {
    const text = await readFile(new URL('../../examples/templates.yaml', import.meta.url), 'utf8');
    const { metadata, spec } = parse(text.replaceAll('ubuntu:22.04', image)) as Example;
    const components = spec.components.map((component) =>
      component.name === 'dump'
        ? { ...component, properties: { ...component.properties, annotations: { [podAnnotations.duration]: '100ms' } } }
        : component,
    );
    const namespace = await aNamespace('templates');
    await apply(namespace, metadata.name, { components } as unknown as ApplicationSpec);
    await new App(namespace, metadata.name, 'people').succeeded(1, 90);
    await new App(namespace, metadata.name, 'nightly').succeeded(1, 90);
    const texts = (await all(jobs, namespace)).map(
      ({ metadata: { name }, spec: job }) => `${name}: ${job?.template.spec?.containers[0]?.command?.[2]}`,
    );
    expect(texts.sort()).toEqual([
      'nightly-v1-orders: echo full dump of orders, 1000 rows at a time, by $WHO',
      'nightly-v1-parts: echo full dump of parts, 10 rows at a time, by $WHO',
      'people-v1: echo part dump of people, 1000 rows at a time, by $WHO',
    ]);
    if (realPods)
      expect(await kubectl(['logs', 'job/people-v1', '-n', namespace])).toBe(
        'part dump of people, 1000 rows at a time, by shop\n',
      );
  });

  it('that is not there is waited for, and said', async () => {
    const app = new App(await aNamespace('missing'), 'shop', 'dump');
    await app.deploy({ templateRef: { name: 'nothing' } });
    await app.says(
      /^dump-v1 Pending: there is no TaskTemplate nothing in namespace missing-\w+; the run starts once there is/,
    );
  });

  it('beside an image is refused in a sentence', async () => {
    const app = new App(await aNamespace('both'), 'shop', 'dump');
    await app.deploy({ templateRef: { name: 'nothing' }, image });
    await app.step(/templateRef already says what runs: remove templateRef, or the other fields that say what runs/);
  });
});

it('steps that are to be on one node are, and the run says which', async () => {
  const app = new App(await aNamespace('same-node'), 'shop', 'flow');
  const step = (name: string, ...dependsOn: string[]) => ({
    name,
    image,
    cmd: ['true'],
    dependsOn,
    annotations: { [podAnnotations.duration]: '100ms' },
  });
  await app.deploy(
    { globals: { sameNode: true }, steps: [step('a'), step('b'), step('c', 'a', 'b')] },
    { type: 'task-flow' },
  );
  const run = await app.succeeded(1, 90);
  const found = await all(pods, app.namespace);
  expect(found.map(({ spec }) => spec?.nodeName)).toEqual(Array.from({ length: 3 }, () => run.status?.nodeName));
});

it('a failed run is retried from the failed step', async () => {
  const app = new App(await aNamespace('retry'), 'shop', 'flow');
  const step = (name: string, cmd: string[], exitCode = '0') => ({
    name,
    image,
    cmd,
    backoffLimit: 0,
    annotations: { [podAnnotations.duration]: '100ms', [podAnnotations.exitCode]: exitCode },
  });
  await app.deploy(
    { steps: [step('a', ['true']), { ...step('b', ['false'], '1'), dependsOn: ['a'] }] },
    { type: 'task-flow' },
  );
  await app.says(/^flow-v1 Failed/, { seconds: 90 });
  await kubectl(['create', '-n', app.namespace, '-f', '-'], {
    input: {
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: { name: 'again' },
      spec: { taskRef: { name: 'shop-flow' }, retryOf: 'flow-v1' },
    },
  });
  await app.says(/^again Failed after \d+s: b failed/, { seconds: 90 });
  expect((await all(jobs, app.namespace)).map(({ metadata }) => metadata.name).sort()).toEqual([
    'again-b',
    'flow-v1-a',
    'flow-v1-b',
  ]);
});

it('items have a Job each, and hand their outputs on together', async () => {
  const app = await anExample('items.yaml', { item: { message: '{"rows": 1}' } });
  const run = await app.succeeded(1, 90);
  expect(rows(run)).toBe('people Succeeded, orders Succeeded, parts Succeeded');
  expect(run.status?.outputs).toEqual({ all: realPods ? [42, 7, 0] : [1, 1, 1] });
  if (realPods)
    expect(await kubectl(['logs', 'job/tables-v1-orders', '-n', app.namespace])).toBe('importing public.orders\n');
});
