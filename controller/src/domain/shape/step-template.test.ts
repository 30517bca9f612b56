import { describe, expect, test } from 'vitest';
import { readStepOutputs } from './step-outputs.ts';
import { stepTemplate } from './step-template.ts';

const container = (more: object = {}) => ({ name: 'main', image: 'busybox', ...more });
const rows = [
  { step: 'build', phase: 'Succeeded', outputs: { image: 'shop:1.4.2', layers: 7, tags: ['a', 'b'] } },
  { step: 'test', phase: 'Failed' },
];

describe("a step's pod template", () => {
  const globals = {
    env: [
      { name: 'ZONE', value: 'eu' },
      { name: 'LEVEL', value: 'info' },
    ],
    labels: { team: 'shop', tier: 'batch' },
    annotations: { note: 'shared' },
    nodeName: 'node-1',
    volumes: [
      { name: 'work', emptyDir: {} },
      { name: 'cache', emptyDir: {} },
    ],
    volumeMounts: [
      { name: 'work', mountPath: '/work' },
      { name: 'cache', mountPath: '/cache' },
    ],
  };
  test('has what all steps have, in every container', () => {
    expect(
      stepTemplate(
        { template: { spec: { containers: [container()], initContainers: [container({ name: 'first' })] } } },
        globals,
        [],
      ),
    ).toEqual({
      metadata: { labels: globals.labels, annotations: globals.annotations },
      spec: {
        nodeName: 'node-1',
        containers: [container({ env: globals.env, volumeMounts: globals.volumeMounts })],
        initContainers: [container({ name: 'first', env: globals.env, volumeMounts: globals.volumeMounts })],
        volumes: globals.volumes,
      },
    });
  });
  test('where it says something else itself, that counts', () => {
    const own = {
      metadata: { labels: { tier: 'own' }, annotations: { note: 'own' } },
      spec: {
        nodeName: 'node-2',
        containers: [
          container({ env: [{ name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'mine', mountPath: '/work' }] }),
        ],
        volumes: [{ name: 'cache', hostPath: { path: '/tmp' } }],
      },
    };
    expect(stepTemplate({ template: own }, globals, [])).toEqual({
      metadata: { labels: { team: 'shop', tier: 'own' }, annotations: { note: 'own' } },
      spec: {
        nodeName: 'node-2',
        containers: [
          container({
            env: [
              { name: 'ZONE', value: 'eu' },
              { name: 'LEVEL', value: 'debug' },
            ],
            volumeMounts: [
              { name: 'mine', mountPath: '/work' },
              { name: 'cache', mountPath: '/cache' },
            ],
          }),
        ],
        volumes: [
          { name: 'work', emptyDir: {} },
          { name: 'cache', hostPath: { path: '/tmp' } },
        ],
      },
    });
  });
  test('has its own value of a shared variable in its place, so that those which refer to it are expanded', () => {
    const shared = {
      env: [
        { name: 'REGION', value: 'eu' },
        { name: 'BUCKET', value: 'data-$(REGION)' },
      ],
    };
    const own = [
      { name: 'PATH_IN', value: '$(BUCKET)/in' },
      { name: 'REGION', value: 'us' },
    ];
    const { spec } = stepTemplate({ template: { spec: { containers: [container({ env: own })] } } }, shared, []);
    expect(spec).toEqual({
      containers: [
        container({
          env: [
            { name: 'REGION', value: 'us' },
            { name: 'BUCKET', value: 'data-$(REGION)' },
            { name: 'PATH_IN', value: '$(BUCKET)/in' },
          ],
        }),
      ],
    });
  });
  test('keeps what it says twice, for the API server to refuse', () => {
    const twice = { name: 'work', hostPath: { path: '/tmp' } };
    const { spec } = stepTemplate({ template: { spec: { volumes: [twice, { ...twice }] } } }, globals, []);
    expect(spec).toMatchObject({ volumes: [twice, { name: 'cache' }, twice] });
  });
  test('has the outputs of steps before it in command, args and env, nothing for one that was not written', () => {
    const refers = container({
      command: ['deploy', '$(steps.build.outputs.image)'],
      args: ['--layers=$(steps.build.outputs.layers)', '$(steps.test.outputs.rows)', '$(HOME)'],
      env: [
        { name: 'TAGS', value: '$(steps.build.outputs.tags)' },
        { name: 'FROM', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
    });
    expect(stepTemplate({ template: { spec: { containers: [refers] } } }, undefined, rows)['spec']).toEqual({
      containers: [
        container({
          command: ['deploy', 'shop:1.4.2'],
          args: ['--layers=7', '', '$(HOME)'],
          env: [
            { name: 'TAGS', value: '["a","b"]' },
            { name: 'FROM', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          ],
        }),
      ],
    });
  });
});

test('the values of its item stand in command, args and env', () => {
  const refers = container({
    command: ['convert', '$(item.file)'],
    args: ['$(item.options)', '$(item.none)'],
    env: [{ name: 'SIZE', value: '$(item.size) MB' }],
  });
  expect(
    stepTemplate(
      { template: { spec: { containers: [refers] } }, item: { file: 'a.csv', size: 3, options: { fast: true } } },
      undefined,
      [],
    )['spec'],
  ).toEqual({
    containers: [
      container({
        command: ['convert', 'a.csv'],
        args: ['{"fast":true}', '$(item.none)'],
        env: [{ name: 'SIZE', value: '3 MB' }],
      }),
    ],
  });
});

describe("a flow's outputs", () => {
  const image = { name: 'image', valueFrom: 'steps.build.outputs.image' };
  test('are those of its steps, under its own names', () => {
    expect(
      readStepOutputs([image, { name: 'count', type: 'integer', valueFrom: 'steps.build.outputs.layers' }], rows),
    ).toEqual({ outputs: { image: 'shop:1.4.2', count: 7 } });
  });
  test.each([
    [{ ...image, type: 'integer' as const }, { problem: 'output image must be of type integer, not string' }],
    [{ ...image, valueFrom: 'steps.test.outputs.image' }, { problem: 'output image is missing' }],
    [{ ...image, valueFrom: 'steps.test.outputs.image', required: false }, { outputs: {} }],
    [
      { name: 'all', type: 'array' as const, valueFrom: 'items.outputs.image' },
      { outputs: { all: ['shop:1.4.2', null] } },
    ],
  ])('%j of what its steps wrote', (output, verdict) => expect(readStepOutputs([output], rows)).toEqual(verdict));
});
