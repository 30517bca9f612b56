import { ApiError, isNotFound } from '../../../controller/src/kube/api-error.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import type { KubeObject as AnyObject, ResourceType } from '../../../controller/src/kube/objects.ts';
import type { JsonObject, KubeObject, Labels, ObjectRef } from './objects.ts';
import { ServedTypes, type Kind } from './served-types.ts';
import { StoreError, type ObjectStore, type WriteOptions } from './store.ts';

type Type = ResourceType<KubeObject & AnyObject>;

/** KubeVela leaves it to the API server to drop what a schema does not know. */
const lenient = { fieldManager: 'kubevela', fieldValidation: 'Ignore' } as const;
const longestLabel = 63;

/** An API server, with the kinds that it happens to know. */
export class ApiStore implements ObjectStore {
  readonly #client: Client;
  readonly #types: ServedTypes;

  constructor(client: Client) {
    this.#client = client;
    this.#types = new ServedTypes(client);
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const type = await this.#find(ref);
    if (!type) return undefined;
    try {
      return await this.#client.get(type, placeOf(type, ref));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw inWordsOfServer(error);
    }
  }

  async list(kind: Kind, labels: Labels = {}): Promise<KubeObject[]> {
    const type = await this.#find(kind);
    // What is too long for a label is on no object, and the API server would not even look.
    if (!type || Object.values(labels).some((value) => value.length > longestLabel)) return [];
    const labelSelector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const found: KubeObject[] = [];
    for await (const page of this.#client.list(type, labelSelector === '' ? {} : { labelSelector })) {
      for (const item of page.items)
        found.push({ ...(item as KubeObject), apiVersion: kind.apiVersion, kind: kind.kind });
    }
    return found;
  }

  async create(object: KubeObject, { dryRun = false }: WriteOptions = {}): Promise<KubeObject> {
    const type = await this.#need(object);
    return await said(this.#client.create(type, object, { ...lenient, dryRun }));
  }

  async mergePatch(ref: ObjectRef, patch: JsonObject, { dryRun = false }: WriteOptions = {}): Promise<KubeObject> {
    const type = await this.#need(ref);
    return await said(this.#client.patch(type, placeOf(type, ref), patch, { ...lenient, dryRun }));
  }

  async patchStatus(ref: ObjectRef, patch: JsonObject): Promise<KubeObject> {
    const type = await this.#need(ref);
    return await said(this.#client.patchStatus(type, placeOf(type, ref), { status: patch }, lenient));
  }

  async delete(ref: ObjectRef): Promise<void> {
    const type = await this.#find(ref);
    if (!type) return;
    await this.#client.delete(type, placeOf(type, ref)).catch((error: unknown) => {
      if (!isNotFound(error)) throw inWordsOfServer(error);
    });
  }

  async isNamespaced(kind: Kind): Promise<boolean> {
    return (await this.#find(kind))?.namespaced ?? true;
  }

  async #need(kind: Kind): Promise<Type> {
    const type = await this.#find(kind);
    if (!type) throw new StoreError(`no matches for kind "${kind.kind}" in version "${kind.apiVersion}"`);
    return type;
  }

  #find(kind: Kind): Promise<Type | undefined> {
    return this.#types.find(kind) as Promise<Type | undefined>;
  }
}

function placeOf(type: Type, { namespace, name }: ObjectRef): { namespace?: string; name: string } {
  return type.namespaced ? { namespace: namespace ?? 'default', name } : { name };
}

async function said(call: Promise<unknown>): Promise<KubeObject> {
  try {
    return (await call) as KubeObject;
  } catch (error) {
    throw inWordsOfServer(error);
  }
}

function inWordsOfServer(error: unknown): unknown {
  return error instanceof ApiError ? new StoreError(error.serverMessage, { cause: error }) : error;
}
