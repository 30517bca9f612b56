import { describe, expect, test } from 'vitest';
import type { JobManifest } from '../model/actions.ts';
import { jobDifference } from './job-difference.ts';

const main = {
  name: 'main',
  image: 'busybox:1.36',
  command: ['sh', '-c'],
  args: ['echo', ''],
  env: [
    { name: 'A', value: '1' },
    { name: 'EMPTY', value: '' },
    { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 1 } } },
  ],
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
};
const init = { name: 'init', image: 'busybox' };
const volumes = [{ name: 'v', emptyDir: { sizeLimit: '1024Mi' } }, { name: 'plain' }];
const job = (spec: object) => ({ spec: { template: { spec } } });
const wanted = job({ containers: [main], initContainers: [init], volumes }) as unknown as JobManifest;
const found = (changes: object, pod: object = {}) =>
  job({ containers: [{ ...main, ...changes }], initContainers: [init], volumes, ...pod });
const difference = (changes: object, pod?: object) => jobDifference(wanted, found(changes, pod));

describe('a Job is the one that the run wants', () => {
  test.each([
    ['as it was created', {}],
    ["with the API server's defaults", { terminationMessagePath: '/dev/termination-log', imagePullPolicy: 'Always' }],
    ['without the value that was empty', { env: [main.env[0], { name: 'EMPTY' }, main.env[2], main.env[3]] }],
    [
      'with a variable, a mount and limits of a webhook',
      {
        env: [{ name: 'MORE', value: 'x' }, ...main.env],
        volumeMounts: [...main.volumeMounts, { name: 'ca', mountPath: '/ca' }],
        resources: { limits: { cpu: '1' } },
      },
    ],
    ['with the digest of its image', { image: 'busybox:1.36@sha256:0123' }],
    [
      'with a quantity in other words',
      {
        env: [
          ...main.env.slice(0, 3),
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } },
        ],
      },
    ],
  ])('%s', (_what, changes) => expect(difference(changes)).toBeUndefined());

  test.each([
    ['with a sidecar, first', { containers: [{ name: 'proxy', image: 'envoy' }, main] }],
    ['with another init container', { initContainers: [{ name: 'setup', image: 'envoy' }, init] }],
    [
      'with more volumes, and defaults in its own',
      {
        volumes: [
          { name: 'ca', configMap: {} },
          { name: 'v', emptyDir: { sizeLimit: '1Gi' } },
          { name: 'plain', emptyDir: {} },
        ],
      },
    ],
    ['with the default service account by name', { serviceAccountName: 'default' }],
    ['with tolerations', { tolerations: [{ operator: 'Exists' }] }],
  ])('%s', (_what, pod) => expect(difference({}, pod)).toBeUndefined());
});

describe('a Job runs something else', () => {
  test.each([
    ['image', { image: 'ubuntu' }, 'container main has another image'],
    ['image with a suffix', { image: 'busybox:1.36-evil' }, 'container main has another image'],
    ['command', { command: ['sh'] }, 'container main has another command'],
    ['argument', { args: ['echo', 'forged'] }, 'container main has another args'],
    ['fewer arguments', { args: ['echo'] }, 'container main has another args'],
    ['directory', { workingDir: '/evil' }, 'container main has another workingDir'],
    ['hook', { lifecycle: { postStart: { exec: { command: ['evil'] } } } }, 'container main has another lifecycle'],
    ['value', { env: [{ name: 'A', value: '2' }, ...main.env.slice(1)] }, 'container main has another value of A'],
    ['later value', { env: [...main.env, { name: 'A', value: '2' }] }, 'container main has another value of A'],
    [
      'source of a value',
      {
        env: [
          main.env[0],
          { name: 'EMPTY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          ...main.env.slice(2),
        ],
      },
      'container main has another value of EMPTY',
    ],
    ['missing variable', { env: [] }, 'container main has another value of A'],
    ['mount', { volumeMounts: [{ name: 'evil', mountPath: '/v' }] }, 'container main has other volumeMounts'],
  ])('with another %s', (_what, changes, words) => expect(difference(changes)).toBe(words));

  test.each([
    ['container', { containers: [{ name: 'evil', image: 'busybox' }] }, 'no container main'],
    ['init container', { initContainers: [{ name: 'init', image: 'evil' }] }, 'container init has another image'],
    ['service account', { serviceAccountName: 'admin' }, 'another service account'],
    ['source of a volume', { volumes: [{ name: 'v', secret: { secretName: 's' } }, volumes[1]] }, 'another volume v'],
    [
      'source of a plain volume',
      { volumes: [volumes[0], { name: 'plain', hostPath: { path: '/' } }] },
      'another volume plain',
    ],
  ])('with another %s', (_what, pod, words) => expect(difference({}, pod)).toBe(words));

  test('where nothing is known of what it should run', () => {
    expect(jobDifference(job({}) as unknown as JobManifest, found({}))).toBe('nothing is known of what it should run');
  });
});

test('a command that was left out stays left out: the image has its own', () => {
  const plain = job({ containers: [{ name: 'main', image: 'busybox' }] }) as unknown as JobManifest;
  expect(jobDifference(plain, job({ containers: [{ name: 'main', image: 'busybox', command: ['evil'] }] }))).toBe(
    'container main has another command',
  );
});
