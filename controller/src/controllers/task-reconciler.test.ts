import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import { noQueueing, type Queueing } from '../domain/model/kueue.ts';
import { aTask, noon } from '../domain/testing/builders.ts';
import { mustBeValid } from '../domain/testing/crd-schema.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { apiVersion, type TaskStatus } from '../resources/index.ts';
import { TaskController } from './task-controller.ts';
import { MemoryApi } from './testing/memory-api.ts';
import { Watches } from './testing/watches.ts';

/** What Kueue says, in a form that nobody has thought of. */
const unreadable = new Proxy({} as Queueing, {
  get: () => {
    throw new TypeError('own is not iterable');
  },
});

const name = 'app-worker-mytask';

/** The controller in a cluster in memory, with one Task whose Job waits in a queue. */
function controllerWithTask(queueing: () => Queueing) {
  const clock = new FakeClock(noon);
  const api = new MemoryApi(() => clock.now());
  const { spec } = aTask()
    .withoutApplication()
    .spec({ queue: { name: 'q' } })
    .build();
  api.create('tasks', { apiVersion, kind: 'Task', metadata: { name, labels: {} }, spec });
  const client = api.client(() => true);
  const watches = new Watches(api, client);
  const events: { readonly type: string; readonly reason: string }[] = [];
  const errors: unknown[] = [];
  const controller = new TaskController({
    client,
    caches: watches.caches,
    kueue: { queueingOf: queueing, onChange: () => undefined, want: () => undefined } as unknown as KueueWatch,
    recorder: { record: (_type: unknown, _object: unknown, event: (typeof events)[0]) => events.push(event) } as never,
    log: pino({ enabled: false }),
    workers: 1,
    clock,
    observer: { failed: (_queue, _key, error) => errors.push(error) },
  });
  controller.start(clock.now());
  /** Time passes, and the watches tell what changed. */
  const pass = async (seconds: number) => {
    for (let round = 0; round < 10; round += 1) {
      watches.tell();
      await clock.advance(0);
    }
    await clock.advance(seconds * 1_000);
  };
  const status = () => (api.get('tasks', name) as unknown as { readonly status?: TaskStatus }).status;
  return { api, events, errors, pass, status };
}

test('a Task that the controller fails to decide on says so, costs little, and goes on once that is over', async () => {
  let queueing = unreadable;
  const { api, events, errors, pass, status } = controllerWithTask(() => queueing);
  await pass(60);
  const message = expect.stringMatching(/^the controller fails to decide .*: own is not iterable; /) as string;
  mustBeValid.taskStatus(status() ?? {});
  expect(status()).toMatchObject({
    observedGeneration: 1,
    phase: 'Pending',
    message,
    conditions: [
      { type: 'Ready', status: 'False', reason: 'ReconciliationFailed', message },
      { type: 'Stalled', status: 'True', reason: 'ReconciliationFailed', message },
    ],
  });
  expect(events).toEqual([{ type: 'Warning', reason: 'ReconciliationFailed', message }]);

  const { calls } = api;
  const failures = errors.length;
  await pass(3_600);
  expect([api.calls - calls, events.length]).toEqual([0, 1]);
  expect(errors.length - failures).toBeLessThan(50);

  queueing = noQueueing;
  await pass(600);
  await pass(10);
  expect(status()?.message).toMatch(/^app-worker-mytask-v1 Queued: /);
  expect(status()?.conditions?.map(({ reason }) => reason)).not.toContain('ReconciliationFailed');
});

test('an error that only the last step of a decision meets is said once, not by turns with the usual status', async () => {
  const queueing = { ...noQueueing, installed: false };
  const broken = { ...queueing, workloads: unreadable as unknown as Queueing['workloads'] };
  let isBroken = true;
  const { api, events, pass, status } = controllerWithTask(() => (isBroken ? broken : queueing));
  await pass(60);
  const { writes } = api;
  expect(events.map(({ reason }) => reason)).toEqual(['Queued', 'KueueNotInstalled', 'ReconciliationFailed']);
  expect(status()?.conditions).toMatchObject([{}, { type: 'Stalled', reason: 'ReconciliationFailed' }]);
  for (let round = 0; round < 5; round += 1) await pass(600);
  expect([api.writes - writes, events.length]).toEqual([0, 3]);

  isBroken = false;
  await pass(600);
  await pass(10);
  expect(status()?.conditions).toMatchObject([{}, { type: 'Stalled', reason: 'KueueNotInstalled' }]);
});
