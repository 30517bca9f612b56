/**
 * Every deployment is a run of its own, whatever KubeVela's revisions are called, and its story is in the Application's
 * status.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { describe, expect, it, type TestContext } from 'vitest';
import { applications, taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { patchesOf } from '../../scripts/demo/job-patches.ts';
import { eventually } from '../support/eventually.ts';
import {
  all,
  aNamespace,
  App,
  apply,
  client,
  isGone,
  kubectl,
  output,
  place,
  prints,
  vela,
  type ApplicationObject,
} from './user.ts';

const example = parse(
  await readFile(new URL('../../examples/app-worker.yaml', import.meta.url), 'utf8'),
) as ApplicationObject;
const exampleProperties = example.spec.components[0]?.properties ?? {};
const real = place.pods === 'real';

/** The type of a component whose Tasks are named differently from those of `task`, as an earlier version did. */
async function definitionThat({ onTestFinished }: TestContext, type: string, nameLine: string): Promise<string> {
  const found = await kubectl(['get', 'componentdefinitions', 'task', '-n', 'vela-system', '-o', 'json']);
  const { spec } = JSON.parse(found) as { spec: { schematic: { cue: { template: string } } } };
  const { template } = spec.schematic.cue;
  const changed = template.replace(/^\s*name:\s+\(_joined & .*$/m, () => nameLine);
  expect(changed).not.toBe(template);
  const metadata = { name: type, namespace: 'vela-system' };
  const definition = { apiVersion: 'core.oam.dev/v1beta1', kind: 'ComponentDefinition', metadata };
  const object = { ...definition, spec: { ...spec, schematic: { cue: { template: changed } } } };
  await kubectl(['create', '-f', '-'], { input: object });
  onTestFinished(async () => {
    await kubectl(['delete', 'componentdefinitions', type, '-n', 'vela-system']);
  });
  return type;
}

describe.concurrent('a deployment', () => {
  it('of the example, three times, is three runs with a Job each, none of them patched', async () => {
    const app = new App(await aNamespace('three'), example.metadata?.name);
    await app.deploy(exampleProperties);
    await app.says(/^mytask-v1 (Running|Succeeded)/);
    for (const nth of [2, 3]) {
      await app.deploy({ ...exampleProperties, cmd: ['sh', '-c', `echo deployment ${nth}`] });
      await app.says(new RegExp(`^mytask-v${nth} `));
      await app.succeeded(nth);
    }
    await app.succeeded(1);
    const service = await app.says(/^mytask-v3 Succeeded in \d+s · 3 kept$/);

    expect(await app.runNames()).toEqual(['mytask-v1', 'mytask-v2', 'mytask-v3']);
    const found = await app.jobs();
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(['mytask-v1', 'mytask-v2', 'mytask-v3']);
    expect(found.flatMap(patchesOf)).toEqual([]);
    if (real)
      for (const nth of [2, 3])
        expect(await output(app.namespace, `mytask-v${nth}`)).toBe(`deployment ${nth}\n`.repeat(3));

    expect(service.healthy).toBe(true);
    const line = (nth: number) =>
      `mytask-v${nth} Succeeded in \\S+ at \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ · kept`;
    expect(service.details).toEqual({
      active: 'none',
      lastRun: expect.stringMatching(new RegExp(`^${line(3)}$`)) as string,
      history: expect.stringMatching(new RegExp(`^${line(3)}\n${line(2)}\n${line(1)}$`)) as string,
      next: 'on the next deployment',
      totals: '0 active, 3 succeeded, 0 failed, 0 cancelled, 3 kept',
    });
    expect(await eventually('the Application runs', async () => (await app.status()).status === 'running')).toBe(true);

    // keepLast: 3. The oldest Job goes, its run stays on record.
    await app.deploy({ ...exampleProperties, cmd: ['true'] });
    await app.says(/^mytask-v4 Succeeded in \d+s · 3 kept$/);
    expect((await app.jobs()).map(({ metadata }) => metadata.name).sort()).toEqual([
      'mytask-v2',
      'mytask-v3',
      'mytask-v4',
    ]);
    expect(await app.runNames()).toHaveLength(4);
  });

  it.skipIf(place.vela === undefined)('is shown by vela status, with its pods', async () => {
    const app = new App(await aNamespace('vela'));
    await app.deploy(prints('seen'));
    await app.says(/^mytask-v1 Succeeded/);
    const status = await vela('status', app.name, '-n', app.namespace);
    expect(status).toMatch(/Message: mytask-v1 Succeeded in \d+s · 1 kept/);
    expect(status).toContain('totals: 0 active, 1 succeeded, 0 failed, 0 cancelled, 1 kept');
    expect(await vela('ls', '-n', app.namespace)).toContain('mytask-v1 Succeeded');
    expect(await vela('status', app.name, '-n', app.namespace, '--pod')).toContain('mytask-v1-');
  });

  it('by Argo CD, which may know what it deployed by a label, has a Task that is not pruned for not being in git', async () => {
    const app = new App(await aNamespace('gitops'));
    const ofArgo = { 'app.kubernetes.io/instance': 'shop' };
    const deployed = (annotations: Record<string, string>) =>
      client.patch(
        applications,
        app,
        {
          apiVersion: 'core.oam.dev/v1beta1',
          kind: 'Application',
          metadata: { name: app.name, namespace: app.namespace, labels: ofArgo, annotations },
          spec: { components: [{ name: app.component, type: 'task', properties: prints('seen') }] },
        },
        { type: 'apply', fieldManager: 'e2e', force: true },
      );
    await deployed({});
    await app.succeeded(1);
    const { labels, annotations } = (await app.task()).metadata;
    expect(labels).toMatchObject(ofArgo);
    expect(annotations).toMatchObject({
      'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
      'argocd.argoproj.io/sync-options': 'Prune=false',
    });

    await app.delete();
    await eventually('the Application is gone', () => isGone(applications, app.namespace, app.name));
    await deployed({ 'filter.oam.dev/label-keys': 'app.kubernetes.io/instance' });
    await eventually('a Task without the label', async () => {
      const { labels: own = {} } = (await app.task()).metadata;
      return !('app.kubernetes.io/instance' in own);
    });
  });

  it('that goes back to an older spec runs what that ran; so does the next one, whose revision name was used before', async () => {
    const app = new App(await aNamespace('rollback'), 'web');
    const deploy = async (text: string, nth: number, annotations = {}) => {
      await app.deploy(prints(text), { annotations });
      await app.succeeded(nth);
      await eventually('the Application runs', async () => (await app.status()).status === 'running');
    };
    await deploy('one', 1);
    await deploy('two', 2);
    await deploy('one', 3);
    await deploy('three', 4);
    await deploy('three', 5, { 'app.oam.dev/publishVersion': 'again-1' });
    const runs = await app.runs();
    expect(runs.map(({ spec }) => spec.trigger?.value)).toHaveLength(5);
    const names = runs.map(({ metadata }) => metadata.name);
    expect(names.slice(0, 4)).toEqual([
      'mytask-v1',
      'mytask-v2',
      expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/),
      expect.stringMatching(/^mytask-v2-[0-9a-f]{5}$/),
    ]);
    // keepLast: 3
    if (real)
      for (const [name, text] of [
        [names[2], 'one'],
        [names[3], 'three'],
        [names[4], 'three'],
      ])
        expect(await output(app.namespace, name ?? '')).toBe(`${text}\n`);
  });

  it('waits while publishVersion stays the same, and runs when it changes or goes', async () => {
    const app = new App(await aNamespace('publish'));
    const version = { annotations: { 'app.oam.dev/publishVersion': 'first' } };
    await app.deploy(prints('one'), version);
    await app.succeeded(1);
    await app.deploy(prints('ignored'), version);
    await app.deploy(prints('two'), { annotations: { 'app.oam.dev/publishVersion': 'second' } });
    await app.succeeded(2);
    await app.deploy(prints('three'));
    const last = await app.succeeded(3);
    expect(await app.runNames()).toHaveLength(3);
    if (real) expect(await output(app.namespace, last.metadata.name)).toBe('three\n');
  });

  it('of two Applications whose names join to the same are two Tasks: both run', async () => {
    const namespace = await aNamespace('joined');
    const [first, second] = [new App(namespace, 'shop-eu', 'dump'), new App(namespace, 'shop', 'eu-dump')];
    await first.deploy(prints('first'));
    await second.deploy(prints('second'));
    await first.says(/^dump-v1 Succeeded/);
    await second.says(/^eu-dump-v1 Succeeded/);
    expect([(await first.task()).metadata.name, (await second.task()).metadata.name]).toEqual([
      'shop-eu-dump',
      'shop--eu-dump',
    ]);
    await second.deploy(prints('again'));
    await second.says(/^eu-dump-v2 Succeeded/);
    expect(await first.runNames()).toEqual(['dump-v1']);
  });

  it('of a Task that has its name from an earlier version keeps name and records', async (context) => {
    const earlier = await definitionThat(context, 'joins-by-one-dash', 'name: "\\(context.appName)-\\(context.name)"');
    const app = new App(await aNamespace('earlier'), 'shop', 'clean-up');
    const task = () => client.get(tasks, { namespace: app.namespace, name: 'shop-clean-up' });
    await app.deploy(prints('first'), { type: earlier });
    await app.says(/^clean-up-v1 Succeeded/);
    const { uid } = (await task()).metadata;
    await eventually('the Application says so', async () => {
      const { annotations } = (await client.get(applications, app)).metadata;
      return annotations?.['task.oam.dev/joined-by'] === '-';
    });
    await app.deploy(prints('second'));
    await app.says(/^clean-up-v2 Succeeded/);
    expect((await task()).metadata.uid).toBe(uid);
    expect((await all(taskRuns, app.namespace)).map(({ metadata }) => metadata.name).sort()).toEqual([
      'clean-up-v1',
      'clean-up-v2',
    ]);
    expect(await isGone(tasks, app.namespace, 'shop--clean-up')).toBe(true);
  });

  it('among five, one right after the other, is a run if KubeVela renders it, and the last one always is', async () => {
    const app = new App(await aNamespace('five'));
    for (const nth of [1, 2, 3, 4, 5])
      await app.deploy({ ...prints(`number ${nth}`), executionPolicy: { keepLast: 5 } });
    const last = await eventually('the last one ran', async () => {
      const runs = await app.runs();
      const found = runs.find(
        ({ spec, status }) => JSON.stringify(spec.snapshot).includes('number 5') && status?.phase === 'Succeeded',
      );
      return found && runs.every(({ status }) => status?.completionTime !== undefined) ? found : undefined;
    });
    const [task, runs] = [await app.task(), await app.runs()];
    expect(runs.at(-1)?.metadata.name).toBe(last.metadata.name);
    expect(runs.map(({ spec }) => spec.trigger?.generation)).toEqual(
      Array.from({ length: task.metadata.generation ?? 0 }, (_, index) => index + 1),
    );
    expect(await app.jobs()).toHaveLength(runs.length);
    if (real) expect(await output(app.namespace, last.metadata.name)).toBe('number 5\n');
  });

  it('of a renamed component runs under the new name; then the old Task goes', async () => {
    const namespace = await aNamespace('renamed');
    const [before, after] = [new App(namespace, 'shop', 'before'), new App(namespace, 'shop', 'after')];
    await before.deploy(prints('before'));
    await before.says(/^before-v1 Succeeded/);
    await after.deploy(prints('after'));
    await after.says(/^after-v2 Succeeded/);
    await eventually('the old Task is gone', async () => (await before.task().catch(() => undefined)) === undefined);
    await eventually('its Job is gone', () => isGone(jobs, namespace, 'before-v1'));
    expect(await isGone(taskRuns, namespace, 'before-v1')).toBe(true);
    expect(await isGone(jobs, namespace, 'after-v2')).toBe(false);
  });

  it('of one task after another waits until the first has succeeded', async () => {
    const namespace = await aNamespace('depends');
    await apply(namespace, 'pipeline', {
      components: [
        { name: 'first', type: 'task', properties: prints('first', 2) },
        { name: 'second', type: 'task', properties: prints('second'), dependsOn: ['first'] },
      ],
    });
    await new App(namespace, 'pipeline', 'second').says(/^second-v1 Succeeded/);
    const [first] = await new App(namespace, 'pipeline', 'first').runs();
    const [second] = await new App(namespace, 'pipeline', 'second').runs();
    expect(Date.parse(second?.metadata.creationTimestamp ?? '')).toBeGreaterThanOrEqual(
      Date.parse(first?.status?.completionTime ?? ''),
    );
  });

  it('runs with ten of the built-in traits composed', async () => {
    const app = new App(await aNamespace('traits'));
    const traits = [
      { type: 'env', properties: { env: { WORD: 'composed' } } },
      { type: 'resource', properties: { cpu: 0.1, memory: '64Mi' } },
      { type: 'storage', properties: { emptyDir: [{ name: 'data', mountPath: '/data' }] } },
      { type: 'labels', properties: { team: 'x' } },
      { type: 'sidecar', properties: { name: 'beside', image: 'busybox:1.36', cmd: ['echo', 'from beside'] } },
      { type: 'node-affinity', properties: { affinity: { 'kubernetes.io/os': ['linux'] } } },
      { type: 'service-account', properties: { name: 'default' } },
      {
        type: 'init-container',
        properties: {
          name: 'prepare',
          image: 'busybox:1.36',
          cmd: ['sh', '-c', 'echo prepared > /init/file'],
          mountName: 'work',
          appMountPath: '/work',
          initMountPath: '/init',
        },
      },
      { type: 'podsecuritycontext', properties: { runAsUser: 1000 } },
      { type: 'affinity', properties: { tolerations: [{ key: 'anything', operator: 'Exists' }] } },
    ];
    await app.deploy(
      { ...prints('$WORD; cat /work/file; id -u; touch /data/x && echo written'), executionPolicy: { keepLast: 1 } },
      { traits },
    );
    await app.says(/^mytask-v1 Succeeded/);
    const [job] = await app.jobs();
    expect(job?.spec?.template).toMatchObject({
      metadata: { labels: { team: 'x' } },
      spec: {
        serviceAccountName: 'default',
        containers: [{ resources: { requests: { memory: '64Mi' } } }, { name: 'beside' }],
      },
    });
    if (real)
      for (const line of ['composed', 'prepared', '1000', 'written'])
        expect(await output(app.namespace, 'mytask-v1')).toContain(line);
  });
});

describe('vela status', () => {
  // Other files run beside this one: one late answer may be theirs. What KubeVela would add, it adds each time.
  it('shows the end of a run within 2 s', { retry: 2 }, async () => {
    const app = new App(await aNamespace('fresh'));
    // Long enough that KubeVela has stopped looking every second.
    await app.deploy(prints('done', 12));
    const job = () => client.get(jobs, { namespace: app.namespace, name: 'mytask-v1' });
    await eventually(
      'the Job is complete',
      async () =>
        (await job()).status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True'),
      { everyMs: 20 },
    );
    const since = Date.now();
    await app.says(/^mytask-v1 Succeeded/, { everyMs: 20 });
    const tookMs = Date.now() - since;
    console.log(`from the Job's completion to the Application's status: ${tookMs} ms`);
    expect(tookMs).toBeLessThan(2000);
  });
});

describe.concurrent('names', () => {
  it('of two Applications with a component of the same name in one namespace stay apart', async () => {
    const namespace = await aNamespace('same');
    const apps = [new App(namespace, 'one'), new App(namespace, 'two')];
    await Promise.all(apps.map((app) => app.deploy(prints(app.name))));
    for (const app of apps) await app.says(/^mytask-v1(-[0-9a-f]{5})? Succeeded/);
    const names = (await Promise.all(apps.map((app) => app.runNames()))).flat();
    expect(names.sort()).toEqual(['mytask-v1', expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/)]);
    for (const app of apps)
      if (real) expect(await output(namespace, (await app.runNames())[0] ?? '')).toBe(`${app.name}\n`);
    await apps[0]?.delete();
    await eventually('one is gone', async () => (await apps[0]?.runs())?.length === 0);
    expect(await apps[1]?.runs()).toHaveLength(1);
  });

  it('of components of 63 characters give Jobs whose names end at 63', async () => {
    const component = `a${'-long'.repeat(12)}-b`;
    expect(component).toHaveLength(63);
    const app = new App(await aNamespace('long'), 'app', component);
    await app.deploy(prints('long'));
    const run = await app.succeeded(1);
    expect(run.metadata.name).toMatch(/^a(-long)+-[0-9a-f]{5}-v1$|^a[-a-z]+-[0-9a-f]{5}-v1$/);
    expect(run.metadata.name.length).toBeLessThanOrEqual(63);
    await app.says(/ Succeeded/);
    if (real) expect(await output(app.namespace, run.metadata.name)).toBe('long\n');
  });

  it('of 253 characters are refused by KubeVela, which says why', async () => {
    const namespace = await aNamespace('longest');
    const component = new App(namespace, 'app', 'c'.repeat(253));
    await component.deploy(prints('never'));
    expect(await component.step(/./)).toMatch(/must be no more than 63/);
    const application = new App(namespace, 'a'.repeat(253));
    await application.deploy(prints('never'));
    const conditions = await eventually('the Application says why', async () =>
      (await application.status()).conditions?.filter(({ status }) => status === 'False'),
    );
    expect(JSON.stringify(conditions)).toMatch(/must be no more than 63/);
  });
});

describe('an Application that is deleted while its run is active', () => {
  it('takes Task, run, Job and pods with it', async () => {
    const app = new App(await aNamespace('deleted'));
    await app.deploy(prints('never ends', 600));
    await app.says(/^mytask-v1 Running/);
    await app.delete();
    const { namespace } = app;
    await eventually(
      'everything is gone',
      async () => {
        const left = [...(await app.runs()), ...(await app.jobs()), ...(await all(pods, namespace))];
        return left.length === 0 && (await app.task().catch(() => undefined)) === undefined;
      },
      { seconds: 60 },
    );
  });
});
