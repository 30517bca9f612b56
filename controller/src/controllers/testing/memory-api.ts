/**
 * An API server in memory with one namespace, as far as the controller calls it: whole objects with every field, the
 * CRDs' schemas, finalizers and a garbage collector. Everybody but the controller writes through `write`; what the
 * controller calls goes through `client`, and somebody may act in front of each of its calls.
 */
import { ApiError, type Verb } from '../../kube/api-error.ts';
import type { Client, DeleteOptions } from '../../kube/client.ts';
import { type KubeObject, resourceName, type ResourceType, type Stored } from '../../kube/objects.ts';
import { RuleBroken } from '../../domain/testing/rules.ts';
import { readSchema } from '../../domain/testing/crd-schema.ts';
import { admitBySchema, type Schema } from '../../plan/schema.ts';
import { isFields } from '../../domain/lang/fields.ts';
import { applyMergePatch } from '../../vela/merge-patch.ts';
import { sameJson } from '../../domain/lang/same-json.ts';

/** An object with all its fields. */
export type Whole = Stored<KubeObject> & { readonly [field: string]: unknown };

export interface Change {
  readonly plural: string;
  readonly type: 'written' | 'deleted';
  readonly object: Whole;
}

interface OperationJson {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

const schemas: Readonly<Record<string, Schema>> = {
  tasks: readSchema('crd-task.yaml'),
  taskruns: readSchema('crd-taskrun.yaml'),
  tasktemplates: readSchema('crd-tasktemplate.yaml'),
};

/** What the controller creates and deletes, and never changes. */
const neverPatched = new Set(['jobs', 'pods', 'persistentvolumeclaims']);

export class MemoryApi {
  /** Every change in order, as watches tell it. */
  readonly changes: Change[] = [];
  /** Calls of the controller, and those of them that write. */
  calls = 0;
  writes = 0;
  /** Is called in front of each call of the controller; throws what the API server answers instead. */
  beforeCall: (verb: Verb, plural: string, name: string) => void = () => undefined;
  /** Is called with each object that the controller creates. */
  onCreate: (plural: string, object: Whole) => void = () => undefined;
  readonly #objects = new Map<string, Map<string, Whole>>();
  readonly #now: () => number;
  #version = 0;
  #uid = 0;

  /** @param now in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  all(plural: string): readonly Whole[] {
    return [...(this.#objects.get(plural)?.values() ?? [])];
  }

  get(plural: string, name: string): Whole | undefined {
    return this.#objects.get(plural)?.get(name);
  }

  /** Somebody creates it. @returns undefined where the name is taken or the schema refuses it */
  create(plural: string, object: KubeObject & { readonly [field: string]: unknown }): Whole | undefined {
    const name = object.metadata?.name ?? '';
    if (this.get(plural, name)) return undefined;
    this.#uid += 1;
    const metadata = {
      ...object.metadata,
      name,
      namespace: 'default',
      uid: `uid-${this.#uid}`,
      generation: 1,
      creationTimestamp: new Date(Math.floor(this.#now() / 1000) * 1000).toISOString().replace('.000Z', 'Z'),
      resourceVersion: '',
    };
    const admitted = this.#admitted(
      plural,
      { ...(plural === 'pods' && { status: { phase: 'Pending' } }), ...object, metadata },
      undefined,
    );
    return admitted && this.#store(plural, admitted);
  }

  /** Somebody writes it. @returns whether it was taken: schemas and rules of the CRDs hold for everybody */
  write(plural: string, object: Whole): boolean {
    const before = this.get(plural, object.metadata.name);
    if (before === undefined || before.metadata.uid !== object.metadata.uid) return false;
    const admitted = this.#admitted(plural, object, before);
    if (admitted === undefined) return false;
    if (sameJson(admitted, before)) return true;
    const isNewSpec = !sameJson(admitted['spec'], before['spec']);
    const generation = (before.metadata.generation ?? 0) + (isNewSpec ? 1 : 0);
    this.#store(plural, { ...admitted, metadata: { ...admitted.metadata, generation } });
    return true;
  }

  /** Somebody deletes it; with finalizers it stays until they go. */
  delete(plural: string, name: string, orphan = false): void {
    const object = this.get(plural, name);
    if (!object) return;
    if (orphan) this.#disown(object.metadata.uid);
    const deletionTimestamp = new Date(this.#now()).toISOString();
    const metadata = { ...object.metadata, deletionTimestamp: object.metadata.deletionTimestamp ?? deletionTimestamp };
    if ((metadata.finalizers ?? []).length > 0) return void this.#store(plural, { ...object, metadata });
    this.#remove(plural, object);
  }

  /** Kubernetes' garbage collector: what belongs to nobody who is there goes. */
  collect(): void {
    const living = new Set(
      ['tasks', 'taskruns', 'jobs'].flatMap((one) => this.all(one)).map((one) => one.metadata.uid),
    );
    for (const plural of ['taskruns', 'jobs', 'pods', 'persistentvolumeclaims'])
      for (const { metadata } of this.all(plural)) {
        const { ownerReferences: owners = [] } = metadata;
        // One of a kind that it does not know it cannot look up.
        const isGone = owners.every(({ apiVersion, uid }) => isKnown(apiVersion) && !living.has(uid));
        if (owners.length > 0 && isGone && metadata.deletionTimestamp === undefined) this.delete(plural, metadata.name);
      }
    for (const job of this.all('jobs')) if (job.metadata.finalizers?.includes(foreground)) this.#deletePodsOf(job);
  }

  /** In the foreground a Job goes after its pods. */
  #deletePodsOf(job: Whole): void {
    const isOwn = ({ metadata }: Whole) =>
      metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) === true;
    for (const { metadata } of this.all('pods').filter(isOwn)) this.delete('pods', metadata.name);
    if (this.all('pods').some(isOwn)) return;
    const finalizers = job.metadata.finalizers?.filter((one) => one !== foreground) ?? [];
    this.#store('jobs', { ...job, metadata: { ...job.metadata, finalizers } });
  }

  /** Nobody holds anything any more. */
  release(plural: string, { metadata }: Whole): void {
    const object = this.get(plural, metadata.name);
    if (!object || object.metadata.finalizers === undefined) return;
    const { finalizers: _finalizers, ...rest } = object.metadata;
    const released = { ...object, metadata: rest };
    if (rest.deletionTimestamp === undefined) this.#store(plural, released);
    else this.#remove(plural, released);
  }

  /** A client of one process of the controller, until that dies. */
  client(isAlive: () => boolean): Client {
    const call = async <R>(verb: Verb, type: ResourceType, name: string, answer: () => R): Promise<R> => {
      if (isAlive()) this.beforeCall(verb, type.plural, name);
      // A process that died hears nothing any more.
      if (!isAlive()) return new Promise<R>(() => undefined);
      this.calls += 1;
      if (verb !== 'get' && verb !== 'list') this.writes += 1;
      return Promise.resolve(answer());
    };
    const client = {
      get: (type: ResourceType, { name }: { name: string }) =>
        call('get', type, name, () => this.#find('get', type, name)),
      create: (type: ResourceType, object: Whole, { dryRun = false }: { dryRun?: boolean } = {}) =>
        call('create', type, object.metadata.name, () => (dryRun ? object : this.#createFor(type, object))),
      patch: (type: ResourceType, { name }: { name: string }, patch: object) =>
        call('patch', type, name, () => this.#patch(type, name, patch)),
      patchStatus: (type: ResourceType, { name }: { name: string }, patch: readonly OperationJson[]) =>
        call('patch', type, name, () => this.#patchStatus(type, name, patch)),
      delete: (type: ResourceType, { name }: { name: string }, { uid, propagationPolicy }: DeleteOptions = {}) =>
        call('delete', type, name, () => {
          const found = this.#find('delete', type, name);
          if (uid !== undefined && found.metadata.uid !== uid) throw refusal('delete', type, name, 409, 'Conflict');
          if (propagationPolicy === 'Foreground') this.#store(type.plural, withFinalizer(found, foreground));
          this.delete(type.plural, name);
          return this.get(type.plural, name);
        }),
      list: (type: ResourceType, { labelSelector = '' }: { labelSelector?: string } = {}) =>
        this.#list(type, labelSelector),
    };
    return client as unknown as Client;
  }

  async *#list(type: ResourceType, labelSelector: string): AsyncGenerator<{ items: readonly Whole[] }> {
    const [label = '', value] = labelSelector.split('=');
    const items = this.all(type.plural).filter(({ metadata }) => metadata.labels?.[label] === value);
    yield await Promise.resolve({ items });
  }

  #find(verb: Verb, type: ResourceType, name: string): Whole {
    const found = this.get(type.plural, name);
    if (!found) throw refusal(verb, type, name, 404, 'NotFound');
    return found;
  }

  #createFor(type: ResourceType, object: Whole): Whole {
    if (this.get(type.plural, object.metadata.name))
      throw refusal('create', type, object.metadata.name, 409, 'AlreadyExists');
    const created = this.create(type.plural, object);
    if (!created) throw refusal('create', type, object.metadata.name, 422, 'Invalid');
    this.onCreate(type.plural, created);
    return created;
  }

  #patch(type: ResourceType, name: string, patch: object): Whole {
    if (neverPatched.has(type.plural)) throw new RuleBroken(`a ${type.kind} is never patched: ${name}`);
    const found = this.#find('patch', type, name);
    const wanted = applyMergePatch(found, patch) as Whole;
    if (wanted.metadata.uid !== found.metadata.uid) throw refusal('patch', type, name, 409, 'Conflict');
    if (!this.write(type.plural, wanted)) throw refusal('patch', type, name, 422, 'Invalid');
    return this.#find('patch', type, name);
  }

  #patchStatus(type: ResourceType, name: string, operations: readonly OperationJson[]): Whole {
    const found = this.#find('patch', type, name);
    let wanted = found;
    for (const { op, path, value } of operations) {
      if (op === 'add' && path === '/status') wanted = { ...found, status: value };
      else if (op !== 'test' || valueAt(found, path) !== value) throw refusal('patch', type, name, 422, 'Invalid');
    }
    if (!this.write(type.plural, wanted))
      throw new RuleBroken(
        `the API server would refuse or cut this status of ${name}: ${JSON.stringify(wanted['status'])}`,
      );
    return this.#find('patch', type, name);
  }

  /** As it would be stored; undefined where it is refused. */
  #admitted(plural: string, object: Whole, before: Whole | undefined): Whole | undefined {
    if (!isMetadata(object.metadata, before?.metadata)) return undefined;
    const schema = schemas[plural];
    if (!schema) return object;
    if (plural === 'taskruns' && before && !keepsWhatRan(object, before)) return undefined;
    const { value, problems } = admitBySchema(schema, object);
    return problems.length === 0 ? (value as Whole) : undefined;
  }

  #store(plural: string, object: Whole): Whole {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    const isOver = stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0;
    if (isOver) return this.#remove(plural, stored);
    const store = this.#objects.get(plural) ?? new Map<string, Whole>();
    this.#objects.set(plural, store.set(stored.metadata.name, stored));
    this.changes.push({ plural, type: 'written', object: stored });
    return stored;
  }

  #remove(plural: string, object: Whole): Whole {
    this.#version += 1;
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.get(plural)?.delete(object.metadata.name);
    this.changes.push({ plural, type: 'deleted', object: gone });
    return gone;
  }

  /** As `kubectl delete --cascade=orphan`. */
  #disown(uid: string): void {
    for (const plural of ['taskruns', 'jobs', 'pods', 'persistentvolumeclaims'])
      for (const object of this.all(plural)) {
        const { ownerReferences: owners = [], ...rest } = object.metadata;
        const left = owners.filter((owner) => owner.uid !== uid);
        if (left.length < owners.length)
          this.#store(plural, { ...object, metadata: left.length > 0 ? { ...rest, ownerReferences: left } : rest });
      }
  }
}

/** What Kubernetes' garbage collector holds an object with whose dependents go first. */
const foreground = 'foregroundDeletion';

function withFinalizer(object: Whole, finalizer: string): Whole {
  const finalizers = [...new Set([...(object.metadata.finalizers ?? []), finalizer])];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

const text = (value: unknown): value is string => typeof value === 'string';
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const finalizer = /^[a-z.]+\/[a-z.]+$/;

/** As the API server has it for every kind. */
function isMetadata(metadata: Whole['metadata'], before: Whole['metadata'] | undefined): boolean {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  const isAdded = (one: string) => !(before?.finalizers ?? []).includes(one);
  const isGoing = before?.deletionTimestamp !== undefined;
  return (
    isMap(labels, (value) => labelValue.test(value)) &&
    isMap(annotations, () => true) &&
    isList(finalizers, (one) => text(one) && finalizer.test(one) && !(isGoing && isAdded(one))) &&
    isList(ownerReferences, isOwner) &&
    ownerReferences.filter(({ controller }) => controller === true).length <= 1
  );
}

function isMap(value: unknown, holds: (one: string) => boolean): boolean {
  return isFields(value) && Object.values(value).every((one) => text(one) && holds(one));
}

function isList(value: unknown, holds: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds);
}

function isOwner(owner: unknown): boolean {
  return (
    isFields(owner) && ['apiVersion', 'kind', 'name', 'uid'].every((field) => text(owner[field]) && owner[field] !== '')
  );
}

function isKnown(apiVersion: string): boolean {
  return ['task.oam.dev', 'batch'].includes(apiVersion.split('/')[0] ?? '');
}

function valueAt(object: unknown, path: string): unknown {
  const [, ...keys] = path.split('/');
  return keys.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], object);
}

/** The rules of the CRD of TaskRun that compare with what was before, and which `admitBySchema` does not have. */
function keepsWhatRan(after: Whole, before: Whole): boolean {
  const [to, from] = [after, before].map(({ spec = {} }) => spec as Readonly<Record<string, unknown>>) as [
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ];
  const same = (field: string) => sameJson(to[field], from[field]);
  const onceSet = ['trigger', 'templates', 'snapshot', ...(from['snapshot'] ? ['jobName'] : [])];
  return (
    ['taskRef', 'overrides', 'retryOf'].every(same) &&
    onceSet.every((field) => (from[field] === undefined && field !== 'jobName') || same(field)) &&
    ['resume', 'cancel'].every((field) => from[field] !== true || to[field] === true)
  );
}

function refusal(verb: Verb, type: ResourceType, name: string, status: number, reason: string): ApiError {
  const target = { verb, resource: resourceName(type), kind: type.kind, namespace: 'default', name };
  return new ApiError(target, { status, reason, message: `${type.plural} ${name}` });
}
