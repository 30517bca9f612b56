import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';

/** What every Kubernetes object looks like before the API server has seen it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** What the API server fills in on every object that it stores. */
export interface StoredMeta extends ObjectMeta {
  name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

/** An object as the API server returned it: its identity and version are known. */
export type Stored<T extends KubeObject = KubeObject> = T & { metadata: StoredMeta };

/** Where an object is. `namespace` is left out for cluster-scoped kinds. */
export interface ObjectRef {
  namespace?: string | undefined;
  name: string;
}

/** Describes one kind of the API: how its paths are built and what its objects are called in messages. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** API group; '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the objects' type. */
  readonly object?: T;
}

/** Declares a kind, typed by the shape of its objects: `resourceType<Job>({group: 'batch', version: 'v1', ...})`. */
export function resourceType<T extends KubeObject = KubeObject>(description: {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}): ResourceType<T> {
  return Object.freeze({ ...description });
}

/** `batch/v1`, or `v1` in the core group. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The name that RBAC and the API server's messages use: `jobs.batch`, or `pods` in the core group. */
export function resourceName(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/**
 * The URL path of a collection, an object, or an object's subresource.
 * @throws Error when a namespaced object is named without its namespace; that would address another thing.
 */
export function pathOf(
  type: ResourceType,
  at: { namespace?: string | undefined; name?: string | undefined; subresource?: string | undefined } = {},
): string {
  if (type.namespaced && at.name !== undefined && at.namespace === undefined) {
    throw new Error(`${type.kind} ${at.name} cannot be addressed without a namespace: pass one`);
  }
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const parts = type.namespaced && at.namespace !== undefined ? ['namespaces', at.namespace] : [];
  parts.push(type.plural);
  if (at.name !== undefined) parts.push(at.name);
  if (at.subresource !== undefined) parts.push(at.subresource);
  return [root, ...parts.map(encodeURIComponent)].join('/');
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key of caches and queues. */
export function keyOf(at: { namespace?: string | undefined; name?: string | undefined }): string {
  return at.namespace === undefined ? (at.name ?? '') : `${at.namespace}/${at.name ?? ''}`;
}

/** Undoes {@link keyOf}. */
export function refOf(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The uid of the owner that controls this object, if one does. */
export function controllerUid(object: KubeObject): string | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller === true)?.uid;
}

/**
 * Orders two resourceVersions of one resource: negative when `a` is older, 0 when equal, positive when newer. They
 * compare as decimal integers; Kubernetes promises this to clients since 1.35 (KEP-5504) and etcd has always done so.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
