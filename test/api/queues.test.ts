/**
 * Runs that wait in queues of Kueue's, against a real API server with simulated nodes: the controller as its own
 * process with the addon's rights, and as Kueue the actor that does what a real one was recorded doing. Where
 * KUEUE_HOME names one, the real Kueue too.
 */
import type { Job } from 'kubernetes-types/batch/v1.js';
import pLimit from 'p-limit';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskObject } from '../../controller/src/cluster/resource-types.ts';
import { Informer } from '../../controller/src/kube/informer.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { isCampaign } from '../support/campaign.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { taskOf, type Deployment } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { workloadNames } from '../support/kueue/api.ts';
import { conditionOf } from '../support/kueue/conditions.ts';
import { workloads } from '../support/kueue/kinds.ts';
import type { Kueue, QueueOptions } from '../support/kueue/kueue.ts';
import { kueues } from '../support/kueue/real.ts';
import { randomOf } from '../support/random.ts';
import type { Room } from '../support/room.ts';

const forever = { duration: '1h' };
const asking = (cpu: string) => ({
  containers: [{ name: 'mytask', image: 'busybox', command: ['true'], resources: { requests: { cpu } } }],
});

/** A deployment that waits in the room's queue, and asks for 600m of its 1 CPU. */
const queued = (deployment: Partial<Deployment> = {}, cpu = '600m'): Omit<Deployment, 'namespace'> => {
  const { spec, ...rest } = deployment;
  return { revision: 1, podSpec: asking(cpu), ...rest, spec: { queue: { name: 'q' }, ...spec } };
};

describe.each(kueues)('with Kueue ($kind)', ({ kind, start }) => {
  const controlled = useControlledCluster('queues');
  const { openRoom } = controlled;
  let kueue: Kueue;

  afterAll(() => kueue?.stop());

  /** A namespace with a queue q, whose ClusterQueue is the room's own and has its name. */
  const openQueue = async (options: Partial<QueueOptions> = {}): Promise<Room> => {
    const room = await openRoom();
    await kueue.createQueue({ namespace: room.namespace, name: 'q', clusterQueue: room.namespace, ...options });
    return room;
  };
  const jobOf = (room: Room, name = 'mytask-v1'): Promise<Stored<Job>> => room.get(jobs, name);
  const templateLabels = async (room: Room) => (await jobOf(room)).spec?.template.metadata?.labels;
  const startOf = async (room: Room) => Date.parse((await jobOf(room)).status?.startTime ?? '');
  const conditionsOf = async (room: Room) => (await jobOf(room)).status?.conditions ?? [];
  const waits = (room: Room, reason: string, name = 'mytask-v1') =>
    room.runWhere(name, `waits: ${reason}`, (status) => status.phase === 'Queued' && status.reason === reason);
  const runs = (room: Room, name = 'mytask-v1') => room.runWhere(name, 'runs', ({ phase }) => phase === 'Running');
  const succeeds = (room: Room, name = 'mytask-v1') =>
    room.runWhere(name, 'succeeds', ({ phase }) => phase === 'Succeeded');
  /** Another Task of the room's, which takes its quota for as long as it is there. */
  const occupy = async (room: Room): Promise<void> => {
    await room.deploy(queued({ component: 'other', pods: forever }));
    await runs(room, 'other-v1');
  };
  const nothingIsLeft = (room: Room, allowed: readonly string[] = []) =>
    eventually('no Job, no pod and no Workload is left', async () => {
      const left = [...(await room.names(jobs)), ...(await room.names(pods)), ...(await room.names(workloads))].filter(
        (name) => !allowed.some((known) => name.includes(known)),
      );
      if (left.length > 0) throw new Error(left.join(', '));
      return true;
    });

  it('reports that Kueue is not installed, and starts waiting runs once it is', async () => {
    const room = await openRoom();
    const task = await room.deploy(queued());
    const { status } = await waits(room, 'KueueNotInstalled');
    expect(status?.message).toBe(
      'queue q: Kueue is not installed in this cluster, so nothing admits the run; install it, or take queue out of the Application and deploy it again',
    );
    expect((await jobOf(room)).spec?.suspend).toBe(true);
    await room.where(task, 'is stalled', ({ conditions = [] }) =>
      conditions.some(({ type, status: is }) => type === 'Stalled' && is === 'True'),
    );
    kueue = await start(controlled.cluster);
    await kueue.createQueue({ namespace: room.namespace, name: 'q', clusterQueue: room.namespace });
    await succeeds(room);
    await room.where(
      task,
      'is no longer stalled',
      ({ conditions = [] }) => !conditions.some(({ type, status: is }) => type === 'Stalled' && is === 'True'),
    );
  });

  describe.concurrent('a run in a queue', () => {
    it('has a Job that is suspended and has the labels of its queue and priority, is admitted, and succeeds', async () => {
      const room = await openRoom();
      await kueue.createPriorityClass(`${room.namespace}-high`, 1000);
      await room.deploy(queued({ spec: { queue: { name: 'q', priorityClass: `${room.namespace}-high` } } }));
      const { status } = await waits(room, 'Inadmissible');
      expect(status?.message).toBe(
        `queue q does not exist: create a LocalQueue of that name in namespace ${room.namespace}, or name another one in queue.name`,
      );
      const { metadata, spec } = await jobOf(room);
      expect([spec?.suspend, metadata.labels]).toEqual([
        true,
        expect.objectContaining({
          'kueue.x-k8s.io/queue-name': 'q',
          'kueue.x-k8s.io/priority-class': `${room.namespace}-high`,
        }),
      ]);
      expect((await kueue.workloadOf(room.namespace, 'mytask-v1'))?.spec.priority).toBe(1000);
      await kueue.createQueue({ namespace: room.namespace, name: 'q', clusterQueue: room.namespace });
      const { status: ended } = await succeeds(room);
      const [row] = ended?.jobs ?? [];
      expect(row?.queuedTime).toBeUndefined();
      expect(row?.waitedSeconds).toBeGreaterThanOrEqual(0);
      expect(await templateLabels(room)).toMatchObject({
        'kueue.x-k8s.io/cluster-queue-name': room.namespace,
        'task.oam.dev/run': 'mytask-v1',
      });
    });

    it('waits for quota, and says for how much of what, and where', async () => {
      const room = await openQueue();
      await occupy(room);
      await room.deploy(queued());
      const { status } = await room.runWhere(
        'mytask-v1',
        'waits for quota',
        ({ message }) => message?.startsWith('waits for 600m') === true,
      );
      expect(status).toMatchObject({
        phase: 'Queued',
        reason: 'Pending',
        message: `waits for 600m cpu in ${room.namespace}`,
        jobs: [{ phase: 'Queued', queuedTime: expect.any(String) as unknown }],
      });
      await room.delete(tasks, 'app-other');
      await succeeds(room);
    });

    it('is evicted when its queue is stopped, waits, and starts again with all of its time', async () => {
      const room = await openQueue();
      await room.deploy(queued({ pods: forever, job: { activeDeadlineSeconds: 8 } }));
      await runs(room);
      const before = await startOf(room);
      await eventually('half of its time is over', () => Date.now() - before > 4_000);
      await kueue.stopQueue(room.namespace);
      const { status } = await waits(room, 'Inadmissible');
      expect(status?.message).toBe(
        `evicted (ClusterQueueStopped), ClusterQueue ${room.namespace} is stopped or not ready; the run starts once it admits again`,
      );
      await eventually('the rest of its time would be over', () => Date.now() - before > 9_000);
      expect((await conditionsOf(room)).filter(({ type }) => type === 'Failed')).toEqual([]);
      await kueue.resumeQueue(room.namespace);
      await runs(room);
      const after = await startOf(room);
      expect(after - before).toBeGreaterThan(5_000);
      await room.runWhere(
        'mytask-v1',
        'fails',
        ({ phase, reason }) => phase === 'Failed' && reason === 'DeadlineExceeded',
      );
      const failed = (await conditionsOf(room)).find(({ type }) => type === 'Failed');
      expect(Date.parse(failed?.lastTransitionTime ?? '') - after).toBeGreaterThanOrEqual(8_000);
    });

    it('gives way to a higher priority, and goes on once that has ended', async () => {
      const room = await openQueue({ preemption: 'LowerPriority' });
      await kueue.createPriorityClass(`${room.namespace}-high`, 1000);
      await room.deploy(queued({ pods: forever }));
      await runs(room);
      const before = await jobOf(room);
      await room.deploy(
        queued({
          component: 'urgent',
          pods: forever,
          spec: { queue: { name: 'q', priorityClass: `${room.namespace}-high` } },
        }),
      );
      const { status } = await room.runWhere(
        'mytask-v1',
        'waits for quota again',
        ({ message }) => message?.includes('waits for 600m') === true,
      );
      expect(status).toMatchObject({
        phase: 'Queued',
        message: `evicted (Preempted), waits for 600m cpu in ${room.namespace}`,
      });
      await runs(room, 'urgent-v1');
      await room.delete(tasks, 'app-urgent');
      await runs(room);
      // One trigger, one run: it is the same Job that runs again.
      expect((await jobOf(room)).metadata.uid).toBe(before.metadata.uid);
    });

    it('waits while a person has deactivated its Workload, and goes on when it is activated', async () => {
      const room = await openQueue();
      await room.deploy(queued({ pods: { duration: '4s' } }));
      await runs(room);
      await kueue.deactivate(room.namespace, 'mytask-v1');
      const { status } = await waits(room, 'Deactivated');
      expect(status?.message).toMatch(
        /^Workload job-mytask-v1-\w+ was deactivated: set its spec.active to true to queue the run again, or cancel the run$/,
      );
      await kueue.activate(room.namespace, 'mytask-v1');
      await succeeds(room);
    });

    it('fails when Kueue gives it up, and its Job goes', async () => {
      const room = await openQueue();
      await room.deploy(queued({ pods: forever }));
      await runs(room);
      await kueue.giveUp(room.namespace, 'mytask-v1');
      const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
      expect(status).toMatchObject({
        reason: 'DeactivatedDueToRequeuingLimitExceeded',
        message:
          'Kueue gave the run up: The workload is deactivated due to exceeding the maximum number of re-queuing retries',
      });
      await nothingIsLeft(room);
    });

    it('that asks for more than the queue ever has is told so at once', async () => {
      const room = await openQueue();
      const task = await room.deploy(queued({}, '2'));
      const { status } = await waits(room, 'ExceedsMaxQuota');
      expect(status?.message).toBe(
        `asks for 2 cpu, and ${room.namespace} never has more than 1: ask for less, or have its quota raised`,
      );
      await room.where(task, 'is stalled', ({ conditions = [] }) =>
        conditions.some(
          ({ type, status: is, reason }) => type === 'Stalled' && is === 'True' && reason === 'ExceedsMaxQuota',
        ),
      );
    });

    it('whose priority class does not exist is told so, and starts once it does', async () => {
      const room = await openQueue();
      await room.deploy(queued({ spec: { queue: { name: 'q', priorityClass: `${room.namespace}-none` } } }));
      const { status } = await waits(room, 'PriorityClassNotFound');
      expect(status?.message).toContain(`there is no WorkloadPriorityClass ${room.namespace}-none`);
      await kueue.createPriorityClass(`${room.namespace}-none`, 10);
      await succeeds(room);
    });

    it('says that its queue was deleted while it waits, and starts once there is one again; what runs goes on', async () => {
      const room = await openQueue();
      await occupy(room);
      await room.deploy(queued());
      await waits(room, 'Pending');
      await kueue.deleteQueue(room.namespace, 'q');
      const { status } = await waits(room, 'Inadmissible');
      expect(status?.message).toContain('queue q does not exist: create a LocalQueue of that name');
      await room.runWhere('other-v1', 'goes on', ({ phase }) => phase === 'Running');
      await room.delete(tasks, 'app-other');
      await kueue.createQueue({ namespace: room.namespace, name: 'q', clusterQueue: room.namespace });
      await succeeds(room);
    });

    it('is moved by a person to another queue while it waits', async () => {
      const room = await openQueue();
      await kueue.stopQueue(room.namespace);
      await kueue.createQueue({ namespace: room.namespace, name: 'other', clusterQueue: `${room.namespace}-other` });
      await room.deploy(queued());
      await waits(room, 'Inadmissible');
      await room.kubectl('label', 'job', 'mytask-v1', '--overwrite', 'kueue.x-k8s.io/queue-name=other');
      await succeeds(room);
      expect(await templateLabels(room)).toMatchObject({ 'kueue.x-k8s.io/local-queue-name': 'other' });
    });

    it('of several steps queues step by step, each in its own queue, and is not late for what they wait', async () => {
      const room = await openQueue();
      const steps = [
        { name: 'first' },
        { name: 'second', dependsOn: ['first'], queue: { name: 'later' } },
        { name: 'third', dependsOn: ['second'] },
      ];
      await room.deploy({ revision: 1, steps, spec: { queue: { name: 'q' }, timeoutSeconds: 15 } });
      const { status } = await room.runWhere('mytask-v1', 'waits for its second step', ({ jobs: rows = [] }) =>
        rows.some(({ step, phase, reason }) => step === 'second' && phase === 'Queued' && reason === 'Inadmissible'),
      );
      expect(status?.jobs?.find(({ step }) => step === 'first')).toMatchObject({ phase: 'Succeeded' });
      expect(
        (await room.list(jobs)).map(({ metadata, spec }) => [
          metadata.labels?.['kueue.x-k8s.io/queue-name'],
          spec?.suspend,
        ]),
      ).toEqual(
        expect.arrayContaining([
          ['q', false],
          ['later', true],
        ]),
      );
      await eventually('its time would be over', () => Date.now() - Date.parse(status?.startTime ?? '') > 16_000);
      await kueue.createQueue({ namespace: room.namespace, name: 'later', clusterQueue: room.namespace });
      await succeeds(room);
      await room.delete(tasks, 'app-mytask');
      await nothingIsLeft(room);
    });

    it('waits no longer than queueTimeoutSeconds', async () => {
      const room = await openQueue();
      await occupy(room);
      await room.deploy(queued({ spec: { queueTimeoutSeconds: 3 } }));
      const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
      expect(status).toMatchObject({
        reason: 'QueueTimeout',
        message: `was not admitted within 3s (queueTimeoutSeconds: 3): waits for 600m cpu in ${room.namespace}`,
      });
      await nothingIsLeft(room, ['other']);
    });
  });

  /** Where a run can be when somebody ends it; each takes it there. */
  const stations: readonly {
    where: string;
    /** Before the run is there; a queue that is stopped only then may have admitted it. */
    prepare?: (room: Room) => Promise<unknown>;
    go: (room: Room) => Promise<unknown>;
  }[] = [
    {
      where: 'just created',
      go: (room) =>
        eventually('it has a run', async () => (await room.names(taskRuns)).includes('mytask-v1'), { everyMs: 5 }),
    },
    {
      where: 'waiting for quota',
      prepare: (room) => kueue.stopQueue(room.namespace, 'Hold'),
      go: (room) =>
        eventually(
          'its Workload waits',
          async () =>
            conditionOf(
              (await kueue.workloadOf(room.namespace, 'mytask-v1')) ?? { metadata: {}, spec: { podSets: [] } },
              'QuotaReserved',
            )?.status === 'False',
        ),
    },
    { where: 'running', go: (room) => runs(room) },
    {
      where: 'evicted',
      go: async (room) => {
        await runs(room);
        await kueue.stopQueue(room.namespace);
        return waits(room, 'Inadmissible');
      },
    },
    {
      where: 'being evicted',
      go: async (room) => {
        await runs(room);
        return kueue.stopQueue(room.namespace);
      },
    },
    {
      where: 'deactivated',
      go: async (room) => {
        await runs(room);
        await kueue.deactivate(room.namespace, 'mytask-v1');
        return waits(room, 'Deactivated');
      },
    },
  ];
  const ends: readonly { how: string; end: (room: Room) => Promise<unknown> }[] = [
    {
      how: 'cancelled',
      end: (room) => room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"cancel":true}}'),
    },
    { how: 'deleted', end: (room) => room.delete(taskRuns, 'mytask-v1') },
    { how: 'deleted with its Task', end: (room) => room.delete(tasks, 'app-mytask') },
    {
      how: 'deleted with its Task in the foreground',
      end: (room) =>
        controlled.cluster.client.delete(
          tasks,
          { namespace: room.namespace, name: 'app-mytask' },
          { propagationPolicy: 'Foreground' },
        ),
    },
  ];

  describe.concurrent.each(stations)('a run that is $where', ({ prepare, go }) => {
    it.each(ends)('and $how leaves no Job, no Workload and no finalizer behind', async ({ end }) => {
      const room = await openQueue();
      await prepare?.(room);
      await room.deploy(queued({ pods: forever }));
      await go(room);
      await end(room);
      await nothingIsLeft(room);
    });

    it('and replaced leaves nothing behind but its successor', async () => {
      const room = await openQueue();
      const policy = { concurrencyPolicy: 'Replace' as const };
      await prepare?.(room);
      await room.deploy(queued({ pods: forever, policy }));
      await go(room);
      await room.deploy(queued({ revision: 2, policy }));
      await room.runWhere(
        'mytask-v1',
        'is cancelled',
        ({ phase, reason }) => phase === 'Cancelled' && reason === 'Replaced',
      );
      await kueue.resumeQueue(room.namespace);
      await succeeds(room, 'mytask-v2');
      await nothingIsLeft(room, ['mytask-v2']);
    });
  });

  describe.concurrent('what is kept of runs in a queue', () => {
    it('keepLast keeps the Workloads of the Jobs it keeps, and no other', async () => {
      const room = await openQueue();
      for (const revision of [1, 2, 3]) {
        await room.deploy(queued({ revision, policy: { keepLast: 1 } }));
        await succeeds(room, `mytask-v${revision}`);
      }
      await nothingIsLeft(room, ['mytask-v3']);
      const kept = await kueue.workloadOf(room.namespace, 'mytask-v3');
      expect(kept?.metadata.finalizers).toBeUndefined();
      await room.delete(tasks, 'app-mytask');
      await nothingIsLeft(room);
    });

    it('each attempt of retry waits for itself, and all go with the Task', async () => {
      const room = await openQueue();
      await room.deploy(
        queued({ pods: { exitCode: '1' }, spec: { retry: { limit: 1, delaySeconds: 1, backoff: 'Constant' } } }),
      );
      const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
      expect(status?.jobs).toHaveLength(2);
      expect((await room.list(jobs)).map(({ metadata }) => metadata.labels?.['kueue.x-k8s.io/queue-name'])).toEqual([
        'q',
        'q',
      ]);
      await room.delete(tasks, 'app-mytask');
      await nothingIsLeft(room);
    });
  });

  /** The slice of `make test` is the first rounds of a thousand that the seed makes up. */
  it('rounds of create, admit and delete in quick succession, by the thousand, leave nothing behind', async () => {
    const room = await openQueue({ quota: { cpu: 16 } });
    const admitted = new Set<string>();
    const watch = new Informer({
      client: controlled.cluster.client,
      type: jobs,
      namespaces: [room.namespace],
      project: (job) => job,
    });
    watch.onEvent(({ object }) => object.spec?.suspend === false && admitted.add(object.metadata.name));
    await watch.start();
    const atOnce = pLimit(16);
    const random = randomOf('rounds in a queue');
    // Half of them are deleted once they are admitted, the others wherever they are by then, the first at once.
    const rounds = Array.from({ length: isCampaign ? 1_000 : 100 }, (_, index) => ({
      name: `t${index}`,
      waitsForAdmission: index % 2 === 1,
      beforeDelete: index === 0 ? 0 : random() * 300,
    }));
    const round = async ({ name, waitsForAdmission, beforeDelete }: (typeof rounds)[number]): Promise<void> => {
      const task = taskOf({ ...queued({ component: name, pods: { duration: '100ms' } }), namespace: room.namespace });
      const { metadata } = await controlled.cluster.client.create(tasks, task);
      if (waitsForAdmission)
        await eventually(`${name} is admitted`, () => admitted.has(`${name}-v1`), { everyMs: 10, seconds: 120 });
      await delay(beforeDelete);
      await controlled.cluster.client.delete(tasks, { namespace: room.namespace, name: metadata.name });
    };
    await Promise.all(rounds.map((each) => atOnce(() => round(each))));
    await nothingIsLeft(room);
    await watch.stop();
    expect(await room.names(taskRuns)).toEqual([]);
    // Half of those that did not wait were fast enough to be admitted, or slow: what counts is that there were both.
    expect(admitted.size).toBeGreaterThanOrEqual(rounds.filter(({ waitsForAdmission }) => waitsForAdmission).length);
    expect(admitted.size).toBeLessThan(rounds.length);
  }, 400_000);

  it('reports a Kueue that was removed while runs wait, and starts them once it is back', async () => {
    const room = await openQueue();
    await occupy(room);
    const task: Stored<TaskObject> = await room.deploy(queued());
    await waits(room, 'Pending');
    await kueue.remove();
    expect(await workloadNames(controlled.cluster.client)).toEqual([]);
    await waits(room, 'KueueNotInstalled');
    // What it had admitted runs on.
    expect((await jobOf(room, 'other-v1')).status?.active).toBe(1);
    await room.delete(tasks, 'app-other');
    kueue = await start(controlled.cluster);
    await kueue.createQueue({ namespace: room.namespace, name: 'q', clusterQueue: room.namespace });
    await succeeds(room);
    await room.finished(task);
    expect(kueue.kind).toBe(kind);
  });
});
