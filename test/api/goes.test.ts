/**
 * Tasks, runs and namespaces that go while something runs, against a real API server: nothing starts any more, nothing
 * stays behind, and what ends is on record as long as there is a record.
 */
import { describe, expect, it } from 'vitest';
import { taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { jobs, namespaces } from '../../controller/src/kube/resources.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('goes');

/** Three items, one after the other. */
const mails = {
  revision: 1,
  pods: { duration: '1h' },
  spec: { maxParallel: 1, items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
};
const isGone = (room: Room, what: typeof tasks | typeof taskRuns, name: string) =>
  eventually(`${name} is gone`, async () => !(await room.names(what as typeof tasks)).includes(name));
const noJobs = (room: Room) => eventually('its Jobs are gone', async () => (await room.list(jobs)).length === 0);

async function endsByCancel(room: Room): Promise<void> {
  await room.kubectl('patch', 'vrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"cancel":true}}');
  await eventually('its Job is gone', async () => !(await room.names(jobs)).includes('mytask-v1'));
  const { status } = await room.get(taskRuns, 'mytask-v1');
  expect(status).toMatchObject({ phase: 'Cancelled', jobs: [{ name: 'mytask-v1', phase: 'Cancelled' }] });
}

describe.concurrent('a run that is deleted in the foreground while its first item runs', () => {
  it('goes with it, and no other item starts', async () => {
    const room = await controlled.openRoom();
    await room.run(mails);
    await room.kubectl('delete', 'vrun', 'mytask-v1', '--cascade=foreground', '--wait=false');
    await isGone(room, taskRuns, 'mytask-v1');
    await noJobs(room);
    const told = (await room.list(jobs)).map(({ metadata }) => metadata.name);
    expect(told).toEqual([]);
    // The Task goes on: its trigger was answered.
    await room.finish({ revision: 2 });
    expect(await room.runs()).toEqual(['mytask-v2 Succeeded']);
  });
});

describe.concurrent('a Task that is deleted', () => {
  it('in the foreground takes everything along, and no other item starts', async () => {
    const room = await controlled.openRoom();
    await room.run(mails);
    await room.kubectl('delete', 'vtask', 'app-mytask', '--cascade=foreground', '--wait=false');
    await isGone(room, tasks, 'app-mytask');
    await noJobs(room);
    expect(await room.names(taskRuns)).toEqual([]);
  });

  it('without its run leaves one that can still be cancelled, and whose Job ends with it', async () => {
    const room = await controlled.openRoom();
    // The garbage collector takes a run along that it has not heard of yet; then all begins again.
    let isLeft = false;
    for (let attempt = 1; attempt <= 10 && !isLeft; attempt += 1) {
      await room.run({ revision: 1, pods: { duration: '1h' } });
      await room.kubectl('delete', 'vtask', 'app-mytask', '--cascade=orphan');
      isLeft = await eventually('the run says that its Task is gone, or is gone itself', async () => {
        const run = (await room.list(taskRuns)).find(({ metadata }) => metadata.name === 'mytask-v1');
        const { phase, reason } = run?.status ?? {};
        return !run || (phase === 'Running' && reason === 'TaskNotFound') ? { run } : undefined;
      }).then(({ run }) => run !== undefined);
    }
    expect(isLeft).toBe(true);
    await endsByCancel(room);
  });

  it("leaves no work behind in a run that is cancelled while somebody's finalizer holds it", async () => {
    const room = await controlled.openRoom();
    await room.run({ revision: 1, pods: { duration: '1h' } });
    const finalizers = (all: readonly string[]) =>
      room.kubectl(
        'patch',
        'vrun',
        'mytask-v1',
        '--type=merge',
        '-p',
        JSON.stringify({ metadata: { finalizers: all } }),
      );
    await finalizers(['example.org/stays']);
    await room.kubectl('delete', 'vtask', 'app-mytask');
    await eventually('the run is being deleted', async () => {
      const { metadata } = await room.get(taskRuns, 'mytask-v1');
      return metadata.deletionTimestamp !== undefined;
    });
    // As KubeVela brings back a Task that somebody deleted.
    await room.finish({ revision: 2 });
    await endsByCancel(room);
    await finalizers([]);
    await isGone(room, taskRuns, 'mytask-v1');
  });

  it("and that somebody's finalizer keeps starts nothing, says so, and records what ends", async () => {
    const room = await controlled.openRoom();
    await room.run({ revision: 1, pods: { duration: '3s' } });
    await room.kubectl(
      'patch',
      'vtask',
      'app-mytask',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":["example.org/stays"]}}',
    );
    await room.kubectl('delete', 'vtask', 'app-mytask', '--wait=false');
    await room.deploy({ revision: 2 });
    const by = { taskRef: { name: 'app-mytask' } };
    await room.ask('by-hand', by);
    const task = await eventually('it says so', async () => {
      const found = await room.get(tasks, 'app-mytask');
      const { message = '' } = found.status ?? {};
      if (!/^is being deleted, so nothing starts any more · mytask-v1 Succeeded in /.test(message))
        throw new Error(message);
      return found;
    });
    expect(task.status?.phase).toBe('Succeeded');
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
    // Nothing makes a run of it any more, and who asked for it can still take that back.
    await room.kubectl('patch', 'vrun', 'by-hand', '--type=merge', '-p', '{"spec":{"cancel":true}}');
    await room.runWhere('by-hand', 'ends', ({ phase }) => phase === 'Cancelled');
    await room.kubectl(
      'patch',
      'vtask',
      'app-mytask',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    );
    await isGone(room, tasks, 'app-mytask');
    await noJobs(room);
  });
});

describe.concurrent('a namespace that is deleted while runs go on', () => {
  it('goes, nothing starts in it, and the controller has no trouble with it', async () => {
    const room = await controlled.openRoom();
    await room.run({ ...mails, spec: { ...mails.spec, retry: { limit: 3 } } });
    await room.deploy({ ...mails, component: 'other', policy: { keepLast: 0 } });
    await room.ask('by-hand');
    await controlled.cluster.client.delete(namespaces, { name: room.namespace });
    await eventually('it is gone', async () => {
      const all = [];
      for await (const { items } of controlled.cluster.client.list(namespaces)) all.push(...items);
      return !all.some(({ metadata }) => metadata.name === room.namespace);
    });
    const trouble = controlled.controller.lines.filter(
      ({ level, ...line }) => (level === 'error' || level === 'warn') && JSON.stringify(line).includes(room.namespace),
    );
    expect(trouble).toEqual([]);
  });
});
