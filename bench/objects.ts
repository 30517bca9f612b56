/**
 * What the benchmarks deploy: Tasks as definitions/task.cue renders them and KubeVela labels them, and equals of the
 * objects that the controller makes of them, for the raw loops beside it.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { isNotFound } from '../controller/src/kube/api-error.ts';
import { resourceType, type KubeObject, type ResourceType } from '../controller/src/kube/objects.ts';
import type { Client } from '../controller/src/kube/client.ts';
import { jobs, namespaces } from '../controller/src/kube/resources.ts';
import { taskRuns, tasks, type TaskObject, type TaskRunObject } from '../controller/src/cluster/resource-types.ts';
import { taskName } from '../controller/src/domain/policies/task-name.ts';
import { snapshotOf } from '../controller/src/domain/manifest/snapshot.ts';
import type { Task, TaskRun } from '../controller/src/resources/index.ts';
import { createCue, type JsonObject } from '../cue/ts/index.ts';
import { jobManifest } from '../controller/src/domain/manifest/job.ts';
import { runManifest, versionTrigger } from '../controller/src/domain/manifest/run.ts';

export { jobs, taskRuns, tasks };
export const cronJobs = resourceType<KubeObject & { spec: object }>({
  group: 'batch',
  version: 'v1',
  plural: 'cronjobs',
  kind: 'CronJob',
  namespaced: true,
});

const definition = fileURLToPath(new URL('../definitions/task.cue', import.meta.url));

/** Renders Tasks: one Application with one component each, both of the given name. */
export type RenderTask = (options: {
  namespace: string;
  name: string;
  seconds?: number;
  parameter?: JsonObject;
}) => Promise<TaskObject>;

/** Opens the definition. `close` ends its worker. */
export async function openDefinition(): Promise<{ render: RenderTask; close(): Promise<void> }> {
  const cue = await createCue({ version: '0.14.1', deadlineMs: 20_000 });
  const task = await cue.compile(await readFile(definition, 'utf8'));
  const render: RenderTask = async ({ namespace, name, seconds = 1, parameter = {} }) => {
    const { output } = await task.render({
      parameter: {
        image: 'ubuntu:22.04',
        cmd: ['sleep', String(seconds)],
        // How long a simulated pod runs.
        annotations: { 'sandbox.task.oam.dev/duration': `${seconds}s` },
        ...parameter,
      },
      context: {
        appName: name,
        name,
        namespace,
        appRevision: `${name}-v1`,
        appRevisionNum: 1,
        appLabels: {},
        appAnnotations: {},
        revision: '',
      },
    });
    const rendered = output as unknown as TaskObject;
    return { ...rendered, metadata: { ...rendered.metadata, namespace, labels: velaLabels(namespace, name) } };
  };
  return { render, close: () => cue.close() };
}

/** As recorded of KubeVela 1.10.9. */
function velaLabels(namespace: string, name: string): Record<string, string> {
  return {
    'app.oam.dev/app-revision-hash': 'c2a9b2aca82010ba',
    'app.oam.dev/appRevision': `${name}-v1`,
    'app.oam.dev/cluster': '',
    'app.oam.dev/component': name,
    'app.oam.dev/name': name,
    'app.oam.dev/namespace': namespace,
    'app.oam.dev/resourceType': 'WORKLOAD',
    'app.oam.dev/revision': '',
    'oam.dev/render-hash': '6a6bd83095229ea',
    'workload.oam.dev/type': 'task',
  };
}

/** The same Task under another name: rendering hundreds of them would measure nothing and take its time. */
export function renamed(task: TaskObject, name: string): TaskObject {
  const namespace = task.metadata.namespace ?? '';
  return { ...task, metadata: { ...task.metadata, name: taskName(name, name), labels: velaLabels(namespace, name) } };
}

/** Deploys a Task again, as KubeVela does for the next revision. @returns the name of the run that this asks for */
export async function deploy(client: Client, task: TaskObject, revision: number): Promise<string> {
  const component = componentOf(task);
  const appRevision = `${component}-v${revision}`;
  const patch = {
    metadata: { labels: { 'app.oam.dev/appRevision': appRevision } },
    spec: { trigger: { appRevision } },
  };
  await client.patch(tasks, { namespace: task.metadata.namespace, name: task.metadata.name ?? '' }, patch);
  return `${component}-v${revision}`;
}

export function componentOf(task: TaskObject): string {
  return task.metadata.labels?.['app.oam.dev/component'] ?? '';
}

/** The TaskRun that the controller makes for a stored Task. */
export function runOf(task: TaskObject, name: string): TaskRunObject {
  const version = task as Task;
  return runManifest(
    { version, snapshot: snapshotOf(version), trigger: versionTrigger(version) },
    { name },
  ) as unknown as TaskRunObject;
}

/** The Job that the controller makes for a stored TaskRun. */
export function jobOf(run: TaskRunObject): Job {
  const stored = run as TaskRun;
  return jobManifest(stored, { name: stored.metadata.name, attempt: 0 }) as unknown as Job;
}

/**
 * The same Job of nobody: an owner that does not exist would have the garbage collector at work, and our labels are for
 * the controller alone.
 */
export function ownerless(job: Job): Job {
  const { ownerReferences: _none, ...metadata } = job.metadata ?? {};
  const template = job.spec?.template;
  return {
    ...job,
    metadata: foreign(metadata),
    ...(template && { spec: { ...job.spec, template: { ...template, metadata: foreign(template.metadata ?? {}) } } }),
  };
}

/** With other labels of the same number and about the same length. */
function foreign(metadata: ObjectMeta): ObjectMeta {
  const labels = Object.entries(metadata.labels ?? {}).map(([key, value]) => [
    key.replace(/^task\.oam\.dev/, 'bench.oam.dev'),
    value,
  ]);
  return { ...metadata, labels: Object.fromEntries(labels) as Record<string, string> };
}

/**
 * Removes what a benchmark left in its namespace, owners first, so that nothing is created again. Pods are deleted with
 * their owners.
 */
export async function empty(client: Client, namespace: string): Promise<void> {
  const clear = async <T extends KubeObject>(type: ResourceType<T>) => {
    for await (const { items } of client.list(type, { namespace })) {
      await forAll(items, 20, ({ metadata: { name } }) => client.delete(type, { namespace, name }).catch(unlessGone));
    }
  };
  await clear(cronJobs);
  await clear(tasks);
  await clear(taskRuns);
  await clear(jobs);
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

export async function createNamespace(client: Client, name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** Does `work` for each item, at most so many at a time, in order. The first failure ends it. */
export async function forAll<T>(
  items: readonly T[],
  atATime: number,
  work: (item: T, index: number) => Promise<unknown>,
): Promise<void> {
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) await work(item, index);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
