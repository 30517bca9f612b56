import type { Client } from '../kube/client.ts';
import { Informer, type InformerObserver } from '../kube/informer.ts';
import { uidKey, type Cached } from '../kube/cache.ts';
import type { KubeObject } from '../kube/objects.ts';
import { events, jobs, nodes, persistentVolumeClaims, pods } from '../kube/resources.ts';
import { labels, type Meta } from '../resources/index.ts';
import { podReasons } from '../domain/model/reasons.ts';
import type { StartFailure } from './pod-digest.ts';
import { isOrphan } from '../domain/steps/adopt-runs.ts';
import { isCancelledOfTask } from '../domain/steps/without-task.ts';
import { hasNodes } from '../domain/shape/nodes.ts';
import { waitsInQueue } from '../domain/model/kueue.ts';
import { controllerOf, type OwnerKind } from '../domain/model/objects.ts';
import {
  type CachedJob,
  type CachedRun,
  projectClaim,
  projectJob,
  projectStartFailure,
  projectNode,
  projectPod,
  projectPodRefusal,
  projectRun,
  projectTask,
  projectTemplate,
  taskKey,
  templateKeysOfRun,
  templateKeysOfTask,
} from './projections.ts';
import { taskRuns, tasks, taskTemplates } from './resource-types.ts';

export interface CacheOptions {
  readonly client: Client;
  /** All namespaces when left out. */
  readonly namespaces?: readonly string[] | undefined;
  readonly observer?: InformerObserver | undefined;
}

export type Caches = ReturnType<typeof createCaches>;

/** By the controlling owner, which must be of that kind: see uidKey. */
function ownedBy(kind: OwnerKind) {
  const ownersOf = (object: Cached & { readonly metadata: Meta }) => {
    const uid = controllerOf(object, kind);
    return uid === undefined ? [] : [uidKey(object.metadata, uid)];
  };
  return { owner: ownersOf };
}

/**
 * The UIDs of the Jobs that a run is on record with: only the controller writes a status, so they are the run's,
 * whatever became of their owner references.
 */
export function jobsOnRecord({ status, jobUids }: CachedRun): readonly string[] {
  return jobUids ?? (status?.jobs ?? []).flatMap(({ uid }) => uid ?? []);
}

/** The run that a Job belongs to: the one that owns it, or that has it on record. */
export function runOfJob({ metadata }: CachedJob, { runs }: Pick<Caches, 'runs'>): CachedRun | undefined {
  const owner = runs.cache.byUid(controllerOf({ metadata }, 'TaskRun') ?? '');
  return owner?.metadata.namespace === metadata.namespace ? owner : runs.cache.by('job', metadata.uid)[0];
}

/** The informers of everything that decisions read. All have the index `owner`. */
export function createCaches(options: CacheOptions) {
  const ours = { ...options, labelSelector: labels.run };
  return {
    tasks: new Informer({
      ...options,
      type: tasks,
      project: projectTask,
      indexers: { template: templateKeysOfTask },
    }),
    /** TaskRuns that people created are found by the Task that they name, until it owns them. */
    runs: new Informer({
      ...options,
      type: taskRuns,
      project: projectRun,
      indexers: {
        ...ownedBy('Task'),
        orphan: (run) => (isOrphan(run) ? [taskKey(run)] : []),
        cancelled: (run) => (isCancelledOfTask(run) ? [taskKey(run)] : []),
        job: jobsOnRecord,
        nodes: (run) => (hasNodes(run) ? ['all'] : []),
        template: templateKeysOfRun,
      },
    }),
    templates: new Informer({ ...options, type: taskTemplates, project: projectTemplate }),
    /** The only kind that has no namespace. */
    nodes: new Informer({ client: options.client, observer: options.observer, type: nodes, project: projectNode }),
    jobs: new Informer({
      ...ours,
      type: jobs,
      project: projectJob,
      indexers: { ...ownedBy('TaskRun'), queued: (job) => (waitsInQueue(job) ? ['all'] : []) },
    }),
    claims: new Informer({
      ...ours,
      type: persistentVolumeClaims,
      project: projectClaim,
      indexers: ownedBy('Task'),
    }),
    /** Succeeded pods explain nothing, and they would be most of the cache. */
    pods: new Informer({
      ...ours,
      type: pods,
      fieldSelector: 'status.phase!=Succeeded',
      project: projectPod,
      indexers: ownedBy('Job'),
    }),
    /** Only here does the Job controller say that it may not create a pod. */
    podRefusals: new Informer({
      ...options,
      type: events,
      fieldSelector: 'involvedObject.kind=Job,reason=FailedCreate',
      project: projectPodRefusal,
      indexers: { job: ({ metadata, jobUid }) => [uidKey(metadata, jobUid)] },
    }),
    /** A pod's status also does not say that it waits for a volume or for its network. */
    mountFailures: startFailures(options, podReasons.failedMount),
    attachFailures: startFailures(options, podReasons.failedAttachVolume),
    sandboxFailures: startFailures(options, podReasons.failedCreatePodSandBox),
  };
}

/** One watch a reason: a field selector has no "or", and all Events of pods would be too many. */
function startFailures(options: CacheOptions, reason: StartFailure['reason']) {
  return new Informer({
    ...options,
    type: events,
    fieldSelector: `involvedObject.kind=Pod,reason=${reason}`,
    project: projectStartFailure,
    indexers: { pod: ({ metadata, podUid }) => [uidKey(metadata, podUid)] },
  });
}

/** Those whose events say why a pod does not start. */
export function startFailureInformers({ mountFailures, attachFailures, sandboxFailures }: Caches) {
  return [mountFailures, attachFailures, sandboxFailures] as const;
}

/** All informers, without the types of their objects. */
export function allInformers(caches: Caches): readonly Informer<KubeObject>[] {
  return Object.values(caches) as unknown as Informer<KubeObject>[];
}
