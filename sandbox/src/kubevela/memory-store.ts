import { randomUUID } from 'node:crypto';
import { applyMergePatch } from '../../../controller/src/vela/merge-patch.ts';
import { sameJson } from '../../../controller/src/domain/lang/same-json.ts';
import { refOf, type JsonObject, type KubeObject, type Labels, type ObjectRef } from './objects.ts';
import { StoreError, type ObjectStore, type WriteOptions } from './store.ts';

/**
 * An API server's store in memory, for tests that need no API server: generation, uid, finalizers, status apart from
 * the rest.
 */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, KubeObject>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  get(ref: ObjectRef): Promise<KubeObject | undefined> {
    return Promise.resolve(structuredClone(this.#objects.get(keyOf(ref))));
  }

  list({ apiVersion, kind }: { apiVersion: string; kind: string }, labels: Labels = {}): Promise<KubeObject[]> {
    const wanted = [...this.#objects.values()].filter(
      (object) =>
        object.apiVersion === apiVersion &&
        object.kind === kind &&
        Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value),
    );
    return Promise.resolve(structuredClone(wanted));
  }

  create(object: KubeObject, { dryRun = false }: WriteOptions = {}): Promise<KubeObject> {
    const key = keyOf(refOf(object));
    if (this.#objects.has(key))
      return Promise.reject(new StoreError(`${object.kind} "${object.metadata.name}" already exists`));
    const created: KubeObject = {
      ...structuredClone(object),
      metadata: {
        ...structuredClone(object.metadata),
        uid: randomUUID(),
        generation: 1,
        creationTimestamp: this.#now().toISOString(),
      },
    };
    if (!dryRun) this.#objects.set(key, created);
    return Promise.resolve(structuredClone(created));
  }

  mergePatch(ref: ObjectRef, patch: JsonObject, { dryRun = false }: WriteOptions = {}): Promise<KubeObject> {
    const before = this.#need(ref);
    const after = applyMergePatch(before, { ...patch, status: before['status'] }) as KubeObject;
    if (!sameJson(before['spec'], after['spec'])) after.metadata.generation = (before.metadata.generation ?? 0) + 1;
    if (!dryRun) this.#objects.set(keyOf(ref), after);
    if (!dryRun && after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0)
      this.#objects.delete(keyOf(ref));
    return Promise.resolve(structuredClone(after));
  }

  patchStatus(ref: ObjectRef, patch: JsonObject): Promise<KubeObject> {
    const after = applyMergePatch(this.#need(ref), { status: patch }) as KubeObject;
    this.#objects.set(keyOf(ref), after);
    return Promise.resolve(structuredClone(after));
  }

  delete(ref: ObjectRef): Promise<void> {
    const object = this.#objects.get(keyOf(ref));
    if ((object?.metadata.finalizers ?? []).length > 0)
      object!.metadata.deletionTimestamp ??= this.#now().toISOString();
    else this.#objects.delete(keyOf(ref));
    return Promise.resolve();
  }

  isNamespaced({ kind }: { kind: string }): Promise<boolean> {
    return Promise.resolve(
      !['ResourceTracker', 'CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding', 'Namespace'].includes(kind),
    );
  }

  #need(ref: ObjectRef): KubeObject {
    const object = this.#objects.get(keyOf(ref));
    if (!object) throw new StoreError(`${ref.kind} "${ref.name}" not found`);
    return structuredClone(object);
  }
}

function keyOf({ apiVersion, kind, namespace = '', name }: ObjectRef): string {
  return [apiVersion, kind, namespace, name].join('|');
}
