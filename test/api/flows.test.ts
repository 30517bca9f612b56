/**
 * Flows against a real API server with simulated nodes: the controller as its own process, with the addon's rights.
 */
import { describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, persistentVolumeClaims, pods } from '../../controller/src/kube/resources.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import type { Deployment, StepOf } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('flow');
const { openRoom } = controlled;

const phases = ({ status }: Stored<TaskRunObject>) =>
  (status?.jobs ?? []).map(({ step, phase }) => `${step} ${phase}`).join(', ');
const fiveJobs: StepOf[] = [
  { name: 'job1' },
  { name: 'job2' },
  { name: 'job3', dependsOn: ['job1', 'job2'] },
  { name: 'job4', dependsOn: ['job3'] },
  { name: 'job5', dependsOn: ['job2', 'job4'] },
];
const failing = (name: string): StepOf[] =>
  fiveJobs.map((step) => (step.name === name ? { ...step, pods: { exitCode: '3' } } : step));
const forever = { duration: '1h' };

describe.concurrent('a flow', () => {
  it('runs its steps in their order, each a Job, on one record', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1, steps: fiveJobs });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('job1 Succeeded, job2 Succeeded, job3 Succeeded, job4 Succeeded, job5 Succeeded');
    const began = new Map(
      (await room.list(jobs)).map(({ metadata }) => [
        metadata.labels?.['task.oam.dev/step'],
        metadata.creationTimestamp,
      ]),
    );
    expect([...began.keys()].sort()).toEqual(['job1', 'job2', 'job3', 'job4', 'job5']);
    for (const { step = '', completionTime = '' } of run.status?.jobs ?? []) {
      for (const { name } of fiveJobs.filter(({ dependsOn }) => dependsOn?.includes(step)))
        expect(`${began.get(name)}` >= completionTime, `${name} after ${step}`).toBe(true);
    }
    const { status } = await room.where(task, 'says so', ({ phase }) => phase === 'Succeeded');
    expect(status?.message).toMatch(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
    expect(status?.steps).toHaveLength(5);
  });

  it('that fails says which step and why, and what it skipped', async () => {
    const room = await openRoom();
    const steps = [
      ...failing('job3'),
      { name: 'tell', when: 'OnFailure' as const },
      { name: 'clean', when: 'Always' as const },
    ];
    await room.finish({ revision: 1, steps });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe(
      'job1 Succeeded, job2 Succeeded, job3 Failed, job4 Skipped, job5 Skipped, tell Succeeded, clean Succeeded',
    );
    expect(run.status).toMatchObject({
      phase: 'Failed',
      reason: 'StepFailed',
      message: 'job3 failed: exit code 3 in container job3 (BackoffLimitExceeded); skipped: job4, job5',
    });
  });

  it('goes on as it began though the Task says something else meanwhile', async () => {
    const room = await openRoom();
    await room.run({
      revision: 1,
      steps: [
        { name: 'a', pods: { duration: '3s' } },
        { name: 'b', dependsOn: ['a'] },
      ],
    });
    await room.finish({ revision: 2, steps: [{ name: 'c' }] });
    const first = await room.runWhere('mytask-v1', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(phases(first)).toBe('a Succeeded, b Succeeded');
    expect(await room.names(jobs)).toEqual(['mytask-v1-a', 'mytask-v1-b', 'mytask-v2-c']);
  });

  it('hands outputs on from step to step, and has what all steps share', async () => {
    const room = await openRoom();
    await room.finish({
      revision: 1,
      steps: [
        { name: 'build', pods: { message: '{"image":"shop:1"}' }, outputs: [{ name: 'image' }] },
        { name: 'deploy', dependsOn: ['build'], args: ['$(steps.build.outputs.image)'] },
      ],
      spec: {
        globals: { env: [{ name: 'ZONE', value: 'eu' }], labels: { team: 'shop' } },
        outputs: [{ name: 'image', valueFrom: 'steps.build.outputs.image' }],
      },
    });
    const job = await room.get(jobs, 'mytask-v1-deploy');
    expect(job.spec?.template).toMatchObject({
      metadata: { labels: { team: 'shop' } },
      spec: { containers: [{ args: ['shop:1'], env: [{ name: 'ZONE', value: 'eu' }] }] },
    });
    expect((await room.get(taskRuns, 'mytask-v1')).status?.outputs).toEqual({ image: 'shop:1' });
    expect((await room.get(tasks, 'app-mytask')).status?.outputs).toEqual({ image: 'shop:1' });
  });

  it('is cancelled with all its steps', async () => {
    const room = await openRoom();
    await room.run({
      revision: 1,
      steps: [
        { name: 'a', pods: forever },
        { name: 'b', pods: forever },
        { name: 'c', dependsOn: ['a'] },
      ],
    });
    await room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"cancel":true}}');
    const run = await room.runWhere('mytask-v1', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(phases(run)).toBe('a Cancelled, b Cancelled, c Cancelled');
    await eventually(
      'Jobs and pods are gone',
      async () => (await room.names(jobs)).length + (await room.names(pods)).length === 0,
    );
  });

  it('says of a step whose Job is refused which it is, and goes on with the others', async () => {
    const room = await openRoom();
    await room.finish({
      revision: 1,
      steps: [{ name: 'bad', job: { completionMode: 'Indexed', parallelism: 1 } }, { name: 'good' }],
    });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('bad Failed, good Succeeded');
    expect(run.status?.message).toMatch(
      /^bad failed: Job of step bad was refused: .*completions.*; fix the Application and deploy it again$/,
    );
  });
});

describe.concurrent('items', () => {
  it('have a Job each, of one template, and their outputs are collected', async () => {
    const room = await openRoom();
    const outputs = [
      { name: 'rows', type: 'integer' as const },
      { name: 'all', type: 'array' as const, valueFrom: 'items.outputs.rows' },
    ];
    await room.finish({
      revision: 1,
      command: '$(item.table)',
      pods: { message: '{"rows":3}' },
      spec: { items: [{ name: 'people', table: 'a' }, { table: 'b' }], outputs },
    });
    expect(await room.names(jobs)).toEqual(['mytask-v1-item-1', 'mytask-v1-people']);
    expect((await room.get(jobs, 'mytask-v1-people')).spec?.template.spec?.containers[0]?.command).toEqual(['a']);
    expect((await room.get(taskRuns, 'mytask-v1')).status).toMatchObject({
      phase: 'Succeeded',
      outputs: { all: [3, 3] },
    });
  });

  it('that hand on more than a record holds end, and it is said whose outputs are left out', async () => {
    const room = await openRoom();
    const outputs = [{ name: 'report' }, { name: 'all', type: 'array' as const, valueFrom: 'items.outputs.report' }];
    const spec = { items: Array.from({ length: 90 }, (_, index) => ({ name: `n${index}` })), outputs };
    await room.finish({ revision: 1, pods: { message: JSON.stringify({ report: 'r'.repeat(3_500) }) }, spec });
    const { status } = await room.get(taskRuns, 'mytask-v1');
    expect(status?.phase).toBe('Succeeded');
    expect(status?.message).toMatch(
      /^outputs of items n\d+, n\d+, n\d+ and 13 more left out: all outputs of a run together may have 256 KiB$/,
    );
  });

  it('that fail are retried by themselves', async () => {
    const room = await openRoom();
    await room.finish({
      revision: 1,
      command: '$(item.os)',
      pods: { exitCode: '3' },
      spec: { matrix: { os: ['linux', 'mac'] }, retry: { limit: 1, delaySeconds: 1 } },
    });
    expect(await room.names(jobs)).toEqual([
      'mytask-v1-linux',
      'mytask-v1-linux-r1',
      'mytask-v1-mac',
      'mytask-v1-mac-r1',
    ]);
    expect((await room.get(taskRuns, 'mytask-v1')).status?.message).toBe(
      'linux failed: exit code 3 in container mytask (BackoffLimitExceeded); also failed: mac',
    );
  });
});

describe.concurrent('a retry of a run', () => {
  const two = [
    { name: 'a', pods: { message: '{"file":"x"}' }, outputs: [{ name: 'file' }] },
    { name: 'b', dependsOn: ['a'], args: ['$(steps.a.outputs.file)'], pods: { exitCode: '3' } },
  ];

  it('runs the steps that failed, with what the others handed on, though another version is deployed', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1, steps: two });
    await room.finish({ revision: 2, steps: [{ name: 'c' }] });
    await room.ask('again', { retryOf: 'mytask-v1' });
    const again = await room.runWhere('again', 'ends', ({ phase }) => phase === 'Failed');
    expect(again.status?.jobs).toMatchObject([
      { step: 'a', phase: 'Succeeded', run: 'mytask-v1', outputs: { file: 'x' } },
      { step: 'b', phase: 'Failed', name: 'again-b' },
    ]);
    expect((await room.get(jobs, 'again-b')).spec?.template.spec?.containers[0]?.args).toEqual(['x']);
  });

  it('of one Job runs it again, be the run asked for by hand or not', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1, command: 'one', pods: { exitCode: '3' } });
    await room.finish({ revision: 2, command: 'two' });
    await room.ask('again', { retryOf: 'mytask-v1', trigger: { type: 'Manual' } });
    const again = await room.runWhere('again', 'ends', ({ phase }) => phase === 'Failed');
    expect(again.spec.trigger).toEqual({ type: 'Manual' });
    expect((await room.get(jobs, 'again')).spec?.template.spec?.containers[0]?.command).toEqual(['one']);
  });

  it.each<[string, string, RegExp]>([
    [
      'that there is not',
      'nobody',
      /^spec.retryOf: the Task has no run nobody on record; name one of its runs that failed or was cancelled$/,
    ],
    [
      'that succeeded',
      'mytask-v1',
      /^spec.retryOf: mytask-v1 is Succeeded, and only a run that failed or was cancelled can be retried; create a TaskRun without retryOf to run again$/,
    ],
  ])('%s never starts, and says so', async (_what, retryOf, message) => {
    const room = await openRoom();
    await room.finish({ revision: 1 });
    await room.ask('again', { retryOf });
    const { status } = await room.runWhere('again', 'fails', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({ reason: 'NotRetryable', message: expect.stringMatching(message) as string });
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
  });
});

describe.concurrent('a template', () => {
  const dump = (namespace: string, image: string) => ({
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'TaskTemplate',
    metadata: { name: 'dump', namespace },
    spec: {
      parameters: [{ name: 'table' }],
      job: { backoffLimit: 0 },
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image, args: ['$(params.table)'] }] } },
    },
  });
  const uses = { name: 'dump', parameters: { table: 'people' } };

  it('that is not there is waited for, and what it says as the run starts is what runs', async () => {
    const room = await openRoom();
    const task = {
      metadata: { name: 'app-mytask', labels: { 'app.oam.dev/component': 'mytask' } },
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
    };
    await room.apply({ ...task, spec: { trigger: { appRevision: 'app-v1' }, templateRef: uses } });
    const run = await room.runWhere('mytask-v1', 'waits', ({ reason }) => reason === 'TemplateNotFound');
    expect(run.status?.message).toBe(
      `there is no TaskTemplate dump in namespace ${room.namespace}; the run starts once there is`,
    );
    await room.apply(dump(room.namespace, 'dump:1'));
    await room.runWhere('mytask-v1', 'runs', ({ phase }) => phase !== 'Pending');
    await room.kubectl(
      'patch',
      'vtemplate',
      'dump',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { template: { spec: { containers: [] } } } }),
    );
    expect((await room.get(jobs, 'mytask-v1')).spec).toMatchObject({
      backoffLimit: 0,
      template: { spec: { containers: [{ image: 'dump:1', args: ['people'] }] } },
    });
    expect((await room.get(taskRuns, 'mytask-v1')).spec.templates).toMatchObject({
      dump: { template: { spec: { containers: [{ image: 'dump:1' }] } } },
    });
  });

  it('that makes an impossible Job is reported before any run, and again when it changes', async () => {
    const room = await openRoom();
    const template = dump(room.namespace, 'dump:1');
    await room.apply(template);
    await room.apply({
      metadata: { name: 'app-mytask', labels: { 'app.oam.dev/component': 'mytask' } },
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      spec: { schedule: { crons: ['0 3 1 1 *'] }, templateRef: uses },
    });
    const says = (what: RegExp) =>
      eventually(`the Task says ${what}`, async () => {
        const { status } = await room.get(tasks, 'app-mytask');
        if (!what.test(status?.message ?? '')) throw new Error(JSON.stringify(status));
        return status;
      });
    await says(/^no run yet · 0 kept · next/);
    const changed = (containers: object[]) =>
      room.kubectl(
        'patch',
        'vtemplate',
        'dump',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { template: { spec: { containers } } } }),
      );
    await changed([{ name: 'main', image: 'dump:1', volumeMounts: [{ name: 'nope', mountPath: '/a' }] }]);
    const refused = await says(
      /^no run yet · the Job of each run would be refused: .*volumeMounts\[0\]\.name: Not found: "nope"; fix TaskTemplate dump, or the Application that uses it · 0 kept/,
    );
    expect(refused?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Valid', status: 'False', reason: 'Invalid' }),
    );
    await changed([{ name: 'main', image: 'dump:2' }]);
    await says(/^no run yet · 0 kept · next/);
    await room.kubectl('delete', 'vtemplate', 'dump');
    await says(/^no run yet · there is no TaskTemplate dump in namespace .*: a run would wait for it · 0 kept/);
    expect(await room.names(jobs)).toEqual([]);
  });

  it('whose values are wrong fails the run, in a sentence', async () => {
    const room = await openRoom();
    await room.apply(dump(room.namespace, 'dump:1'));
    await room.apply({
      metadata: { name: 'app-mytask', labels: { 'app.oam.dev/component': 'mytask' } },
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'Task',
      spec: { trigger: { appRevision: 'app-v1' }, templateRef: { name: 'dump', parameters: { tabel: 'x' } } },
    });
    const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'InvalidParameters',
      message: 'TaskTemplate dump has no parameter tabel: it has table',
    });
  });

  it.each<[string, object, string]>([
    ['beside pods', { templateRef: uses, template: {} }, 'templateRef already says what runs'],
    ['without a name', { templateRef: {} }, 'spec.templateRef.name: Required value'],
    [
      'of a step beside its pods',
      { steps: [{ name: 'a', templateRef: uses, template: {} }] },
      'templateRef already says what the step runs',
    ],
    [
      'of a step that says nothing',
      { steps: [{ name: 'a' }] },
      'say what the step runs: template, its pod template, or templateRef, a TaskTemplate',
    ],
  ])('%s is refused', async (_what, spec, message) => {
    const room = await openRoom();
    await expect(
      room.apply({ metadata: { name: 'app-mytask' }, apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', spec }),
    ).rejects.toThrow(message);
  });
});

describe.concurrent('a workspace', () => {
  const workspace = { size: '1Mi', storageClassName: 'none' };
  const step = (name: string, pods: StepOf['pods'], ...dependsOn: string[]): StepOf => ({
    name,
    dependsOn,
    job: { backoffLimit: 0 },
    ...(pods && { pods }),
  });

  /** A claim is bound by hand: nothing in the cluster makes volumes. */
  async function bind(room: Room, claim: string): Promise<void> {
    const name = `${room.namespace}-${claim}`;
    await eventually(`claim ${claim} is there`, () => room.get(persistentVolumeClaims, claim));
    const spec = {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/tmp/${name}` },
      claimRef: { namespace: room.namespace, name: claim },
    };
    await controlled.cluster.kubectl(['create', '-f', '-'], {
      input: { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec },
    });
  }

  it('is made for the run, mounted in every step, and deleted with its pods', async () => {
    const room = await openRoom();
    const task = await room.deploy({
      revision: 1,
      policy: { keepLast: 1 },
      steps: [step('a', {}), step('b', {}, 'a')],
      spec: { globals: { workspace } },
    });
    await bind(room, 'mytask-v1-workspace');
    await room.finished(task);
    expect((await room.get(taskRuns, 'mytask-v1')).status).toMatchObject({
      phase: 'Succeeded',
      workspace: 'mytask-v1-workspace',
    });
    for (const name of ['mytask-v1-a', 'mytask-v1-b']) {
      expect((await room.get(jobs, name)).spec?.template.spec).toMatchObject({
        volumes: [{ name: 'workspace', persistentVolumeClaim: { claimName: 'mytask-v1-workspace' } }],
        containers: [{ volumeMounts: [{ name: 'workspace', mountPath: '/workspace' }] }],
      });
    }
    const second = await room.deploy({
      revision: 2,
      policy: { keepLast: 1 },
      steps: [step('a', {})],
      spec: { globals: { workspace } },
    });
    await bind(room, 'mytask-v2-workspace');
    await room.finished(second);
    await eventually('the first workspace is gone', async () =>
      expect(await room.names(persistentVolumeClaims)).toEqual(['mytask-v2-workspace']),
    );
  });

  it('is what a retry goes on with', async () => {
    const room = await openRoom();
    const task = await room.deploy({
      revision: 1,
      steps: [step('a', {}), step('b', { exitCode: '3' }, 'a')],
      spec: { globals: { workspace } },
    });
    await bind(room, 'mytask-v1-workspace');
    await room.finished(task);
    await room.ask('again', { retryOf: 'mytask-v1' });
    const again = await room.runWhere('again', 'ends', ({ phase }) => phase === 'Failed');
    expect(again.status?.workspace).toBe('mytask-v1-workspace');
    await room.delete(persistentVolumeClaims, 'mytask-v1-workspace').catch(() => undefined);
    await room
      .kubectl('patch', 'pvc', 'mytask-v1-workspace', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
      .catch(() => undefined);
    await eventually('the workspace is gone', async () => expect(await room.names(persistentVolumeClaims)).toEqual([]));
    await room.ask('once-more', { retryOf: 'again' });
    const { status } = await room.runWhere('once-more', 'fails', ({ phase }) => phase === 'Failed');
    expect(status?.message).toBe(
      'the workspace mytask-v1-workspace, with what the steps that succeeded left in it, was deleted: create a TaskRun without retryOf to run all steps',
    );
  });
});

describe.concurrent('a flow that cannot be', () => {
  it.each<[string, Partial<Deployment>, string]>([
    ['with two steps of one name', { steps: [{ name: 'a' }, { name: 'a' }] }, 'spec.steps[1]: Duplicate value: '],
    [
      'with a step that depends on itself',
      { steps: [{ name: 'a', dependsOn: ['a'] }] },
      'a step cannot depend on itself: take its name out of its dependsOn',
    ],
    [
      'with a step that is called as an attempt of another',
      { steps: [{ name: 'a' }, { name: 'a-r1' }] },
      'a name that ends in -r and a number is reserved for attempts: choose another one',
    ],
    ['without a step', { steps: [] }, 'should have at least 1 items'],
    [
      'and a Job at once',
      { steps: [{ name: 'a' }], spec: { template: {} } },
      'say what runs: template, the pod template of one Job, templateRef, a TaskTemplate, or steps, those of a flow',
    ],
    [
      'without steps',
      { spec: { maxParallel: 3 } },
      'maxParallel is for a flow, items, a matrix and nodes: write one of these, or leave it out',
    ],
    [
      'with items',
      { steps: [{ name: 'a' }], spec: { items: [{ a: 1 }] } },
      'a flow with steps cannot have items or a matrix: these are for one template',
    ],
    [
      'where no step runs at once',
      { steps: [{ name: 'a' }], spec: { maxParallel: 0 } },
      'maxParallel is a number from 1 on, or a share from 1% to 100%',
    ],
    [
      'with outputs from nowhere',
      { steps: [{ name: 'a' }], spec: { outputs: [{ name: 'x', valueFrom: 'a.x' }] } },
      'spec.outputs[0].valueFrom',
    ],
  ])('%s is refused', async (_what, deployment, message) => {
    const room = await openRoom();
    await expect(room.deploy({ revision: 1, ...deployment })).rejects.toThrow(message);
  });

  it('because its steps depend on each other never starts, and says so', async () => {
    const room = await openRoom();
    const task = await room.finish({
      revision: 1,
      steps: [
        { name: 'a', dependsOn: ['b'] },
        { name: 'b', dependsOn: ['a'] },
      ],
    });
    const { status } = await room.where(task, 'says so', ({ phase }) => phase === 'Failed');
    expect(status?.message).toMatch(
      /^mytask-v1 Failed.*: steps depend on each other in a circle \(a -> b -> a\): take one of these out of the other's dependsOn/,
    );
    expect(await room.names(jobs)).toEqual([]);
  });
});
