import { publishVersionOf } from '../../../controller/src/vela/revisions.ts';
import { ownerLabels } from '../../../controller/src/vela/labels.ts';
import type { Application } from './application.ts';
import { applyManifest, isManagedBy, letGo } from './apply.ts';
import { mergeDiff } from '../../../controller/src/vela/merge-patch.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { refOf, sameRef, type KubeObject, type ObjectRef } from './objects.ts';
import type { Policies } from './policies.ts';
import { StoreError, type ObjectStore } from './store.ts';

interface ManagedResource extends ObjectRef {
  /** What was applied, to put it right; left out with apply-once. */
  data?: KubeObject;
  /** Not ours to delete. */
  skipGC?: boolean;
}

interface ResourceTracker extends KubeObject {
  spec: { type: 'root' | 'versioned'; version: string; managedResources: ManagedResource[] };
}

/**
 * Remembers which objects an Application applied: one list a version of it, and one for what stays with it as long as
 * it lives. An object that only older versions applied is deleted once the newest is through.
 */
export class Tracker {
  readonly #store: ObjectStore;
  readonly #app: Application;
  readonly #policies: Policies;
  readonly #version: string;
  #trackers: ResourceTracker[];

  private constructor(store: ObjectStore, app: Application, policies: Policies, trackers: ResourceTracker[]) {
    this.#store = store;
    this.#app = app;
    this.#policies = policies;
    this.#version = publishVersionOf(app.metadata) ?? `v${app.metadata.generation ?? 0}`;
    this.#trackers = trackers;
  }

  static async load(store: ObjectStore, app: Application, policies: Policies): Promise<Tracker> {
    const labels = { ...ownerLabels(app.metadata) };
    const trackers = await store.list({ apiVersion: coreApiVersion, kind: 'ResourceTracker' }, labels);
    return new Tracker(store, app, policies, trackers as ResourceTracker[]);
  }

  /**
   * Applies manifests: first on trial, then noted down, then for real.
   * @throws StoreError with every refusal of the trial
   */
  async dispatch(manifests: readonly KubeObject[], now: Date): Promise<void> {
    const refusals: string[] = [];
    for (const manifest of manifests) {
      await this.#apply(manifest, now, { dryRun: true, skipSameRender: true }).catch((error: unknown) =>
        refusals.push(messageOf(error)),
      );
    }
    if (refusals.length > 0)
      throw new StoreError(
        `pre-dispatch dryrun failed: Found ${refusals.length} errors. [${refusals.map((each) => `(${each})`).join(', ')}]`,
      );
    await this.#record(manifests);
    for (const manifest of manifests) await this.#apply(manifest, now, { skipSameRender: true });
  }

  /** Puts right what others changed in the objects of the newest version, and makes again what was deleted. */
  async keepState(now: Date): Promise<void> {
    if (this.#policies.applyOnce) return;
    const managed = this.#current().flatMap(({ spec }) => spec.managedResources);
    for (const { data } of managed) if (data) await this.#apply(data, now, {});
  }

  /** Deletes what only older versions applied; returns how many of these are still there. */
  async collectOutdated(): Promise<number> {
    if (this.#policies.keepLegacyResource) return 0;
    const current = this.#current();
    const kept = current.flatMap(({ spec }) => spec.managedResources);
    const outdated = this.#trackers.filter((tracker) => !current.includes(tracker));
    return await this.#collect(outdated, (resource) => !kept.some((each) => sameRef(each, resource)));
  }

  /** Deletes everything that the Application applied; returns how many objects are still there. */
  async collectAll(): Promise<number> {
    return await this.#collect(this.#trackers, () => true);
  }

  #current(): ResourceTracker[] {
    return this.#trackers.filter(({ spec }) => spec.type === 'root' || spec.version === this.#version);
  }

  async #apply(manifest: KubeObject, now: Date, how: { dryRun?: boolean; skipSameRender?: boolean }): Promise<void> {
    const policies = this.#policies;
    const rights = {
      takeOver: policies.canTakeOver(manifest),
      shared: policies.isShared(manifest),
      readOnly: policies.isReadOnly(manifest),
    };
    await applyManifest(this.#store, this.#app, manifest, { now, ...rights, ...how });
  }

  async #record(manifests: readonly KubeObject[]): Promise<void> {
    const byType: Record<'root' | 'versioned', ManagedResource[]> = { root: [], versioned: [] };
    for (const manifest of manifests) {
      const strategy = this.#policies.strategyOf(manifest);
      const resource: ManagedResource = {
        ...refOf(manifest),
        ...(this.#policies.applyOnce ? {} : { data: manifest }),
        ...(strategy === 'never' ? { skipGC: true } : {}),
      };
      byType[strategy === 'onAppUpdate' ? 'versioned' : 'root'].push(resource);
    }
    await this.#save('root', byType.root);
    await this.#save('versioned', byType.versioned);
  }

  async #save(type: 'root' | 'versioned', resources: ManagedResource[]): Promise<void> {
    const known = this.#trackers.find(
      ({ spec }) => spec.type === type && (type === 'root' || spec.version === this.#version),
    );
    if (resources.length === 0 && known) return;
    if (resources.length === 0 && type === 'root') return;
    if (!known) {
      this.#trackers = [
        ...this.#trackers,
        (await this.#store.create(this.#newTracker(type, resources))) as ResourceTracker,
      ];
      return;
    }
    const others = known.spec.managedResources.filter((each) => !resources.some((resource) => sameRef(each, resource)));
    const managedResources = [...others, ...resources];
    if (Object.keys(mergeDiff({ managedResources: known.spec.managedResources }, { managedResources })).length === 0)
      return;
    const saved = (await this.#store.mergePatch(refOf(known), { spec: { managedResources } })) as ResourceTracker;
    this.#trackers = this.#trackers.map((tracker) => (tracker === known ? saved : tracker));
  }

  #newTracker(type: 'root' | 'versioned', managedResources: ManagedResource[]): ResourceTracker {
    const { name, namespace = '' } = this.#app.metadata;
    return {
      apiVersion: coreApiVersion,
      kind: 'ResourceTracker',
      metadata: {
        name: `${name}-${type === 'root' ? 'root' : this.#version}-${namespace}`.toLowerCase(),
        labels: { ...ownerLabels(this.#app.metadata) },
      },
      spec: { type, version: type === 'root' ? '' : this.#version, managedResources },
    };
  }

  async #collect(
    trackers: readonly ResourceTracker[],
    unwanted: (resource: ManagedResource) => boolean,
  ): Promise<number> {
    let left = 0;
    for (const tracker of trackers) {
      let leftHere = 0;
      for (const resource of tracker.spec.managedResources)
        if (unwanted(resource)) leftHere += await this.#remove(resource);
      if (leftHere === 0) await this.#drop(tracker);
      left += leftHere;
    }
    return left;
  }

  async #drop(tracker: ResourceTracker): Promise<void> {
    await this.#store.delete(refOf(tracker));
    this.#trackers = this.#trackers.filter((each) => each !== tracker);
  }

  /** Deletes one object, or only lets go of it; returns 1 while it is still there. */
  async #remove(resource: ManagedResource): Promise<number> {
    const object = await this.#store.get(resource);
    if (!object || !isManagedBy(object, this.#app)) return 0;
    const patch = letGo(object, this.#app, resource.skipGC === true || this.#policies.orphans(object));
    if (patch) {
      await this.#store.mergePatch(resource, patch);
      return 0;
    }
    if (object.metadata.deletionTimestamp === undefined) await this.#store.delete(resource);
    return (await this.#store.get(resource)) === undefined ? 0 : 1;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
