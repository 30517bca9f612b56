/**
 * Flows against a real API server with simulated nodes: the controller as its own process, with the addon's rights.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskRunObject } from '../../controller/src/controllers/resource-types.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import type { Deployment, StepOf } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { Room } from '../support/room.ts';

let cluster: Cluster;
let controller: ControllerProcess;
let count = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 2 });
  controller = await startController(cluster.controllerKubeconfig);
});
afterAll(async () => {
  await controller?.stop();
  await cluster?.stop();
});

const openRoom = (): Promise<Room> => Room.open(cluster, `flow-${(count += 1)}`);
const phases = ({ status }: Stored<TaskRunObject>) => (status?.jobs ?? []).map(({ step, phase }) => `${step} ${phase}`).join(', ');
const fiveJobs: StepOf[] = [
  { name: 'job1' },
  { name: 'job2' },
  { name: 'job3', dependsOn: ['job1', 'job2'] },
  { name: 'job4', dependsOn: ['job3'] },
  { name: 'job5', dependsOn: ['job2', 'job4'] },
];
const failing = (name: string): StepOf[] => fiveJobs.map((step) => (step.name === name ? { ...step, pods: { exitCode: '3' } } : step));
const forever = { duration: '1h' };

describe.concurrent('a flow', () => {
  it('runs its steps in their order, each a Job, on one record', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1, steps: fiveJobs });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('job1 Succeeded, job2 Succeeded, job3 Succeeded, job4 Succeeded, job5 Succeeded');
    const began = new Map((await room.list(jobs)).map(({ metadata }) => [metadata.labels?.['task.oam.dev/step'], metadata.creationTimestamp]));
    expect([...began.keys()].sort()).toEqual(['job1', 'job2', 'job3', 'job4', 'job5']);
    for (const { step = '', completionTime = '' } of run.status?.jobs ?? []) {
      for (const { name } of fiveJobs.filter(({ dependsOn }) => dependsOn?.includes(step))) expect(`${began.get(name)}` >= completionTime, `${name} after ${step}`).toBe(true);
    }
    const { status } = await room.where(task, 'says so', ({ phase }) => phase === 'Succeeded');
    expect(status?.message).toMatch(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
    expect(status?.steps).toHaveLength(5);
  });

  it('that fails says which step and why, and what it skipped', async () => {
    const room = await openRoom();
    const steps = [...failing('job3'), { name: 'tell', when: 'OnFailure' as const }, { name: 'clean', when: 'Always' as const }];
    await room.finish({ revision: 1, steps });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('job1 Succeeded, job2 Succeeded, job3 Failed, job4 Skipped, job5 Skipped, tell Succeeded, clean Succeeded');
    expect(run.status).toMatchObject({ phase: 'Failed', reason: 'StepFailed', message: 'job3 failed: exit code 3 in container job3 (BackoffLimitExceeded); skipped: job4, job5' });
  });

  it('goes on as it began though the Task says something else meanwhile', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, steps: [{ name: 'a', pods: { duration: '3s' } }, { name: 'b', dependsOn: ['a'] }] });
    await room.finish({ revision: 2, steps: [{ name: 'c' }] });
    const first = await room.runWhere('mytask-v1', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(phases(first)).toBe('a Succeeded, b Succeeded');
    expect(await room.names(jobs)).toEqual(['mytask-v1-a', 'mytask-v1-b', 'mytask-v2-c']);
  });

  it('hands outputs on from step to step, and has what all steps share', async () => {
    const room = await openRoom();
    await room.finish({
      revision: 1,
      steps: [{ name: 'build', pods: { message: '{"image":"shop:1"}' }, outputs: [{ name: 'image' }] }, { name: 'deploy', dependsOn: ['build'], args: ['$(steps.build.outputs.image)'] }],
      spec: { globals: { env: [{ name: 'ZONE', value: 'eu' }], labels: { team: 'shop' } }, outputs: [{ name: 'image', valueFrom: 'steps.build.outputs.image' }] },
    });
    const job = await room.get(jobs, 'mytask-v1-deploy');
    expect(job.spec?.template).toMatchObject({ metadata: { labels: { team: 'shop' } }, spec: { containers: [{ args: ['shop:1'], env: [{ name: 'ZONE', value: 'eu' }] }] } });
    expect((await room.get(taskRuns, 'mytask-v1')).status?.outputs).toEqual({ image: 'shop:1' });
    expect((await room.get(tasks, 'app-mytask')).status?.outputs).toEqual({ image: 'shop:1' });
  });

  it('is cancelled with all its steps', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, steps: [{ name: 'a', pods: forever }, { name: 'b', pods: forever }, { name: 'c', dependsOn: ['a'] }] });
    await room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"cancel":true}}');
    const run = await room.runWhere('mytask-v1', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(phases(run)).toBe('a Cancelled, b Cancelled, c Cancelled');
    await eventually('Jobs and pods are gone', async () => (await room.names(jobs)).length + (await room.names(pods)).length === 0);
  });

  it('says of a step whose Job is refused which it is, and goes on with the others', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1, steps: [{ name: 'bad', job: { completionMode: 'Indexed', parallelism: 1 } }, { name: 'good' }] });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('bad Failed, good Succeeded');
    expect(run.status?.message).toMatch(/^bad failed: Job of step bad was refused: .*completions.*; mend the Application and deploy it again$/);
  });
});

describe.concurrent('items', () => {
  it('have a Job each, of one template, and their outputs are collected', async () => {
    const room = await openRoom();
    const outputs = [{ name: 'rows', type: 'integer' as const }, { name: 'all', type: 'array' as const, valueFrom: 'items.outputs.rows' }];
    await room.finish({ revision: 1, command: '$(item.table)', pods: { message: '{"rows":3}' }, spec: { items: [{ name: 'people', table: 'a' }, { table: 'b' }], outputs } });
    expect(await room.names(jobs)).toEqual(['mytask-v1-item-1', 'mytask-v1-people']);
    expect((await room.get(jobs, 'mytask-v1-people')).spec?.template.spec?.containers[0]?.command).toEqual(['a']);
    expect((await room.get(taskRuns, 'mytask-v1')).status).toMatchObject({ phase: 'Succeeded', outputs: { all: [3, 3] } });
  });

  it('that fail are tried again by themselves', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1, command: '$(item.os)', pods: { exitCode: '3' }, spec: { matrix: { os: ['linux', 'mac'] }, retry: { limit: 1, delaySeconds: 1 } } });
    expect(await room.names(jobs)).toEqual(['mytask-v1-linux', 'mytask-v1-linux-r1', 'mytask-v1-mac', 'mytask-v1-mac-r1']);
    expect((await room.get(taskRuns, 'mytask-v1')).status?.message).toBe('linux failed: exit code 3 in container mytask (BackoffLimitExceeded); also failed: mac');
  });
});

describe.concurrent('a flow that cannot be', () => {
  it.each<[string, Partial<Deployment>, string]>([
    ['with two steps of one name', { steps: [{ name: 'a' }, { name: 'a' }] }, 'Duplicate value: {"name":"a"}'],
    ['with a step that depends on itself', { steps: [{ name: 'a', dependsOn: ['a'] }] }, 'a step cannot depend on itself: take its name out of its dependsOn'],
    ['with a step that is called as an attempt of another', { steps: [{ name: 'a' }, { name: 'a-r1' }] }, 'a name that ends in -r and a number is that of another attempt: choose another one'],
    ['without a step', { steps: [] }, 'should have at least 1 items'],
    ['and a Job at once', { steps: [{ name: 'a' }], spec: { template: {} } }, 'say what runs: template, the pod template of one Job, templateRef, a TaskTemplate, or steps, those of a flow'],
    ['that is none', { spec: { maxParallel: 3 } }, 'maxParallel is for a flow, items, a matrix and nodes: write one of these, or leave it out'],
    ['with items', { steps: [{ name: 'a' }], spec: { items: [{ a: 1 }] } }, 'a flow has steps, and no items and matrix: these are for one template'],
    ['where no step runs at once', { steps: [{ name: 'a' }], spec: { maxParallel: 0 } }, 'maxParallel is a number from 1 on, or a share from 1% to 100%'],
    ['with outputs from nowhere', { steps: [{ name: 'a' }], spec: { outputs: [{ name: 'x', valueFrom: 'a.x' }] } }, 'spec.outputs[0].valueFrom'],
  ])('%s is refused', async (_what, deployment, message) => {
    const room = await openRoom();
    await expect(room.deploy({ revision: 1, ...deployment })).rejects.toThrow(message);
  });

  it('because its steps depend on each other never starts, and says so', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1, steps: [{ name: 'a', dependsOn: ['b'] }, { name: 'b', dependsOn: ['a'] }] });
    const { status } = await room.where(task, 'says so', ({ phase }) => phase === 'Failed');
    expect(status?.message).toMatch(/^mytask-v1 Failed.*: steps depend on each other in a circle \(a -> b -> a\): take one of these out of the other's dependsOn/);
    expect(await room.names(jobs)).toEqual([]);
  });
});
