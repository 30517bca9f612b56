/**
 * An etcd that was restored from a snapshot: what the cluster did after it is gone, and the controller goes on from
 * what is there.
 */
import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { layoutOf } from '../../sandbox/src/settings.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';

const controlled = useControlledCluster('snapshot');

/** The process ids of the sandbox's programs, by name. */
async function pids(): Promise<ReadonlyMap<string, number>> {
  const { parts } = await controlled.cluster.sandbox.state();
  return new Map(parts.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])));
}

async function etcdPid(): Promise<number> {
  const pid = (await pids()).get('etcd');
  if (pid === undefined) throw new Error('etcd does not run');
  return pid;
}

/** A copy of etcd's files while it stands still, as after a crash. */
async function snapshot(to: string): Promise<void> {
  const pid = await etcdPid();
  process.kill(pid, 'SIGSTOP');
  await cp(layoutOf(controlled.cluster.sandbox.dir).etcd, to, { recursive: true });
  process.kill(pid, 'SIGCONT');
}

/** Puts the copy in the place of etcd's files, and starts the whole control plane again. */
async function restore(from: string): Promise<void> {
  const before = await pids();
  const { etcd } = layoutOf(controlled.cluster.sandbox.dir);
  process.kill(await etcdPid(), 'SIGSTOP');
  await rename(etcd, `${etcd}-old`);
  await cp(from, etcd, { recursive: true });
  for (const pid of before.values()) process.kill(pid, 'SIGKILL');
  await eventually('all programs are others', async () => {
    const now = await pids();
    return [...before].every(([name, pid]) => now.has(name) && now.get(name) !== pid);
  });
  await controlled.cluster.sandbox.ready();
}

it('brings back the runs that it has, runs none of them again, and runs what is deployed again', async () => {
  const room = await controlled.openRoom();
  await room.finish({ revision: 1 });
  await room.run({ revision: 1, component: 'long', pods: { duration: '20s' } });
  const copy = join(controlled.cluster.directory, 'snapshot');
  await snapshot(copy);
  await room.finish({ revision: 2 });
  await controlled.killController();
  await restore(copy);
  await controlled.startController();
  expect((await room.names(taskRuns)).sort()).toEqual(['long-v1', 'mytask-v1']);
  await room.runWhere('long-v1', 'ends', ({ phase }) => phase === 'Succeeded');
  expect(await room.runs()).toEqual(['long-v1 Succeeded', 'mytask-v1 Succeeded']);
  await room.finish({ revision: 2 });
  expect(await room.runs()).toEqual(['long-v1 Succeeded', 'mytask-v1 Succeeded', 'mytask-v2 Succeeded']);
});
