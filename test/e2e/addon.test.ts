/**
 * The addon's life: enabled without flags, upgraded, repaired, disabled, enabled again. What a user sees of `task` at
 * each stage is what counts. With KUBEVELA_HOME a real KubeVela and its own `vela`, else the stand-in.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { enableAddon } from '../../sandbox/src/kubevela/addon.ts';
import type { JsonObject } from '../../cue/ts/index.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { eventually } from '../support/eventually.ts';
import { disable as disableAddon } from '../../scripts/enable-addon.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';

const run = promisify(execFile);
const home = process.env['KUBEVELA_HOME'];
const dist = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));

interface Named {
  metadata: {
    name: string;
    uid: string;
    generation: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}
interface Definition extends Named {
  spec: { workload: { type: string }; schematic: { cue: { template: string } }; status?: Record<string, string> };
}
interface Application extends Named {
  status?: {
    status?: string;
    services?: { message?: string; details?: Record<string, string> }[];
    workflow?: { steps?: { phase: string; message?: string }[] };
  };
}

const application = (name: string, properties: object, component = 'mytask', type = 'task') => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name, namespace: 'default' },
  spec: { components: [{ name: component, type, properties: { image: 'busybox:1.36', ...properties } }] },
});

describe(`the addon, with ${home === undefined ? 'the stand-in' : 'a real KubeVela'}`, () => {
  let directory: string;
  let addon: string;
  let sandbox: Sandbox;
  let client: Client;
  let kubectl: Kubectl;

  const vela = async (...args: string[]) => {
    const { stdout } = await run(join(home ?? '', 'bin/vela'), args, {
      env: { ...process.env, KUBECONFIG: sandbox.kubeconfig },
    });
    return stdout;
  };
  /** The controller is not what is tested, and there is no image of it here: no replicas. */
  const enable = async (parameters: JsonObject = {}) => {
    const all = Object.entries({ replicas: 0, ...parameters });
    if (home === undefined) await enableAddon(client, { directory: addon, parameters: Object.fromEntries(all) });
    else
      expect(
        await vela(
          'addon',
          'enable',
          addon,
          ...all.map(([name, value]) => `${name}=${Array.isArray(value) ? `{${value.join(',')}}` : String(value)}`),
        ),
      ).toContain('Addon task-runs enabled successfully');
  };
  const disable = (force: boolean) =>
    disableAddon({ kubeconfig: sandbox.kubeconfig, vela: home && join(home, 'bin/vela') }, { force });
  const get = async <T extends Named>(kind: string, name: string, namespace = 'vela-system') =>
    JSON.parse(await kubectl(['get', kind, name, '-n', namespace, '-o', 'json'])) as T;
  const exists = (kind: string, name: string, namespace = 'vela-system') =>
    get(kind, name, namespace).then(
      () => true,
      () => false,
    );
  const apply = (object: unknown) =>
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: object });
  const definition = (name = 'task') => get<Definition>('componentdefinition', name);
  const typeOfTask = async () => (await definition()).spec.workload.type;
  const typeOfCronTask = async () => (await definition('cron-task')).spec.workload.type;
  const deployed = (name: string, said: (application: Application) => boolean | string | undefined) =>
    eventually(`${name} says so`, async () => {
      const found = await get<Application>('application', name, 'default');
      return said(found) ? found : undefined;
    });
  const stepMessage = async (name: string) =>
    (await deployed(name, ({ status }) => status?.workflow?.steps?.some(({ phase }) => phase === 'failed'))).status
      ?.workflow?.steps?.[0]?.message;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'addon-'));
    addon = join(directory, 'task-runs');
    await cp(dist, addon, { recursive: true });
    sandbox = await startSandbox({
      dir: join(directory, 'sandbox'),
      nodes: 'none',
      kubevela: home === undefined ? 'stand-in' : 'real',
    });
    client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'addon-test' });
    kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
  });
  afterAll(async () => {
    await client?.close();
    await sandbox?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is enabled without any flag and takes the place of the task that is there', async () => {
    await enable();
    expect(await typeOfTask()).toBe('tasks.task.oam.dev');
    expect(await typeOfCronTask()).toBe('tasks.task.oam.dev');
    for (const name of ['task', 'cron-task'])
      expect(Object.keys((await definition(name)).spec.status ?? {}).sort()).toEqual([
        'customStatus',
        'details',
        'healthPolicy',
      ]);
    for (const crd of ['tasks', 'taskruns']) expect(await exists('crd', `${crd}.task.oam.dev`)).toBe(true);
  });

  it.skipIf(home === undefined)('documents task in `vela show`', async () => {
    expect(await vela('show', 'task', '--format', 'markdown')).toContain('keepLastFailed');
    expect(await vela('show', 'cron-task', '--format', 'markdown')).toContain('successfulJobsHistoryLimit');
  });

  it('renders a Task, and says who has not answered yet', async () => {
    await apply(application('before', { cmd: ['true'], executionPolicy: { keepLast: 3 } }));
    const { status } = await deployed('before', ({ status }) => status?.services?.[0]?.message);
    expect(status?.services?.[0]).toMatchObject({
      message: 'waiting for the task-runs controller',
      details: { next: 'on the next deployment' },
    });
    expect(await get('task.task.oam.dev', 'before-mytask', 'default')).toMatchObject({
      spec: { trigger: { appRevision: 'before-v1' }, executionPolicy: { keepLast: 3, historyLimit: 50 } },
    });
  });

  it('renders a scheduled Task of a cron-task', async () => {
    await apply(application('nightly', { schedule: '@daily', failedJobsHistoryLimit: 2 }, 'backup', 'cron-task'));
    const { status } = await deployed('nightly', ({ status }) => status?.services?.[0]?.message);
    expect(status?.services?.[0]).toMatchObject({
      message: 'waiting for the task-runs controller',
      details: { next: 'as scheduled: @daily' },
    });
    expect(await get('task.task.oam.dev', 'nightly-backup', 'default')).toMatchObject({
      spec: {
        schedule: { crons: ['@daily'] },
        executionPolicy: { keepLast: 3, keepLastFailed: 2, concurrencyPolicy: 'Allow' },
      },
    });
  });

  it('composes with ten of the built-in traits', async () => {
    const app = application('traits', {});
    const traits = [
      { type: 'env', properties: { env: { A: 'b' } } },
      { type: 'resource', properties: { cpu: 0.1, memory: '64Mi' } },
      { type: 'storage', properties: { emptyDir: [{ name: 'd', mountPath: '/d' }] } },
      { type: 'labels', properties: { team: 'x' } },
      { type: 'sidecar', properties: { name: 'beside', image: 'busybox' } },
      { type: 'node-affinity', properties: { affinity: { 'kubernetes.io/os': ['linux'] } } },
      { type: 'service-account', properties: { name: 'runner' } },
      {
        type: 'init-container',
        properties: { name: 'first', image: 'busybox', mountName: 'w', appMountPath: '/w', initMountPath: '/w' },
      },
      { type: 'podsecuritycontext', properties: { runAsNonRoot: true } },
      { type: 'affinity', properties: { tolerations: [{ key: 'a', operator: 'Exists' }] } },
    ];
    await apply({ ...app, spec: { components: app.spec.components.map((component) => ({ ...component, traits })) } });
    await eventually('the Task', () => exists('task.task.oam.dev', 'traits-mytask', 'default'));
    expect(await get('task.task.oam.dev', 'traits-mytask', 'default')).toMatchObject({
      spec: {
        template: {
          metadata: { labels: { team: 'x' } },
          spec: {
            serviceAccountName: 'runner',
            securityContext: { runAsNonRoot: true },
            tolerations: [{ key: 'a', operator: 'Exists' }],
            initContainers: [{ name: 'first' }],
            containers: [
              {
                name: 'mytask',
                env: [{ name: 'A', value: 'b' }],
                resources: { requests: { cpu: 0.1, memory: '64Mi' } },
              },
              { name: 'beside' },
            ],
          },
        },
      },
    });
  });

  it.each([
    [
      'keep-none',
      { executionPolicy: { keepLast: -1 } },
      'spec.executionPolicy.keepLast in body should be greater than or equal to 0',
    ],
    [
      'keep-word',
      { executionPolicy: { keepLast: 'three' } },
      'parameter.executionPolicy.keepLast: conflicting values int and "three"',
    ],
    [
      'wrong-case',
      { executionPolicy: { nameSuffix: 'revision' } },
      'spec.executionPolicy.nameSuffix: Unsupported value: "revision": supported values: "Revision", "Timestamp", "UUID"',
    ],
    ['misspelt', { executionPolicy: { keeplast: 3 } }, 'parameter.executionPolicy.keeplast: field not allowed'],
  ])('refuses %s in one sentence, and accepts the fixed one', async (name, properties, sentence) => {
    await apply(application(name, properties));
    expect(await stepMessage(name)).toContain(sentence);
    await apply(application(name, {}));
    await eventually('the fixed Task', () => exists('task.task.oam.dev', `${name}-mytask`, 'default'));
  });

  it('is upgraded, parameters and all', async () => {
    const metadata = join(addon, 'metadata.yaml');
    await writeFile(metadata, (await readFile(metadata, 'utf8')).replace(/^version: .*$/m, 'version: 99.0.1'));
    await enable({ image: 'example/task-runs:99.0.1', namespaces: ['default'] });
    expect(await get('deployment', 'task-runs')).toMatchObject({
      spec: {
        replicas: 0,
        template: {
          spec: {
            containers: [
              {
                image: 'example/task-runs:99.0.1',
                args: expect.arrayContaining(['--leader-elect', '--namespace=default']) as string[],
              },
            ],
          },
        },
      },
    });
    await eventually(
      'the right everywhere is taken away',
      async () => !(await exists('clusterrolebinding', 'task-runs')),
    );
    expect(await exists('rolebinding', 'task-runs', 'default')).toBe(true);
    expect(await typeOfTask()).toBe('tasks.task.oam.dev');
    expect(await get('application', 'addon-task-runs')).toMatchObject({
      metadata: { labels: { 'addons.oam.dev/version': '99.0.1' } },
    });
  });

  it("puts its task back when an upgrade of KubeVela brought KubeVela's own", async () => {
    const theirs = { definition: { apiVersion: 'batch/v1', kind: 'Job' }, type: 'jobs.batch' };
    await kubectl([
      'patch',
      'componentdefinition',
      'task',
      '-n',
      'vela-system',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { workload: theirs, schematic: { cue: { template: 'output: {}' } } } }),
    ]);
    await eventually(
      'ours is back',
      async () =>
        (await typeOfTask()) === 'tasks.task.oam.dev' &&
        (await definition()).spec.schematic.cue.template.includes('task.oam.dev/v1alpha1'),
    );
  });

  it('says who still uses it before it is disabled', async () => {
    await expect(disable(false)).rejects.toThrow(/used by.*default\/before/);
  });

  it('leaves a working task, all Tasks and all records when it is disabled', async () => {
    const before = await get('task.task.oam.dev', 'before-mytask', 'default');
    await apply({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: { name: 'mytask-v1', namespace: 'default' },
      spec: { taskRef: { name: 'before-mytask' } },
    });
    await disable(true);
    await eventually('task is a plain Job', async () => (await typeOfTask()) === 'jobs.batch');
    await eventually('cron-task is a plain CronJob', async () => (await typeOfCronTask()) === 'cronjobs.batch');
    await eventually('the addon is gone', async () => !(await exists('application', 'addon-task-runs')));
    expect((await definition()).spec.status).not.toHaveProperty('details');
    expect(await exists('deployment', 'task-runs')).toBe(false);
    expect(await exists('validatingadmissionpolicy', 'jobs.task-runs')).toBe(false);

    await apply(application('after', { cmd: ['true'], count: 2, executionPolicy: { keepLast: 1 } }));
    await eventually('its Job', () => exists('job', 'after-mytask', 'default'));
    expect(await get('job', 'after-mytask', 'default')).toMatchObject({ spec: { parallelism: 2, completions: 2 } });

    await apply(
      application(
        'weekly',
        { schedule: ['@weekly', '@monthly'], executionPolicy: { keepLast: 0 } },
        'report',
        'cron-task',
      ),
    );
    for (const name of ['report', 'report-1'])
      await eventually(`the CronJob ${name}`, () => exists('cronjob', name, 'default'));
    expect(await get('cronjob', 'report', 'default')).toMatchObject({
      spec: { schedule: '@weekly', successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 1 },
    });
    await deployed('weekly', ({ status }) => status?.status === 'running');

    expect((await get('task.task.oam.dev', 'before-mytask', 'default')).metadata.uid).toBe(before.metadata.uid);
    expect(await exists('taskrun', 'mytask-v1', 'default')).toBe(true);
  });

  it('gives an Application that is deployed again a Job of its own', async () => {
    await apply(application('before', { cmd: ['false'] }));
    await eventually('its Job', () => exists('job', 'before-mytask', 'default'));
  });

  it('is enabled again, and adopts what it left', async () => {
    await enable();
    expect(await typeOfTask()).toBe('tasks.task.oam.dev');
    expect(await typeOfCronTask()).toBe('tasks.task.oam.dev');
    // KubeVela writes each of the two Applications into it when it applies that one, the second somewhat later.
    const sharedBy = async (name: string) => (await definition(name)).metadata.annotations?.['app.oam.dev/shared-by'];
    for (const name of ['task', 'cron-task'])
      await eventually(
        `both Applications share ${name}`,
        async () => (await sharedBy(name)) === 'vela-system/addon-task-runs,vela-system/task-runs-fallback',
      );
    expect(await exists('taskrun', 'mytask-v1', 'default')).toBe(true);
    await apply(application('again', {}));
    await eventually('the Task', () => exists('task.task.oam.dev', 'again-mytask', 'default'));
    await apply(
      application('weekly', { schedule: '@weekly', executionPolicy: { trigger: 'Manual' } }, 'report', 'cron-task'),
    );
    await eventually('the scheduled Task', () => exists('task.task.oam.dev', 'weekly-report', 'default'));
  });

  it('leaves no CronJob beside the Task that it became', async () => {
    // No controller runs here: what it would say of a schedule, so that the deployment is through.
    const task = await get('task.task.oam.dev', 'weekly-report', 'default');
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Scheduled',
      message: '',
      lastTransitionTime: '2026-03-20T12:30:00Z',
    };
    const status = { observedGeneration: task.metadata.generation, message: 'scheduled', conditions: [ready] };
    const path = '/apis/task.oam.dev/v1alpha1/namespaces/default/tasks/weekly-report/status';
    // The controller itself only patches statuses, which kubectl cannot do without reading them.
    await kubectl(['replace', '--raw', path, '-f', '-', '--as-group=system:masters'], {
      as: 'system:serviceaccount:vela-system:task-runs',
      input: { ...task, status },
    });
    for (const name of ['report', 'report-1'])
      await eventually(`the CronJob ${name} is gone`, async () => !(await exists('cronjob', name, 'default')));
  });

  it('is disabled again and still leaves a task and a cron-task', async () => {
    await disable(true);
    await eventually('task is a plain Job', async () => (await typeOfTask()) === 'jobs.batch');
    await eventually('cron-task is a plain CronJob', async () => (await typeOfCronTask()) === 'cronjobs.batch');
  });
});
