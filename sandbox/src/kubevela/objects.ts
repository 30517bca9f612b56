import type { JsonObject } from '../../../cue/ts/index.ts';
import { canonicalJson, hexHash } from '../../../controller/src/domain/lang/canonical-json.ts';

export type { JsonObject };
export type Labels = Record<string, string>;

/** A Kubernetes object of any kind. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    generation?: number;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Labels;
    annotations?: Labels;
    finalizers?: string[];
    ownerReferences?: {
      apiVersion: string;
      kind: string;
      name: string;
      uid: string;
      controller?: boolean;
      blockOwnerDeletion?: boolean;
    }[];
  };
}

/** Where an object is; `namespace` is left out where the kind has none. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `default/web`, as KubeVela names an Application in messages and labels. */
export function appKey(app: KubeObject): string {
  return `${app.metadata.namespace}/${app.metadata.name}`;
}

export function refOf(object: KubeObject): ObjectRef {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
  };
}

export function sameRef(a: ObjectRef, b: ObjectRef): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.name === b.name &&
    (a.namespace ?? '') === (b.namespace ?? '')
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A short hash of a value as JSON. KubeVela's hashes are others, but equal for equal values too. */
export function hashOf(value: unknown): string {
  return hexHash(canonicalJson(value), 16);
}
