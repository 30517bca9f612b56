/**
 * A Task that is created again after its revision ran, as KubeVela and restore tools do it, against a real API server:
 * the controller as its own process, with the addon's rights.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { applications, taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { installApplications } from '../support/applications.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { taskOf } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('back');
beforeAll(() => installApplications(controlled.cluster));

/** The Application of the room's Task, with or without a status that names the Task. */
function application(room: Room, { names = true } = {}): Promise<unknown> {
  const task = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: room.namespace, name: 'app-mytask' };
  return room.apply({
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name: 'app' },
    spec: { components: [] },
    ...(names && { status: { appliedResources: [task] } }),
  });
}

const marksOf = async (room: Room) =>
  Object.entries((await room.get(applications, 'app')).metadata.annotations ?? {}).filter(([key]) =>
    key.startsWith('ran.task.oam.dev/'),
  );
const marked = (room: Room) =>
  eventually('the Application is marked', async () => (await marksOf(room))[0] ?? Promise.reject(new Error('not yet')));

/** Deletes the Task, and waits until all that belongs to it is gone. */
async function deleteTask(room: Room): Promise<void> {
  await room.delete(tasks, 'app-mytask');
  await eventually('its runs are gone', async () => (await room.runs()).length === 0);
  await eventually('its Jobs are gone', async () => (await room.list(jobs)).length === 0);
}

describe.concurrent('a migration that ran, and whose Task somebody deleted', () => {
  it('does not run a second time once KubeVela makes the Task again, and says what to do', async () => {
    const room = await controlled.openRoom();
    await application(room);
    await room.finish({ revision: 1 });
    await marked(room);
    await deleteTask(room);
    const back = await room.deploy({ revision: 1 });
    const message =
      'mytask-v1 ran before this Task was created again and is not started again; change the Application or create a TaskRun to run it';
    const told = await room.where(back, 'says so', (status) => status.message === `${message} · 0 kept`);
    expect(told.status).toMatchObject({
      phase: 'Succeeded',
      observedTrigger: { appRevision: 'app-v1', run: 'mytask-v1' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'RanBefore', message }],
    });
    await eventually('an event says so', async () => (await room.events()).includes(`RanBefore: ${message}`));
    expect([await room.runs(), await room.names(jobs)]).toEqual([[], []]);
    // As the message says.
    await room.ask('by-hand');
    await room.runWhere('by-hand', 'succeeds', ({ phase }) => phase === 'Succeeded');
    await room.finish({ revision: 2 });
    expect(await room.runs()).toEqual(['by-hand Succeeded', 'mytask-v2 Succeeded']);
  });

  it('does not run a second time in a new Application of a restore that has the annotations, and no status yet', async () => {
    const room = await controlled.openRoom();
    await application(room);
    await room.finish({ revision: 1 });
    const [key, value] = await marked(room);
    await room.delete(applications, 'app');
    await deleteTask(room);
    await application(room, { names: false });
    const app = { namespace: room.namespace, name: 'app' };
    const { client } = controlled.cluster;
    await client.patch(applications, app, { metadata: { annotations: { [key]: value } } });
    const back = await room.deploy({ revision: 1 });
    const task = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', ...app, name: 'app-mytask' };
    await client.patch(applications, app, { status: { appliedResources: [task] } });
    await room.where(back, 'says so', ({ message }) => message?.startsWith('mytask-v1 ran before') === true);
    expect(await room.names(taskRuns)).toEqual([]);
  });

  it('runs where a person wrote something else into the annotation', async () => {
    const room = await controlled.openRoom();
    await application(room);
    await room.finish({ revision: 1 });
    const [key] = await marked(room);
    await deleteTask(room);
    const app = { namespace: room.namespace, name: 'app' };
    const forged = JSON.stringify({ value: 'app-v1', run: 'x'.repeat(5_000), phase: 'Succeeded' });
    await controlled.cluster.client.patch(applications, app, { metadata: { annotations: { [key]: forged } } });
    await room.finish({ revision: 1 });
    expect(await room.runs()).toEqual(['mytask-v1 Succeeded']);
  });
});

describe.concurrent('a run that goes on', () => {
  it('is not marked, so that it is started again with its Task', async () => {
    const room = await controlled.openRoom();
    await application(room);
    await room.run({ revision: 1, pods: { duration: '1h' } });
    await deleteTask(room);
    expect(await marksOf(room)).toEqual([]);
    await room.finish({ revision: 1 });
    expect(await room.runs()).toEqual(['mytask-v1 Succeeded']);
  });
});

describe.concurrent('a Task that has its name from an earlier version', () => {
  const deploy = async (room: Room, applied: string) => {
    const resource = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: room.namespace };
    await room.apply({
      apiVersion: 'core.oam.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'app' },
      spec: { components: [] },
      status: { appliedResources: [{ ...resource, name: applied }] },
    });
    const task = taskOf({
      namespace: room.namespace,
      component: 'my-task',
      revision: 1,
      policy: { trigger: 'Manual' },
    });
    await room.apply({ ...task, metadata: { ...task.metadata, name: 'app-my-task' } });
    await eventually('it is ready', async () => (await room.get(tasks, 'app-my-task')).status?.conditions?.length);
  };
  const annotationsOf = async (room: Room) => (await room.get(applications, 'app')).metadata.annotations ?? {};

  it('keeps it, though nothing of it has ever run: its Application says so', async () => {
    const room = await controlled.openRoom();
    await deploy(room, 'app-my-task');
    await eventually('it says so', async () => (await annotationsOf(room))['task.oam.dev/joined-by'] === '-');
  });

  it('is not believed where its Application does not say that it applied it', async () => {
    const room = await controlled.openRoom();
    await deploy(room, 'app-else');
    // What comes after it in the order of decisions was done.
    await room.ask('by-hand', { taskRef: { name: 'app-my-task' } });
    await room.runWhere('by-hand', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(await annotationsOf(room)).toEqual({});
  });
});
