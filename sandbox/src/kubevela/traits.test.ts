/**
 * Traits that are defined in the cluster, with ours: what they make of a Task, and the errors for those that do not
 * fit.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCue, type Cue } from '../../../cue/ts/index.ts';
import { definitionManifest } from './definition-manifest.ts';
import { readDefinition } from '../../../scripts/definition-files.ts';
import type { Application, Component, TraitUse } from './application.ts';
import { TemplateCache } from './definitions.ts';
import { MemoryStore } from './memory-store.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { type JsonObject, type KubeObject } from './objects.ts';
import { reconcile } from './reconcile.ts';
import { StepMemory } from './workflow.ts';

/** One that unifies, and adds an object of its own. */
const noted = `
noted: {
	type: "trait"
	description: ""
	annotations: {}
	labels: {}
	attributes: {}
}
template: {
	patch: {
		metadata: labels: note: parameter.note
		spec: suspend: parameter.suspend
	}
	outputs: note: {
		apiVersion: "v1"
		kind:       "ConfigMap"
		metadata: name: "note-of-\\(context.output.metadata.name)"
		data: note: parameter.note
	}
	parameter: {
		note:    string
		suspend: bool
	}
}
`;

let cue: Cue;
const manifests: KubeObject[] = [];
beforeAll(async () => {
  cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const texts = await Promise.all(['task', 'task-flow', 'task-template', 'task-queue'].map(readDefinition));
  for (const text of [...texts, noted])
    manifests.push(definitionManifest(await (await cue.compile(text)).describe(), 'vela-system'));
});
afterAll(() => cue.close());

const ref = { apiVersion: coreApiVersion, kind: 'Application', namespace: 'default', name: 'app' };
const now = () => new Date('2026-01-01T00:00:00Z');

interface Deployed {
  /** Absent where the Application was refused. */
  readonly task: KubeObject | undefined;
  readonly store: MemoryStore;
  readonly app: Application;
  /** Everything that the Application's status says is wrong. */
  readonly said: string;
}

/** Deploys one component with traits, and looks at the Application once. */
async function deploy(traits: TraitUse[], properties: JsonObject = {}, type = 'task'): Promise<Deployed> {
  const store = new MemoryStore(now);
  for (const manifest of manifests) await store.create(manifest);
  const component: Component = {
    name: 'a',
    type,
    properties: type === 'task' ? { image: 'busybox', ...properties } : properties,
    traits,
  };
  await store.create({ ...ref, metadata: { name: 'app', namespace: 'default' }, spec: { components: [component] } });
  await reconcile(
    { store, templates: new TemplateCache(cue), now, newId: () => 'id', maxBackoffSeconds: 2, resyncSeconds: 10 },
    ref,
    new StepMemory(),
  );
  const app = (await store.get(ref)) as Application;
  const steps = app.status?.workflow?.steps ?? [];
  const said = [...steps.map(({ message }) => message), ...(app.status?.conditions ?? []).map(({ message }) => message)]
    .filter((text) => text !== undefined)
    .join('\n');
  return {
    task: await store.get({ apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task', namespace: 'default', name: 'app-a' }),
    store,
    app,
    said,
  };
}

const queue = (properties: JsonObject): TraitUse => ({ type: 'task-queue', properties });

describe('the trait task-queue', () => {
  it.each<[what: string, traits: TraitUse[], properties: JsonObject, spec: JsonObject]>([
    [
      'sets the queue of a task that has none',
      [queue({ name: 'q1', priorityClass: 'high', queueTimeoutSeconds: 60 })],
      {},
      { queue: { name: 'q1', priorityClass: 'high' }, queueTimeoutSeconds: 60 },
    ],
    [
      'wins over the whole queue of the task, and leaves its time limit',
      [queue({ name: 'q1' })],
      { queue: { name: 'q0', priorityClass: 'low' }, queueTimeoutSeconds: 5 },
      { queue: { name: 'q1' }, queueTimeoutSeconds: 5 },
    ],
    [
      'wins over the time limit that it names too',
      [queue({ name: 'q1', queueTimeoutSeconds: 60 })],
      { queueTimeoutSeconds: 5 },
      { queue: { name: 'q1' }, queueTimeoutSeconds: 60 },
    ],
    [
      'gives way to one that comes after it',
      [queue({ name: 'q1', priorityClass: 'high' }), queue({ name: 'q2' })],
      {},
      { queue: { name: 'q2' } },
    ],
  ])('%s', async (_what, traits, properties, spec) => {
    const { task, app } = await deploy(traits, properties);
    const { queue, queueTimeoutSeconds } = task?.['spec'] as JsonObject;
    expect({ queue, queueTimeoutSeconds }).toEqual({ queueTimeoutSeconds: undefined, ...spec });
    expect(app.status?.services).toMatchObject([{ name: 'a', traits: traits.map(({ type }) => ({ type })) }]);
  });

  it("leaves a step's own queue alone", async () => {
    const steps = [
      { name: 'build', image: 'busybox' },
      { name: 'test', image: 'busybox', queue: { name: 'own' } },
    ];
    const { task } = await deploy(
      [queue({ name: 'q1' }), { type: 'labels', properties: { team: 'a' } }],
      { steps },
      'task-flow',
    );
    expect(task?.metadata.labels).toMatchObject({ team: 'a' });
    expect(task?.['spec']).toMatchObject({
      queue: { name: 'q1' },
      steps: [{ name: 'build' }, { name: 'test', queue: { name: 'own' } }],
    });
    expect((task?.['spec'] as { steps: JsonObject[] }).steps[0]).not.toHaveProperty('queue');
  });
});

describe('any other trait', () => {
  it('is unified with the workload, and its objects are applied beside it', async () => {
    const { task, store } = await deploy([{ type: 'noted', properties: { note: 'x', suspend: true } }]);
    expect(task).toMatchObject({ metadata: { labels: { note: 'x' } }, spec: { suspend: true } });
    expect(
      await store.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'note-of-app-a' }),
    ).toMatchObject({
      data: { note: 'x' },
      metadata: { labels: { 'trait.oam.dev/type': 'noted', 'trait.oam.dev/resource': 'note' } },
    });
  });
});

describe("what does not fit is refused in KubeVela's words", () => {
  it.each<[what: string, use: TraitUse, properties: JsonObject, said: string]>([
    [
      'a misspelt property',
      queue({ nam: 'q1' }),
      {},
      'evaluate template trait=task-queue app=a: invalid template of trait task-queue after merge with parameter and context: parameter.nam: field not allowed',
    ],
    [
      'a queue without a name',
      queue({ priorityClass: 'high' }),
      {},
      'evaluate base template component=a app=app: failed to have the workload/trait unstructured: spec.queue.name: incomplete value string',
    ],
    [
      'a conflict',
      { type: 'noted', properties: { note: 'x', suspend: true } },
      { suspend: false },
      'evaluate template trait=noted app=a: invalid patch trait noted into workload: result check err: spec.suspend: conflicting values',
    ],
    [
      'a trait that nobody defined',
      { type: 'task-queu', properties: {} },
      {},
      'parse trait: load template from TraitDefinition task-queu: TraitDefinition.core.oam.dev "task-queu" not found',
    ],
  ])('%s', async (_what, use, properties, said) => {
    const refused = await deploy([use], properties);
    expect(refused.said).toContain(said);
    expect(refused.task).toBeUndefined();
  });

  it('a queue for something that is not a task', async () => {
    expect((await deploy([queue({ name: 'q1' })], { image: 'busybox' }, 'task-template')).said).toContain(
      'evaluate template trait=task-queue app=a: the trait task-queue is for components of type task, cron-task, daemon-task and task-flow: remove it from a',
    );
  });
});
