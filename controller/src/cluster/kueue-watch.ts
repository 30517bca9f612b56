/**
 * What the controller knows of Kueue. Most clusters do not have it, and it may be installed and removed while we run.
 * No call is made before a Job waits in a queue. Then Kueue's objects are watched as long as its API exists; while it
 * does not, the watch checks for it regularly.
 */
import { noQueueing, type Queueing, type Workload } from '../domain/model/kueue.ts';
import { sameJson } from '../domain/lang/same-json.ts';
import { isForbidden, isNotFound } from '../kube/api-error.ts';
import { uidKey, type CacheEvent } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { sleep, systemClock, type Clock } from '../kube/clock.ts';
import { Informer, type InformerObserver } from '../kube/informer.ts';
import { controllerUid, type KubeObject } from '../kube/objects.ts';
import { backoffMs } from '../kube/retry.ts';
import { kueueGroup, kueueTypes } from './kueue-types.ts';
import {
  projectLocalQueue,
  projectPriorityClass,
  projectWorkload,
  type CachedJob,
  type CachedLocalQueue,
  type CachedWorkload,
} from './projections.ts';

export interface KueueWatchOptions {
  readonly client: Client;
  /** All namespaces when left out. */
  readonly namespaces?: readonly string[] | undefined;
  /** Whether any Job waits in a queue: while none does, there is no check for Kueue. */
  readonly isNeeded: () => boolean;
  readonly observer?: InformerObserver | undefined;
  readonly clock?: Clock | undefined;
}

/** The versions with the fields that are read here, newest first. */
const versions = ['v1beta2', 'v1beta1'];
const backoff = { firstMs: 1_000, longestMs: 15_000 };

type Kueue = ReturnType<typeof createInformers>;

export class KueueWatch {
  readonly #options: KueueWatchOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #handlers = new Set<(jobUid: string | undefined) => void>();
  #running: Promise<void> | undefined;
  #kueue: Kueue | undefined;
  #installed: boolean | undefined;
  #forbidden: string | undefined;

  constructor(options: KueueWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Calls `handler` with the UID of the Job whose Workload changed, or with undefined when the change may concern all
   * waiting Jobs.
   */
  onChange(handler: (jobUid: string | undefined) => void): void {
    this.#handlers.add(handler);
  }

  /** A Job waits in a queue: start the watch, unless it has started. */
  want(): void {
    if (this.#stopped.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#options.isNeeded()) this.want();
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** What is known for these Jobs, all of one namespace. */
  queueingOf(namespace: string, jobs: readonly CachedJob[]): Queueing {
    const queued = jobs.filter(({ queue }) => queue !== undefined);
    if (queued.length === 0) return noQueueing;
    const kueue = this.#kueue;
    if (!kueue) return { ...noQueueing, installed: this.#installed, forbidden: this.#forbidden };
    const workloads = queued.flatMap(({ metadata: { uid } }) => {
      const found = current(kueue.workloads.cache.by('owner', uidKey({ namespace }, uid)));
      return found ? [[uid, found] as const] : [];
    });
    const clusterQueues = kueue.localQueues.cache
      .by('namespace', namespace)
      .map(({ metadata, clusterQueue }) => [metadata.name, clusterQueue] as const);
    return {
      installed: this.#installed,
      workloads: new Map(workloads),
      clusterQueues: new Map(clusterQueues),
      priorityClasses: new Set([...kueue.priorityClasses.cache.values()].map(({ metadata }) => metadata.name)),
    };
  }

  /** Never rejects: failures are retried. */
  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 1; !signal.aborted && (failures === 1 || this.#options.isNeeded()); failures += 1) {
      const version = await this.#discover();
      if (version !== undefined && !signal.aborted && (await this.#follow(version))) failures = 0;
      if (!signal.aborted) await sleep(this.#clock, backoffMs(Math.max(1, failures), backoff), signal);
    }
    this.#know(undefined);
  }

  /** @returns the version of Kueue's API to use, if it is there */
  async #discover(): Promise<string | undefined> {
    try {
      const served = JSON.parse(
        await this.#options.client.getText(`/apis/${kueueGroup}`, {}, { signal: this.#stopped.signal }),
      ) as { versions?: { version: string }[] };
      const names = served.versions?.map(({ version }) => version) ?? [];
      return versions.find((version) => names.includes(version)) ?? names[0];
    } catch (error) {
      if (isNotFound(error)) this.#know(false);
      else if (!this.#stopped.signal.aborted) this.#options.observer?.failed?.(kueueTypes('').workloads, error);
      return undefined;
    }
  }

  /** Watch until Kueue's API is removed, or we stop. @returns whether its objects had been read */
  async #follow(version: string): Promise<boolean> {
    const { signal } = this.#stopped;
    const ended = new AbortController();
    signal.addEventListener('abort', () => ended.abort(), { once: true });
    const over = new Promise<void>((resolve) =>
      ended.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    const kueue = createInformers(version, this.#options, this.#clock, {
      failed: (type, error) => {
        this.#options.observer?.failed?.(type, error);
        if (isNotFound(error)) ended.abort();
        // Report only the first forbidden resource, so that waiting runs are not rewritten on every retry. Data read
        // earlier stays valid.
        if (isForbidden(error) && !this.#kueue)
          this.#know(undefined, this.#forbidden ?? `${type.plural}.${type.group}`);
      },
    });
    const all = Object.values(kueue) as unknown as readonly Informer<KubeObject>[];
    const synced = Promise.all(all.map((informer) => informer.start())).then(() => undefined);
    await Promise.race([synced, over]);
    const wasRead = !ended.signal.aborted;
    if (wasRead) {
      this.#kueue = kueue;
      kueue.workloads.onEvent((event) => this.#onWorkload(event));
      kueue.localQueues.onEvent((event) => this.#onLocalQueue(event));
      kueue.priorityClasses.onEvent(({ type }) => type !== 'updated' && this.#tell(undefined));
      this.#know(true);
      await over;
    }
    this.#kueue = undefined;
    this.#know(undefined);
    await Promise.all(all.map((informer) => informer.stop()));
    for (const { cache } of all) cache.clear(undefined);
    if (!wasRead && !signal.aborted) this.#know(false);
    return wasRead;
  }

  #onWorkload(event: CacheEvent<CachedWorkload>): void {
    if (event.type === 'updated' && sameWords(event.old, event.object)) return;
    this.#tell(controllerUid(event.object));
  }

  /** Its status counts waiting Workloads, and changes all the time. */
  #onLocalQueue(event: CacheEvent<CachedLocalQueue>): void {
    if (event.type !== 'updated' || event.old.clusterQueue !== event.object.clusterQueue) this.#tell(undefined);
  }

  #know(installed: boolean | undefined, forbidden?: string): void {
    if (this.#installed === installed && this.#forbidden === forbidden) return;
    this.#installed = installed;
    this.#forbidden = forbidden;
    this.#tell(undefined);
  }

  #tell(jobUid: string | undefined): void {
    for (const handler of this.#handlers) handler(jobUid);
  }
}

function createInformers(
  version: string,
  { client, namespaces, observer }: KueueWatchOptions,
  clock: Clock,
  onFailure: Pick<InformerObserver, 'failed'>,
) {
  const types = kueueTypes(version);
  const options = { client, observer: { ...observer, ...onFailure }, clock };
  return {
    workloads: new Informer({ ...options, namespaces, type: types.workloads, project: projectWorkload }),
    localQueues: new Informer({ ...options, namespaces, type: types.localQueues, project: projectLocalQueue }),
    priorityClasses: new Informer({ ...options, type: types.priorityClasses, project: projectPriorityClass }),
  };
}

/** A Workload that is being deleted describes the past. */
function current(workloads: readonly CachedWorkload[]): CachedWorkload | undefined {
  return workloads.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? workloads[0];
}

function sameWords(a: Workload, b: Workload): boolean {
  return (
    a.active === b.active &&
    sameJson({ requests: a.requests, conditions: a.conditions }, { requests: b.requests, conditions: b.conditions })
  );
}
