import { randomBytes } from 'node:crypto';
import { createCue, type CueVersion } from '../../../cue/ts/index.ts';
import { createClient } from '../../../controller/src/kube/client.ts';
import { Informer } from '../../../controller/src/kube/informer.ts';
import { keyOf, refOf, resourceType, type KubeObject as AnyObject } from '../../../controller/src/kube/objects.ts';
import { WorkQueue, type Outcome } from '../../../controller/src/kube/queue.ts';
import { ApiStore } from './api-store.ts';
import type { Application } from './application.ts';
import { CachedStore } from './cached-store.ts';
import { install } from './install.ts';
import { TemplateCache } from './definitions.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { canonicalJson } from '../../../controller/src/domain/lang/canonical-json.ts';

import { reconcile, type Outside } from './reconcile.ts';
import { StepMemory } from './workflow.ts';

export interface StandInOptions {
  readonly kubeconfig: string;
  readonly cueVersion?: CueVersion;
  /** Is called with every Application that could not be reconciled. */
  readonly failed?: (application: string, error: unknown) => void;
}

export interface StandIn {
  stop(): Promise<void>;
}

const applications = resourceType<Application & AnyObject>({
  group: 'core.oam.dev',
  version: 'v1beta1',
  plural: 'applications',
  kind: 'Application',
  namespaced: true,
});

/** How the recordings' KubeVela was started: `--application-re-sync-period=10s --max-workflow-wait-backoff-time=2`. */
const pace = { maxBackoffSeconds: 2, resyncSeconds: 10 };
/** KubeVela's own `--max-workflow-wait-backoff-time`, and its resync is longer still. */
const slowestSeconds = 60;
/**
 * What rests or waits is looked at no more often than so many times a second, all Applications together: more would
 * keep two cores busy for ever.
 */
const looksPerSecond = 20;

/**
 * How often Applications are looked at of which nothing is heard.
 * @param count how many there are: with hundreds it becomes what KubeVela does by default
 */
export function paceFor(count: number): typeof pace {
  const least = Math.min(count / looksPerSecond, slowestSeconds);
  return {
    maxBackoffSeconds: Math.max(pace.maxBackoffSeconds, least),
    resyncSeconds: Math.max(pace.resyncSeconds, least),
  };
}

/**
 * Starts the stand-in for KubeVela against an API server: installs its kinds and looks after every Application.
 * @throws Error when the API server cannot be reached or CUE cannot be built
 */
export async function startStandIn({ kubeconfig, cueVersion = '0.9.2', failed }: StandInOptions): Promise<StandIn> {
  const client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'kubevela-stand-in' });
  const api = new ApiStore(client);
  const cue = await createCue({ version: cueVersion, deadlineMs: 20_000 });
  await install(api, cue);
  const store = new CachedStore(api, client);
  await store.start();
  const outside: Omit<Outside, keyof typeof pace> = {
    store,
    templates: new TemplateCache(cue),
    now: () => new Date(),
    newId,
  };
  const memories = new Map<string, StepMemory>();
  /** Something was heard of them since they were looked at last: the others, that only wait, come after these. */
  const news = new Set<string>();

  const look = async (key: string): Promise<Outcome> => {
    const memory = memories.get(key) ?? new StepMemory();
    memories.set(key, memory);
    news.delete(key);
    const seconds = await reconcile(
      { ...outside, ...paceFor(memories.size) },
      { apiVersion: coreApiVersion, kind: 'Application', ...refOf(key) },
      memory,
    );
    return { type: 'again', at: new Date(Date.now() + seconds * 1_000) };
  };
  const queue = new WorkQueue({
    name: 'applications',
    workers: 4,
    process: look,
    patient: (key) => !news.has(key),
    backoff: { firstMs: 200, longestMs: 10_000 },
    observer: { failed: (_queue, key, error) => failed?.(key, error) },
  });
  const informer = new Informer({ client, type: applications, project: (app) => app });
  informer.onEvent((event) => {
    const key = keyOf(event.object.metadata);
    if (event.type === 'deleted') {
      queue.forget(key);
      memories.delete(key);
      news.delete(key);
    } else if (event.type === 'added' || whatMatters(event.object) !== whatMatters(event.old)) {
      news.add(key);
      queue.add(key);
    }
  });
  await informer.start();
  queue.start();
  return {
    stop: async () => {
      await informer.stop();
      await queue.stop();
      await store.stop();
      await cue.close();
      await client.close();
    },
  };
}

/**
 * What makes KubeVela look again: the spec, any metadata, and a workflow that someone restarted, resumed or terminated.
 */
function whatMatters({ metadata, status }: Application): string {
  const { generation, labels, annotations, finalizers, deletionTimestamp } = metadata;
  const workflow = status?.workflow;
  return canonicalJson({
    generation,
    labels,
    annotations,
    finalizers,
    deletionTimestamp,
    gone: workflow === undefined,
    suspend: workflow?.suspend,
    terminated: workflow?.terminated,
  });
}

/** As KubeVela names a workflow step's session: ten letters and digits. */
function newId(): string {
  return [...randomBytes(10)].map((byte) => 'abcdefghijklmnopqrstuvwxyz0123456789'[byte % 36]).join('');
}
