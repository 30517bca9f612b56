import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCue, type Cue } from '../../../cue/ts/index.ts';
import type { Application, WorkflowStatus } from './application.ts';
import { definitionManifest } from './definition-manifest.ts';
import { TemplateCache } from './definitions.ts';
import { MemoryStore } from './memory-store.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { sameJson } from '../../../controller/src/domain/lang/same-json.ts';
import { isObject, refOf, type JsonObject, type KubeObject } from './objects.ts';
import { reconcile, type Outside } from './reconcile.ts';
import { listRevisions } from './revisions.ts';
import { restartWorkflow, terminateWorkflow } from './vela-commands.ts';
import { StepMemory } from './workflow.ts';

const folder = new URL('../../../test/recordings/kubevela-1.10.9/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');
const items = (path: string): KubeObject[] => (parse(read(path)) as { items: KubeObject[] }).items;
const task = { apiVersion: 'task.oam.dev/v1alpha1', kind: 'Task' };
const application = { apiVersion: coreApiVersion, kind: 'Application' };

interface Recorded {
  readonly name: string;
  readonly applications: Application[];
  readonly tasks: KubeObject[];
  readonly revisions: string[];
}

const recordings: Recorded[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
  .map((name) => ({
    name,
    applications: items(`${name}/applications.yaml`) as Application[],
    tasks: items(`${name}/tasks.yaml`),
    revisions: read(`${name}/revisions.txt`)
      .split('\n')
      .filter((line) => line !== ''),
  }));

/** What a person did with the `vela` command before that state was recorded. */
const commands: Record<string, readonly ((store: MemoryStore, name: string) => Promise<unknown>)[]> = {
  '20-step-restarted': [(store, name) => restartWorkflow(store, 'default', name)],
  '22-step-terminated': [
    (store, name) => restartWorkflow(store, 'default', name),
    (store, name) => terminateWorkflow(store, 'default', name),
  ],
};
/** Here the workflow had looked at the Task's new status by itself before the Application was nudged. */
const lookedBeforeNudge = ['10-publish-version-succeeded'];
/** Here the Tasks of the spec before were worked on first; that state was not recorded. */
const workBeforeSpec = ['12a-component-renamed-not-healthy'];

/** Plays what people and the (missing) controller did, and lets the stand-in answer. */
class Replay {
  #now = Date.parse('2026-11-22T17:08:05Z');
  readonly store = new MemoryStore(() => new Date(this.#now));
  readonly #memories = new Map<string, StepMemory>();
  readonly #outside: Outside;

  constructor(cue: Cue) {
    const ids = [
      ...new Set(
        recordings.flatMap(({ applications }) =>
          applications.flatMap(({ status }) => (status?.workflow?.steps ?? []).map(({ id }) => id)),
        ),
      ),
    ];
    this.#outside = {
      store: this.store,
      templates: new TemplateCache(cue),
      now: () => new Date(this.#now),
      newId: () => ids.shift() ?? 'no id was recorded for this step',
      maxBackoffSeconds: 2,
      resyncSeconds: 10,
    };
  }

  async play(recorded: Recorded): Promise<void> {
    await this.#deleteOthers(recorded.applications);
    if (workBeforeSpec.includes(recorded.name)) {
      await this.#work(recorded);
      for (const { metadata } of recorded.applications)
        await this.store.mergePatch(
          { ...application, name: metadata.name, namespace: 'default' },
          { metadata: { annotations: metadata.annotations } },
        );
      await this.#settle();
    }
    for (const app of recorded.applications) await this.#submit(app, (key) => key !== 'nudge');
    await this.#settle();
    for (const command of commands[recorded.name] ?? []) {
      await command(this.store, 'demo4');
      await this.#settle();
    }
    await this.#work(recorded);
    if (lookedBeforeNudge.includes(recorded.name)) await this.#settle();
    for (const app of recorded.applications) await this.#submit(app, () => true);
    await this.#settle();
  }

  async #deleteOthers(applications: readonly Application[]): Promise<void> {
    for (const app of await this.store.list(application)) {
      if (!applications.some(({ metadata }) => metadata.name === app.metadata.name))
        await this.store.delete(refOf(app));
    }
    await this.#settle();
  }

  async #submit({ metadata, spec }: Application, takes: (annotation: string) => boolean): Promise<void> {
    const ref = { ...application, name: metadata.name, namespace: 'default' };
    const wanted = Object.fromEntries(
      Object.entries(metadata.annotations ?? {}).filter(([key]) => key !== 'oam.dev/kubevela-version' && takes(key)),
    );
    const before = (await this.store.get(ref)) as Application | undefined;
    if (!before)
      return void (await this.store.create({
        ...application,
        metadata: { name: metadata.name, namespace: 'default', annotations: wanted },
        spec,
      }));
    const removed = Object.fromEntries(
      Object.keys(before.metadata.annotations ?? {})
        .filter((key) => key !== 'oam.dev/kubevela-version' && key !== 'nudge' && !(key in wanted))
        .map((key) => [key, null]),
    );
    await this.store.mergePatch(ref, {
      metadata: { annotations: { ...removed, ...wanted } },
      spec: sameJson(before.spec, spec) ? {} : spec,
    });
  }

  async #work({ tasks }: Recorded): Promise<void> {
    for (const object of tasks) await this.#patchTaskStatus(object);
  }

  async #patchTaskStatus({ metadata, status }: KubeObject): Promise<void> {
    const live = await this.store.get({ ...task, namespace: 'default', name: metadata.name });
    if (live && status !== undefined && !sameJson(live['status'], status))
      await this.store.patchStatus(refOf(live), status as JsonObject);
  }

  /** Reconciles every Application until nothing changes any more. */
  async #settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      this.#now += 2_000;
      for (const app of await this.store.list(application)) {
        const memory = this.#memories.get(app.metadata.name) ?? new StepMemory();
        this.#memories.set(app.metadata.name, memory);
        await reconcile(this.#outside, refOf(app), memory);
      }
    }
  }
}

/** Leaves out what differs from run to run: times, uids and hashes. Equal revision hashes stay equal. */
class Masks {
  readonly #hashes = new Map<string, string>();

  hash(value: string): string {
    const known = this.#hashes.get(value) ?? `hash ${this.#hashes.size + 1}`;
    this.#hashes.set(value, known);
    return known;
  }

  mask(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) return value.map((element) => this.mask(element));
    if (isObject(value))
      return Object.fromEntries(
        Object.entries(value)
          .filter(([field]) => !['contextBackend', 'resourceVersion'].includes(field))
          .map(([field, inner]) => [field, this.mask(inner, field)]),
      );
    if (typeof value !== 'string') return value;
    return this.#text(value, key);
  }

  #text(value: string, key: string): string {
    if (key === 'oam.dev/render-hash') return 'hash';
    if (key === 'app.oam.dev/app-revision-hash' || key === 'revisionHash') return this.hash(value);
    if (key === 'uid') return 'uid';
    if (key === 'app.oam.dev/last-applied-configuration') return JSON.stringify(this.mask(JSON.parse(value)));
    return /^\d{4}-\d\d-\d\dT/.test(value) ? 'time' : value;
  }
}

const byName = (a: KubeObject, b: KubeObject): number => (a.metadata.name < b.metadata.name ? -1 : 1);

describe('the stand-in does what a real KubeVela 1.10.9 was seen to do', () => {
  let cue: Cue;
  let replay: Replay;
  const real = new Masks();
  const ours = new Masks();

  beforeAll(async () => {
    cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
    replay = new Replay(cue);
    for (const file of ['definition-task.cue', 'definition-run-task.cue'])
      await replay.store.create(definitionManifest(await (await cue.compile(read(file))).describe(), 'vela-system'));
  });
  afterAll(() => cue.close());

  it.each(recordings)('$name', async (recorded) => {
    await replay.play(recorded);
    const applications = (await replay.store.list(application)) as Application[];
    const revisions = (await Promise.all(applications.map((app) => listRevisions(replay.store, app))))
      .flat()
      .sort(byName);
    expect({
      applications: ours.mask(applications.sort(byName)),
      tasks: ours.mask((await replay.store.list(task)).sort(byName)),
      revisions: revisions.map(({ metadata, status }) => [
        metadata.name,
        ours.hash(metadata.labels?.['app.oam.dev/app-revision-hash'] ?? ''),
        pythonBoolean(status),
      ]),
    }).toEqual({
      applications: real.mask(recorded.applications.sort(byName)),
      tasks: real.mask(recorded.tasks.sort(byName)),
      revisions: recorded.revisions
        .map((line) => line.split(' '))
        .map(([name = '', hash = '', succeeded]) => [name, real.hash(hash), succeeded]),
    });
  });
});

function pythonBoolean(status: { succeeded: boolean; workflow?: WorkflowStatus } | undefined): string {
  return status === undefined ? 'None' : status.succeeded ? 'True' : 'False';
}
