/**
 * A Task that comes back: KubeVela makes again what somebody deleted, and a restore makes everything again. What ran
 * does not run a second time.
 */
import { assert, describe, expect, it } from 'vitest';
import { applications, tasks, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { ApplicationSpec } from '../../sandbox/src/kubevela/application.ts';
import { eventually } from '../support/eventually.ts';
import { restOf } from '../support/rest.ts';
import {
  aNamespace,
  App,
  apply,
  client,
  isArchived,
  isGone,
  kubectl,
  output,
  place,
  prints,
  tokenOfAdmin,
  type ApplicationObject,
} from './user.ts';

const ranBefore =
  /^mytask-v1 ran before this Task was created again and is not started again; change the Application or create a TaskRun to run it · 0 kept$/;

/** The Application's annotations, once it says what ran. */
function marked(app: App): Promise<Record<string, string>> {
  return eventually(`${app.namespace}/${app.name} is marked`, async () => {
    const { annotations = {} } = (await client.get(applications, app)).metadata;
    if (!Object.keys(annotations).some((key) => key.startsWith('ran.task.oam.dev/')))
      throw new Error(JSON.stringify(annotations));
    return annotations;
  });
}

async function deployed(topic: string): Promise<App> {
  const app = new App(await aNamespace(topic));
  await app.deploy(prints('migrated'));
  await app.succeeded(1);
  await marked(app);
  await eventually('the Application runs', async () => (await app.status()).status === 'running');
  return app;
}

/** As deployed, and the archive has the run: it alone knows what ran once the Application is gone, too. */
async function archived(topic: string): Promise<App> {
  const app = await deployed(topic);
  const ask = restOf(place.apiPort, await tokenOfAdmin(app.namespace));
  await isArchived(ask, `/namespaces/${app.namespace}/runs/mytask-v1`);
  return app;
}

/** Makes KubeVela look at the Application, as it does every five minutes, until the Task is another one than before. */
function madeAgain(app: App, before: string): Promise<boolean> {
  return eventually(`another Task of ${app.namespace}/${app.name}`, async () => {
    await client.patch(applications, app, { metadata: { annotations: { 'example.org/look': String(Date.now()) } } });
    return (await app.task()).metadata.uid !== before;
  });
}

describe.concurrent('a migration that ran', () => {
  it('does not run again once KubeVela makes the Task again that somebody deleted; the next deployment does', async () => {
    const app = await deployed('deleted');
    const before = await app.task();
    await kubectl(['delete', 'vtask', before.metadata.name, '-n', app.namespace, '--wait=true']);
    await madeAgain(app, before.metadata.uid);
    const service = await app.says(ranBefore);
    expect(service.healthy).toBe(true);
    await hasNoRuns(app);
    expect(await kubectl(['get', 'events', '-n', app.namespace, '--field-selector=reason=RanBefore'])).toContain(
      'mytask-v1 ran before this Task was created again',
    );

    await app.deploy(prints('migrated further'));
    const next = await app.succeeded(1);
    expect(next.metadata.name).toBe('mytask-v2');
    await app.says(/^mytask-v2 Succeeded in \d+s · 1 kept$/);
    if (place.pods === 'real') expect(await output(app.namespace, 'mytask-v2')).toBe('migrated further\n');
  });

  it('does not run again in an Application that was restored from a backup, without a status', async () => {
    const app = await deployed('restored');
    const backup = (await client.get(applications, app)) as ApplicationObject;
    const before = await app.task();
    await remove(app);
    await apply(app.namespace, app.name, backup.spec, backup.metadata?.annotations);
    await app.says(ranBefore);
    expect((await app.task()).metadata.uid).not.toBe(before.metadata.uid);
    await hasNoRuns(app);
  });

  it('does not run again as a step of a restored Application, whose workflow KubeVela runs again', async () => {
    const app = new App(await aNamespace('restored-step'), 'shop');
    const step = { name: 'migrate', type: 'run-task', properties: prints('migrated') };
    const spec = { components: [], workflow: { steps: [step] } } as unknown as ApplicationSpec;
    await apply(app.namespace, app.name, spec);
    const isThrough = () =>
      eventually(`${app.namespace}/${app.name} is through`, async () => (await app.status()).status === 'running');
    await isThrough();
    const annotations = await marked(app);
    await app.delete();
    // What is applied to an Application that is still on its way out goes with it.
    await eventually('the Application is gone', () => isGone(applications, app.namespace, app.name));
    await eventually('its Task is gone', () => isGone(tasks, app.namespace, 'shop-migrate'));
    await apply(app.namespace, app.name, spec, annotations);
    await isThrough();
    expect((await app.status()).workflow?.steps?.[0]).toMatchObject({
      phase: 'succeeded',
      message: expect.stringMatching(/^\S+ ran before this Task was created again and is not started again/) as string,
    });
    await hasNoRuns(app);
  });

  it('runs again for who deletes the Application and applies it from its file', async () => {
    const app = await archived('file');
    await remove(app);
    await app.deploy(prints('migrated'));
    await app.succeeded(1);
    await app.says(/^mytask-v1 Succeeded in \d+s · mytask-v1 ran the same until \S+, and runs again: .* · 1 kept$/);
  });

  it('does not run again where only the Task was deleted, and its runs were left', async () => {
    // The garbage collector takes along what it has not heard of yet, for half a minute after the addon was enabled.
    let left: { app: App; run: TaskRunObject } | undefined;
    for (let attempt = 1; attempt <= 5 && !left; attempt += 1) {
      const app = await deployed('orphaned');
      const [run] = await app.runs();
      const before = await app.task();
      const { name, uid } = before.metadata;
      await kubectl(['delete', 'vtask', name, '-n', app.namespace, '--cascade=orphan', '--wait=true']);
      await madeAgain(app, uid);
      const { message } = await app.says(/^mytask-v1 (Succeeded in|ran before) .* kept$/);
      if (run && !ranBefore.test(message ?? '')) left = { app, run };
    }
    assert(left);
    await left.app.says(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
    expect((await left.app.runs()).map(({ metadata }) => metadata.uid)).toEqual([left.run.metadata.uid]);
    expect(await left.app.jobs()).toHaveLength(1);
  });

  it('runs again, and says so, for who renames the Application and takes its name back', async () => {
    const app = await archived('renamed');
    await remove(app);
    const other = new App(app.namespace, 'other-name');
    await other.deploy(prints('migrated under another name'));
    expect((await other.succeeded(1)).metadata.name).toBe('mytask-v1');
    await other.says(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
    await remove(other);
    await app.deploy(prints('migrated'));
    await app.succeeded(1);
    await app.says(/^mytask-v1 Succeeded in \d+s · mytask-v1 ran the same until \S+, and runs again: .* · 1 kept$/);
  });

  it('runs in the namespace that a policy moves it to, and again, and says so, when it is moved back', async () => {
    const app = await archived('moved');
    const elsewhere = await aNamespace('moved-to');
    const component = { name: 'mytask', type: 'task', properties: prints('migrated') };
    const moveTo = (namespace: string) =>
      apply(app.namespace, app.name, {
        components: [component],
        policies: [{ name: 'place', type: 'topology', properties: { clusters: ['local'], namespace } }],
      });
    await moveTo(elsewhere);
    await eventually('it ran there', async () => {
      const { status } = await client.get(tasks, { namespace: elsewhere, name: 'app-worker-mytask' });
      return status?.phase === 'Succeeded';
    });
    await eventually('the Task here is gone', () => isGone(tasks, app.namespace, 'app-worker-mytask'));
    await moveTo(app.namespace);
    await app.says(/^mytask-\S+ Succeeded in \d+s · mytask-v1 ran the same until \S+, and runs again: .* · 1 kept$/);
  });

  it('runs again for who takes the component out and puts it in again', async () => {
    const app = await deployed('out');
    const other = { name: 'other', type: 'task', properties: prints('other') };
    await apply(app.namespace, app.name, { components: [other] });
    await eventually('the Task is gone', () => isGone(tasks, app.namespace, 'app-worker-mytask'));
    await app.deploy(prints('migrated'));
    await app.succeeded(1);
    await app.says(/^mytask-v\S+ Succeeded in \d+s( · mytask-v1 ran the same until .*)? · 1 kept$/);
  });
});

/** Deletes the Application, and waits until it and its Task are gone. */
async function remove(app: App): Promise<void> {
  const { name } = (await app.task()).metadata;
  await app.delete();
  await eventually('the Application is gone', () => isGone(applications, app.namespace, app.name));
  await eventually('its Task is gone', () => isGone(tasks, app.namespace, name));
  await hasNoRuns(app);
}

/** Once what ran earlier is gone with its Task, the Application has no run: one that started would stay. */
async function hasNoRuns(app: App): Promise<void> {
  await eventually(`${app.namespace}/${app.name} has no run`, async () => (await app.runNames()).length === 0);
  await eventually(`${app.namespace}/${app.name} has no Job`, async () => (await app.jobs()).length === 0);
}
