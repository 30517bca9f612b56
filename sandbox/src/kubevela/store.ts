import type { JsonObject, KubeObject, Labels, ObjectRef } from './objects.ts';

/** Says why the API server refused a call, in its own words. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface WriteOptions {
  readonly dryRun?: boolean;
}

/**
 * The calls that KubeVela makes to an API server. Each rejects with a StoreError when it is refused.
 * `get` gives undefined for what is not there, a kind that the server does not know included.
 */
export interface ObjectStore {
  get(ref: ObjectRef): Promise<KubeObject | undefined>;
  list(kind: { apiVersion: string; kind: string }, labels?: Labels): Promise<KubeObject[]>;
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  mergePatch(ref: ObjectRef, patch: JsonObject, options?: WriteOptions): Promise<KubeObject>;
  patchStatus(ref: ObjectRef, patch: JsonObject): Promise<KubeObject>;
  delete(ref: ObjectRef): Promise<void>;
  /** Whether objects of this kind live in a namespace; true where the kind is not known (yet). */
  isNamespaced(kind: { apiVersion: string; kind: string }): Promise<boolean>;
}
