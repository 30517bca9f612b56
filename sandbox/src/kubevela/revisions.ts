import { revisionAnnotations } from '../../../controller/src/vela/labels.ts';
import {
  keepsRevision,
  publishVersionOf,
  revisionName,
  revisionNumber,
  samePublishVersion,
  type ApplicationVersion,
} from '../../../controller/src/vela/revisions.ts';
import { velaLabels } from '../../../controller/src/resources/index.ts';
import type { Application, ApplicationStatus, WorkflowStatus } from './application.ts';
import { readDefinitions, type Definitions } from './definitions.ts';
import { mergeDiff } from '../../../controller/src/vela/merge-patch.ts';
import { coreApiVersion } from '../../../controller/src/vela/labels.ts';
import { hashOf, refOf, type JsonObject, type KubeObject, type Labels } from './objects.ts';
import type { ObjectStore } from './store.ts';

interface RevisionSpec extends JsonObject, Definitions {
  application: Application;
}

export interface ApplicationRevision extends KubeObject {
  spec: RevisionSpec;
  status?: { succeeded: boolean; workflow?: WorkflowStatus };
}

/** The revision that an Application is at now. */
export interface CurrentRevision {
  readonly revision: ApplicationRevision;
  readonly hash: string;
  /** What to deploy: the Application's spec, or that of the revision while its publishVersion stays. */
  readonly spec: Application['spec'];
  /** The Application moved to another revision than its status names. */
  readonly moved: boolean;
  /** The one that its status names, if there is one. */
  readonly latest: ApplicationRevision | undefined;
}

/**
 * Finds or makes the revision of an Application. A spec that was deployed before gets its old revision again, and the
 * next new one counts on from there; so a name may come again for another spec. While publishVersion stays the same
 * nothing new is deployed.
 */
export async function currentRevision(store: ObjectStore, app: Application): Promise<CurrentRevision> {
  const latest = await latestRevision(store, app);
  const wanted = { spec: app.spec, publishVersion: publishVersionOf(app.metadata) };
  if (latest && keepsRevision(versionOf(latest), wanted)) {
    const { spec } = latest.spec.application;
    const revision = wanted.publishVersion === undefined ? await writeRevision(store, app, latest) : latest;
    return { revision, hash: hashLabel(latest), spec, moved: false, latest };
  }
  const definitions = await readDefinitions(store, app);
  const hash = hashOf({
    spec: app.spec,
    definitions: Object.values(definitions).map((each) =>
      Object.values(each as Record<string, KubeObject>).map(({ spec }) => spec),
    ),
  });
  const before = (await listRevisions(store, app)).find(
    (revision) => hashLabel(revision) === hash && samePublishVersion(versionOf(revision), wanted),
  );
  const next = before ?? nextRevision(app, hash, definitions);
  return { revision: await writeRevision(store, app, next), hash, spec: app.spec, moved: true, latest };
}

function versionOf({ metadata, spec }: ApplicationRevision): ApplicationVersion {
  return { spec: spec.application.spec, publishVersion: publishVersionOf(metadata) };
}

function nextRevision(app: Application, hash: string, definitions: Definitions): ApplicationRevision {
  const name = revisionName(app.metadata.name, (app.status?.latestRevision?.revision ?? 0) + 1);
  const { apiVersion, kind, metadata, spec } = app;
  const application: Application = {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: metadata.namespace ?? '' },
    spec,
  };
  return {
    apiVersion: coreApiVersion,
    kind: 'ApplicationRevision',
    metadata: { name, namespace: metadata.namespace ?? '', labels: { [velaLabels.revisionHash]: hash } },
    spec: { application, ...definitions },
  };
}

/**
 * Stores a revision under its name, with the Application's labels and annotations; one that has the name for another
 * spec is replaced.
 */
async function writeRevision(
  store: ObjectStore,
  app: Application,
  wanted: ApplicationRevision,
): Promise<ApplicationRevision> {
  const annotations: Labels = revisionAnnotations(app.metadata);
  const labels: Labels = {
    ...app.metadata.labels,
    [velaLabels.application]: app.metadata.name,
    [velaLabels.revisionHash]: hashLabel(wanted),
  };
  const owner = {
    apiVersion: coreApiVersion,
    kind: 'Application',
    name: app.metadata.name,
    uid: app.metadata.uid ?? '',
    controller: true,
  };
  const revision: ApplicationRevision = {
    ...wanted,
    metadata: { ...wanted.metadata, labels, annotations, ownerReferences: [owner] },
  };
  const found = (await store.get(refOf(revision))) as ApplicationRevision | undefined;
  if (!found) return (await store.create(revision)) as ApplicationRevision;
  const before = {
    metadata: { labels: found.metadata.labels ?? {}, annotations: found.metadata.annotations ?? {} },
    spec: found.spec,
  };
  const patch = mergeDiff(before, { metadata: { labels, annotations }, spec: revision.spec });
  if (Object.keys(patch).length === 0) return found;
  return (await store.mergePatch(refOf(revision), patch)) as ApplicationRevision;
}

/** Records in a revision how its workflow ended. */
export async function recordWorkflow(
  store: ObjectStore,
  revision: ApplicationRevision,
  workflow: WorkflowStatus,
): Promise<void> {
  await store.patchStatus(refOf(revision), { succeeded: workflow.status === 'succeeded', workflow: workflow });
}

/** Revisions kept beside those in use, as vela-core does without the chart. */
const appRevisionLimit = 10;

/** Deletes the oldest revisions beyond the limit; the latest one is in use. */
export async function limitRevisions(store: ObjectStore, app: Application, status: ApplicationStatus): Promise<void> {
  const unused = (await listRevisions(store, app)).filter(
    ({ metadata }) => metadata.name !== status.latestRevision?.name,
  );
  const oldestFirst = unused.sort((a, b) => revisionNumber(a.metadata.name) - revisionNumber(b.metadata.name));
  for (const revision of oldestFirst.slice(0, Math.max(0, oldestFirst.length - appRevisionLimit)))
    await store.delete(refOf(revision));
}

export async function listRevisions(store: ObjectStore, app: Application): Promise<ApplicationRevision[]> {
  const revisions = await store.list(
    { apiVersion: coreApiVersion, kind: 'ApplicationRevision' },
    { [velaLabels.application]: app.metadata.name },
  );
  return revisions.filter(({ metadata }) => metadata.namespace === app.metadata.namespace) as ApplicationRevision[];
}

async function latestRevision(store: ObjectStore, app: Application): Promise<ApplicationRevision | undefined> {
  const name = app.status?.latestRevision?.name;
  if (name === undefined) return undefined;
  return (await store.get({
    apiVersion: coreApiVersion,
    kind: 'ApplicationRevision',
    namespace: app.metadata.namespace,
    name,
  })) as ApplicationRevision | undefined;
}

function hashLabel(revision: ApplicationRevision): string {
  return revision.metadata.labels?.[velaLabels.revisionHash] ?? '';
}
