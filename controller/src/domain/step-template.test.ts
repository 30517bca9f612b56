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
    env: [{ name: 'ZONE', value: 'eu' }, { name: 'LEVEL', value: 'info' }],
    labels: { team: 'shop', tier: 'batch' },
    annotations: { note: 'shared' },
    nodeName: 'node-1',
    volumes: [{ name: 'work', emptyDir: {} }, { name: 'cache', emptyDir: {} }],
    volumeMounts: [{ name: 'work', mountPath: '/work' }, { name: 'cache', mountPath: '/cache' }],
  };
  test('has what all steps have, in every container', () => {
    expect(stepTemplate({ spec: { containers: [container()], initContainers: [container({ name: 'first' })] } }, globals, [])).toEqual({
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
        containers: [container({ env: [{ name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'mine', mountPath: '/work' }] })],
        volumes: [{ name: 'cache', hostPath: { path: '/tmp' } }],
      },
    };
    expect(stepTemplate(own, globals, [])).toEqual({
      metadata: { labels: { team: 'shop', tier: 'own' }, annotations: { note: 'own' } },
      spec: {
        nodeName: 'node-2',
        containers: [container({ env: [{ name: 'ZONE', value: 'eu' }, { name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'cache', mountPath: '/cache' }, { name: 'mine', mountPath: '/work' }] })],
        volumes: [{ name: 'work', emptyDir: {} }, { name: 'cache', hostPath: { path: '/tmp' } }],
      },
    });
  });
  test('has the outputs of steps before it in command, args and env; what is not there stays', () => {
    const refers = container({
      command: ['deploy', '$(steps.build.outputs.image)'],
      args: ['--layers=$(steps.build.outputs.layers)', '$(steps.test.outputs.rows)', '$(HOME)'],
      env: [{ name: 'TAGS', value: '$(steps.build.outputs.tags)' }, { name: 'FROM', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    });
    expect(stepTemplate({ spec: { containers: [refers] } }, undefined, rows)['spec']).toEqual({
      containers: [container({
        command: ['deploy', 'shop:1.4.2'],
        args: ['--layers=7', '$(steps.test.outputs.rows)', '$(HOME)'],
        env: [{ name: 'TAGS', value: '["a","b"]' }, { name: 'FROM', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      })],
    });
  });
});

describe("a flow's outputs", () => {
  const image = { name: 'image', valueFrom: 'steps.build.outputs.image' };
  test('are those of its steps, under its own names', () => {
    expect(readStepOutputs([image, { name: 'count', type: 'integer', valueFrom: 'steps.build.outputs.layers' }], rows)).toEqual({ outputs: { image: 'shop:1.4.2', count: 7 } });
  });
  test.each([
    [{ ...image, type: 'integer' as const }, { problem: 'output image must be of type integer, not string' }],
    [{ ...image, valueFrom: 'steps.test.outputs.image' }, { problem: 'output image is missing' }],
    [{ ...image, valueFrom: 'steps.test.outputs.image', required: false }, { outputs: {} }],
  ])('%j of a step that wrote something else', (output, verdict) => expect(readStepOutputs([output], rows)).toEqual(verdict));
});
