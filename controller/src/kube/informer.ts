import { Cache, byNamespace, byOwner, type Cached, type CacheEvent, type Indexer } from './cache.ts';
import type { Client } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import type { KubeObject, ResourceType, Stored } from './objects.ts';
import { Reflector, type ReflectorSink } from './reflector.ts';

/** Sees what an informer goes through; for logs and metrics. */
export interface InformerObserver {
  listed?(resource: ResourceType, objects: number, seconds: number): void;
  event?(resource: ResourceType, type: CacheEvent<Cached>['type']): void;
  /** A list or watch broke; it is retried after a pause. */
  failed?(resource: ResourceType, error: unknown): void;
  /** A handler threw; the others and later events are not affected. */
  handlerFailed?(resource: ResourceType, error: unknown): void;
}

export interface InformerOptions<T extends KubeObject, P extends Cached> {
  client: Client;
  type: ResourceType<T>;
  /** All namespaces when left out. */
  namespaces?: readonly string[] | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /**
   * Keeps only what is needed: memory. managedFields are gone already. Must keep the metadata that {@link Cached}
   * names.
   */
  project: (object: Stored<T>) => P;
  /** Beside `namespace` and `owner`, the controlling owner's uid, which may be replaced by a narrower one. */
  indexers?: Readonly<Record<string, Indexer<P>>> | undefined;
  /**
   * Objects a page. 250 by default: with 500 a page of 2 MB blocks the event loop for over 50 ms, and the list does not
   * get faster.
   */
  pageSize?: number | undefined;
  /** A watch that is silent for so long is given up, and a list follows; 150 s by default. */
  idleMs?: number | undefined;
  observer?: InformerObserver | undefined;
  clock?: Clock | undefined;
}

/** A kind's objects, kept up to date. Nothing happens before `start`. */
export class Informer<T extends KubeObject, P extends Cached = Stored<T>> {
  /** Read from here; what it hands out is shared, so never change it. */
  readonly cache: Cache<P>;
  readonly type: ResourceType<T>;
  readonly #options: InformerOptions<T, P>;
  readonly #clock: Clock;
  readonly #handlers = new Set<(event: CacheEvent<P>) => void>();
  readonly #stopped = new AbortController();
  readonly #unsynced: Set<string | undefined>;
  readonly #synced = Promise.withResolvers<void>();
  #reflectors: readonly Reflector<T>[] = [];
  #running: Promise<unknown> | undefined;
  #lastAlive: number;

  constructor(options: InformerOptions<T, P>) {
    this.#options = options;
    this.type = options.type;
    this.#clock = options.clock ?? systemClock;
    this.#unsynced = new Set(options.namespaces ?? [undefined]);
    this.#lastAlive = this.#clock.monotonic();
    this.cache = new Cache<P>({ namespace: byNamespace, owner: byOwner, ...options.indexers }, (event) =>
      this.#emit(event),
    );
  }

  /** True once every namespace's first list is in. */
  get hasSynced(): boolean {
    return this.#unsynced.size === 0;
  }

  /** Milliseconds since anything moved; bookmarks see to it that this stays within minutes. */
  idleMs(): number {
    return this.#clock.monotonic() - this.#lastAlive;
  }

  /**
   * Calls `handler` for every change, in order, beginning with an `added` for each object already here. Returns what
   * ends it.
   */
  onEvent(handler: (event: CacheEvent<P>) => void): () => void {
    for (const object of this.cache.values()) this.#hand(handler, { type: 'added', object });
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  /** Begins; resolves once synced, or when stopped before that. Never rejects: failures are retried. */
  start(): Promise<void> {
    const { client, type, labelSelector, fieldSelector, pageSize = 250, idleMs } = this.#options;
    const selection = { client, type, labelSelector, fieldSelector, pageSize, idleMs, clock: this.#clock };
    if (!this.#running) {
      this.#reflectors = [...this.#unsynced].map(
        (namespace) => new Reflector({ ...selection, namespace, sink: this.#sinkOf(namespace) }),
      );
      this.#running = Promise.all(this.#reflectors.map((reflector) => reflector.run(this.#stopped.signal)));
    }
    return this.#synced.promise;
  }

  /** Lists again; resolves once the cache has all that the API server had at this call, or when stopped. */
  async refresh(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.relist()));
  }

  /** Ends lists and watches; the cache stays readable. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#synced.resolve();
  }

  /**
   * Takes in the answer to our own write, so that the next read sees it. Not for objects that the selectors leave out.
   */
  observe(object: Stored<T>): void {
    const { namespaces } = this.#options;
    if (namespaces === undefined || namespaces.includes(object.metadata.namespace ?? '')) this.#put(object);
  }

  /**
   * Takes in that our own delete succeeded. A hint: should finalizers keep the object, its next state brings it back.
   */
  forget(uid: string): void {
    const known = this.cache.byUid(uid);
    if (known !== undefined) this.cache.remove(uid, known.metadata.resourceVersion);
  }

  #put(object: Stored<T>): void {
    this.cache.put(this.#options.project(withoutManagedFields(object)));
  }

  #emit(event: CacheEvent<P>): void {
    this.#options.observer?.event?.(this.type, event.type);
    for (const handler of this.#handlers) this.#hand(handler, event);
  }

  #hand(handler: (event: CacheEvent<P>) => void, event: CacheEvent<P>): void {
    try {
      handler(event);
    } catch (error) {
      this.#options.observer?.handlerFailed?.(this.type, error);
    }
  }

  #sinkOf(namespace: string | undefined): ReflectorSink<T> {
    const { observer } = this.#options;
    return {
      put: (object) => this.#put(object),
      remove: (object) => this.cache.remove(object.metadata.uid, object.metadata.resourceVersion),
      listed: (uids, resourceVersion, seconds) => {
        this.cache.retain(namespace, uids, resourceVersion);
        observer?.listed?.(this.type, uids.size, seconds);
        this.#unsynced.delete(namespace);
        if (this.hasSynced) this.#synced.resolve();
      },
      restarted: () => this.cache.clear(namespace),
      failed: (error) => observer?.failed?.(this.type, error),
      alive: () => (this.#lastAlive = this.#clock.monotonic()),
    };
  }
}

/** managedFields are a third of an object and nobody here reads them. The object itself is left as it is. */
function withoutManagedFields<T extends KubeObject>(object: Stored<T>): Stored<T> {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
