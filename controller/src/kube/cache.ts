import { compareResourceVersions, controllerUid, keyOf, type StoredMeta } from './objects.ts';

/** What a cache needs to know of its objects; a projection may drop all else. */
export interface Cached {
  metadata: Pick<StoredMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion' | 'labels' | 'ownerReferences'>;
}

/** A change of the cache, handed to handlers in order. */
export type CacheEvent<P extends Cached> =
  { type: 'added'; object: P } | { type: 'updated'; object: P; old: P } | { type: 'deleted'; object: P };

/** Names the values under which an object is found. */
export type Indexer<P extends Cached> = (object: P) => readonly string[];

/** By namespace. */
export const byNamespace: Indexer<Cached> = (object) => [object.metadata.namespace ?? ''];
/**
 * The key of what an object belongs to or is about: the UID that it names, in its own namespace. Whoever may write
 * objects in a namespace may write any UID into them, also that of an object of another namespace.
 */
export function uidKey({ namespace }: { readonly namespace?: string | undefined }, uid: string): string {
  return `${namespace}/${uid}`;
}
/** The key of what belongs to that object, or is about it. */
export function ownKey({ metadata }: { readonly metadata: Pick<Cached['metadata'], 'namespace' | 'uid'> }): string {
  return uidKey(metadata, metadata.uid);
}
/** By the controlling owner: see {@link uidKey}. */
export const byOwner: Indexer<Cached> = (object) => {
  const uid = controllerUid(object);
  return uid === undefined ? [] : [uidKey(object.metadata, uid)];
};
/** By the value of a label. */
export function byLabel(label: string): Indexer<Cached> {
  return (object) => {
    const value = object.metadata.labels?.[label];
    return value === undefined ? [] : [value];
  };
}

/**
 * Deletions remembered, so that an event still on its way cannot bring the object back. It spans the delay of a watch,
 * so a few thousand are plenty.
 */
const MOST_TOMBSTONES = 5_000;

/**
 * The objects of one kind as last seen, by key and by index. What it hands out is shared: never change it.
 *
 * It takes news from three sides (lists, watches, our own writes) in any order, and the rule is one: per uid, only
 * newer resourceVersions count. A watch event older than the answer to our own write therefore changes nothing.
 */
export class Cache<P extends Cached> {
  readonly #objects = new Map<string, P>();
  readonly #keys = new Map<string, string>();
  /** uid to the resourceVersion up to which its deletion holds. */
  readonly #tombstones = new Map<string, string>();
  readonly #indexers: Readonly<Record<string, Indexer<P>>>;
  readonly #indexes = new Map<string, Index>();
  readonly #emit: (event: CacheEvent<P>) => void;

  /** `emit` is called synchronously, after the cache has changed. */
  constructor(indexers: Readonly<Record<string, Indexer<P>>>, emit: (event: CacheEvent<P>) => void) {
    this.#indexers = indexers;
    this.#emit = emit;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): P | undefined {
    return this.#objects.get(keyOf({ namespace, name }));
  }

  byUid(uid: string): P | undefined {
    const key = this.#keys.get(uid);
    return key === undefined ? undefined : this.#objects.get(key);
  }

  values(): IterableIterator<P> {
    return this.#objects.values();
  }

  /**
   * The objects that an index has under a value; in no order.
   * @throws Error when there is no such index, which is a programming error.
   */
  by(index: string, value: string): P[] {
    const entries = this.#indexes.get(index);
    if (entries === undefined) throw new Error(`no index "${index}": declare it where the informer is made`);
    const found: P[] = [];
    for (const key of keysIn(entries.get(value))) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** Takes in a state of an object, unless something newer is known. */
  put(object: P): void {
    const { uid, resourceVersion } = object.metadata;
    const grave = this.#tombstones.get(uid);
    if (grave !== undefined && compareResourceVersions(resourceVersion, grave) <= 0) return;
    const key = keyOf(object.metadata);
    const old = this.#objects.get(key);
    if (old !== undefined && compareResourceVersions(resourceVersion, old.metadata.resourceVersion) <= 0) return;
    if (old !== undefined && old.metadata.uid === uid) {
      this.#store(key, object, old);
      this.#emit({ type: 'updated', object, old });
      return;
    }
    // Deleted and created again under the same name: two objects, two events.
    if (old !== undefined) this.remove(old.metadata.uid, resourceVersion);
    this.#store(key, object, undefined);
    this.#emit({ type: 'added', object });
  }

  /** Takes in a deletion; states of this uid up to `resourceVersion` no longer count. */
  remove(uid: string, resourceVersion: string): void {
    this.#bury(uid, resourceVersion);
    const key = this.#keys.get(uid);
    const object = key === undefined ? undefined : this.#objects.get(key);
    if (key === undefined || object === undefined) return;
    this.#objects.delete(key);
    this.#keys.delete(uid);
    this.#reindex(key, object, undefined);
    this.#emit({ type: 'deleted', object });
  }

  /**
   * Takes in that a whole list as of `resourceVersion` held only `seen` uids of a namespace (undefined: of all). What
   * it lacked is gone, except what is newer than the list.
   */
  retain(namespace: string | undefined, seen: ReadonlySet<string>, resourceVersion: string): void {
    for (const object of [...this.#objects.values()]) {
      const { uid, resourceVersion: known, namespace: home } = object.metadata;
      if (seen.has(uid) || (namespace !== undefined && home !== namespace)) continue;
      if (compareResourceVersions(known, resourceVersion) <= 0) this.remove(uid, resourceVersion);
    }
  }

  /** Forgets a namespace (undefined: all) as though it had never been seen, tombstones included. */
  clear(namespace: string | undefined): void {
    for (const object of [...this.#objects.values()]) {
      if (namespace === undefined || object.metadata.namespace === namespace)
        this.remove(object.metadata.uid, object.metadata.resourceVersion);
    }
    this.#tombstones.clear();
  }

  #store(key: string, object: P, old: P | undefined): void {
    this.#objects.set(key, object);
    this.#keys.set(object.metadata.uid, key);
    this.#reindex(key, old, object);
  }

  #bury(uid: string, resourceVersion: string): void {
    const before = this.#tombstones.get(uid);
    if (before !== undefined && compareResourceVersions(before, resourceVersion) >= 0) return;
    this.#tombstones.delete(uid);
    this.#tombstones.set(uid, resourceVersion);
    if (this.#tombstones.size <= MOST_TOMBSTONES) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      return;
    }
  }

  #reindex(key: string, old: P | undefined, next: P | undefined): void {
    for (const [name, index] of this.#indexes) {
      const valuesOf = this.#indexers[name];
      if (valuesOf === undefined) continue;
      for (const value of old === undefined ? [] : valuesOf(old)) unlink(index, value, key);
      for (const value of next === undefined ? [] : valuesOf(next)) link(index, value, key);
    }
  }
}

/** The keys under each value: most values have one, for which a Set would be 200 bytes. */
type Index = Map<string, string | Set<string>>;

const keysIn = (entry: string | Set<string> | undefined): Iterable<string> =>
  typeof entry === 'string' ? [entry] : (entry ?? []);

function link(index: Index, value: string, key: string): void {
  const entry = index.get(value);
  if (entry === undefined) index.set(value, key);
  else if (typeof entry !== 'string') entry.add(key);
  else if (entry !== key) index.set(value, new Set([entry, key]));
}

function unlink(index: Index, value: string, key: string): void {
  const entry = index.get(value);
  if (entry === key) index.delete(value);
  if (entry === undefined || typeof entry === 'string') return;
  entry.delete(key);
  if (entry.size === 0) index.delete(value);
}
