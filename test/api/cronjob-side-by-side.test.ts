/**
 * Kubernetes' own CronJob controller and ours, side by side: the same schedules, the same slow, failing and stuck pods,
 * three minutes of the clock. They create Jobs for the same times, but where docs/decisions/0007 says otherwise.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { scheduledTimestampAnnotation, type TaskSpec } from '../../controller/src/resources/index.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { taskOf, type Deployment } from '../support/deploy.ts';
import { Room } from '../support/room.ts';

interface Scene {
  readonly name: string;
  readonly pods: NonNullable<Deployment['pods']>;
  readonly concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace';
  readonly startingDeadlineSeconds?: number;
  /** Suspended from the start until 20 s after the first time. */
  readonly suspended?: boolean;
  /** Which of the three times get a Job, in minutes after the first; native where it differs. */
  readonly ours: readonly number[];
  readonly native?: readonly number[];
}

const slow = { duration: '80s' };
const scenes: readonly Scene[] = [
  { name: 'quick', pods: { duration: '1s' }, ours: [0, 1, 2] },
  { name: 'failing', pods: { duration: '1s', exitCode: '1' }, ours: [0, 1, 2] },
  { name: 'stuck', pods: { waiting: 'ImagePullBackOff' }, ours: [0, 1, 2] },
  { name: 'slow', pods: slow, ours: [0, 1, 2] },
  { name: 'replace', pods: slow, concurrencyPolicy: 'Replace', ours: [0, 1, 2] },
  // A CronJob starts what it passed over as soon as the active Job ends; here it is on record as skipped.
  { name: 'forbid', pods: slow, concurrencyPolicy: 'Forbid', ours: [0, 2], native: [0, 1] },
  { name: 'resumed', pods: { duration: '1s' }, suspended: true, ours: [0, 1, 2] },
  { name: 'resumed-late', pods: { duration: '1s' }, suspended: true, startingDeadlineSeconds: 11, ours: [1, 2] },
];

const minute = 60_000;
const controlled = useControlledCluster('beside');

/** The same work as a Task and as a CronJob. */
async function begin(
  room: Room,
  { pods, suspended = false, startingDeadlineSeconds, concurrencyPolicy = 'Allow' }: Scene,
): Promise<void> {
  const schedule = {
    crons: ['* * * * *'] as [string],
    ...(startingDeadlineSeconds !== undefined && { startingDeadlineSeconds }),
  } satisfies TaskSpec['schedule'];
  await room.deploy({
    revision: 1,
    pods,
    policy: { concurrencyPolicy, keepLast: 9, keepLastFailed: 9 },
    spec: { schedule, suspend: suspended },
  });
  const { template, job } = taskOf({ namespace: room.namespace, revision: 1, pods }).spec;
  const spec = {
    schedule: '* * * * *',
    suspend: suspended,
    concurrencyPolicy,
    startingDeadlineSeconds,
    successfulJobsHistoryLimit: 9,
    failedJobsHistoryLimit: 9,
    jobTemplate: { spec: { ...job, template } },
  };
  await room.apply({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'native' }, spec });
}

async function resume(room: Room): Promise<void> {
  for (const object of ['task/app-mytask', 'cronjob/native'])
    await room.kubectl('patch', object, '--type=merge', '-p', '{"spec":{"suspend":false}}');
}

/** The times that have, or had, a Job, by who made it. */
class Seen {
  readonly #times = { native: new Set<number>(), ours: new Set<number>() };

  async look(room: Room): Promise<void> {
    for (const { metadata } of await room.list(jobs)) {
      const at = Date.parse(metadata.annotations?.[scheduledTimestampAnnotation] ?? '');
      this.#times[metadata.name.startsWith('native-') ? 'native' : 'ours'].add(at);
    }
  }

  /** In minutes after the first time. */
  of(who: 'native' | 'ours', first: number): number[] {
    return [...this.#times[who]].map((at) => (at - first) / minute).sort();
  }
}

it('three minutes of the same schedules give Jobs for the same times', async () => {
  // Forty seconds are enough to set the stage on a machine that has more to do.
  const first = Math.ceil((Date.now() + 45_000) / minute) * minute;
  await delay(Math.max(0, first - 40_000 - Date.now()));
  const stage = await Promise.all(
    scenes.map(async (scene) => ({
      scene,
      seen: new Seen(),
      room: await Room.open(controlled.cluster, `beside-${scene.name}`),
    })),
  );
  await Promise.all(stage.map(({ room, scene }) => begin(room, scene)));
  expect(Date.now(), 'the stage was set in time').toBeLessThan(first);

  let resumed = false;
  while (Date.now() < first + 2 * minute + 40_000) {
    await Promise.all(stage.map(({ seen, room }) => seen.look(room)));
    if (!resumed && Date.now() > first + 20_000) {
      resumed = true;
      await Promise.all(stage.filter(({ scene }) => scene.suspended).map(({ room }) => resume(room)));
    }
    await delay(1_000);
  }

  const found = Object.fromEntries(
    stage.map(({ scene, seen }) => [scene.name, { ours: seen.of('ours', first), native: seen.of('native', first) }]),
  );
  expect(found).toEqual(Object.fromEntries(scenes.map(({ name, ours, native = ours }) => [name, { ours, native }])));

  // What had no Job of ours is on record, with the reason.
  const runs = await stage.find(({ scene }) => scene.name === 'forbid')?.room.list(taskRuns);
  expect(runs?.map(({ status }) => status?.reason).filter((reason) => reason === 'ConcurrencyForbidden')).toHaveLength(
    1,
  );
  const late = stage.find(({ scene }) => scene.name === 'resumed-late')?.room;
  expect(await late?.kubectl('get', 'task', 'app-mytask', '-o', 'jsonpath={.status.missedSchedules}')).toBe('1');
}, 280_000);
