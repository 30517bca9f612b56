import { isGone, isInvalid, isTimeout, isTooManyRequests, isVersionTooLarge } from './api-error.ts';
import { endsInitialEvents, type Client, type WatchEvent } from './client.ts';
import { sleep, type Clock } from './clock.ts';
import { compareResourceVersions, type KubeObject, type ResourceType, type Stored } from './objects.ts';
import { backoffMs } from './retry.ts';

/** What a reflector tells. Calls come in order, each after the one before has returned. */
export interface ReflectorSink<T extends KubeObject> {
  put(object: Stored<T>): void;
  remove(object: Stored<T>): void;
  /** A whole list as of `resourceVersion` is in; it held just these uids. */
  listed(uids: ReadonlySet<string>, resourceVersion: string, seconds: number): void;
  /** The server's versions went backwards (etcd was restored): what is known proves nothing. */
  restarted(): void;
  failed(error: unknown): void;
  /** Something moved: a page, an event, a bookmark, an attempt. */
  alive(): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  client: Client;
  type: ResourceType<T>;
  namespace: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  pageSize: number;
  idleMs?: number | undefined;
  clock: Clock;
  sink: ReflectorSink<T>;
}

const BACKOFF = { firstMs: 200, longestMs: 30_000 };
/**
 * A watch that lived so long, or told anything, was a success; one that ends at once, again and again, is slowed down.
 */
const GOOD_WATCH_MS = 5_000;
/** A first list that says nothing for so long is given up, as any other call is. */
const FIRST_LIST_SILENCE_MS = 30_000;
/** Objects handled before other work gets its turn: at some 30 us each, a few milliseconds. */
const BATCH = 100;

/**
 * Lists a kind in pages, then watches it from there, and goes on until stopped, whatever fails. Semantics as
 * client-go's reflector; the list is a consistent read, so that versions never go back.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  /** From where to watch; undefined before the first list. */
  #version: string | undefined;
  #mustList = true;
  /** Whether the API server may send the first list as the beginning of a watch. */
  #mayStream = true;
  #failures = 0;
  /** Ends the list or the watch that is under way. */
  #attempt = new AbortController();
  #relisted: PromiseWithResolvers<void> | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Resolves once the signal has aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, sink } = this.#options;
    while (!signal.aborted) {
      this.#failures += 1;
      const attempt = (this.#attempt = new AbortController());
      const either = AbortSignal.any([signal, attempt.signal]);
      try {
        await this.#listAndWatch(either);
      } catch (error) {
        if (signal.aborted) break;
        if (!attempt.signal.aborted) this.#note(error);
      }
      sink.alive();
      if (attempt.signal.aborted) this.#failures = 0;
      if (this.#failures > 0) await sleep(clock, backoffMs(this.#failures, BACKOFF), either);
    }
    this.#relisted?.resolve();
  }

  /**
   * Lists again, whatever the watch says: it may have fallen silent. Resolves once a list is in that began after this
   * call, or when stopped.
   */
  relist(): Promise<void> {
    this.#mustList = true;
    this.#relisted ??= Promise.withResolvers();
    this.#attempt.abort();
    return this.#relisted.promise;
  }

  async #listAndWatch(signal: AbortSignal): Promise<void> {
    if (this.#mustList && !this.#streams) await this.#list(signal);
    await this.#watch(signal);
  }

  /**
   * The first list comes as a stream, object by object: it takes less memory, and holds nothing else up. Later ones are
   * read whole, as only the version of a whole list shows whether versions went backwards.
   */
  get #streams(): boolean {
    return this.#mayStream && this.#version === undefined;
  }

  #note(error: unknown): void {
    // Invalid: it has no streams. TooManyRequests: it does not have all objects of a new kind in its cache yet.
    if (this.#streams && (isInvalid(error) || isTooManyRequests(error))) {
      this.#mayStream = false;
      this.#failures = 0;
      return;
    }
    this.#mustList ||= provesNothing(error);
    this.#options.sink.failed(error);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, pageSize, clock, sink } = this.#options;
    const began = clock.monotonic();
    const seen = new Set<string>();
    let version: string | undefined;
    for await (const page of client.list(type, { namespace, labelSelector, fieldSelector, limit: pageSize, signal })) {
      sink.alive();
      if (version === undefined && this.#isOlder(page.resourceVersion)) sink.restarted();
      version = page.resourceVersion;
      await this.#take(page.items, seen);
    }
    this.#listed(seen, version ?? '', began);
  }

  #listed(seen: ReadonlySet<string>, version: string, began: number): void {
    const { clock, sink } = this.#options;
    this.#version = version;
    this.#mustList = false;
    sink.listed(seen, version, (clock.monotonic() - began) / 1_000);
    this.#relisted?.resolve();
    this.#relisted = undefined;
  }

  async #take(items: readonly Stored<T>[], seen: Set<string>): Promise<void> {
    for (const [index, object] of items.entries()) {
      seen.add(object.metadata.uid);
      this.#options.sink.put(object);
      if (index % BATCH === BATCH - 1) await breathe();
    }
  }

  #isOlder(version: string): boolean {
    return this.#version !== undefined && compareResourceVersions(version, this.#version) < 0;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, clock } = this.#options;
    const began = clock.monotonic();
    // Spread over 5 to 10 minutes, as client-go does, so that watches do not all end together.
    const timeoutSeconds = Math.round(300 * (1 + Math.random()));
    // The API server keeps no watch cache of Events, hence sends no bookmarks: silence means nothing until it should
    // have ended.
    const idleMs = this.#options.idleMs ?? (type.plural === 'events' ? (timeoutSeconds + 30) * 1_000 : undefined);
    const selection = {
      namespace,
      labelSelector,
      fieldSelector,
      resourceVersion: this.#version,
      timeoutSeconds,
      idleMs,
      signal,
    };
    const events = client.watch(type, selection);
    let count = 0;
    try {
      if (this.#mustList) await this.#takeFirst(events);
      for await (const event of events) {
        this.#takeEvent(event);
        this.#version = event.object.metadata.resourceVersion;
        count += 1;
        if (count % BATCH === 0) await breathe();
      }
    } finally {
      if (count > 0 || clock.monotonic() - began > GOOD_WATCH_MS) this.#failures = 0;
    }
  }

  /** Takes in what there is when a watch begins; more of it has to come every half a minute. */
  async #takeFirst(events: AsyncIterator<WatchEvent<T>, void>): Promise<void> {
    const { clock, sink } = this.#options;
    const began = clock.monotonic();
    const seen = new Set<string>();
    const giveUp = (): void => {
      this.#mayStream = false;
      sink.failed(new Error(`the first list stopped after ${seen.size} objects`));
      this.#attempt.abort();
    };
    let cancel = clock.after(FIRST_LIST_SILENCE_MS, giveUp);
    try {
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        const event = next.value;
        this.#takeEvent(event);
        if (endsInitialEvents(event)) return this.#listed(seen, event.object.metadata.resourceVersion, began);
        if (event.type !== 'BOOKMARK') seen.add(event.object.metadata.uid);
        if (seen.size % BATCH !== 0) continue;
        cancel();
        cancel = clock.after(FIRST_LIST_SILENCE_MS, giveUp);
        await breathe();
      }
    } finally {
      cancel();
    }
  }

  #takeEvent({ type, object }: WatchEvent<T>): void {
    const { sink } = this.#options;
    sink.alive();
    if (type === 'DELETED') sink.remove(object);
    else if (type !== 'BOOKMARK') sink.put(object);
  }
}

/**
 * Whether, after this error, only a list tells what is. A watch that fell silent may wait for a version of the future:
 * when etcd was restored from an older copy, Kubernetes 1.34 neither refuses such a watch nor sends bookmarks.
 */
function provesNothing(error: unknown): boolean {
  return isGone(error) || isVersionTooLarge(error) || isTimeout(error);
}

/** Lets timers, sockets and other work run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
