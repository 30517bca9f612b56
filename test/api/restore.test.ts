/**
 * Objects of a backup that are created again, as kubectl and Velero do it, against a real API server with the addon's
 * policies: what came back is on record, and what ran does not run a second time.
 */
import { describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskObject, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { KubeObject, Stored } from '../../controller/src/kube/objects.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('restore', { withArchive: true });

type Backup<T extends KubeObject> = T & Readonly<Record<string, unknown>>;

/** As a backup has it and a restore creates it: what only the API server writes is left out, and the owners. */
function backupOf<T extends KubeObject>({ metadata, ...rest }: Stored<T>): Backup<T> {
  const { name, labels, annotations } = metadata;
  return { ...rest, metadata: { name, labels, annotations } } as unknown as Backup<T>;
}

/** The same as something that is said to come from a backup. */
function restored<T extends KubeObject>(backup: Backup<T>, meta: NonNullable<KubeObject['metadata']> = {}): Backup<T> {
  const annotations = { ...backup.metadata?.annotations, 'task.oam.dev/restored': 'true' };
  return { ...backup, metadata: { ...backup.metadata, annotations, ...meta } } as Backup<T>;
}

/** Creates the run of a backup and then writes its status, as cluster admin. */
async function bringBack(room: Room, run: Backup<TaskRunObject>): Promise<void> {
  await room.apply(restored(run));
  await room.patchStatus(taskRuns, `${run.metadata?.name}`, run.status);
}

interface Backups {
  readonly task: Backup<TaskObject>;
  readonly runs: readonly Backup<TaskRunObject>[];
}

/** Takes a backup, and deletes the Task with all that belongs to it. */
async function lose(room: Room): Promise<Backups> {
  const backups = {
    task: backupOf(await room.get(tasks, 'app-mytask')),
    runs: (await room.list(taskRuns)).map(backupOf),
  };
  await room.delete(tasks, 'app-mytask');
  await eventually('its runs are gone', async () => (await room.runs()).length === 0);
  await eventually('its Jobs are gone', async () => (await room.list(jobs)).length === 0);
  return backups;
}

const metrics = async () => (await fetch(`http://127.0.0.1:${controlled.controller.port}/metrics`)).text();

async function deployedTwice(room: Room): Promise<void> {
  await room.finish({ revision: 1, pods: { exitCode: '3' } });
  await room.finish({ revision: 2 });
}

describe.concurrent('TaskRuns of a backup, with their statuses', () => {
  it('are on record with the Task that comes after them, which does not run again what they ran', async () => {
    const room = await controlled.openRoom();
    await deployedTwice(room);
    const { task, runs } = await lose(room);
    for (const run of runs) await bringBack(room, run);
    await room.apply(task);
    const back = await room.get(tasks, 'app-mytask');
    const told = await room.where(back, 'speaks of the run', ({ message }) =>
      /^mytask-v2 Succeeded in /.test(message ?? ''),
    );
    expect(told.status).toMatchObject({
      phase: 'Succeeded',
      observedTrigger: { appRevision: 'app-v2', generation: 1, run: 'mytask-v2' },
      lastRuns: [{ name: 'mytask-v2' }, { name: 'mytask-v1', phase: 'Failed' }],
    });
    const owners = (await room.list(taskRuns)).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
    expect(owners).toEqual([back.metadata.uid, back.metadata.uid]);
    expect(await room.names(jobs)).toEqual([]);
    await room.finish({ revision: 3 });
    expect(await room.runs()).toEqual([
      'mytask-v1 Failed BackoffLimitExceeded',
      'mytask-v2 Succeeded',
      'mytask-v3 Succeeded',
    ]);
  });

  it('are given to a Task that was there before them, and that has run again meanwhile', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    const { task, runs } = await lose(room);
    await room.apply(task);
    await room.finished(await room.get(tasks, 'app-mytask'));
    const [run] = runs;
    if (!run) throw new Error('no run');
    const old = { ...run, metadata: { ...run.metadata, name: 'mytask-old' } };
    await bringBack(room, old);
    const back = await room.where(
      await room.get(tasks, 'app-mytask'),
      'has both',
      ({ lastRuns }) => lastRuns?.length === 2,
    );
    expect(back.status).toMatchObject({
      message: expect.stringMatching(/^mytask-v1 Succeeded in /) as string,
      lastRuns: [{ name: 'mytask-v1' }, { name: 'mytask-old' }],
    });
  });

  it('and that had not ended say so, and are not started again', async () => {
    const room = await controlled.openRoom();
    await room.run({ revision: 1, pods: { duration: '1h' } });
    const { task, runs } = await lose(room);
    for (const run of runs) await bringBack(room, run);
    await room.apply(task);
    await room.runWhere('mytask-v1', 'has ended', ({ phase }) => phase === 'Failed');
    expect(await room.runs()).toEqual(['mytask-v1 Failed JobDeleted']);
    expect(await room.names(jobs)).toEqual([]);
  });
});

describe.concurrent('TaskRuns of a backup, without their statuses', () => {
  it('say that nothing tells what became of them, and start nothing; the Task runs', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    const { task, runs } = await lose(room);
    for (const run of runs) await room.apply(restored(run));
    await room.apply(task);
    await room.finished(await room.get(tasks, 'app-mytask'));
    const old = await room.runWhere('mytask-v1', 'says so', ({ phase }) => phase === 'Failed');
    expect(old.status).toMatchObject({
      reason: 'NotAdoptable',
      message:
        'it is of an earlier Task app-mytask and came without its status, which says what became of it; delete this TaskRun, and create another one to run the task',
    });
    expect((await room.runs()).length).toBe(2);
    expect((await room.list(jobs)).length).toBe(1);
  });
});

describe.concurrent('a Task that comes back alone, into a cluster without its Application', () => {
  it('runs again and says what ran before, and why that does not count', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    await eventually('the archive has the run', async () =>
      /^task_runs_archive_queue_length 0$/m.test(await metrics()),
    );
    const { task } = await lose(room);
    await room.apply(task);
    const told = await room.finished(await room.get(tasks, 'app-mytask'));
    const again =
      /mytask-v1 ran the same until \S+, and runs again: the Application, which keeps what ran, is not in this cluster/;
    expect(told.status?.message).toMatch(again);
    const [run] = await room.list(taskRuns);
    expect(run?.spec.trigger?.again).toMatch(again);
    await eventually('an event says so', async () =>
      (await room.events()).some((event) => event.startsWith('RunsAgain: ')),
    );
    const next = await room.finish({ revision: 2 });
    expect(next.status?.message).toMatch(/^mytask-v2 Succeeded in \S+ · 2 kept$/);
  });
});

describe('a backup that is restored into another cluster', () => {
  const other = useControlledCluster('elsewhere');
  const backup = async (): Promise<Backups> => {
    const room = await controlled.openRoom();
    await deployedTwice(room);
    return {
      task: backupOf(await room.get(tasks, 'app-mytask')),
      runs: (await room.list(taskRuns)).map(backupOf),
    };
  };

  it('brings the history along with the statuses, and runs what is deployed next', async () => {
    const { task, runs } = await backup();
    const room = await other.openRoom();
    for (const run of runs) await bringBack(room, run);
    await room.apply(task);
    await room.where(await room.get(tasks, 'app-mytask'), 'speaks of the run', ({ message }) =>
      /^mytask-v2 Succeeded in /.test(message ?? ''),
    );
    expect(await room.runs()).toEqual(['mytask-v1 Failed BackoffLimitExceeded', 'mytask-v2 Succeeded']);
    expect(await room.names(jobs)).toEqual([]);
    await room.finish({ revision: 3 });
    expect(await room.names(jobs)).toEqual(['mytask-v3']);
  });

  it('without the statuses runs once more, and says of each TaskRun that nothing tells what became of it', async () => {
    const { task, runs } = await backup();
    const room = await other.openRoom();
    for (const run of runs) await room.apply(restored(run));
    await room.apply(task);
    await room.finished(await room.get(tasks, 'app-mytask'));
    for (const name of ['mytask-v1', 'mytask-v2'])
      await room.runWhere(name, 'says so', ({ reason }) => reason === 'NotAdoptable');
    expect((await room.list(jobs)).length).toBe(1);
  });
});

describe.concurrent('who may bring back a TaskRun', () => {
  const velero = { labels: { 'velero.io/restore-name': 'monday' } };
  const create = async (room: Room, run: Backup<TaskRunObject>, as: string): Promise<string> => {
    const input = { input: run };
    const [all, account] = [
      ['create', '-n', room.namespace, '-f', '-'],
      `system:serviceaccount:${room.namespace}:${as}`,
    ];
    return controlled.cluster.kubectl([...all, `--as=${account}`], input).catch((error: unknown) => String(error));
  };

  it('is who has the right, and says that it is a restore', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    const { runs } = await lose(room);
    const [run] = runs;
    if (!run) throw new Error('no run');
    await room.kubectl('create', 'role', 'restorer', '--verb=create,restore', '--resource=taskruns.task.oam.dev');
    await room.kubectl(
      'create',
      'rolebinding',
      'restorer',
      '--role=restorer',
      `--serviceaccount=${room.namespace}:velero`,
    );
    await room.tokenOf('edit');
    const refused = 'only the controller may write spec.snapshot';
    const marked = restored(run, { labels: { ...run.metadata?.labels, ...velero.labels } });
    expect(await create(room, marked, 'edit')).toContain(refused);
    expect(await create(room, run, 'velero')).toContain(refused);
    await expect(room.apply(run)).rejects.toThrow(refused);
    const { annotations: _said, ...meta } = marked.metadata ?? {};
    expect(await create(room, { ...marked, metadata: meta }, 'velero')).toContain('created');
  });

  it('is nobody whose TaskRun has an owner: Kubernetes would delete it, for that owner is gone', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    const [run] = await room.list(taskRuns);
    if (!run) throw new Error('no run');
    const { ownerReferences = [] } = run.metadata;
    await expect(room.apply(restored(backupOf(run), { name: 'other', ownerReferences }))).rejects.toThrow(
      'leave owners with controller: true out of metadata.ownerReferences',
    );
  });

  it('may write its status once, and nobody writes that of a run which its Task has', async () => {
    const room = await controlled.openRoom();
    await room.finish({ revision: 1 });
    const { task, runs } = await lose(room);
    for (const run of runs) await bringBack(room, run);
    await room.apply(task);
    await room.where(await room.get(tasks, 'app-mytask'), 'has it', ({ phase }) => phase === 'Succeeded');
    const refusal = 'only the task-runs controller may write the status';
    await expect(room.patchStatus(taskRuns, 'mytask-v1', { phase: 'Failed' })).rejects.toThrow(refusal);
    await expect(room.patchStatus(tasks, 'app-mytask', task.status)).rejects.toThrow(refusal);
  });
});

describe.concurrent('a schedule that comes back', () => {
  const nightly = { revision: 1, spec: { schedule: { crons: ['* * * * *'] } }, policy: { trigger: 'Manual' as const } };
  const weekAgo = new Date(Date.now() - 7 * 86_400_000).toISOString().replace(/\.\d+/, '');

  it('without its status makes up nothing', async () => {
    const room = await controlled.openRoom();
    const task = await room.deploy(nightly);
    const told = await room.where(task, 'has its next time', ({ nextScheduleTime }) => nextScheduleTime !== undefined);
    expect(told.status?.missedSchedules).toBeUndefined();
    expect((await room.runs()).length).toBeLessThanOrEqual(1);
  });

  it('with a status of a week ago runs once, and says how many times passed', async () => {
    const room = await controlled.openRoom();
    const suspended = { ...nightly, spec: { ...nightly.spec, suspend: true } };
    const task = await room.where(
      await room.deploy(suspended),
      'is seen',
      ({ observedSchedule }) => observedSchedule !== undefined,
    );
    await room.record(tasks, 'app-mytask', {
      lastScheduleTime: weekAgo,
      observedSchedule: { ...task.status?.observedSchedule, since: weekAgo },
    });
    await room.deploy(nightly);
    await eventually('it runs', async () => (await room.runs()).length > 0);
    await eventually('an event counts', async () =>
      (await room.events()).some((event) =>
        event.startsWith('TooManyMissedTimes: more than 100 times of the schedule'),
      ),
    );
    // A minute may pass meanwhile.
    expect((await room.runs()).length).toBeLessThanOrEqual(2);
  });
});
