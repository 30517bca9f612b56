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
import { readParameters } from '../../scripts/definition-parameters.ts';
import { plainTask } from '../../scripts/plain-task.ts';
import { notInGit, problemsOf } from './schema.ts';

const context = {
  name: 'mytask',
  namespace: 'default',
  appName: 'app-worker',
  appRevision: 'app-worker-v3',
  appRevisionNum: 3,
  publishVersion: '',
};

interface Task extends JsonObject {
  spec: {
    executionPolicy?: JsonObject;
    job: JsonObject;
    template: { metadata: JsonObject; spec: JsonObject & { containers: JsonObject[] } };
  };
}

const podOf = (name: string, container: JsonObject = {}, spec: JsonObject = {}, metadata: JsonObject = {}) => ({
  metadata: { labels: { 'app.oam.dev/name': 'app-worker', 'app.oam.dev/component': 'mytask' }, ...metadata },
  spec: { restartPolicy: 'Never', containers: [{ name, image: 'busybox', ...container }], ...spec },
});

const probeDefaults = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

/** Every parameter of KubeVela's own task: what is given, and the pod and JobSpec that came of it there. */
const builtIn: { parameter: string; given: JsonObject; pod?: ReturnType<typeof podOf>; job?: JsonObject }[] = [
  { parameter: 'image', given: {} },
  {
    parameter: 'labels',
    given: { labels: { team: 'a' } },
    pod: podOf(
      'mytask',
      {},
      {},
      { labels: { 'app.oam.dev/name': 'app-worker', 'app.oam.dev/component': 'mytask', team: 'a' } },
    ),
  },
  {
    parameter: 'annotations',
    given: { annotations: { note: 'b' } },
    pod: podOf('mytask', {}, {}, { annotations: { note: 'b' } }),
  },
  { parameter: 'count', given: { count: 3 }, job: { parallelism: 3, completions: 3 } },
  {
    parameter: 'imagePullPolicy',
    given: { imagePullPolicy: 'Always' },
    pod: podOf('mytask', { imagePullPolicy: 'Always' }),
  },
  {
    parameter: 'imagePullSecrets',
    given: { imagePullSecrets: ['a', 'b'] },
    pod: podOf('mytask', {}, { imagePullSecrets: [{ name: 'a' }, { name: 'b' }] }),
  },
  { parameter: 'restart', given: { restart: 'OnFailure' }, pod: podOf('mytask', {}, { restartPolicy: 'OnFailure' }) },
  { parameter: 'cmd', given: { cmd: ['sleep', '30'] }, pod: podOf('mytask', { command: ['sleep', '30'] }) },
  {
    parameter: 'env',
    given: {
      env: [
        { name: 'A', value: 'b' },
        { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'D', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
      ],
    },
    pod: podOf('mytask', {
      env: [
        { name: 'A', value: 'b' },
        { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'D', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
      ],
    }),
  },
  {
    parameter: 'cpu',
    given: { cpu: '0.5' },
    pod: podOf('mytask', { resources: { limits: { cpu: '0.5' }, requests: { cpu: '0.5' } } }),
  },
  {
    parameter: 'memory, with cpu',
    given: { cpu: '0.5', memory: '64Mi' },
    pod: podOf('mytask', {
      resources: { limits: { cpu: '0.5', memory: '64Mi' }, requests: { cpu: '0.5', memory: '64Mi' } },
    }),
  },
  {
    parameter: 'volumes, of each type and with their defaults',
    given: {
      volumes: [
        { name: 'e', mountPath: '/e' },
        { name: 'm', mountPath: '/m', medium: 'Memory' },
        { name: 'p', mountPath: '/p', type: 'pvc', claimName: 'claim' },
        { name: 'c', mountPath: '/c', type: 'configMap', cmName: 'map', items: [{ key: 'k', path: 'f' }] },
        { name: 's', mountPath: '/s', type: 'secret', secretName: 'secret', defaultMode: 256 },
      ],
    },
    pod: podOf(
      'mytask',
      { volumeMounts: ['e', 'm', 'p', 'c', 's'].map((name) => ({ name, mountPath: `/${name}` })) },
      {
        volumes: [
          { name: 'e', emptyDir: { medium: '' } },
          { name: 'm', emptyDir: { medium: 'Memory' } },
          { name: 'p', persistentVolumeClaim: { claimName: 'claim' } },
          { name: 'c', configMap: { name: 'map', defaultMode: 420, items: [{ key: 'k', path: 'f', mode: 511 }] } },
          { name: 's', secret: { secretName: 'secret', defaultMode: 256 } },
        ],
      },
    ),
  },
  {
    parameter: 'livenessProbe and readinessProbe, which KubeVela takes and forgets',
    given: {
      livenessProbe: { exec: { command: ['true'] } },
      readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 3 },
    },
    pod: podOf('mytask', {
      livenessProbe: {
        exec: { command: ['true'] },
        initialDelaySeconds: 0,
        periodSeconds: 10,
        timeoutSeconds: 1,
        successThreshold: 1,
        failureThreshold: 3,
      },
      readinessProbe: {
        httpGet: { path: '/', port: 80 },
        initialDelaySeconds: 0,
        periodSeconds: 3,
        timeoutSeconds: 1,
        successThreshold: 1,
        failureThreshold: 3,
      },
    }),
  },
];

/** What is new: each field with a value of its own, and where it goes. */
const ours: { parameter: string; given: JsonObject; pod?: ReturnType<typeof podOf>; job?: JsonObject }[] = [
  {
    parameter: 'parallelism beside count',
    given: { count: 4, parallelism: 2 },
    job: { parallelism: 2, completions: 4 },
  },
  {
    parameter: 'completions beside count',
    given: { count: 2, completions: 6 },
    job: { parallelism: 2, completions: 6 },
  },
  { parameter: 'parallelism alone, for a queue of work', given: { parallelism: 5 }, job: { parallelism: 5 } },
  { parameter: 'job.parallelism alone', given: { job: { parallelism: 5 } }, job: { parallelism: 5 } },
  {
    parameter: 'parallelism of an Indexed Job',
    given: { parallelism: 5, job: { completionMode: 'Indexed' } },
    job: { parallelism: 5, completions: 1, completionMode: 'Indexed' },
  },
  {
    parameter: 'probes of every kind',
    given: {
      livenessProbe: {
        httpGet: { path: '/', port: 'http', scheme: 'HTTPS', host: 'a' },
        terminationGracePeriodSeconds: 5,
      },
      readinessProbe: { grpc: { port: 90, service: 's' } },
    },
    pod: podOf('mytask', {
      livenessProbe: {
        httpGet: { path: '/', port: 'http', scheme: 'HTTPS', host: 'a' },
        terminationGracePeriodSeconds: 5,
        ...probeDefaults,
      },
      readinessProbe: { grpc: { port: 90, service: 's' }, ...probeDefaults },
    }),
  },
  {
    parameter: 'volumes of huge pages',
    given: { volumes: [{ name: 'a', mountPath: '/a', medium: 'HugePages-2Mi' }] },
    pod: podOf(
      'mytask',
      { volumeMounts: [{ name: 'a', mountPath: '/a' }] },
      { volumes: [{ name: 'a', emptyDir: { medium: 'HugePages-2Mi' } }] },
    ),
  },
  {
    parameter: 'parallelism and completions without count',
    given: { parallelism: 2, completions: 6 },
    job: { parallelism: 2, completions: 6 },
  },
  {
    parameter: 'completionMode',
    given: { completionMode: 'Indexed' },
    job: { parallelism: 1, completions: 1, completionMode: 'Indexed' },
  },
  { parameter: 'backoffLimit 0', given: { backoffLimit: 0 }, job: { parallelism: 1, completions: 1, backoffLimit: 0 } },
  {
    parameter: 'activeDeadlineSeconds',
    given: { activeDeadlineSeconds: 60 },
    job: { parallelism: 1, completions: 1, activeDeadlineSeconds: 60 },
  },
  {
    parameter: 'podFailurePolicy',
    given: { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } },
    job: {
      parallelism: 1,
      completions: 1,
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    },
  },
  {
    parameter: 'serviceAccountName',
    given: { serviceAccountName: 'runner' },
    pod: podOf('mytask', {}, { serviceAccountName: 'runner' }),
  },
  {
    parameter: 'nodeSelector',
    given: { nodeSelector: { disk: 'ssd' } },
    pod: podOf('mytask', {}, { nodeSelector: { disk: 'ssd' } }),
  },
  {
    parameter: 'tolerations',
    given: { tolerations: [{ key: 'a', operator: 'Exists' }] },
    pod: podOf('mytask', {}, { tolerations: [{ key: 'a', operator: 'Exists' }] }),
  },
  {
    parameter: 'podSpec, merged with what is named',
    given: {
      restart: 'OnFailure',
      podSpec: { hostNetwork: true, restartPolicy: 'OnFailure', containers: [{ workingDir: '/w' }] },
    },
    pod: podOf('mytask', { workingDir: '/w' }, { restartPolicy: 'OnFailure', hostNetwork: true }),
  },
  {
    parameter: 'volumes beside those of podSpec, whose container has no name',
    given: {
      volumes: [{ name: 'conf', mountPath: '/conf', type: 'configMap', cmName: 'sync' }],
      podSpec: {
        volumes: [{ name: 'token', projected: { sources: [] } }],
        containers: [{ volumeMounts: [{ name: 'token', mountPath: '/token' }] }],
      },
    },
    pod: podOf(
      'mytask',
      {
        volumeMounts: [
          { name: 'conf', mountPath: '/conf' },
          { name: 'token', mountPath: '/token' },
        ],
      },
      {
        volumes: [
          { name: 'conf', configMap: { name: 'sync', defaultMode: 420 } },
          { name: 'token', projected: { sources: [] } },
        ],
      },
    ),
  },
  {
    parameter: 'a volume and a mount that podSpec completes',
    given: {
      volumes: [{ name: 'tmp', mountPath: '/tmp' }],
      podSpec: {
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }],
        containers: [{ volumeMounts: [{ mountPath: '/tmp', readOnly: true }] }],
      },
    },
    pod: podOf(
      'mytask',
      { volumeMounts: [{ name: 'tmp', mountPath: '/tmp', readOnly: true }] },
      { volumes: [{ name: 'tmp', emptyDir: { medium: '', sizeLimit: '1Gi' } }] },
    ),
  },
  {
    parameter: 'env beside that of podSpec, in its order, whose own container comes second',
    given: {
      env: [
        { name: 'Z', value: '0755' },
        { name: 'A', value: '1e3-$(Z)' },
      ],
      podSpec: {
        containers: [
          { name: 'proxy', image: 'proxy' },
          {
            name: 'mytask',
            envFrom: [{ configMapRef: { name: 'm' } }],
            env: [
              { name: 'M', value: 'm' },
              { name: 'A', value: '1e3-$(Z)' },
            ],
          },
        ],
      },
    },
    pod: podOf(
      'mytask',
      {
        envFrom: [{ configMapRef: { name: 'm' } }],
        env: [
          { name: 'Z', value: '0755' },
          { name: 'A', value: '1e3-$(Z)' },
          { name: 'M', value: 'm' },
        ],
      },
      {
        containers: [
          {
            name: 'mytask',
            image: 'busybox',
            envFrom: [{ configMapRef: { name: 'm' } }],
            env: [
              { name: 'Z', value: '0755' },
              { name: 'A', value: '1e3-$(Z)' },
              { name: 'M', value: 'm' },
            ],
          },
          { name: 'proxy', image: 'proxy' },
        ],
      },
    ),
  },
  {
    parameter: 'imagePullSecrets, tolerations and hostAliases beside those of podSpec',
    given: {
      imagePullSecrets: ['a', 'b'],
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
      podSpec: {
        imagePullSecrets: [{ name: 'c' }, { name: 'b' }],
        tolerations: [{ key: 'gpu', operator: 'Exists' }],
        hostAliases: [{ ip: '10.0.0.2', hostnames: ['b'] }],
        initContainers: [{ name: 'wait', image: 'busybox' }],
        nodeSelector: { zone: 'a' },
      },
      nodeSelector: { disk: 'ssd' },
    },
    pod: podOf(
      'mytask',
      {},
      {
        imagePullSecrets: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
        tolerations: [
          { key: 'spot', operator: 'Exists' },
          { key: 'gpu', operator: 'Exists' },
        ],
        hostAliases: [
          { ip: '10.0.0.1', hostnames: ['a'] },
          { ip: '10.0.0.2', hostnames: ['b'] },
        ],
        initContainers: [{ name: 'wait', image: 'busybox' }],
        nodeSelector: { disk: 'ssd', zone: 'a' },
      },
    ),
  },
  {
    parameter: 'all that a volume can say of its mount',
    given: {
      volumes: [
        {
          name: 'in',
          mountPath: '/in',
          type: 'pvc',
          claimName: 'data',
          readOnly: true,
          subPath: 'x',
          mountPropagation: 'None',
        },
        { name: 'out', mountPath: '/out', subPathExpr: '$(POD)', sizeLimit: '1Gi' },
        { name: 'key', mountPath: '/key', type: 'secret', secretName: 's', optional: true },
      ],
      volumeMounts: { hostPath: [{ name: 'log', mountPath: '/log', path: '/var/log', readOnly: true }] },
    },
    pod: podOf(
      'mytask',
      {
        volumeMounts: [
          { name: 'in', mountPath: '/in', readOnly: true, subPath: 'x', mountPropagation: 'None' },
          { name: 'out', mountPath: '/out', subPathExpr: '$(POD)' },
          { name: 'key', mountPath: '/key' },
          { name: 'log', mountPath: '/log', readOnly: true },
        ],
      },
      {
        volumes: [
          { name: 'in', persistentVolumeClaim: { claimName: 'data' } },
          { name: 'out', emptyDir: { medium: '', sizeLimit: '1Gi' } },
          { name: 'key', secret: { secretName: 's', defaultMode: 420, optional: true } },
          { name: 'log', hostPath: { path: '/var/log' } },
        ],
      },
    ),
  },
  {
    parameter: 'env from a field of the pod and from an optional key',
    given: {
      env: [
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
      ],
    },
    pod: podOf('mytask', {
      env: [
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
      ],
    }),
  },
  {
    parameter: 'job, merged with what is named',
    given: { count: 2, job: { completions: 5, podReplacementPolicy: 'Failed' } },
    job: { parallelism: 2, completions: 5, podReplacementPolicy: 'Failed' },
  },
];

const policies: JsonObject[] = [
  { unique: false },
  { keepLast: 0 },
  { keepLastFailed: 10 },
  ...['Revision', 'Change', 'Manual'].map((trigger) => ({ trigger })),
  ...['Revision', 'Timestamp', 'UUID'].map((nameSuffix) => ({ nameSuffix })),
  { ttlSecondsAfterFinished: 0 },
  { historyLimit: 1 },
  ...['Succeeded', 'Started'].map((healthyWhen) => ({ healthyWhen })),
  ...['Allow', 'Forbid', 'Replace', 'Queue'].map((concurrencyPolicy) => ({ concurrencyPolicy })),
  { queueLimit: 1000 },
  { allowedOverrides: [] },
  { allowedOverrides: ['env'] },
  { allowedOverrides: ['args', 'env:LD_PRELOAD', 'references'] },
];

/** What goes into the Task's spec beside the pod, the Job and executionPolicy. */
const whenAndHow: { parameter: string; given: JsonObject; spec: JsonObject }[] = [
  {
    parameter: 'schedule with one cron',
    given: { schedule: { cron: '*/5 * * * *' } },
    spec: { schedule: { crons: ['*/5 * * * *'] } },
  },
  {
    parameter: 'schedule with all it has',
    given: { schedule: { cron: ['@hourly', '30 9 * * 1-5'], timeZone: 'Europe/Berlin', startingDeadlineSeconds: 0 } },
    spec: { schedule: { crons: ['@hourly', '30 9 * * 1-5'], timeZone: 'Europe/Berlin', startingDeadlineSeconds: 0 } },
  },
  { parameter: 'suspend', given: { suspend: true }, spec: { suspend: true } },
  { parameter: 'suspend false', given: { suspend: false }, spec: { suspend: false } },
  { parameter: 'retry', given: { retry: { limit: 3 } }, spec: { retry: { limit: 3 } } },
  {
    parameter: 'retry with all it has',
    given: { retry: { limit: 0, delaySeconds: 0, backoff: 'Constant' } },
    spec: { retry: { limit: 0, delaySeconds: 0, backoff: 'Constant' } },
  },
  { parameter: 'timeoutSeconds', given: { timeoutSeconds: 3600 }, spec: { timeoutSeconds: 3600 } },
  { parameter: 'queue', given: { queue: { name: 'team-a' } }, spec: { queue: { name: 'team-a' } } },
  {
    parameter: 'queue with all it has, and queueTimeoutSeconds',
    given: { queue: { name: 'team-a', priorityClass: 'urgent', admitTogether: false }, queueTimeoutSeconds: 600 },
    spec: { queue: { name: 'team-a', priorityClass: 'urgent', admitTogether: false }, queueTimeoutSeconds: 600 },
  },
  {
    parameter: 'items, maxParallel, failurePolicy',
    given: { items: [{ os: 'linux', name: 'linux' }, { os: 'mac' }], maxParallel: 1, failurePolicy: 'FailFast' },
    spec: { items: [{ os: 'linux', name: 'linux' }, { os: 'mac' }], maxParallel: 1, failurePolicy: 'FailFast' },
  },
  {
    parameter: 'matrix',
    given: { matrix: { os: ['linux', 'mac'], bits: [32, 64] } },
    spec: { matrix: { os: ['linux', 'mac'], bits: [32, 64] } },
  },
  {
    parameter: 'outputs',
    given: { outputs: [{ name: 'version' }, { name: 'rows', type: 'integer', required: false }] },
    spec: { outputs: [{ name: 'version' }, { name: 'rows', type: 'integer', required: false }] },
  },
];

it('the cases give each parameter, and each field of executionPolicy', async () => {
  const parameters = await readParameters('task');
  const policy = parameters.find(({ name }) => name === 'executionPolicy');
  const given = [...builtIn, ...ours, ...whenAndHow].flatMap((one) => Object.keys(one.given));
  const elsewhere = ['executionPolicy', 'image', 'templateRef'];
  expect(parameters.map(({ name }) => name).filter((name) => ![...given, ...elsewhere].includes(name))).toEqual([]);
  expect([...new Set(policies.flatMap(Object.keys))].sort()).toEqual(policy?.fields.map(({ name }) => name).sort());
});

describe.each(Object.keys(cueVersions) as CueVersion[])('task, with CUE %s', (version) => {
  let cue: Cue;
  let task: Definition;
  let plain: Definition;

  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    const source = await readDefinition('task');
    task = await cue.compile(source);
    plain = await cue.compile(plainTask(source));
  });
  afterAll(() => cue.close());

  const render = async (given: JsonObject, more: JsonObject = {}) =>
    (await task.render({ parameter: { image: 'busybox', ...given }, context: { ...context, ...more } })).output as Task;

  it('renders a Task that is named after the Application and the component, and knows what asked for it', async () => {
    expect(await render({})).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      metadata: { name: 'app-worker-mytask', annotations: notInGit },
      spec: {
        trigger: { appRevision: 'app-worker-v3', publishVersion: '' },
        template: podOf('mytask'),
        job: { parallelism: 1, completions: 1 },
      },
    });
  });

  it('passes publishVersion on, and does without it and without a revision, as in a dry run', async () => {
    expect(await render({}, { publishVersion: 'release-7' })).toHaveProperty('spec.trigger', {
      appRevision: 'app-worker-v3',
      publishVersion: 'release-7',
    });
    const { publishVersion: _, ...without } = context;
    const { output } = await task.render({ parameter: { image: 'busybox' }, context: { ...without, appRevision: '' } });
    expect(output).toHaveProperty('spec.trigger', { appRevision: '' });
  });

  it.each([...builtIn, ...ours])(
    'renders $parameter',
    async ({ given, pod = podOf('mytask'), job = { parallelism: 1, completions: 1 } }) => {
      const rendered = await render(given);
      expect(rendered.spec.template).toEqual(pod);
      expect(rendered.spec.job).toEqual(job);
      expect(problemsOf(rendered)).toEqual([]);
    },
  );

  it.each([...builtIn, ...ours])(
    'renders $parameter into a plain Job when the addon is disabled',
    async ({ given, pod = podOf('mytask'), job = { parallelism: 1, completions: 1 } }) => {
      const { output } = await plain.render({
        parameter: { image: 'busybox', ...given, executionPolicy: { keepLast: 1 } },
        context,
      });
      expect(output).toEqual({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'app-worker-mytask' },
        spec: { ...job, template: pod },
      });
    },
  );

  it.each(whenAndHow)('renders $parameter', async ({ given, spec }) => {
    const rendered = await render(given);
    expect(rendered.spec).toEqual({
      trigger: { appRevision: 'app-worker-v3', publishVersion: '' },
      template: podOf('mytask'),
      job: { parallelism: 1, completions: 1 },
      ...spec,
    });
    expect(problemsOf(rendered)).toEqual([]);
  });

  it('holds a task that is suspended or Manual back when the addon is disabled, and limits its time', async () => {
    const job = async (given: JsonObject) =>
      (await plain.render({ parameter: { image: 'busybox', ...given }, context })).output?.['spec'];
    expect(await job({ suspend: true })).toMatchObject({ suspend: true });
    expect(await job({ executionPolicy: { trigger: 'Manual' } })).toMatchObject({ suspend: true });
    expect(await job({ suspend: false, executionPolicy: { trigger: 'Change' } })).not.toHaveProperty('suspend');
    expect(await job({ timeoutSeconds: 60 })).toMatchObject({ activeDeadlineSeconds: 60 });
    expect(await job({ timeoutSeconds: 60, activeDeadlineSeconds: 30 })).toMatchObject({ activeDeadlineSeconds: 30 });
  });

  it.each([
    {
      parameter: 'items',
      given: { image: 'busybox', cmd: ['sh', '-c', 'rm -rf /data/$(item.dir)'], items: [{ dir: 'old' }] },
      instead: 'enable it, or write a component for each item',
    },
    {
      parameter: 'matrix',
      given: { image: 'busybox', cmd: ['sh', '-c', 'rm -rf /data/$(item.dir)'], matrix: { dir: ['old'] } },
      instead: 'enable it, or write a component for each combination',
    },
    {
      parameter: 'templateRef',
      given: { templateRef: { name: 'dump' } },
      instead: 'enable it, or write into the component what the template runs',
    },
  ])('refuses $parameter by name when the addon is disabled', async ({ parameter, given, instead }) => {
    for (const when of [{}, { schedule: { cron: '@daily' } }]) {
      const refused = plain.render({ parameter: { ...given, ...when }, context });
      await expect(refused).rejects.toThrow(`"${parameter} needs the addon task-runs"`);
      await expect(refused).rejects.toThrow(`"${instead}"`);
      await expect(refused).rejects.not.toThrow(/undefined field|incomplete/);
    }
  });

  it('leaves the queue to Kueue alone when the addon is disabled', async () => {
    const queue = { queue: { name: 'team-a', priorityClass: 'urgent' }, queueTimeoutSeconds: 60 };
    const labels = { 'kueue.x-k8s.io/queue-name': 'team-a', 'kueue.x-k8s.io/priority-class': 'urgent' };
    const { output } = await plain.render({ parameter: { image: 'busybox', ...queue }, context });
    expect(output).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'app-worker-mytask', labels },
      spec: { parallelism: 1, completions: 1, template: podOf('mytask') },
    });
    const { metadata } = podOf('mytask');
    const cronJob = await plain.render({
      parameter: { image: 'busybox', schedule: { cron: '@daily' }, ...queue },
      context,
    });
    expect(cronJob.output).toMatchObject({
      kind: 'CronJob',
      spec: {
        jobTemplate: { metadata: { labels: { ...metadata.labels, ...labels } }, spec: { template: { metadata } } },
      },
    });
    expect(cronJob.output).not.toHaveProperty('metadata');
  });

  it('renders a CronJob for each cron when the addon is disabled', async () => {
    const parameter = {
      image: 'busybox',
      schedule: { cron: ['@hourly', '@daily'], timeZone: 'Europe/Berlin', startingDeadlineSeconds: 9 },
      suspend: true,
      executionPolicy: { concurrencyPolicy: 'Queue', keepLast: 0 },
    };
    const cronJob = (schedule: string) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      spec: {
        schedule,
        timeZone: 'Europe/Berlin',
        startingDeadlineSeconds: 9,
        suspend: true,
        concurrencyPolicy: 'Forbid',
        successfulJobsHistoryLimit: 0,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: podOf('mytask').metadata,
          spec: { parallelism: 1, completions: 1, template: podOf('mytask') },
        },
      },
    });
    expect(await plain.render({ parameter, context })).toEqual({
      output: cronJob('@hourly'),
      outputs: { 'cron-1': { ...cronJob('@daily'), metadata: { name: 'mytask-1' } } },
    });
  });

  it.each(policies)('hands executionPolicy %o on as it is', async (executionPolicy) => {
    const rendered = await render({ executionPolicy });
    expect(rendered.spec.executionPolicy).toEqual(executionPolicy);
    expect(problemsOf(rendered)).toEqual([]);
  });

  it.each([
    [{ executionPolicy: { keeplast: 3 } }, 'parameter.executionPolicy.keeplast: field not allowed'],
    [{ exectionPolicy: { keepLast: 3 } }, 'parameter.exectionPolicy: field not allowed'],
    [{ job: { paralelism: 3 } }, 'parameter.job.paralelism: field not allowed'],
    [{ schedule: { crons: ['@hourly'] } }, 'parameter.schedule.crons: field not allowed'],
    [{ schedule: { cron: '@hourly', timezone: 'UTC' } }, 'parameter.schedule.timezone: field not allowed'],
    [{ retry: { limit: 1, delay: 5 } }, 'parameter.retry.delay: field not allowed'],
    [{ queue: { name: 'a', priority: 'high' } }, 'parameter.queue.priority: field not allowed'],
    [{ queue: { priorityClass: 'high' } }, 'queue.name: incomplete value string'],
    [{ queue: 'team-a' }, /queue: conflicting values .*mismatched types/],
    [{ queueTimeoutSeconds: '5m' }, /\.queueTimeoutSeconds: conflicting values .*mismatched types/],
    [{ queueTimeout: 300 }, 'parameter.queueTimeout: field not allowed'],
    [{ outputs: [{ name: 'a', kind: 'string' }] }, 'parameter.outputs.0.kind: field not allowed'],
    [{ items: { os: 'linux' } }, 'parameter.items'],
    [{ suspend: 'yes' }, /\.suspend: conflicting values .*mismatched types/],
    [{ timeoutSeconds: '1h' }, /\.timeoutSeconds: conflicting values .*mismatched types/],
    [
      { executionPolicy: { keepLast: 'three' } },
      /parameter\.executionPolicy\.keepLast: conflicting values .*mismatched types (int and string|string and int)/,
    ],
    [
      { executionPolicy: { unique: 'yes' } },
      /parameter\.executionPolicy\.unique: conflicting values .*mismatched types/,
    ],
    [
      { executionPolicy: { nameSuffix: 3 } },
      /parameter\.executionPolicy\.nameSuffix: conflicting values .*mismatched types/,
    ],
    [{ count: 'three' }, /parameter\.count: conflicting values .*mismatched types/],
    [{ image: 3 }, /image: conflicting values .*mismatched types/],
    [
      { imagePullPolicy: 'always' },
      /imagePullPolicy: invalid value "always" \(out of bound =~"\^\(Always\|Never\|IfNotPresent\)\$"\)/,
    ],
    [{ env: [{ name: 'X', valuefrom: {} }] }, 'parameter.env.0.valuefrom: field not allowed'],
    [
      { env: [{ name: 'X', valueFrom: { secretKeyref: {} } }] },
      'parameter.env.0.valueFrom.secretKeyref: field not allowed',
    ],
    [
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'm', key: 'k', optinal: true } } }] },
      'parameter.env.0.valueFrom.configMapKeyRef.optinal: field not allowed',
    ],
    [{ volumes: [{ name: 'd', mountPath: '/d', readonly: true }] }, 'parameter.volumes.0.readonly: field not allowed'],
    [
      { volumes: [{ name: 'd', mountPath: '/d', type: 'pvc', claimName: 'c', medium: '' }] },
      'parameter.volumes.0.medium: field not allowed',
    ],
    [
      {
        volumes: [
          { name: 'd', mountPath: '/d', type: 'secret', secretName: 's', items: [{ key: 'k', path: 'p', m: 1 }] },
        ],
      },
      'parameter.volumes.0.items.0.m: field not allowed',
    ],
    [{ volumeMounts: { pvcs: [] } }, 'parameter.volumeMounts.pvcs: field not allowed'],
    [
      { volumeMounts: { hostPath: [{ name: 'd', mountPath: '/d', path: '/d', type: 'Directory' }] } },
      'parameter.volumeMounts.hostPath.0.type: field not allowed',
    ],
    [
      { hostAliases: [{ ip: '10.0.0.1', hostnames: [], hostname: 'a' }] },
      'parameter.hostAliases.0.hostname: field not allowed',
    ],
    [
      { livenessProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'a', value: 'b', x: 1 }] } } },
      'parameter.livenessProbe.httpGet.httpHeaders.0.x: field not allowed',
    ],
  ] as [JsonObject, string | RegExp][])('refuses %o by the name of the field', async (given, sentence) => {
    await expect(render(given)).rejects.toThrow(sentence);
  });

  it.each([
    [{ executionPolicy: { keepLast: -1 } }, '/spec/executionPolicy/keepLast must be >= 0'],
    [{ executionPolicy: { keepLast: 1001 } }, '/spec/executionPolicy/keepLast must be <= 1000'],
    [{ executionPolicy: { historyLimit: 0 } }, '/spec/executionPolicy/historyLimit must be >= 1'],
    [
      { executionPolicy: { nameSuffix: 'revision' } },
      '/spec/executionPolicy/nameSuffix must be equal to one of the allowed values',
    ],
    [
      { executionPolicy: { trigger: 'Always' } },
      '/spec/executionPolicy/trigger must be equal to one of the allowed values',
    ],
    [
      { executionPolicy: { ttlSecondsAfterFinished: -1 } },
      '/spec/executionPolicy/ttlSecondsAfterFinished must be >= 0',
    ],
    [
      { executionPolicy: { concurrencyPolicy: 'Deny' } },
      '/spec/executionPolicy/concurrencyPolicy must be equal to one of the allowed values',
    ],
    [{ executionPolicy: { queueLimit: 0 } }, '/spec/executionPolicy/queueLimit must be >= 1'],
    [
      { executionPolicy: { allowedOverrides: ['image'] } },
      '/spec/executionPolicy/allowedOverrides/0 must match pattern "^(args|env|references|env:[ -<>-~]{1,253})$"',
    ],
    [{ schedule: { cron: [] } }, '/spec/schedule/crons must NOT have fewer than 1 items'],
    [
      { schedule: { cron: '@hourly', startingDeadlineSeconds: -1 } },
      '/spec/schedule/startingDeadlineSeconds must be >= 0',
    ],
    [{ retry: { limit: 101 } }, '/spec/retry/limit must be <= 100'],
    [{ retry: { limit: 1, backoff: 'Linear' } }, '/spec/retry/backoff must be equal to one of the allowed values'],
    [{ timeoutSeconds: 0 }, '/spec/timeoutSeconds must be >= 1'],
    [{ queue: { name: 'a'.repeat(64) } }, '/spec/queue/name must NOT have more than 63 characters'],
    [
      { queue: { name: 'a', priorityClass: 'Very High' } },
      '/spec/queue/priorityClass must match pattern "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"',
    ],
    [{ queue: { name: 'a' }, queueTimeoutSeconds: 0 }, '/spec/queueTimeoutSeconds must be >= 1'],
    [{ outputs: [{ name: 'a b' }] }, '/spec/outputs/0/name must match pattern "^[A-Za-z_][A-Za-z0-9_.-]*$"'],
    [{ count: -1 }, '/spec/job/parallelism must be >= 0'],
    [{ completionMode: 'indexed' }, '/spec/job/completionMode must be equal to one of the allowed values'],
    [{ activeDeadlineSeconds: 0 }, '/spec/job/activeDeadlineSeconds must be >= 1'],
  ] as [JsonObject, string][])('leaves %o to the API server, which says what is allowed', async (given, problem) => {
    expect(problemsOf(await render(given))).toContain(problem);
  });

  const mount = (name: string) => ({ name, mountPath: '/d' });
  const inContainer = (container: JsonObject) => ({ podSpec: { containers: [container] } });
  it.each([
    [
      { env: [{ name: 'A', value: 'a' }], ...inContainer({ env: [{ name: 'A', value: 'b' }] }) },
      'podSpec.containers[0].env contradicts the parameters about A',
    ],
    [
      { volumes: [mount('d')], ...inContainer({ volumeMounts: [mount('other')] }) },
      'podSpec.containers[0].volumeMounts contradicts the parameters about /d',
    ],
    [
      { volumes: [mount('d')], podSpec: { volumes: [{ name: 'd', hostPath: { path: '/d' } }] } },
      'podSpec.volumes contradicts the parameters about d',
    ],
    [{ volumes: [mount('d'), { ...mount('d'), type: 'pvc', claimName: 'c' }] }, 'there are two different volumes d'],
    [
      {
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
        podSpec: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['b'] }] },
      },
      'podSpec.hostAliases contradicts the parameters about 10.0.0.1',
    ],
    [inContainer({ image: 'other' }), 'podSpec.containers[0].image contradicts the parameters'],
    [{ cmd: ['a'], ...inContainer({ command: ['b'] }) }, 'podSpec.containers[0].command contradicts the parameters'],
    [
      { memory: '1Gi', ...inContainer({ resources: { limits: { memory: '2Gi' } } }) },
      'podSpec.containers[0].resources contradicts the parameters',
    ],
    [
      {
        podSpec: {
          containers: [
            { name: 'proxy', image: 'p' },
            { name: 'mytask', image: 'other' },
          ],
        },
      },
      'podSpec.containers[1].image contradicts the parameters',
    ],
    [{ restart: 'Never', podSpec: { restartPolicy: 'OnFailure' } }, 'podSpec.restartPolicy contradicts the parameters'],
    [
      { nodeSelector: { disk: 'ssd' }, podSpec: { nodeSelector: { disk: 'hdd' } } },
      'podSpec.nodeSelector contradicts the parameters',
    ],
  ] as [JsonObject, string][])('refuses %o in a sentence, for the two contradict', async (given, sentence) => {
    await expect(render(given)).rejects.toThrow(`"${sentence}": conflicting values "write it in one place"`);
  });

  describe('its status', () => {
    const conditions = (ready: 'True' | 'False') => [
      { type: 'Ready', status: ready, reason: 'x', message: '', lastTransitionTime: '2026-03-20T12:30:00Z' },
    ];
    const statusOf = (status: JsonObject | undefined, policy: JsonObject = {}, spec: JsonObject = {}, generation = 2) =>
      task.status({
        parameter: { image: 'busybox' },
        context: {
          name: 'mytask',
          appName: 'app-worker',
          appRevision: 'app-worker-v3',
          output: {
            metadata: { name: 'app-worker-mytask', generation },
            spec: { trigger: { appRevision: 'app-worker-v3' }, executionPolicy: policy, ...spec },
            ...(status && { status }),
          },
        },
      });
    const finished = [
      {
        name: 'mytask-v2',
        phase: 'Succeeded',
        startTime: '2026-03-20T12:00:00Z',
        completionTime: '2026-03-20T12:00:12Z',
        duration: '12s',
        kept: true,
      },
      {
        name: 'mytask-v1',
        phase: 'Failed',
        reason: 'BackoffLimitExceeded',
        duration: '1m30s',
        completionTime: '2026-03-20T11:00:00Z',
        kept: false,
      },
    ];
    const history =
      'mytask-v2 Succeeded in 12s at 2026-03-20T12:00:12Z · kept\nmytask-v1 Failed (BackoffLimitExceeded) in 1m30s at 2026-03-20T11:00:00Z';

    it('waits for the controller where there is none yet', async () => {
      expect(await statusOf(undefined)).toEqual({
        healthy: false,
        message: 'waiting for the task-runs controller',
        details: { next: 'on the next deployment' },
        problems: {},
      });
    });

    it('says while it runs what runs, what is kept and what comes next', async () => {
      const status = {
        observedGeneration: 2,
        phase: 'Running',
        message: 'mytask-v3 Running 12s · 1 kept',
        active: [{ name: 'mytask-v3', phase: 'Running' }],
        lastRuns: finished,
        totals: { active: 1, succeeded: 1, failed: 1, cancelled: 0, kept: 1 },
        conditions: conditions('False'),
      };
      expect(await statusOf(status)).toEqual({
        healthy: false,
        message: 'mytask-v3 Running 12s · 1 kept',
        details: {
          active: 'mytask-v3 Running',
          lastRun: history.split('\n')[0],
          history,
          totals: '1 active, 1 succeeded, 1 failed, 0 cancelled, 1 kept',
          next: 'on the next deployment',
        },
        problems: {},
      });
    });

    it('is healthy once the controller says Ready of this very generation', async () => {
      const status = {
        observedGeneration: 2,
        phase: 'Succeeded',
        message: 'mytask-v3 Succeeded in 12s',
        lastRuns: finished,
        conditions: conditions('True'),
      };
      expect(await statusOf(status)).toMatchObject({
        healthy: true,
        message: 'mytask-v3 Succeeded in 12s',
        details: { active: 'none' },
      });
      expect(await statusOf({ ...status, conditions: conditions('False') })).toMatchObject({ healthy: false });
    });

    it('passes on why a run failed', async () => {
      const message = 'mytask-v3 Failed: exit code 3 in container mytask';
      expect(
        await statusOf({ observedGeneration: 2, phase: 'Failed', message, conditions: conditions('False') }),
      ).toMatchObject({ healthy: false, message });
    });

    it("never shows the deployment before as this one's", async () => {
      const stale = {
        observedGeneration: 1,
        phase: 'Succeeded',
        message: 'mytask-v2 Succeeded in 12s',
        active: [{ name: 'mytask-v2', phase: 'Running' }],
        lastRuns: finished,
        totals: { active: 1 },
        conditions: conditions('True'),
      };
      expect(await statusOf(stale)).toEqual({
        healthy: false,
        message: 'revision app-worker-v3 is waiting for the task-runs controller',
        details: { history, next: 'on the next deployment' },
        problems: {},
      });
    });

    it.each([
      ['Revision', 'on the next deployment'],
      ['Change', 'when what runs changes'],
      ['Manual', 'when asked for'],
    ])('says when the next run comes with trigger %s', async (trigger, next) => {
      expect((await statusOf({ observedGeneration: 2 }, { trigger })).details).toMatchObject({
        next,
        active: 'none',
        lastRun: 'none',
      });
    });

    const schedule = { schedule: { crons: ['@hourly', '30 9 * * *'] } };
    const next = '2026-03-20T13:00:00Z';
    it.each([
      ['on time', {}, {}, { nextScheduleTime: next }, next],
      [
        'on time, or deployed',
        { trigger: 'Revision' },
        {},
        { nextScheduleTime: next },
        `${next}, and on the next deployment`,
      ],
      [
        'on time, or changed',
        { trigger: 'Change' },
        {},
        { nextScheduleTime: next },
        `${next}, and when what runs changes`,
      ],
      ['as scheduled, as long as the controller has not said when', {}, {}, {}, 'as scheduled: @hourly, 30 9 * * *'],
      [
        'not while it is suspended',
        {},
        { suspend: true },
        { nextScheduleTime: next },
        'suspended until suspend is false again',
      ],
    ] as [string, JsonObject, JsonObject, JsonObject, string][])(
      'says of a schedule that the next run comes %s',
      async (_how, policy, spec, status, says) => {
        expect(
          (await statusOf({ observedGeneration: 2, ...status }, policy, { ...schedule, ...spec })).details,
        ).toMatchObject({ next: says });
      },
    );

    it('of a changed schedule never says the time of the one before', async () => {
      expect(
        (
          await statusOf(
            { observedGeneration: 1, nextScheduleTime: next, lastScheduleTime: next, missedSchedules: 1 },
            {},
            schedule,
          )
        ).details,
      ).toEqual({ next: 'as scheduled: @hourly, 30 9 * * *' });
    });

    it('says what the clock did, who waits, and what the run handed on, where there is something to say', async () => {
      const outputs = { count: 3, empty: '', list: [1, 'a'], ok: true, version: '1.2.3', where: { zone: 'a' } };
      const status = {
        observedGeneration: 2,
        lastScheduleTime: next,
        missedSchedules: 4,
        totals: { active: 1, queued: 2, succeeded: 1, failed: 0, cancelled: 0, skipped: 5, kept: 1 },
        outputs,
      };
      expect(await statusOf(status)).toMatchObject({
        details: {
          lastSchedule: next,
          missed: '4',
          queued: '2',
          totals: '1 active, 2 queued, 1 succeeded, 0 failed, 0 cancelled, 5 skipped, 1 kept',
          outputs: 'count=3, empty=, list=[1,"a"], ok=true, version=1.2.3, where={"zone":"a"}',
        },
        problems: {},
      });
      const steps = [
        { name: 'build', phase: 'Succeeded', duration: '3s' },
        { name: 'test', phase: 'Failed', duration: '1s', message: 'exit code 3' },
        { name: 'ship', phase: 'Pending' },
      ];
      expect((await statusOf({ observedGeneration: 2, steps })).details).toMatchObject({
        steps: 'build Succeeded in 3s\ntest Failed in 1s (exit code 3)\nship Pending',
      });
      const none = { observedGeneration: 2, missedSchedules: 0, totals: { queued: 0 }, outputs: {} };
      expect(Object.keys((await statusOf(none)).details).sort()).toEqual(['active', 'lastRun', 'next', 'totals']);
    });

    it('says of a run that waits in a queue what it waits for, and in which', async () => {
      const message = 'mytask-v3 Queued: waits for 600m cpu in cq';
      const status = {
        observedGeneration: 2,
        phase: 'Queued',
        message,
        active: [{ name: 'mytask-v3', phase: 'Queued' }],
        totals: { active: 1, queued: 1, succeeded: 0 },
        conditions: conditions('False'),
      };
      const said = await statusOf(status, {}, { queue: { name: 'team-a', priorityClass: 'urgent' } });
      expect(said).toEqual({
        healthy: false,
        message,
        details: {
          active: 'mytask-v3 Queued',
          lastRun: 'none',
          totals: '1 active, 1 queued, 0 succeeded',
          queued: '1',
          queue: 'team-a, priority urgent',
          next: 'on the next deployment',
        },
        problems: {},
      });
      expect((await statusOf(undefined, {}, { queue: { name: 'team-a' } })).details).toEqual({
        queue: 'team-a',
        next: 'on the next deployment',
      });
      const steps = [{ name: 'build', phase: 'Queued', message: 'waits for 600m cpu in cq' }];
      expect((await statusOf({ observedGeneration: 2, steps })).details).toMatchObject({
        steps: 'build Queued (waits for 600m cpu in cq)',
      });
    });

    it('of the plain Job that stands in, is healthy when it is complete', async () => {
      const plainStatus = (status: JsonObject, suspend = false, kind = 'Job') =>
        plain.status({
          parameter: {},
          context: { name: 'mytask', appName: 'app-worker', output: { kind, spec: { suspend }, status } },
        });
      expect(await plainStatus({ active: 1 })).toMatchObject({
        healthy: false,
        message: 'pods: 1 active, 0 succeeded, 0 failed',
        problems: {},
      });
      expect(await plainStatus({ succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] })).toMatchObject({
        healthy: true,
        message: 'pods: 0 active, 1 succeeded, 0 failed',
      });
      expect(await plainStatus({})).toMatchObject({ healthy: false, problems: {} });
      expect(await plainStatus({}, true)).toMatchObject({ healthy: true, message: 'suspended', problems: {} });
      expect(await plainStatus({}, false, 'CronJob')).toMatchObject({
        healthy: true,
        message: 'last scheduled: never',
        problems: {},
      });
      expect(await plainStatus({ active: [{ name: 'a' }], lastScheduleTime: next }, false, 'CronJob')).toMatchObject({
        healthy: true,
        message: `last scheduled: ${next}`,
        problems: {},
      });
    });
  });
});
