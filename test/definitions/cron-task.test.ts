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
import { plainCronTask } from '../../scripts/plain-task.ts';
import { notInGit, problemsOf } from './schema.ts';

const context = {
  name: 'backup',
  namespace: 'default',
  appName: 'app',
  appRevision: 'app-v3',
  appRevisionNum: 3,
  publishVersion: '',
};
const labels = { 'app.oam.dev/name': 'app', 'app.oam.dev/component': 'backup' };
const required = { image: 'busybox', schedule: '*/5 * * * *' };

interface Parts {
  container?: JsonObject;
  pod?: JsonObject;
  metadata?: JsonObject;
}
const template = ({ container, pod, metadata }: Parts = {}) => ({
  metadata: { labels, ...metadata },
  spec: { restartPolicy: 'Never', containers: [{ name: 'backup', image: 'busybox', ...container }], ...pod },
});
const job = { parallelism: 1, completions: 1 };
const executionPolicy = { concurrencyPolicy: 'Allow', keepLast: 3, keepLastFailed: 1 };
const mounts = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, mountPath: `/${name}` }));

/**
 * Every parameter of KubeVela's own cron-task: what is given, and what becomes of it in a Task's spec, beside the
 * defaults.
 */
const builtIn: { parameter: string; given: JsonObject; pod?: Parts; spec?: JsonObject }[] = [
  { parameter: 'image and schedule alone', given: {} },
  { parameter: 'labels', given: { labels: { team: 'a' } }, pod: { metadata: { labels: { ...labels, team: 'a' } } } },
  {
    parameter: 'annotations',
    given: { annotations: { note: 'b' } },
    pod: { metadata: { annotations: { note: 'b' } } },
  },
  {
    parameter: 'startingDeadlineSeconds',
    given: { startingDeadlineSeconds: 60 },
    spec: { schedule: { crons: ['*/5 * * * *'], startingDeadlineSeconds: 60 } },
  },
  { parameter: 'suspend', given: { suspend: true }, spec: { suspend: true } },
  {
    parameter: 'concurrencyPolicy',
    given: { concurrencyPolicy: 'Forbid' },
    spec: { executionPolicy: { ...executionPolicy, concurrencyPolicy: 'Forbid' } },
  },
  {
    parameter: 'successfulJobsHistoryLimit',
    given: { successfulJobsHistoryLimit: 0 },
    spec: { executionPolicy: { ...executionPolicy, keepLast: 0 } },
  },
  {
    parameter: 'failedJobsHistoryLimit',
    given: { failedJobsHistoryLimit: 5 },
    spec: { executionPolicy: { ...executionPolicy, keepLastFailed: 5 } },
  },
  { parameter: 'count', given: { count: 3 }, spec: { job: { parallelism: 3, completions: 3 } } },
  {
    parameter: 'imagePullPolicy',
    given: { imagePullPolicy: 'Always' },
    pod: { container: { imagePullPolicy: 'Always' } },
  },
  {
    parameter: 'imagePullSecrets',
    given: { imagePullSecrets: ['a'] },
    pod: { pod: { imagePullSecrets: [{ name: 'a' }] } },
  },
  { parameter: 'restart', given: { restart: 'OnFailure' }, pod: { pod: { restartPolicy: 'OnFailure' } } },
  { parameter: 'cmd', given: { cmd: ['true'] }, pod: { container: { command: ['true'] } } },
  {
    parameter: 'env',
    given: { env: [{ name: 'A', value: 'b' }] },
    pod: { container: { env: [{ name: 'A', value: 'b' }] } },
  },
  {
    parameter: 'cpu and memory',
    given: { cpu: '0.5', memory: '1Gi' },
    pod: {
      container: { resources: { limits: { cpu: '0.5', memory: '1Gi' }, requests: { cpu: '0.5', memory: '1Gi' } } },
    },
  },
  {
    parameter: 'volumeMounts, of each type and with their defaults, which add to volumes',
    given: {
      volumes: [{ name: 'first', mountPath: '/first' }],
      volumeMounts: {
        pvc: [{ name: 'a', mountPath: '/a', claimName: 'claim', subPath: 'x' }],
        configMap: [{ name: 'b', mountPath: '/b', cmName: 'map' }],
        secret: [{ name: 'c', mountPath: '/c', secretName: 'secret', items: [{ key: 'k', path: 'f' }] }],
        emptyDir: [
          { name: 'd', mountPath: '/d' },
          { name: 'd', mountPath: '/twice' },
        ],
        hostPath: [{ name: 'e', mountPath: '/e', path: '/var/e' }],
      },
    },
    pod: {
      container: {
        volumeMounts: [
          { name: 'first', mountPath: '/first' },
          { ...mounts[0], subPath: 'x' },
          ...mounts.slice(1, 4),
          { name: 'd', mountPath: '/twice' },
          mounts[4],
        ],
      },
      pod: {
        volumes: [
          { name: 'first', emptyDir: { medium: '' } },
          { name: 'a', persistentVolumeClaim: { claimName: 'claim' } },
          { name: 'b', configMap: { name: 'map', defaultMode: 420 } },
          {
            name: 'c',
            secret: { secretName: 'secret', defaultMode: 420, items: [{ key: 'k', path: 'f', mode: 511 }] },
          },
          { name: 'd', emptyDir: { medium: '' } },
          { name: 'e', hostPath: { path: '/var/e' } },
        ],
      },
    },
  },
  {
    parameter: 'volumes',
    given: {
      volumes: [
        { name: 'm', mountPath: '/m', medium: 'Memory' },
        { name: 'p', mountPath: '/p', type: 'pvc', claimName: 'claim' },
      ],
    },
    pod: {
      container: {
        volumeMounts: [
          { name: 'm', mountPath: '/m' },
          { name: 'p', mountPath: '/p' },
        ],
      },
      pod: {
        volumes: [
          { name: 'm', emptyDir: { medium: 'Memory' } },
          { name: 'p', persistentVolumeClaim: { claimName: 'claim' } },
        ],
      },
    },
  },
  {
    parameter: 'hostAliases',
    given: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a', 'b'] }] },
    pod: { pod: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a', 'b'] }] } },
  },
  {
    parameter: 'ttlSecondsAfterFinished',
    given: { ttlSecondsAfterFinished: 0 },
    spec: { executionPolicy: { ...executionPolicy, ttlSecondsAfterFinished: 0 } },
  },
  {
    parameter: 'activeDeadlineSeconds',
    given: { activeDeadlineSeconds: 60 },
    spec: { job: { ...job, activeDeadlineSeconds: 60 } },
  },
  { parameter: 'backoffLimit', given: { backoffLimit: 0 }, spec: { job: { ...job, backoffLimit: 0 } } },
  {
    parameter: 'livenessProbe and readinessProbe, which KubeVela takes and forgets',
    given: { livenessProbe: { exec: { command: ['true'] } }, readinessProbe: { tcpSocket: { port: 80 } } },
    pod: {
      container: Object.fromEntries(
        [
          ['livenessProbe', { exec: { command: ['true'] } }] as const,
          ['readinessProbe', { tcpSocket: { port: 80 } }] as const,
        ].map(([name, probe]) => [
          name,
          {
            ...probe,
            initialDelaySeconds: 0,
            periodSeconds: 10,
            timeoutSeconds: 1,
            successThreshold: 1,
            failureThreshold: 3,
          },
        ]),
      ),
    },
  },
];

/** What task offers beyond. */
const ours: typeof builtIn = [
  {
    parameter: 'several schedules in a time zone',
    given: { schedule: ['@hourly', '@daily'], timeZone: 'Asia/Tokyo' },
    spec: { schedule: { crons: ['@hourly', '@daily'], timeZone: 'Asia/Tokyo' } },
  },
  {
    parameter: 'executionPolicy beside the names of a CronJob',
    given: { executionPolicy: { historyLimit: 5 }, failedJobsHistoryLimit: 2 },
    spec: { executionPolicy: { ...executionPolicy, keepLastFailed: 2, historyLimit: 5 } },
  },
  {
    parameter: 'executionPolicy before the names of a CronJob',
    given: {
      executionPolicy: { keepLast: 9, concurrencyPolicy: 'Queue' },
      successfulJobsHistoryLimit: 1,
      concurrencyPolicy: 'Forbid',
    },
    spec: { executionPolicy: { ...executionPolicy, keepLast: 9, concurrencyPolicy: 'Queue' } },
  },
  { parameter: 'retry', given: { retry: { limit: 2 } }, spec: { retry: { limit: 2 } } },
  { parameter: 'timeoutSeconds', given: { timeoutSeconds: 60 }, spec: { timeoutSeconds: 60 } },
  {
    parameter: 'queue and queueTimeoutSeconds',
    given: { queue: { name: 'team-a' }, queueTimeoutSeconds: 60 },
    spec: { queue: { name: 'team-a' }, queueTimeoutSeconds: 60 },
  },
  {
    parameter: 'outputs',
    given: { outputs: [{ name: 'rows', type: 'integer' }] },
    spec: { outputs: [{ name: 'rows', type: 'integer' }] },
  },
  { parameter: 'podSpec', given: { podSpec: { hostNetwork: true } }, pod: { pod: { hostNetwork: true } } },
  {
    parameter: 'job',
    given: { job: { podReplacementPolicy: 'Failed' } },
    spec: { job: { ...job, podReplacementPolicy: 'Failed' } },
  },
];

describe.each(Object.keys(cueVersions) as CueVersion[])('cron-task, with CUE %s', (version) => {
  let cue: Cue;
  let cronTask: Definition;
  let plain: Definition;

  beforeAll(async () => {
    cue = await createCue({ version, deadlineMs: 20_000 });
    const source = await readDefinition('cron-task');
    cronTask = await cue.compile(source);
    plain = await cue.compile(plainCronTask(source));
  });
  afterAll(() => cue.close());

  const render = async (given: JsonObject) =>
    (await cronTask.render({ parameter: { ...required, ...given }, context })).output;

  it.each([...builtIn, ...ours])('renders $parameter', async ({ given, pod, spec }) => {
    const rendered = await render(given);
    expect(rendered).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      metadata: { name: 'app-backup', annotations: notInGit },
      spec: {
        trigger: { appRevision: 'app-v3', publishVersion: '' },
        executionPolicy,
        schedule: { crons: ['*/5 * * * *'] },
        template: template(pod),
        job,
        ...spec,
      },
    });
    expect(problemsOf(rendered)).toEqual([]);
  });

  it.each(builtIn)(
    "renders $parameter into a CronJob as KubeVela's own when the addon is disabled",
    async ({ given, pod, spec = {} }) => {
      const { output, outputs } = await plain.render({ parameter: { ...required, ...given }, context });
      const asked = { executionPolicy, job, suspend: false, schedule: {}, ...spec } as {
        executionPolicy: JsonObject;
        job: JsonObject;
        suspend: boolean;
        schedule: JsonObject;
      };
      const { crons: _, ...schedule } = asked.schedule;
      const { concurrencyPolicy, keepLast, keepLastFailed, ...ttl } = asked.executionPolicy;
      expect(output).toEqual({
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        spec: {
          schedule: '*/5 * * * *',
          suspend: asked.suspend,
          concurrencyPolicy,
          successfulJobsHistoryLimit: keepLast,
          failedJobsHistoryLimit: keepLastFailed,
          jobTemplate: { metadata: template(pod).metadata, spec: { ...asked.job, ...ttl, template: template(pod) } },
          ...schedule,
        },
      });
      expect(outputs).toEqual({});
    },
  );

  it.each([{ items: [{ dir: 'old' }] }, { matrix: { dir: ['old'] } }])(
    'refuses %j by name when the addon is disabled',
    async (given) => {
      await expect(plain.render({ parameter: { ...required, ...given }, context })).rejects.toThrow(
        `"${Object.keys(given)[0]} needs the addon task-runs"`,
      );
    },
  );

  it.each([
    [{ schedul: '@hourly' }, 'parameter.schedul: field not allowed'],
    [{ executionPolicy: { keeplast: 3 } }, 'parameter.executionPolicy.keeplast: field not allowed'],
    [{ queue: { nam: 'a' } }, 'parameter.queue.nam: field not allowed'],
    [{ retry: { limit: 1, delay: 2 } }, 'parameter.retry.delay: field not allowed'],
    [{ count: 'three' }, /^parameter\.count: conflicting values .*mismatched types/],
    [{ schedule: 5 }, /^parameter\.schedule: 2 errors in empty disjunction/],
  ] as [JsonObject, string | RegExp][])('refuses %o by the name of the field', async (given, sentence) => {
    await expect(render(given)).rejects.toThrow(sentence);
  });

  it.each([
    [
      { concurrencyPolicy: 'Deny' },
      '/spec/executionPolicy/concurrencyPolicy must be equal to one of the allowed values',
    ],
    [{ failedJobsHistoryLimit: -1 }, '/spec/executionPolicy/keepLastFailed must be >= 0'],
    [{ schedule: '' }, '/spec/schedule/crons/0 must NOT have fewer than 1 characters'],
  ] as [JsonObject, string][])('leaves %o to the API server, which says what is allowed', async (given, problem) => {
    expect(problemsOf(await render(given))).toContain(problem);
  });

  it("has task's workload and status", async () => {
    const task = await (await cue.compile(await readDefinition('task'))).describe();
    const { name, type, attributes } = await cronTask.describe();
    expect({ name, type, attributes }).toEqual({ name: 'cron-task', type: 'component', attributes: task.attributes });
  });
});
