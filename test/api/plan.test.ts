/**
 * `task-runs plan` against what happens then: Applications deployed through KubeVela's stand-in, with the real
 * controller.
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { readParts } from '../../controller/src/cli/plan/parts.ts';
import { taskRuns, tasks, type TaskObject, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { controllerUid, type KubeObject, type ResourceType, type Stored } from '../../controller/src/kube/objects.ts';
import { jobs, namespaces } from '../../controller/src/kube/resources.ts';
import type { ApplicationPlan, Plan, RunPlan } from '../../controller/src/plan/document.ts';
import { ApiStore } from '../../sandbox/src/kubevela/api-store.ts';
import { coreApiVersion } from '../../controller/src/vela/labels.ts';
import { type JsonObject, type KubeObject as VelaObject } from '../../sandbox/src/kubevela/objects.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { enableWithoutController } from '../../scripts/enable-addon.ts';
import { kubectlOf } from '../../scripts/kubectl.ts';
import { isCampaign } from '../support/campaign.ts';
import { cliOf } from '../support/cli.ts';
import { runInProcess } from '../support/cli-in-process.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';

const examples = new URL('../../examples/', import.meta.url);
const addon = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));
const files = (await readdir(examples)).filter((file) => file.endsWith('.yaml'));

/** Does something when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

interface Application extends VelaObject {
  kind: string;
  spec: JsonObject;
}

let directory: string;
let sandbox: Sandbox;
let client: Client;
let store: ApiStore;
let controller: ControllerProcess;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plan-'));
  sandbox = await startSandbox({
    dir: join(directory, 'sandbox'),
    nodes: 'simulated',
    nodeCount: 2,
    kubevela: 'stand-in',
  });
  await enableWithoutController({ kubeconfig: sandbox.kubeconfig, directory: addon, vela: undefined });
  const kubeconfig = join(directory, 'controller.kubeconfig');
  await writeControllerKubeconfig(kubectlOf(sandbox.kubectl, sandbox.kubeconfig), kubeconfig);
  controller = await startController(kubeconfig);
  client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'test' });
  store = new ApiStore(client);
});
afterAll(async () => {
  await controller?.stop();
  await client?.close();
  await sandbox?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function openNamespace(): Promise<string> {
  const name = `plan-${(count += 1)}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

/** CUE's module is unpacked once. */
const parts = once(async () => {
  const { cue, definitions } = await readParts(fileURLToPath(new URL('../../dist/cli', import.meta.url)));
  return { cue: once(cue), definitions };
});

/** @param against the text of another file, which counts as deployed */
async function planned(
  namespace: string,
  text: string,
  { live = false, against }: { readonly live?: boolean; readonly against?: string | undefined } = {},
): Promise<Plan> {
  const files: Readonly<Record<string, string>> = { 'app.yaml': text, 'old.yaml': against ?? '' };
  const { code, out, err } = await runInProcess(
    [
      ...['--kubeconfig', sandbox.kubeconfig, '-n', namespace, 'plan', '-f', 'app.yaml', '-o', 'json'],
      ...(live ? ['--live'] : []),
      ...(against === undefined ? [] : ['--against', 'old.yaml']),
    ],
    (name) => Promise.resolve(files[name] ?? ''),
    { now: new Date(), parts },
  );
  if (code !== 0) throw new Error(`plan exited with ${code}: ${err}`);
  return JSON.parse(out) as Plan;
}

/** The same with --live, by the bundled program as a process. */
async function plannedByProgram(namespace: string, text: string): Promise<unknown> {
  const file = join(directory, `${namespace}.yaml`);
  await writeFile(file, text);
  const cli = cliOf(sandbox.kubeconfig, namespace);
  const { code, stdout, stderr } = await cli('plan', '-f', file, '-o', 'json', '--live');
  if (code !== 0) throw new Error(`plan exited with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Creates the Applications of a file, or gives those that are there another spec. */
async function deploy(namespace: string, text: string): Promise<void> {
  for (const document of parseAllDocuments(text)) {
    const { apiVersion, kind, metadata, spec } = document.toJS() as Application;
    if (kind !== 'Application') continue;
    const at = { apiVersion: coreApiVersion, kind, namespace, name: metadata.name };
    // The stand-in has no webservice.
    const known = {
      ...spec,
      components: (spec['components'] as JsonObject[]).filter(({ type }) => type !== 'webservice'),
    };
    if (await store.get(at)) await store.mergePatch(at, { spec: known });
    else await store.create({ apiVersion, kind, metadata: { ...metadata, namespace }, spec: known });
  }
}

async function all<T extends KubeObject>(type: ResourceType<T>, namespace: string): Promise<Stored<T>[]> {
  const found: Stored<T>[] = [];
  for await (const { items } of client.list(type, { namespace })) found.push(...items);
  return found;
}

const runsOf = ({ components }: ApplicationPlan): readonly RunPlan[] =>
  components.flatMap(({ task }) => task?.runs ?? []);
const jobsThat = ({ jobs: all }: RunPlan, ...starts: readonly string[]) =>
  all.filter((job) => starts.includes(job.starts)).map(({ name }) => name);

/** The Task, once the controller has answered this version of it and nothing of it continues. */
async function settled(namespace: string, name: string, appRevision: string): Promise<Stored<TaskObject>> {
  return eventually(
    `Task ${namespace}/${name} of ${appRevision} at rest`,
    async () => {
      const task = await client.get(tasks, { namespace, name });
      if (task.spec.trigger?.appRevision !== appRevision || !isAtRest(task))
        throw new Error(JSON.stringify(task.status));
      return task;
    },
    { seconds: 60 },
  );
}

function isAtRest({
  metadata,
  status: { observedGeneration, phase, totals: { active = 0 } = {} } = {},
}: Stored<TaskObject>): boolean {
  return observedGeneration === metadata.generation && (active === 0 || phase === 'Pending' || phase === 'Queued');
}

/** The Jobs of a run that is there, by their names. */
async function jobsOf(namespace: string, run: Stored<TaskRunObject>): Promise<readonly string[]> {
  return (await all(jobs, namespace))
    .filter((job) => controllerUid(job) === run.metadata.uid)
    .map(({ metadata }) => metadata.name)
    .sort();
}

describe.concurrent('examples', () => {
  it.each(files)('%s does what its plan says', async (file) => {
    const namespace = await openNamespace();
    const text = await readFile(new URL(file, examples), 'utf8');
    const { applications } = await planned(namespace, text, { live: true });
    await deploy(namespace, text);
    for (const application of applications) {
      for (const { task } of application.components) {
        if (!task) continue;
        await settled(namespace, task.name, application.revision);
        const created = (await all(taskRuns, namespace)).filter(
          ({ spec }) => spec.taskRef.name === task.name && spec.trigger?.type === 'Revision',
        );
        if (task.runs.every(({ nameIsExact }) => nameIsExact))
          expect(created.map(({ metadata }) => metadata.name)).toEqual(task.runs.map(({ name }) => name));
        else expect(created).toHaveLength(task.runs.length);
        const pruned = task.prunes.filter(({ what }) => what === 'Job').map(({ run }) => run);
        for (const [index, run] of created.entries())
          await expectJobs(namespace, run, task.runs[index] as RunPlan, pruned);
      }
    }
  });
});

/** All that was to start where it succeeded, and else nothing but what was to start. */
async function expectJobs(
  namespace: string,
  run: Stored<TaskRunObject>,
  plan: RunPlan,
  pruned: readonly string[],
): Promise<void> {
  if (!plan.nameIsExact) return;
  const there = await jobsOf(namespace, run);
  if (run.status?.phase === 'Succeeded')
    expect(there).toEqual(pruned.includes(plan.name) ? [] : jobsThat(plan, 'Now', 'Later').sort());
  const known = plan.jobs.map(({ name }) => name);
  for (const name of there) expect(known).toContain(name.replace(/-r\d+$/, ''));
}

const component = (word: string, executionPolicy: JsonObject, more: JsonObject = {}) => ({
  name: 'mytask',
  type: 'task',
  properties: { image: 'busybox', cmd: ['echo', word], executionPolicy, ...more },
});
const application = (...components: object[]) =>
  stringify({ apiVersion: coreApiVersion, kind: 'Application', metadata: { name: 'app' }, spec: { components } });
const forever = { annotations: { 'sandbox.task.oam.dev/duration': '1h' } };

async function deployed(namespace: string, text: string): Promise<void> {
  await deploy(namespace, text);
  await eventually('the first run', async () =>
    (await all(taskRuns, namespace)).some(({ status }) => status?.phase === 'Running' || status?.phase === 'Succeeded'),
  );
}

describe.concurrent('while another run is active', () => {
  const decisions: Readonly<Record<string, (phase: string, jobCount: number) => boolean>> = {
    Starts: (phase, jobCount) => jobCount === 1 && phase !== 'Queued',
    Queued: (phase, jobCount) => phase === 'Queued' && jobCount === 0,
    Skipped: (phase, jobCount) => phase === 'Skipped' && jobCount === 0,
    Held: (phase, jobCount) => phase === 'Pending' && jobCount === 0,
    Cancelled: (phase) => phase === 'Cancelled',
  };
  it.each<[policy: string, suspend: boolean, decision: string]>([
    ['Allow', false, 'Starts'],
    ['Allow', true, 'Held'],
    ['Forbid', false, 'Skipped'],
    ['Queue', false, 'Queued'],
    ['Queue', true, 'Held'],
    ['Replace', false, 'Starts'],
  ])('%s, suspend %s: %s', async (concurrencyPolicy, suspend, decision) => {
    const namespace = await openNamespace();
    await deployed(namespace, application(component('one', { concurrencyPolicy }, forever)));
    const next = application(component('two', { concurrencyPolicy }, { ...forever, suspend }));
    const plan = (await planned(namespace, next, { live: true })).applications[0] as ApplicationPlan;
    expect(plan.revision).toBe('app-v2');
    expect(runsOf(plan).at(-1)).toMatchObject({ name: 'mytask-v2', decision });
    await deploy(namespace, next);
    for (const run of runsOf(plan)) {
      await eventually(`${run.name} ${run.decision}`, async () => {
        const found = await client.get(taskRuns, { namespace, name: run.name });
        return decisions[run.decision]?.(found.status?.phase ?? '', (await jobsOf(namespace, found)).length);
      });
    }
    expect((await all(taskRuns, namespace)).map(({ metadata }) => metadata.name)).toEqual(['mytask-v1', 'mytask-v2']);
  });
});

const policies = fc.record(
  {
    unique: fc.boolean(),
    keepLast: fc.integer({ min: 0, max: 2 }),
    trigger: fc.constantFrom('Revision', 'Change', 'Manual'),
    historyLimit: fc.integer({ min: 1, max: 2 }),
    concurrencyPolicy: fc.constantFrom('Allow', 'Forbid', 'Replace', 'Queue'),
  },
  { requiredKeys: [] },
);
const stories = fc.sample(fc.tuple(policies, policies, fc.constantFrom('one', 'two'), fc.constantFrom(0, 3)), {
  numRuns: isCampaign ? 40 : 4,
  seed: isCampaign ? Number(process.env['SEED']) : 7,
});

describe.concurrent('random properties', () => {
  it.each(stories)('%o, then %o with %s and %d items', async (first, second, word, items) => {
    const namespace = await openNamespace();
    const versions = [
      component('one', first),
      component(
        word,
        second,
        items > 0 ? { items: Array.from({ length: items }, (_, index) => ({ name: `part${index}` })) } : {},
      ),
    ].map((one) =>
      application(one, {
        name: 'other',
        type: 'k8s-objects',
        properties: { objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } }] },
      }),
    );
    let before: Plan | undefined;
    for (const [index, text] of versions.entries()) {
      const live = await planned(namespace, text, { live: true });
      const against =
        index === 0 ? await planned(namespace, text) : await planned(namespace, text, { against: versions[0] });
      expect(withoutMessages(against)).toEqual(withoutMessages(live));
      const plan = live.applications[0] as ApplicationPlan;
      const jobsBefore = (await all(jobs, namespace)).map(({ metadata }) => metadata.name);
      await deploy(namespace, text);
      await settled(namespace, 'app-mytask', plan.revision);
      await expectOutcome(namespace, plan, jobsBefore);
      before = live;
    }
    expect(before?.applications[0]?.components[1]?.message).toBe('not a task: KubeVela applies it');
  });
});

/** What a plan comes to, whatever it started from. */
function withoutMessages({ applications }: Plan): unknown {
  return applications.map((one) => ({
    ...one,
    components: one.components.map(({ message: _message, ...rest }) => ({
      ...rest,
      task: rest.task && {
        ...rest.task,
        runs: rest.task.runs.map(({ message: _text, nameIsExact: _exact, ...run }) => run),
      },
    })),
  }));
}

async function expectOutcome(namespace: string, plan: ApplicationPlan, jobsBefore: readonly string[]): Promise<void> {
  const task = plan.components[0]?.task;
  const pruned = task?.prunes.filter(({ what }) => what === 'Job').map(({ run }) => run) ?? [];
  const expected = runsOf(plan)
    .filter(({ decision }) => decision === 'Starts')
    .flatMap((run) => (pruned.includes(run.name) ? [] : jobsThat(run, 'Now', 'Later')));
  const owners = new Map((await all(taskRuns, namespace)).map(({ metadata }) => [metadata.uid, metadata.name]));
  await eventually('the Jobs that the plan leaves', async () => {
    const there = (await all(jobs, namespace)).map(({ metadata }) => metadata.name);
    const runsWithJobs = new Set((await all(jobs, namespace)).map((job) => owners.get(controllerUid(job) ?? '') ?? ''));
    const isLeft = expected.every((name) => there.includes(name)) && pruned.every((run) => !runsWithJobs.has(run));
    const surplus = there.filter((name) => !expected.includes(name) && !jobsBefore.includes(name));
    if (!isLeft || surplus.length > 0) throw new Error(JSON.stringify({ there, expected, pruned, jobsBefore }));
    return true;
  });
  const records = (await all(taskRuns, namespace)).map(({ metadata }) => metadata.name);
  const forgotten = task?.prunes.filter(({ what }) => what === 'TaskRun').map(({ run }) => run) ?? [];
  for (const run of runsOf(plan)) expect(records.includes(run.name)).toBe(!forgotten.includes(run.name));
  for (const run of forgotten) expect(records).not.toContain(run);
}

describe('--live', () => {
  it('knows that a spec which comes back gets its old revision, and its run another name', async () => {
    const namespace = await openNamespace();
    const text = (word: string) => application(component(word, {}));
    for (const [index, word] of ['one', 'two'].entries()) {
      await deploy(namespace, text(word));
      await settled(namespace, 'app-mytask', `app-v${index + 1}`);
    }
    const plan = (await planned(namespace, text('one'), { live: true })).applications[0] as ApplicationPlan;
    expect(plan).toMatchObject({
      revision: 'app-v1',
      components: [
        {
          task: {
            runs: [
              {
                name: expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/) as string,
                nameIsExact: true,
                decision: 'Starts',
              },
            ],
            keeps: ['mytask-v2', 'mytask-v1'],
          },
        },
      ],
    });
    await deploy(namespace, text('one'));
    await settled(namespace, 'app-mytask', 'app-v1');
    expect((await all(taskRuns, namespace)).map(({ metadata }) => metadata.name)).toContain(runsOf(plan)[0]?.name);
  });

  it('says that nothing starts where nothing changed, and what a removed component means', async () => {
    const namespace = await openNamespace();
    const text = application(component('one', {}));
    await deploy(namespace, text);
    await settled(namespace, 'app-mytask', 'app-v1');
    const plan = await planned(namespace, text, { live: true });
    expect(await plannedByProgram(namespace, text)).toEqual(plan);
    expect(plan.applications).toMatchObject([
      { changed: false, revision: 'app-v1', components: [{ task: { runs: [], keeps: ['mytask-v1'] } }] },
    ]);
    const other = application({ ...component('one', {}), name: 'other' });
    expect((await planned(namespace, other, { live: true })).applications[0]).toMatchObject({
      revision: 'app-v2',
      components: [
        { name: 'other' },
        { name: 'mytask', message: expect.stringMatching(/KubeVela deletes its Task/) as string },
      ],
    });
  });

  it('looks for the tasks where a topology policy puts them', async () => {
    const [namespace, prod] = [await openNamespace(), await openNamespace()];
    const policy = { name: 'prod', type: 'topology', properties: { clusters: ['local'], namespace: prod } };
    const text = (word: string) => {
      const one = parse(application(component(word, {}))) as Application;
      return JSON.stringify({ ...one, spec: { ...one.spec, policies: [policy] } });
    };
    await deploy(namespace, text('one'));
    await settled(prod, 'app-mytask', 'app-v1');
    const planOf = async (word: string) => (await planned(namespace, text(word), { live: true })).applications[0];
    expect(await planOf('one')).toMatchObject({
      namespace,
      taskNamespace: prod,
      changed: false,
      components: [{ task: { runs: [], keeps: ['mytask-v1'] } }],
    });
    expect(await planOf('two')).toMatchObject({
      components: [{ task: { runs: [{ name: 'mytask-v2', decision: 'Starts' }] } }],
    });
    await deploy(namespace, text('two'));
    await settled(prod, 'app-mytask', 'app-v2');
    expect((await all(taskRuns, prod)).map(({ metadata }) => metadata.name).sort()).toEqual(['mytask-v1', 'mytask-v2']);
  });
});
