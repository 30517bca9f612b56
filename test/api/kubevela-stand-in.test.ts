/**
 * The stand-in for KubeVela against a real API server, with the addon's own definition. What it renders and says is
 * tested by the recordings.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import { createCue } from '../../cue/ts/index.ts';
import { ApiStore } from '../../sandbox/src/kubevela/api-store.ts';
import type { Application, ApplicationSpec } from '../../sandbox/src/kubevela/application.ts';
import { definitionManifest } from '../../sandbox/src/kubevela/definition-manifest.ts';
import { coreApiVersion } from '../../controller/src/vela/labels.ts';
import { refOf, type JsonObject, type KubeObject } from '../../sandbox/src/kubevela/objects.ts';
import { listRevisions } from '../../sandbox/src/kubevela/revisions.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { eventually } from '../support/eventually.ts';
import { kubectlOf } from '../../scripts/kubectl.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const taskKind = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: 'default' };

describe('the stand-in for KubeVela on a real API server', () => {
  let directory: string;
  let sandbox: Sandbox;
  let client: Client;
  let store: ApiStore;

  const at = (name: string) => ({ apiVersion: coreApiVersion, kind: 'Application', namespace: 'default', name });
  const spec = (word: string, component = 'mytask'): ApplicationSpec => ({
    components: [{ name: component, type: 'task', properties: { image: 'busybox', cmd: ['echo', word] } }],
  });
  const submit = (name: string, word: string) =>
    store.create({ ...at(name), metadata: { name, namespace: 'default' }, spec: spec(word) });
  const change = (name: string, patch: JsonObject) => store.mergePatch(at(name), patch);
  const read = async (name: string) => (await store.get(at(name))) as Application | undefined;
  const task = (name: string) => store.get({ ...taskKind, name });
  const said = (name: string, test: (app: Application) => boolean) =>
    eventually(`Application ${name}`, async () => {
      const app = await read(name);
      return app && test(app) ? app : undefined;
    });
  const rendered = (name: string, word: string) =>
    eventually(`Task ${name} with ${word}`, async () => {
      const found = await task(name);
      return JSON.stringify(found?.['spec'] ?? {}).includes(JSON.stringify(word)) ? found : undefined;
    });
  /** What the controller would write once the run of this generation succeeded. */
  const succeed = (object: KubeObject) =>
    store.patchStatus(refOf(object), {
      observedGeneration: object.metadata.generation,
      message: `generation ${object.metadata.generation} Succeeded`,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stand-in-'));
    sandbox = await startSandbox({ dir: join(directory, 'sandbox'), nodes: 'none', kubevela: 'stand-in' });
    const kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
    for (const crd of ['task', 'taskrun'])
      await kubectl(['apply', '--server-side', '-f', join(repository, `addon/resources/crd-${crd}.yaml`)]);
    await kubectl(['wait', '--for=condition=Established', 'crd/tasks.task.oam.dev']);
    const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
    const definition = definitionManifest(
      await (await cue.compile(await readFile(join(repository, 'definitions/task.cue'), 'utf8'))).describe(),
      'vela-system',
    );
    await cue.close();
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: definition });
    client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'test' });
    store = new ApiStore(client);
  });
  afterAll(async () => {
    await client?.close();
    await sandbox?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('renders a Task, waits for it, and takes over what its status says', async () => {
    await submit('worker', 'one');
    const object = await rendered('worker-mytask', 'one');
    expect(object).toMatchObject({
      metadata: { labels: { 'app.oam.dev/name': 'worker', 'app.oam.dev/component': 'mytask' } },
      spec: { trigger: { appRevision: 'worker-v1' } },
    });
    await said('worker', ({ status }) => status?.services?.[0]?.message === 'waiting for the task-runs controller');
    await succeed(object);
    await said(
      'worker',
      ({ status }) => status?.status === 'running' && status.services?.[0]?.message === 'generation 1 Succeeded',
    );
  });

  it('patches the Task of the next deployment, and says of the old status that it is old', async () => {
    await change('worker', { spec: spec('two') });
    const object = await rendered('worker-mytask', 'two');
    expect(object.metadata.generation).toBe(2);
    await said(
      'worker',
      ({ status }) => status?.services?.[0]?.message === 'revision worker-v2 is waiting for the task-runs controller',
    );
    await succeed(object);
    await said('worker', ({ status }) => status?.status === 'running');
  });

  it('goes back to the revision that had this spec', async () => {
    await change('worker', { spec: spec('one') });
    expect(await rendered('worker-mytask', 'one')).toMatchObject({
      metadata: { generation: 3 },
      spec: { trigger: { appRevision: 'worker-v1' } },
    });
  });

  it('reads a status that changed after the workflow was through', async () => {
    const object = await rendered('worker-mytask', 'one');
    await succeed(object);
    await said('worker', ({ status }) => status?.status === 'running');
    await store.patchStatus(refOf(object), { message: 'told by hand' });
    await change('worker', { metadata: { annotations: { nudge: '1' } } });
    await said('worker', ({ status }) => status?.services?.[0]?.message === 'told by hand');
  });

  it('puts back what somebody changed in a Task', async () => {
    await store.mergePatch({ ...taskKind, name: 'worker-mytask' }, { spec: { trigger: { appRevision: 'by hand' } } });
    await eventually(
      'the Task put right',
      async () =>
        (await task('worker-mytask'))?.['spec'] !== undefined &&
        JSON.stringify((await task('worker-mytask'))?.['spec']).includes('"worker-v1"'),
    );
  });

  it('deletes the Task of a renamed component once the new one is healthy, not before', async () => {
    await change('worker', { spec: spec('three', 'renamed') });
    const object = await rendered('worker-renamed', 'three');
    expect(await task('worker-mytask')).toBeDefined();
    await succeed(object);
    await eventually('the old Task to go', async () => (await task('worker-mytask')) === undefined);
  });

  it('deploys the last of five changes within a second', async () => {
    await submit('fast', 'word-0');
    for (let index = 1; index <= 5; index++) await change('fast', { spec: spec(`word-${index}`) });
    await rendered('fast-mytask', 'word-5');
    const last = await said('fast', ({ metadata, status }) => status?.observedGeneration === metadata.generation);
    const names = (await listRevisions(store, last)).map(({ metadata }) => metadata.name);
    expect(names).toContain(last.status?.latestRevision?.name);
  });

  it('repeats the words of CUE and of the API server', async () => {
    await submit('misspelt', 'x');
    await change('misspelt', {
      spec: {
        components: [
          { name: 'mytask', type: 'task', properties: { image: 'busybox', executionPolicy: { keeplast: 3 } } },
        ],
      },
    });
    const refused = await said('misspelt', ({ status }) => status?.workflow?.steps?.[0]?.phase === 'failed');
    expect(refused.status?.workflow?.steps?.[0]?.message).toContain(
      'parameter.executionPolicy.keeplast: field not allowed',
    );
    await change('misspelt', {
      spec: {
        components: [
          { name: 'mytask', type: 'task', properties: { image: 'busybox', executionPolicy: { keepLast: -1 } } },
        ],
      },
    });
    const invalid = await said(
      'misspelt',
      ({ status }) => status?.workflow?.steps?.[0]?.message?.includes('keepLast in body') ?? false,
    );
    expect(invalid.status?.workflow?.steps?.[0]?.message).toMatch(
      /pre-dispatch dryrun failed: .*should be greater than or equal to 0/,
    );
  });

  it('deletes everything of a deleted Application', async () => {
    for (const name of ['worker', 'fast', 'misspelt']) await store.delete(at(name));
    await eventually('nothing to be left', async () => {
      const kinds = [
        taskKind,
        { apiVersion: coreApiVersion, kind: 'Application' },
        { apiVersion: coreApiVersion, kind: 'ApplicationRevision' },
        { apiVersion: coreApiVersion, kind: 'ResourceTracker' },
      ];
      const left = await Promise.all(kinds.map((kind) => store.list(kind)));
      return left.every((objects) => objects.length === 0);
    });
  });
});
