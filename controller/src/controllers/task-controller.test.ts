import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import { noQueueing } from '../domain/model/kueue.ts';
import { aTask, noon } from '../domain/testing/builders.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { apiVersion, labels } from '../resources/index.ts';
import { TaskController } from './task-controller.ts';
import { MemoryApi, type Whole } from './testing/memory-api.ts';
import { Watches } from './testing/watches.ts';

const kueue = { queueingOf: () => noQueueing, onChange: () => undefined, want: () => undefined };

/** A Task of which one run follows the other, and a controller that can be started again. */
class World {
  readonly #clock = new FakeClock(noon);
  readonly api = new MemoryApi(() => this.#clock.now());
  #process: { readonly watches: Watches; readonly controller: TaskController } | undefined;

  async startController(): Promise<void> {
    await this.#process?.controller.stop();
    const client = this.api.client(() => true);
    const watches = new Watches(this.api, client);
    const controller = new TaskController({
      client,
      caches: watches.caches,
      kueue: kueue as unknown as KueueWatch,
      recorder: { record: () => undefined } as never,
      log: pino({ enabled: false }),
      workers: 1,
      clock: this.#clock,
    });
    this.#process = { watches, controller };
    controller.start(this.#clock.now());
    await this.settle();
  }

  /** Until the controller has seen and done all that there is to do at this moment. */
  async settle(): Promise<void> {
    do {
      this.#process?.watches.tell();
      await this.#clock.advance(0);
    } while (this.#process?.watches.isBehind);
  }

  async deploy(revision: number): Promise<void> {
    const { metadata, spec } = aTask().withoutApplication().policy({ concurrencyPolicy: 'Queue' }).build();
    const wanted = { ...spec, trigger: { appRevision: `app-worker-v${revision}` } };
    const task = this.api.get('tasks', metadata.name);
    if (task) this.api.write('tasks', { ...task, spec: wanted });
    else this.api.create('tasks', { apiVersion, kind: 'Task', metadata: { name: metadata.name }, spec: wanted });
    await this.settle();
  }

  /** Kubernetes makes the Job's pod, and somebody may hold the Job. */
  async run(name: string, finalizers?: string[]): Promise<void> {
    const job = this.api.get('jobs', name) as Whole;
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: job.metadata.uid, controller: true };
    const metadata = { name: `${name}-pod`, labels: { [labels.run]: name }, ownerReferences: [owner] };
    this.api.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, status: { phase: 'Running' } });
    const held = finalizers ? { ...job, metadata: { ...job.metadata, finalizers } } : job;
    this.api.write('jobs', { ...held, status: { active: 1, ready: 1, startTime: noon.toISOString() } });
    await this.settle();
  }

  async cancel(name: string): Promise<void> {
    const run = this.api.get('taskruns', name) as Whole;
    this.api.write('taskruns', { ...run, spec: { ...(run['spec'] as object), cancel: true } });
    await this.settle();
  }

  async podEnds(name: string): Promise<void> {
    this.api.delete('pods', `${name}-pod`);
    await this.settle();
  }

  /** Somebody deletes the Task without its runs. */
  async loseTask(): Promise<void> {
    this.api.delete('tasks', 'app-worker-mytask', true);
    await this.settle();
  }

  async wait(seconds: number): Promise<void> {
    await this.#clock.advance(seconds * 1_000);
    await this.settle();
  }

  /** The garbage collector has its turn. */
  async collect(): Promise<void> {
    this.api.collect();
    await this.settle();
  }

  names(plural: string): readonly string[] {
    return this.api.all(plural).map(({ metadata }) => metadata.name);
  }
}

const [v1, v2] = ['app-worker-mytask-v1', 'app-worker-mytask-v2'] as const;

test.each([
  ['whose Job is gone', undefined],
  ['whose Job somebody holds', ['example.org/stays']],
])('the pods of a cancelled run %s end, and the next run starts, also after a restart', async (_, finalizers) => {
  const world = new World();
  await world.startController();
  await world.deploy(1);
  await world.run(v1, finalizers);
  await world.cancel(v1);
  await world.deploy(2);
  await world.startController();
  expect(world.names('jobs')).toEqual(finalizers ? [v1] : []);
  expect(world.names('taskruns')).toEqual([v1, v2]);
  await world.podEnds(v1);
  expect(world.names('jobs')).toContain(v2);
});

test('the held Job of a cancelled run whose Task is gone is not deleted again and again', async () => {
  const world = new World();
  await world.startController();
  await world.deploy(1);
  await world.run(v1, ['example.org/stays']);
  await world.wait(10);
  await world.loseTask();
  await world.cancel(v1);
  await world.collect();
  expect([world.names('pods'), world.names('jobs')]).toEqual([[], [v1]]);
  const { calls } = world.api;
  for (let round = 0; round < 5; round += 1) await world.collect();
  expect(world.api.calls - calls).toBe(0);
  world.api.release('jobs', world.api.get('jobs', v1) as Whole);
  await world.collect();
  expect(world.names('jobs')).toEqual([]);
});
