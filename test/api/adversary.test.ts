/**
 * Somebody with Kubernetes' role edit, and somebody who may only run tasks, change whatever they may change of our
 * objects at random moments, against a real API server with the addon's policies: every other run goes on, and in the
 * end everything rests.
 */
import { describe, expect, it } from 'vitest';
import { applications, taskRuns, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { isFinished } from '../../controller/src/domain/model/phase.ts';
import { ApiError } from '../../controller/src/kube/api-error.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../../controller/src/kube/objects.ts';
import { events, jobs, pods } from '../../controller/src/kube/resources.ts';
import { installApplications } from '../support/applications.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { pick, randomOf, type Random } from '../support/random.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('adversary');

/** A client of an account that has this role in the room. */
const accountWith = async (room: Room, role: string): Promise<Client> =>
  controlled.cluster.asController.as(await room.tokenOf(role));

const uidOfNobody = '00000000-0000-0000-0000-000000000009';
const owners = (uid: string, name: string): readonly object[] => [
  { apiVersion: 'task.oam.dev.evil/v1', kind: 'Task', name, uid, controller: true },
  { apiVersion: 'task.oam.dev/v1alpha1', kind: 'TaskRun', name, uid: uidOfNobody, controller: true },
  { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true },
  { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', name, uid },
];

/** Everything that may be written into the metadata of an object of ours. */
function metadataChanges({ metadata }: Stored<KubeObject>): readonly object[] {
  return [
    { ownerReferences: null },
    ...owners(metadata.uid, metadata.name).map((owner) => ({ ownerReferences: [owner] })),
    { labels: null },
    ...['task.oam.dev/task', 'task.oam.dev/run', 'task.oam.dev/step', 'task.oam.dev/attempt'].flatMap((label) => [
      { labels: { [label]: 'other' } },
      { labels: { [label]: null } },
    ]),
    ...['app.oam.dev/name', 'app.oam.dev/namespace', 'app.oam.dev/component', 'kueue.x-k8s.io/queue-name'].map(
      (label) => ({
        labels: { [label]: 'victim' },
      }),
    ),
    { annotations: { note: 'x'.repeat(100_000), 'batch.kubernetes.io/cronjob-scheduled-timestamp': 'never' } },
    { finalizers: ['example.org/stays'] },
  ];
}

const specChanges: Readonly<Record<string, readonly object[]>> = {
  taskruns: [
    { cancelReason: 'cluster-admin: because' },
    { retryOf: 'target-1' },
    { resume: true },
    { overrides: { args: ['--other'] } },
    { trigger: { type: 'Schedule', scheduledTime: '2026-03-20T12:00:00Z' } },
    { trigger: { type: 'Manual', value: 'cluster-admin' } },
    { snapshot: null },
    { templates: {} },
    { jobName: 'other' },
    { taskRef: { name: 'other' } },
  ],
  jobs: [
    { suspend: true },
    { parallelism: 0 },
    { activeDeadlineSeconds: 1 },
    { ttlSecondsAfterFinished: 0 },
    { backoffLimit: 9 },
  ],
  pods: [{ activeDeadlineSeconds: 1_000 }, { containers: [{ name: 'mytask', image: 'other' }] }],
};

interface Attack {
  readonly client: Client;
  readonly targets: readonly string[];
  readonly random: Random;
}

/** Changes something of a run, a Job or a pod that is under attack, if there is one. */
async function attack(room: Room, { client, targets, random }: Attack): Promise<'accepted' | 'refused' | 'missed'> {
  const type: ResourceType = pick(random, [taskRuns, taskRuns, jobs, jobs, pods]);
  const found = (await room.list(type)).filter(({ metadata }) =>
    targets.some((name) => metadata.name.startsWith(name)),
  );
  if (found.length === 0) return 'missed';
  const target = pick(random, found);
  const { name, namespace } = target.metadata;
  const change =
    random() < 0.7
      ? { metadata: pick(random, metadataChanges(target)) }
      : { spec: pick(random, specChanges[type.plural] ?? [{}]) };
  return client.patch(type, { namespace, name }, change as never).then(
    () => 'accepted',
    (error: unknown) => {
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      return 'refused';
    },
  );
}

describe('while somebody changes whatever they may of some runs, their Jobs and pods', () => {
  it(
    'all other runs go on, the targets can be cancelled, and in the end everything rests',
    { timeout: 180_000 },
    async () => {
      const room = await controlled.openRoom();
      const random = randomOf('adversary');
      const task = await room.deploy({
        revision: 1,
        policy: { trigger: 'Manual', concurrencyPolicy: 'Allow' },
        pods: { duration: '3s' },
      });
      const attackers = [await accountWith(room, 'edit'), await accountWith(room, 'task-runs-run')];
      const targets = ['target-1', 'target-2', 'target-3'];
      for (const name of targets) await room.ask(name);
      const others = Array.from({ length: 8 }, (_, index) => `other-${index * 12}`);
      const answers = { accepted: 0, refused: 0, missed: 0 };

      for (let nth = 0; nth < 96; nth += 1) {
        if (nth % 12 === 0) await room.ask(`other-${nth}`);
        answers[await attack(room, { client: pick(random, attackers), targets, random })] += 1;
      }
      // Some of it is allowed: annotations, finalizers, labels of other names.
      expect([answers.accepted > 0, answers.refused > 0]).toEqual([true, true]);

      for (const name of others) await room.runWhere(name, 'succeeds', ({ phase }) => phase === 'Succeeded');
      for (const name of targets)
        await attackers[1]
          ?.patch(taskRuns, { namespace: room.namespace, name }, { spec: { cancel: true } })
          .catch(() => undefined); // it has finished
      for (const name of targets) await room.runWhere(name, 'has ended', ({ phase }) => isFinished(phase));
      await eventually('the Task rests, and counts its runs', async () => {
        const { status } = await room.get(tasks, task.metadata.name);
        return status?.totals?.active === 0 && status.conditions?.every(({ type }) => type !== 'Stalled');
      });
      const runs: readonly Stored<TaskRunObject>[] = await room.list(taskRuns);
      expect(runs.map(({ metadata }) => metadata.name).sort()).toEqual([...targets, ...others].sort());
      for (const { metadata } of runs)
        expect(metadata.ownerReferences, metadata.name).toMatchObject([{ uid: task.metadata.uid, controller: true }]);
      const unsettled = controlled.controller.lines.filter(({ msg }) => msg.includes('did not settle'));
      expect(unsettled).toEqual([]);
    },
  );

  it('an Application of another namespace, which a Task names in its labels, is neither read out nor annotated', async () => {
    const [mine, victims] = [await controlled.openRoom(), await controlled.openRoom()];
    const { asController } = controlled.cluster;
    await installApplications(controlled.cluster);
    const later = { id: 'other', name: 'cm', phase: 'running', firstExecuteTime: '2126-03-20T12:00:00Z' };
    await victims.apply({
      apiVersion: 'core.oam.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'victim' },
      spec: { components: [] },
      status: { workflow: { steps: [later] } },
    });
    const editor = await accountWith(mine, 'edit');
    const task = await mine.deploy({ revision: 1, policy: { trigger: 'Manual' }, pods: { duration: '4s' } });
    const labels = { 'app.oam.dev/name': 'victim', 'app.oam.dev/namespace': victims.namespace };
    await editor.patch(
      tasks,
      { namespace: mine.namespace, name: task.metadata.name },
      {
        metadata: { labels },
      },
    );
    await mine.ask('spy', { trigger: { type: 'WorkflowStep', step: { name: 'cm', id: 'bogus' } } });
    const { status } = await mine.runWhere('spy', 'ends', ({ phase }) => isFinished(phase));
    expect([status?.phase, status?.message]).toEqual(['Succeeded', undefined]);
    await eventually('the Task has reported it', async () => {
      const { status: reported } = await mine.get(tasks, task.metadata.name);
      return reported?.totals?.succeeded === 1;
    });
    const victim = { namespace: victims.namespace, name: 'victim' };
    expect((await controlled.cluster.client.get(applications, victim)).metadata.annotations).toBeUndefined();
    // Even if it were taken over, the controller could do no more than this.
    const ours = { 'task.oam.dev/nudge': 'a', 'ran.task.oam.dev/0123456789abcdef': '{}' };
    await asController.patch(applications, victim, { metadata: { annotations: ours } });
    for (const change of [
      { spec: { components: [{ name: 'evil' }] } },
      { metadata: { annotations: { other: 'b' } } },
      { metadata: { labels: { other: 'b' } } },
      { metadata: { finalizers: ['example.org/stays'] } },
    ])
      await expect(asController.patch(applications, victim, change as never), JSON.stringify(change)).rejects.toThrow(
        'may change nothing of an Application but its annotations task.oam.dev/nudge and ran.task.oam.dev/...',
      );
  });

  it('a finalizer on a Job does not keep its pods running once the run is cancelled', async () => {
    const room = await controlled.openRoom();
    const editor = await accountWith(room, 'edit');
    await room.run({ revision: 1, policy: { concurrencyPolicy: 'Allow' }, pods: { duration: '1h' } });
    await room.ask('deleted-before');
    await room.runWhere('deleted-before', 'runs', ({ phase }) => phase === 'Running');
    const held = { metadata: { finalizers: ['example.org/stays'] } };
    for (const name of ['mytask-v1', 'deleted-before'])
      await editor.patch(jobs, { namespace: room.namespace, name }, held);
    await editor.delete(jobs, { namespace: room.namespace, name: 'deleted-before' });
    for (const name of ['mytask-v1', 'deleted-before'])
      await editor.patch(taskRuns, { namespace: room.namespace, name }, { spec: { cancel: true } });
    await eventually('the pods are gone', async () => (await room.list(pods)).length === 0);
    expect(await room.runs()).toEqual(['deleted-before Cancelled Cancelled', 'mytask-v1 Cancelled Cancelled']);
    expect(await room.names(jobs)).toEqual(['deleted-before', 'mytask-v1']);
  });

  it('an event that they wrote about a Job does not become the message of its run once there is a pod', async () => {
    const room = await controlled.openRoom();
    const editor = await accountWith(room, 'edit');
    await room.run({ revision: 1, pods: { duration: '1h' } });
    const job = await room.get(jobs, 'mytask-v1');
    const { name, namespace, uid } = job.metadata;
    await editor.create(events, {
      metadata: { name: 'forged', namespace: room.namespace },
      involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name, namespace: namespace ?? '', uid },
      reason: 'FailedCreate',
      type: 'Warning',
      message: 'Error creating: FORGED: contact https://evil.example',
    });
    await room.ask('witness');
    await room.runWhere('witness', 'runs', ({ phase }) => phase === 'Running');
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(JSON.stringify(run.status)).not.toContain('FORGED');
  });
});
