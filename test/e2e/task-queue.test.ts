/**
 * The trait task-queue: what KubeVela makes of it in the Task, and what `vela status` says. No queue is needed, for
 * nothing runs.
 */
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { aNamespace, App, prints } from './user.ts';

const manual = { ...prints('never'), executionPolicy: { trigger: 'Manual' } };
const queue = (properties: object) => [{ type: 'task-queue', properties }];

describe.concurrent('the trait task-queue', () => {
  it('sets the queue of a task, wins over the one that the task has, and is seen in vela status', async () => {
    const app = new App(await aNamespace('queue-trait'));
    await app.deploy(manual, { traits: queue({ name: 'team-a', priorityClass: 'urgent', queueTimeoutSeconds: 60 }) });
    expect((await app.says(/^(?!.*waiting for the task-runs controller)/)).details).toMatchObject({
      queue: 'team-a, priority urgent',
    });
    expect((await app.task()).spec).toMatchObject({
      queue: { name: 'team-a', priorityClass: 'urgent' },
      queueTimeoutSeconds: 60,
    });

    await app.deploy(
      { ...manual, queue: { name: 'team-b', priorityClass: 'low' }, queueTimeoutSeconds: 5 },
      { traits: queue({ name: 'team-c' }) },
    );
    await eventually('the Task has the queue of the trait alone', async () => {
      expect((await app.task()).spec).toMatchObject({ queue: { name: 'team-c' }, queueTimeoutSeconds: 5 });
      return true;
    });
    expect((await app.task()).spec.queue).toEqual({ name: 'team-c' });
  });

  it('says what is wrong with its properties, and what it is not for', async () => {
    const namespace = await aNamespace('queue-refused');
    const misspelt = new App(namespace, 'misspelt');
    await misspelt.deploy(manual, { traits: queue({ nam: 'team-a' }) });
    await misspelt.step(
      /invalid template of trait task-queue after merge with parameter and context: parameter\.nam: field not allowed/,
    );
    const template = new App(namespace, 'template');
    await template.deploy(prints('never'), { traits: queue({ name: 'team-a' }), type: 'task-template' });
    await template.step(
      /the trait task-queue is for components of type task, cron-task, daemon-task and task-flow: remove it from mytask/,
    );
  });
});
