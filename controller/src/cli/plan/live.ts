/** What is deployed: reads once from the cluster what the controller would have in its caches. */
import { type TaskState, withCluster } from '../../domain/model/state.ts';
import { isOrphan } from '../../domain/steps/adopt-runs.ts';
import { hasNodes } from '../../domain/shape/nodes.ts';
import {
  projectClaim,
  projectJob,
  projectNode,
  projectPod,
  projectRun,
  projectTask,
} from '../../cluster/projections.ts';
import { applications, taskRuns, tasks, taskTemplates } from '../../cluster/resource-types.ts';
import { isForbidden, isNotFound } from '../../kube/api-error.ts';
import { resourceType, type KubeObject, type ResourceType, type Stored } from '../../kube/objects.ts';
import { jobs, nodes as nodeType, persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { listAll } from '../../kube/list-all.ts';
import type { Application } from '../../plan/application.ts';
import type { Deployed, DeployedTask, Revision } from '../../plan/deployment.ts';
import { newState } from '../../plan/memory-cluster.ts';
import { ownerOf, type Surroundings, type Where } from '../../plan/plan.ts';
import { joinedByAnnotation, velaLabels, type TaskSpec } from '../../resources/index.ts';
import { fieldsOf } from '../../domain/lang/fields.ts';
import { velaAnnotations } from '../../vela/labels.ts';
import { publishVersionOf, revisionName } from '../../vela/revisions.ts';
import { isKindMissing } from '../errors.ts';
import { ofTask, type StoredTask } from '../find.ts';
import type { Session } from '../session.ts';
import { controllerOf, type Node, type Pod } from '../../domain/model/objects.ts';

interface RevisionObject extends KubeObject {
  spec?: { readonly application?: LiveApplication };
}

const revisionType = resourceType<RevisionObject>({
  group: 'core.oam.dev',
  version: 'v1beta1',
  plural: 'applicationrevisions',
  kind: 'ApplicationRevision',
  namespaced: true,
});

interface LiveApplication {
  readonly spec?: object;
  readonly status?: { readonly latestRevision?: { readonly name?: string; readonly revision?: number } };
  readonly metadata: { readonly annotations?: Record<string, string> };
}

/**
 * The Application and its Tasks as they are; undefined if it was never deployed. @throws ApiError if the cluster cannot
 * be reached
 */
export async function readDeployed(
  session: Session,
  { name }: Application,
  { namespace, taskNamespace }: Where,
  now: Date,
): Promise<Deployed | undefined> {
  const { client } = session;
  const [application, named, revisions] = await Promise.all([
    client.get(applications, { namespace, name }).catch(nothingThere),
    listAll(client, tasks, { namespace: taskNamespace, labelSelector: `${velaLabels.application}=${name}` }),
    allowed(listAll(client, revisionType, { namespace, labelSelector: `${velaLabels.application}=${name}` })),
  ]);
  // Applications of other namespaces may have the same name, and their Tasks in the same place.
  const owned = named.filter(
    ({ metadata }) => (metadata.labels?.[velaLabels.applicationNamespace] ?? namespace) === namespace,
  );
  if (!application && owned.length === 0) return undefined;
  const found = new Map(
    await Promise.all(owned.map(async (task) => [task.metadata.name, await readTask(session, task, now)] as const)),
  );
  const live = (application ?? { metadata: {} }) as unknown as LiveApplication;
  const joinedBy = live.metadata.annotations?.[joinedByAnnotation];
  return { ...latestOf(live, name, revisions.map(revisionOf)), joinedBy, tasks: found };
}

/** What the Application runs: its latest revision, or what it says itself where that revision is gone. */
function latestOf(
  { spec, status, metadata }: LiveApplication,
  name: string,
  revisions: readonly Revision[],
): Omit<Deployed, 'tasks'> {
  const { name: latestName = revisionName(name, 0), revision = 0 } = status?.latestRevision ?? {};
  const latest = revisions.find((one) => one.name === latestName);
  return {
    spec: latest?.spec ?? fieldsOf(spec),
    publishVersion: latest ? latest.publishVersion : publishVersionOf(metadata),
    revision,
    revisionName: latestName,
    revisions,
  };
}

function revisionOf({ metadata, spec }: Stored<RevisionObject>): Revision {
  return {
    name: metadata.name,
    spec: fieldsOf(spec?.application?.spec),
    publishVersion: publishVersionOf(metadata),
  };
}

async function readTask(session: Session, stored: StoredTask, now: Date): Promise<DeployedTask> {
  const { client } = session;
  const { namespace, name, uid } = stored.metadata;
  const of = <T extends KubeObject>(type: ResourceType<T>) =>
    allowed(listAll(client, type, { namespace, labelSelector: ofTask(name) }));
  const [allRuns, ownJobs, ownPods, claims] = await Promise.all([
    listAll(client, taskRuns, { namespace }),
    of(jobs),
    of(pods),
    of(persistentVolumeClaims),
  ]);
  const runs = allRuns.filter((run) => controllerOf(run, 'Task') === uid).map(projectRun);
  const uids = new Set(runs.map(({ metadata }) => metadata.uid));
  const state = withCluster(newState(projectTask(stored), now), {
    runs,
    orphans: allRuns
      .filter(
        (run) =>
          isOrphan(run as Stored<typeof run> & { metadata: TaskState['task']['metadata'] }) &&
          run.spec.taskRef.name === name,
      )
      .map(projectRun),
    jobs: ownJobs.filter((job) => uids.has(controllerOf(job, 'TaskRun') ?? '')).map(projectJob),
    pods: ownPods.map((pod): Pod => projectPod(pod)),
    nodes: runs.some(hasNodes) ? await readNodes(session) : [],
    claims: claims.filter((claim) => controllerOf(claim, 'Task') === uid).map(projectClaim),
  });
  return { state, applied: appliedSpec(stored) };
}

/** The owners of the names in a namespace, and its templates. */
export async function readSurroundings(session: Session, namespace: string): Promise<Surroundings> {
  const { client } = session;
  let nodes: Promise<readonly Node[]> | undefined;
  const [runs, ownJobs, templates, allTasks] = await Promise.all([
    listAll(client, taskRuns, { namespace }),
    allowed(listAll(client, jobs, { namespace })),
    allowed(listAll(client, taskTemplates, { namespace })),
    listAll(client, tasks, { namespace }),
  ]);
  const tasksOfRuns = new Map(runs.map(({ metadata, spec }) => [metadata.uid, spec.taskRef.name]));
  return {
    runs: new Map(runs.map(({ metadata, spec }) => [metadata.name, spec.taskRef.name])),
    jobs: new Map(ownJobs.map((job) => [job.metadata.name, tasksOfRuns.get(controllerOf(job, 'TaskRun') ?? '') ?? ''])),
    templates: new Map(templates.map(({ metadata, spec }) => [metadata.name, spec])),
    tasks: new Map(allTasks.flatMap(ownedTask)),
    nodes: () => (nodes ??= readNodes(session)),
  };
}

/** The Task's name, and whose it is; nothing where no Application rendered it. */
function ownedTask({ metadata }: StoredTask): readonly (readonly [string, string])[] {
  const { labels = {}, name, namespace: taskNamespace = '' } = metadata;
  const { [velaLabels.application]: application, [velaLabels.component]: component } = labels;
  if (application === undefined || component === undefined) return [];
  const namespace = labels[velaLabels.applicationNamespace] ?? taskNamespace;
  return [[name, ownerOf(component, application, { namespace, taskNamespace })]];
}

async function readNodes({ client }: Session): Promise<readonly Node[]> {
  return (await allowed(listAll(client, nodeType))).map(projectNode);
}

function appliedSpec({ metadata }: StoredTask): TaskSpec | undefined {
  const copy = metadata.annotations?.[velaAnnotations.lastApplied];
  if (copy === undefined || copy === '-') return undefined;
  try {
    return (JSON.parse(copy) as { spec?: TaskSpec }).spec;
  } catch {
    return undefined; // not what KubeVela writes
  }
}

/** What the person may not read is left out: the plan says less, but is still useful. */
async function allowed<T>(reading: Promise<readonly T[]>): Promise<readonly T[]> {
  return reading.catch((error: unknown) => {
    if (isForbidden(error) || (isNotFound(error) && isKindMissing(error))) return [];
    throw error;
  });
}

function nothingThere(error: unknown): undefined {
  if (!isNotFound(error) && !isForbidden(error)) throw error;
}
