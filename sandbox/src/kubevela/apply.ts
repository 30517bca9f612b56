import { velaLabels } from '../../../controller/src/resources/index.ts';
import { objectLabels, ownerLabels, velaAnnotations } from '../../../controller/src/vela/labels.ts';
import { threeWayPatch } from '../../../controller/src/vela/merge-patch.ts';
import { canonicalJson } from '../../../controller/src/domain/lang/canonical-json.ts';
import { appKey, hashOf, refOf, type JsonObject, type KubeObject } from './objects.ts';
import { StoreError, type ObjectStore } from './store.ts';

const { lastApplied, lastAppliedTime, sharedBy } = velaAnnotations;
const { renderHash } = objectLabels;

export interface ApplyOptions {
  readonly now: Date;
  readonly dryRun?: boolean;
  /** May become ours although nobody manages it. */
  readonly takeOver?: boolean;
  /** Others may have it too: only our name is added to those who do. */
  readonly shared?: boolean;
  readonly readOnly?: boolean;
  /** Skips an object that was rendered the same the last time; else what others changed in it is put right. */
  readonly skipSameRender?: boolean;
}

/**
 * Creates or patches one object as KubeVela does: what it said the last time is kept in an annotation, and a three-way
 * merge patch leaves alone what others wrote. The manifest gets the label `oam.dev/render-hash`.
 * @throws StoreError in KubeVela's words when the object belongs to another application or the API server refuses it
 */
export async function applyManifest(
  store: ObjectStore,
  app: KubeObject,
  manifest: KubeObject,
  options: ApplyOptions,
): Promise<void> {
  const hashed = withRenderHash(manifest);
  const existing = await store.get(refOf(hashed));
  const sharers = options.shared ? [...new Set([...sharersOf(existing), appKey(app)])].join(',') : '';
  const desired = options.shared ? withAnnotation(hashed, sharedBy, sharers) : hashed;
  if (!existing) return await createManifest(store, desired, options);
  if (options.readOnly) return;
  if (options.shared && ![appKey(app), ''].includes(ownerOf(existing)))
    return await share(store, existing, sharers, options);
  checkOwner(app, existing, options);
  if (!(options.skipSameRender && hashLabel(existing) === hashLabel(desired)))
    await patchManifest(store, existing, desired, options);
}

async function patchManifest(
  store: ObjectStore,
  existing: KubeObject,
  desired: KubeObject,
  { dryRun = false }: ApplyOptions,
): Promise<void> {
  const original = JSON.parse(existing.metadata.annotations?.[lastApplied] ?? '{}') as JsonObject;
  const patch = threeWayPatch(original, withLastApplied(desired), existing);
  if (Object.keys(patch).length > 0)
    await refusedAs('cannot patch object', () => store.mergePatch(refOf(existing), patch, { dryRun }));
}

const hashLabel = ({ metadata }: KubeObject): string | undefined => metadata.labels?.[renderHash];

async function createManifest(store: ObjectStore, desired: KubeObject, options: ApplyOptions): Promise<void> {
  if (options.readOnly)
    throw new StoreError(
      `${desired.kind} (${desired.metadata.name}) is marked as read-only but does not exist. You should check the existence of the resource or remove the read-only policy`,
    );
  const created = withAnnotation(withLastApplied(desired), lastAppliedTime, timestamp(options.now));
  await refusedAs('cannot create object', () => store.create(created, { dryRun: options.dryRun ?? false }));
}

/** Who shares an object with others only adds their name to it. */
async function share(
  store: ObjectStore,
  existing: KubeObject,
  sharers: string,
  { dryRun = false }: ApplyOptions,
): Promise<void> {
  if (sharersOf(existing).length === 0)
    throw new StoreError(
      `cannot apply ApplyOption: application is controlled by ${ownerOf(existing)} but is not sharable`,
    );
  if (existing.metadata.annotations?.[sharedBy] === sharers) return;
  await store.mergePatch(refOf(existing), { metadata: { annotations: { [sharedBy]: sharers } } }, { dryRun });
}

function checkOwner(app: KubeObject, existing: KubeObject, { takeOver = false }: ApplyOptions): void {
  const what = `${existing.kind} ${existing.metadata.namespace ?? ''}/${existing.metadata.name}`;
  const owner = ownerOf(existing);
  if (owner === '' && !takeOver)
    throw new StoreError(`cannot apply ApplyOption: ${what} exists but not managed by any application now`);
  if (owner !== '' && owner !== appKey(app))
    throw new StoreError(`cannot apply ApplyOption: existing object ${what} is managed by other application ${owner}`);
}

/** The applications that share an object, by its annotation. */
function sharersOf(object: KubeObject | undefined): string[] {
  return (object?.metadata.annotations?.[sharedBy] ?? '').split(',').filter((name) => name !== '');
}

/** Whether an object is the application's to delete: as its owner or as one who shares it. */
export function isManagedBy(object: KubeObject, app: KubeObject): boolean {
  return ownerOf(object) === appKey(app) || sharersOf(object).includes(appKey(app));
}

/**
 * How an application lets go of an object: undefined where it is to be deleted, else the patch that hands it to those
 * who share it, or to nobody.
 */
export function letGo(object: KubeObject, app: KubeObject, orphan: boolean): JsonObject | undefined {
  const [first, ...others] = sharersOf(object).filter((name) => name !== appKey(app));
  if (first !== undefined) {
    const [namespace = '', name = ''] = first.split('/');
    return {
      metadata: {
        annotations: { [sharedBy]: [first, ...others].join(',') },
        labels: { ...ownerLabels({ name, namespace }) },
      },
    };
  }
  if (!orphan) return undefined;
  return {
    metadata: {
      annotations: { [sharedBy]: null },
      labels: { [velaLabels.application]: null, [velaLabels.applicationNamespace]: null },
    },
  };
}

/** `namespace/name` of the Application that an object's labels name, '' where they name none. */
export function ownerOf(object: KubeObject): string {
  const labels = object.metadata.labels ?? {};
  const name = labels[velaLabels.application];
  const namespace = labels[velaLabels.applicationNamespace];
  return name && namespace ? `${namespace}/${name}` : '';
}

function withRenderHash(manifest: KubeObject): KubeObject {
  return {
    ...manifest,
    metadata: { ...manifest.metadata, labels: { ...manifest.metadata.labels, [renderHash]: hashOf(manifest) } },
  };
}

/**
 * An Application that another one applied has the annotation itself, and hands its annotations on: that is not what was
 * applied here.
 */
function withLastApplied(manifest: KubeObject): KubeObject {
  const { [lastApplied]: _, ...annotations } = manifest.metadata.annotations ?? {};
  const own = Object.keys(annotations).length > 0 ? { annotations } : {};
  const { annotations: _all, ...metadata } = manifest.metadata;
  return withAnnotation(manifest, lastApplied, canonicalJson({ ...manifest, metadata: { ...metadata, ...own } }));
}

function withAnnotation(manifest: KubeObject, key: string, value: string): KubeObject {
  return {
    ...manifest,
    metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, [key]: value } },
  };
}

async function refusedAs(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    throw error instanceof StoreError ? new StoreError(`${what}: ${error.message}`) : error;
  }
}

/** A time as Kubernetes writes it: seconds, UTC. */
export function timestamp(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, 'Z');
}
