/**
 * A Job for each node, against a real API server with simulated nodes. The nodes are all the cluster's: each test has
 * some of its own, with a label.
 */
import { describe, expect, it } from 'vitest';
import { taskRuns, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, nodes, pods } from '../../controller/src/kube/resources.ts';
import { simulatedNodes } from '../../sandbox/src/programs/kwok.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import type { Deployment } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('place', { nodeCount: 1 });
const { openRoom } = controlled;

interface Place {
  readonly room: Room;
  /** A deployment of a Job for each of the place's nodes. */
  readonly task: (more?: Partial<Deployment>) => Omit<Deployment, 'namespace'>;
  readonly join: (
    name: string,
    more?: { readonly labels?: Record<string, string>; readonly taints?: object[]; readonly unschedulable?: boolean },
  ) => Promise<unknown>;
}

/** A namespace and nodes of a test's own, called after it. */
async function openPlace(...names: string[]): Promise<Place> {
  const room = await openRoom();
  const place = room.namespace;
  const join: Place['join'] = (name, { labels = {}, ...spec } = {}) =>
    openNode(`${place}-${name}`, { place, ...labels }, spec);
  for (const name of names) await join(name);
  const task: Place['task'] = ({ spec, ...more } = {}) => ({
    revision: 1,
    podSpec: { nodeSelector: { place } },
    spec: { nodes: {}, ...spec },
    ...more,
  });
  return { room, task, join };
}

const phases = ({ metadata, status }: Stored<TaskRunObject>) =>
  (status?.jobs ?? [])
    .map(({ step = '', phase }) => `${step.replace(`${metadata.namespace}-`, '')} ${phase}`)
    .join(', ');
const forever = { duration: '1h' };

describe.concurrent('a Job for each node', () => {
  it('runs on every node that fits, and there alone', async () => {
    const { room, task, join } = await openPlace('a', 'b', 'c');
    await join('tainted', { taints: [{ key: 'gpu', effect: 'NoSchedule' }] });
    await join('cordoned', { unschedulable: true });
    await join('db', { labels: { role: 'db' } });
    await room.finish(
      task({ spec: { nodes: { excludedNames: [`${room.namespace}-c`], excludedSelector: { role: 'db' } } } }),
    );
    expect(phases(await room.get(taskRuns, 'mytask-v1'))).toBe('a Succeeded, b Succeeded, cordoned Succeeded');
    const ran = (await room.list(pods)).map(
      ({ metadata, spec }) => [metadata.labels?.['task.oam.dev/step'], spec?.nodeName] as const,
    );
    expect(ran).toHaveLength(3);
    for (const [step, node] of ran) expect(node).toBe(step);
  });

  it('says how far it is, some at a time, and which failed', async () => {
    const { room, task } = await openPlace('a', 'b', 'c', 'd');
    const first = await room.deploy(task({ pods: { exitCode: '3' }, spec: { maxParallel: '50%' } }));
    await room.finished(first);
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('a Failed, b Failed, c Failed, d Failed');
    expect(run.status?.message).toBe(
      `${room.namespace}-a failed: exit code 3 in container mytask (BackoffLimitExceeded); also failed: ${['b', 'c', 'd'].map((name) => `${room.namespace}-${name}`).join(', ')}`,
    );
  });

  it('waits for a node that fits, and says what keeps each of those that do not', async () => {
    const { room, task, join } = await openPlace();
    const deployed = await room.deploy(task());
    await room.where(deployed, 'says so', ({ message = '' }) =>
      /^mytask-v1 Pending: no node fits: of \d+ there are \d+ without the labels of nodeSelector; the run starts once one does/.test(
        message,
      ),
    );
    await join('a');
    await room.finished(deployed);
    expect(await room.runs()).toEqual(['mytask-v1 Succeeded']);
  });

  it('goes to nodes that join, and ends on nodes that leave', async () => {
    const { room, task, join } = await openPlace('a', 'b');
    await room.run(task({ pods: forever, spec: { nodes: { joining: true } } }));
    await join('c');
    await eventually('c has a Job', async () =>
      expect(await room.names(jobs)).toContain(`mytask-v1-${room.namespace}-c`),
    );
    for (const name of ['a', 'b', 'c'])
      await controlled.cluster.client.delete(nodes, { name: `${room.namespace}-${name}` });
    const run = await room.runWhere('mytask-v1', 'ends', ({ conditions }) => conditions !== undefined);
    expect(phases(run)).toMatch(/^a (Cancelled|Skipped), b (Cancelled|Skipped), c (Cancelled|Skipped)$/);
    expect(run.status).toMatchObject({
      phase: 'Succeeded',
      message: `deleted meanwhile: ${['a', 'b', 'c'].map((name) => `${room.namespace}-${name}`).join(', ')}`,
    });
    await eventually('no Job is left', async () => expect(await room.names(jobs)).toEqual([]));
  });

  it('stops at the first failure, cancels what runs, and is retried from the failed step', async () => {
    const { room, task } = await openPlace('a', 'b');
    const deployed = await room.run(task({ pods: forever, spec: { failurePolicy: 'FailFast' } }));
    await failPod(room, `${room.namespace}-a`);
    await room.finished(deployed);
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('a Failed, b Cancelled');
    expect(await room.names(jobs)).toEqual([`mytask-v1-${room.namespace}-a`]);
    await room.ask('again', { retryOf: 'mytask-v1' });
    const again = await room.runWhere('again', 'runs', ({ phase }) => phase === 'Running');
    expect(again.spec).toMatchObject({ trigger: { type: 'Retry', value: 'mytask-v1' }, snapshot: { nodes: {} } });
    expect(await room.names(jobs)).toEqual([
      `again-${room.namespace}-a`,
      `again-${room.namespace}-b`,
      `mytask-v1-${room.namespace}-a`,
    ]);
  });

  it('pauses at a failure until it is told to go on', async () => {
    const { room, task } = await openPlace('a', 'b');
    const deployed = await room.run(task({ pods: forever, spec: { failurePolicy: 'Pause', maxParallel: 1 } }));
    await failPod(room, `${room.namespace}-a`);
    await room.where(deployed, 'is paused', ({ message = '' }) =>
      message.includes('paused (failurePolicy: Pause): set spec.resume of TaskRun mytask-v1 to true to go on'),
    );
    expect(await room.names(jobs)).toEqual([`mytask-v1-${room.namespace}-a`]);
    await room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"resume":true}}');
    await eventually('b has its Job', async () =>
      expect(await room.names(jobs)).toContain(`mytask-v1-${room.namespace}-b`),
    );
    await expect(
      room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"resume":false}}'),
    ).rejects.toThrow('a resumed run cannot be paused again; set spec.cancel to cancel it');
  });

  it.each<[string, Partial<Deployment>['spec'], string]>([
    [
      'with steps',
      { items: [{ a: 1 }] },
      'nodes are for one template: write only one of nodes, steps, items and matrix',
    ],
    [
      'of which a share of 0% runs',
      { maxParallel: '0%' },
      'maxParallel is a number from 1 on, or a share from 1% to 100%',
    ],
    ['of which "some" run', { maxParallel: 'some' }, 'maxParallel is a number from 1 on, or a share from 1% to 100%'],
    [
      'with another failurePolicy',
      { failurePolicy: 'Stop' as never },
      'supported values: "Continue", "FailFast", "Pause"',
    ],
  ])('%s is refused', async (_what, spec, message) => {
    const { room, task } = await openPlace();
    await expect(room.deploy(task({ spec: { ...spec } }))).rejects.toThrow(message);
  });
});

describe.concurrent('steps on one node', () => {
  it('go where the first went', async () => {
    const { room } = await openPlace('a', 'b', 'c');
    // On nodes of its own: another test may delete one of its nodes meanwhile.
    const podSpec = { nodeSelector: { place: room.namespace } };
    const step = (name: string, ...dependsOn: string[]) => ({ name, dependsOn, podSpec });
    await room.finish({
      revision: 1,
      steps: [step('one'), step('two'), step('three', 'one')],
      spec: { globals: { sameNode: true } },
    });
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(phases(run)).toBe('one Succeeded, two Succeeded, three Succeeded');
    const ran = new Set((await room.list(pods)).map(({ spec }) => spec?.nodeName));
    expect([...ran]).toEqual([run.status?.nodeName]);
  });

  it('fail where that node is deleted', async () => {
    const { room } = await openPlace();
    const gone = `${room.namespace}-gone`;
    await openNode(gone);
    const deployed = await room.run({
      revision: 1,
      steps: [
        { name: 'one', pods: forever },
        { name: 'two', dependsOn: ['one'] },
      ],
      spec: { globals: { nodeName: gone } },
    });
    await controlled.cluster.client.delete(nodes, { name: gone });
    await room.finished(deployed);
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(run.status).toMatchObject({
      phase: 'Failed',
      reason: 'NodeDeleted',
      message: `one was cancelled: node ${gone}, on which all steps run, was deleted; also failed: two`,
    });
  });

  it('wait for the node that is named', async () => {
    const { room } = await openPlace();
    const late = `${room.namespace}-late`;
    await room.deploy({ revision: 1, steps: [{ name: 'one' }], spec: { globals: { nodeName: late } } });
    await room.runWhere(
      'mytask-v1',
      'waits',
      ({ message }) =>
        message === `there is no node ${late}, on which all steps are to run; the run starts once there is`,
    );
    await openNode(late);
    await room.runWhere('mytask-v1', 'succeeds', ({ phase }) => phase === 'Succeeded');
  });
});

/** A node, once it is ready: until then it has a taint that says so. */
async function openNode(name: string, labels: Record<string, string> = {}, spec: object = {}): Promise<void> {
  const [node] = simulatedNodes(1);
  await controlled.cluster.client.create(nodes, { ...node, metadata: { name, labels }, spec } as never);
  await eventually(`node ${name} is ready`, async () => {
    const { spec: now } = await controlled.cluster.client.get(nodes, { name });
    return !now?.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready');
  });
}

/** The pod's container ends with exit code 3, as though by itself. */
async function failPod(room: Room, step: string): Promise<void> {
  const pod = await eventually(`${step} has a pod that runs`, async () => {
    const found = (await room.list(pods)).find(
      ({ metadata, status }) => metadata.labels?.['task.oam.dev/step'] === step && status?.phase === 'Running',
    );
    if (!found) throw new Error('none yet');
    return found;
  });
  const terminated = {
    exitCode: 3,
    reason: 'Error',
    startedAt: pod.status?.startTime,
    finishedAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const containerStatuses = [
    { name: 'mytask', image: 'busybox', imageID: '', ready: false, restartCount: 0, state: { terminated } },
  ];
  await room.patchStatus(pods, pod.metadata.name, { phase: 'Failed', containerStatuses });
}
