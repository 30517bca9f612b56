import { velaLabels } from '../../../controller/src/resources/index.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import { byLabel } from '../../../controller/src/kube/cache.ts';
import { Informer } from '../../../controller/src/kube/informer.ts';
import { resourceType, type KubeObject as AnyObject, type Stored } from '../../../controller/src/kube/objects.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { type JsonObject, type KubeObject, type Labels, type ObjectRef } from './objects.ts';
import type { ObjectStore, WriteOptions } from './store.ts';

type Kept = KubeObject & AnyObject;

const kinds = {
  ApplicationRevision: { plural: 'applicationrevisions', namespaced: true },
  ResourceTracker: { plural: 'resourcetrackers', namespaced: false },
  ComponentDefinition: { plural: 'componentdefinitions', namespaced: true },
  WorkflowStepDefinition: { plural: 'workflowstepdefinitions', namespaced: true },
} as const;

/**
 * A store that reads KubeVela's own bookkeeping from memory, as vela-core does: nobody else writes it, and a revision,
 * with the definitions in it, is so large that reading one for each look at each of hundreds of Applications is most of
 * an API server's work. What is written is known at once.
 */
export class CachedStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #informers: ReadonlyMap<string, Informer<Kept, Stored<Kept>>>;

  /** The kinds must be served; nothing is read before `start`. */
  constructor(store: ObjectStore, client: Client) {
    this.#store = store;
    this.#informers = new Map(
      Object.entries(kinds).map(([kind, { plural, namespaced }]) => {
        const type = resourceType<Kept>({ group: 'core.oam.dev', version: 'v1beta1', plural, kind, namespaced });
        // A list leaves kind and apiVersion out.
        const project = (object: Stored<Kept>): Stored<Kept> => ({ ...object, apiVersion: coreApiVersion, kind });
        return [
          kind,
          new Informer<Kept, Stored<Kept>>({
            client,
            type,
            project,
            indexers: { application: byLabel(velaLabels.application) },
          }),
        ];
      }),
    );
  }

  /** Resolves when everything was read. */
  async start(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }

  get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const informer = this.#informerOf(ref);
    return informer ? Promise.resolve(informer.cache.get(ref.namespace, ref.name)) : this.#store.get(ref);
  }

  list(kind: { apiVersion: string; kind: string }, labels: Labels = {}): Promise<KubeObject[]> {
    const informer = this.#informerOf(kind);
    if (!informer) return this.#store.list(kind, labels);
    const application = labels[velaLabels.application];
    const some =
      application === undefined ? [...informer.cache.values()] : informer.cache.by('application', application);
    return Promise.resolve(
      some.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)),
    );
  }

  create(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#noted(object, options, this.#store.create(object, options));
  }

  mergePatch(ref: ObjectRef, patch: JsonObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#noted(ref, options, this.#store.mergePatch(ref, patch, options));
  }

  patchStatus(ref: ObjectRef, patch: JsonObject): Promise<KubeObject> {
    return this.#noted(ref, {}, this.#store.patchStatus(ref, patch));
  }

  async delete(ref: ObjectRef): Promise<void> {
    const informer = this.#informerOf(ref);
    const known = informer?.cache.get(ref.namespace, ref.name);
    await this.#store.delete(ref);
    if (known) informer?.forget(known.metadata.uid);
  }

  isNamespaced(kind: { apiVersion: string; kind: string }): Promise<boolean> {
    return this.#store.isNamespaced(kind);
  }

  #informerOf({ apiVersion, kind }: { apiVersion: string; kind: string }): Informer<Kept, Stored<Kept>> | undefined {
    return apiVersion === coreApiVersion ? this.#informers.get(kind) : undefined;
  }

  async #noted(
    kind: { apiVersion: string; kind: string },
    { dryRun = false }: WriteOptions,
    written: Promise<KubeObject>,
  ): Promise<KubeObject> {
    const object = await written;
    if (!dryRun) this.#informerOf(kind)?.observe(object as Stored<Kept>);
    return object;
  }
}
