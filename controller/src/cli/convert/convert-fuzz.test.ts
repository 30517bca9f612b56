/** Manifests of others, with anything in their fields: converted, or refused in a sentence. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../../kube/testing/fuzz.ts';
import { isFields, type Fields } from '../../domain/lang/fields.ts';
import { UsageError } from '../errors.ts';
import { readManifests } from './manifests.ts';

const pod = {
  metadata: { labels: { a: 'b' } },
  spec: {
    restartPolicy: 'Never',
    serviceAccountName: 'robot',
    initContainers: [{ name: 'first', image: 'busybox', command: ['true'] }],
    containers: [
      {
        name: 'main',
        image: 'ghcr.io/a/b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
        command: ['sh', '-c', 'echo'],
        args: ['{{item}}'],
        env: [
          { name: 'A', value: 'b' },
          { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        ],
        resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: 0.5, memory: '1Gi' } },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
};
const job = { backoffLimit: 2, parallelism: 1, ttlSecondsAfterFinished: 60, template: pod };
const script = { image: 'python', command: ['python'], source: 'print({{inputs.parameters.x}})' };
const workflow = {
  entrypoint: 'main',
  arguments: { parameters: [{ name: 'x', value: '1' }] },
  templates: [
    {
      name: 'main',
      dag: {
        tasks: [
          {
            name: 'a',
            template: 'run',
            arguments: { parameters: [{ name: 'x', value: '{{workflow.parameters.x}}' }] },
          },
          { name: 'b', template: 'run', dependencies: ['a'], withItems: ['eu', { region: 'us' }] },
          { name: 'c', template: 'run', depends: 'a && b.Succeeded', withSequence: { count: '3', format: 'n%02d' } },
        ],
      },
    },
    {
      name: 'run',
      inputs: { parameters: [{ name: 'x' }] },
      script,
      retryStrategy: { limit: '2', backoff: { duration: '5s', factor: 2 } },
    },
    { name: 'steps', steps: [[{ name: 'one', template: 'run' }], [{ name: 'two', template: 'run' }]] },
  ],
  activeDeadlineSeconds: 60,
  ttlStrategy: { secondsAfterCompletion: 60 },
};
const manifests: readonly Fields[] = [
  { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: job },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'a' },
    spec: { schedule: 'CRON_TZ=Europe/Berlin 0 3 * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: job } },
  },
  { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { generateName: 'a-' }, spec: workflow },
  {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'CronWorkflow',
    metadata: { name: 'a' },
    spec: { schedules: ['@daily'], timezone: 'UTC', workflowSpec: workflow },
  },
  {
    apiVersion: 'tekton.dev/v1',
    kind: 'Task',
    metadata: { name: 'a' },
    spec: {
      params: [{ name: 'x', default: 'y', type: 'string' }],
      steps: [{ name: 's', image: 'busybox', script: '#!/bin/sh\necho $(params.x)', timeout: '1h5m' }],
      results: [{ name: 'r' }],
      workspaces: [{ name: 'w', mountPath: '/w' }],
    },
  },
  {
    apiVersion: 'batch.volcano.sh/v1alpha1',
    kind: 'Job',
    metadata: { name: 'a' },
    spec: {
      queue: 'q',
      maxRetry: 3,
      tasks: [{ name: 't', replicas: 1, policies: [{ event: 'TaskCompleted', action: 'CompleteJob' }], template: pod }],
    },
  },
  {
    apiVersion: 'flow.volcano.sh/v1alpha1',
    kind: 'JobFlow',
    metadata: { name: 'a' },
    spec: { flows: [{ name: 'a' }, { name: 'b', dependsOn: { targets: ['a'] } }], jobRetainPolicy: 'delete' },
  },
];

/** Every place in a manifest, outermost first. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = isFields(value) || Array.isArray(value) ? Object.entries(value) : [];
  return inner.flatMap(([key, one]) => [[...path, key], ...placesIn(one, [...path, key])]);
}

function withValue(of: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const next = rest.length === 0 ? value : withValue((of as Fields)[key], rest, value);
  return Array.isArray(of) ? of.with(Number(key), next) : { ...(of as Fields), [key]: next };
}

const strange = fc.oneof(
  fc.constantFrom(
    null,
    true,
    7,
    -1,
    '',
    'text',
    [],
    {},
    [null],
    ['x'],
    { a: 1 },
    [[]],
    { constructor: 'x' },
    '{{',
    '{{item.}}',
  ),
  fc.constantFrom(
    '$(params.)',
    '$(',
    'a'.repeat(300),
    '{{steps..outputs.result}}',
    '1h',
    '9'.repeat(40),
    'a && (b || ',
    '%d%d',
  ),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const changed = fc
  .tuple(fc.constantFrom(...manifests), fc.array(fc.tuple(fc.nat(10_000), strange), { minLength: 1, maxLength: 3 }))
  .map(([manifest, changes]) =>
    changes.reduce<Fields>((now, [nth, value]) => {
      const places = placesIn(now);
      return withValue(now, places[nth % places.length] ?? ['spec'], value) as Fields;
    }, manifest),
  );

it('are converted, or refused in a sentence', async () => {
  for (const manifest of manifests) readManifests(JSON.stringify(manifest), 'own.yaml', {});
  await fuzz(
    'convert',
    changed,
    (manifest) => {
      try {
        readManifests(JSON.stringify(manifest), 'strange.yaml', {});
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    },
    { usual: 1_000 },
  );
});
