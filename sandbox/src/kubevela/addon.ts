import { setTimeout as delay } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createCue } from '../../../cue/ts/index.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import { renderAddon } from '../../../scripts/addon-files.ts';
import { ApiStore } from './api-store.ts';
import type { Application, ApplicationStatus } from './application.ts';
import { systemNamespace } from './definitions.ts';
import { mergeDiff } from '../../../controller/src/vela/merge-patch.ts';
import { coreApiVersion, velaAnnotations } from '../../../controller/src/vela/labels.ts';
import { refOf, type JsonObject, type ObjectRef } from './objects.ts';
import type { ObjectStore } from './store.ts';

const limitMs = 120_000;

export interface AddonOptions {
  /** Such as dist/task-runs: metadata.yaml, template.cue, parameter.cue and resources/. */
  readonly directory: string;
  /** As in `vela addon enable DIRECTORY replicas=2`. */
  readonly parameters?: JsonObject;
}

/**
 * Does what `vela addon enable DIRECTORY` does: renders the addon's Application, creates or updates it under a new
 * publishVersion, and waits until it runs. It goes on under the stand-in as under a real KubeVela.
 * @throws CueError when a parameter does not fit; Error with the step that failed, or when it does not run within two
 * minutes
 */
export async function enableAddon(client: Client, { directory, parameters = {} }: AddonOptions): Promise<void> {
  const { name, version } = parse(await readFile(join(directory, 'metadata.yaml'), 'utf8')) as {
    name: string;
    version: string;
  };
  const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const rendered = await renderAddon(cue, directory, parameters).finally(() => cue.close());
  const publishVersion = `addon-${Date.now()}`;
  const app: Application = {
    ...(rendered as unknown as Application),
    metadata: {
      ...rendered.metadata,
      labels: { 'addons.oam.dev/name': name, 'addons.oam.dev/version': version, 'addons.oam.dev/registry': 'local' },
      annotations: { ...rendered.metadata.annotations, [velaAnnotations.publishVersion]: publishVersion },
    },
  };
  const store = new ApiStore(client);
  await submit(store, app);
  await eventuallyRuns(store, refOf(app), publishVersion);
}

/**
 * The spec, labels and annotations of an addon's Application are replaced whole; those that KubeVela itself wrote come
 * again.
 */
async function submit(store: ObjectStore, app: Application): Promise<void> {
  const before = await store.get(refOf(app));
  if (!before) return void (await store.create(app));
  const { labels = {}, annotations = {} } = before.metadata;
  const wanted = { metadata: { labels: app.metadata.labels, annotations: app.metadata.annotations }, spec: app.spec };
  await store.mergePatch(refOf(app), mergeDiff({ metadata: { labels, annotations }, spec: before['spec'] }, wanted));
}

async function eventuallyRuns(store: ObjectStore, ref: ObjectRef, publishVersion: string): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const status = ((await store.get(ref)) as Application | undefined)?.status ?? {};
    const phase = status.workflow?.appRevision === publishVersion ? status.status : undefined;
    if (phase === 'running') return;
    if (phase === 'workflowFailed' || Date.now() > deadline)
      throw new Error(`The addon's Application ${ref.namespace}/${ref.name} does not run: ${describe(status)}`);
    await delay(200);
  }
}

function describe({ status, conditions = [], workflow }: ApplicationStatus): string {
  const failures = conditions
    .filter((condition) => condition.status === 'False')
    .map(({ type, message = '' }) => `${type}: ${message}`);
  const steps = (workflow?.steps ?? []).map(({ name, phase, message = '' }) => `${name} ${phase} ${message}`.trim());
  return [status ?? 'no KubeVela looks after it', ...failures, ...steps].join('; ');
}

/**
 * Does what `vela addon disable NAME` does: deletes the addon's Application, and waits until KubeVela has cleared up
 * behind it.
 * @throws Error when Applications still use a definition of the addon, unless forced
 */
export async function disableAddon(client: Client, name: string, { force = false } = {}): Promise<void> {
  const store = new ApiStore(client);
  const ref = { apiVersion: coreApiVersion, kind: 'Application', namespace: systemNamespace, name: `addon-${name}` };
  const addon = await store.get(ref);
  if (!addon)
    throw new Error(`The addon ${name} is not enabled: there is no Application ${ref.namespace}/${ref.name}.`);
  const users = force
    ? []
    : await usersOf(store, (addon.metadata.annotations?.['addon.oam.dev/componentDefinitions'] ?? '').split(','));
  if (users.length > 0)
    throw new Error(`The addon ${name} is used by ${users.join(', ')}: delete these first, or force it.`);
  await store.delete(ref);
  const deadline = Date.now() + limitMs;
  while (await store.get(ref)) {
    if (Date.now() > deadline)
      throw new Error(`The Application ${ref.namespace}/${ref.name} is still being deleted after ${limitMs / 1000} s.`);
    await delay(200);
  }
}

async function usersOf(store: ObjectStore, types: readonly string[]): Promise<string[]> {
  const applications = (await store.list({ apiVersion: coreApiVersion, kind: 'Application' })) as Application[];
  const users = applications.filter(
    ({ metadata, spec }) =>
      metadata.namespace !== systemNamespace && spec.components.some(({ type }) => types.includes(type)),
  );
  return users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}
