/**
 * What the caches keep of each object. It is little, because ten thousand kept runs must fit into 150 MB: see
 * docs/decisions.
 */
import type { Event, Node as CoreNode, PersistentVolumeClaim, Pod as CorePod } from 'kubernetes-types/core/v1.js';
import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import { isFinished } from '../domain/model/phase.ts';
import { remembered } from '../domain/model/remembered-run.ts';
import { compact } from '../domain/lang/compact.ts';
import type { Workload } from '../domain/model/kueue.ts';
import { digestPod, type StartFailure } from './pod-digest.ts';
import { reasons } from '../domain/model/reasons.ts';
import { lacksTemplates, templateNames } from '../domain/shape/templates.ts';
import { clusterWords } from './cluster-words.ts';
import type { Cached } from '../kube/cache.ts';
import { keyOf, type Stored, type StoredMeta } from '../kube/objects.ts';
import {
  joinedByAnnotation,
  labels,
  queueLabels,
  velaLabels,
  type Meta,
  type Task,
  type TaskRun,
  type TaskTemplate,
} from '../resources/index.ts';
import type { LocalQueueObject, PriorityClassObject, WorkloadObject } from './kueue-types.ts';
import type { TaskObject, TaskRunObject, TaskTemplateObject } from './resource-types.ts';
import {
  trueCondition,
  type Job,
  type JobCondition,
  type Pod,
  type PodRefusal,
  type Node,
  type Claim,
} from '../domain/model/objects.ts';

export type CachedTask = Task & Cached;
/** A finished run keeps only the UIDs of its Jobs. */
export type CachedRun = TaskRun & Cached & { readonly jobUids?: readonly string[] };
export type CachedJob = Job & Cached;
export type CachedPod = Pod & Cached;
export type CachedTemplate = TaskTemplate & Cached;
export type CachedClaim = Claim & Cached;
export type CachedNode = Node & Cached;
export type CachedStartFailure = StartFailure & Cached;
export type CachedPodRefusal = PodRefusal & Cached;
export type CachedWorkload = Workload & Cached;
export type CachedLocalQueue = Cached & { readonly clusterQueue: string };

/** Keeps one annotation: that by which a Task keeps its name. */
export function projectTask({ metadata, spec, status }: Stored<TaskObject>): CachedTask {
  const { [joinedByAnnotation]: joinedBy } = metadata.annotations ?? {};
  const annotations = joinedBy === undefined ? undefined : { [joinedByAnnotation]: joinedBy };
  return compact({ metadata: compact({ ...slimMeta(metadata), annotations }), spec, status });
}

/** The UIDs of a finished run's Jobs stay: their pods are known by them. */
export function projectRun(run: Stored<TaskRunObject>): CachedRun {
  const uids = isFinished(run.status?.phase) ? uidsOf(run.status?.jobs) : {};
  return { ...remembered({ ...run, metadata: slimMeta(run.metadata) }), ...uids };
}

/** Left out where there are none. */
function uidsOf(jobs: NonNullable<TaskRun['status']>['jobs']): Pick<CachedRun, 'jobUids'> {
  const jobUids = jobs?.flatMap(({ uid }) => uid ?? []) ?? [];
  return jobUids.length > 0 ? { jobUids } : {};
}

export function projectJob({ metadata, spec, status }: Stored<BatchJob>): CachedJob {
  const { parallelism, completions, backoffLimit, suspend } = spec ?? {};
  const managedBy = managerOf(spec);
  const { active, ready, succeeded, failed, startTime, completionTime, failedIndexes, conditions } = status ?? {};
  const { [labels.attempt]: attempt, [labels.step]: step, [queueLabels.queue]: queue } = metadata.labels ?? {};
  const kept = conditions
    ?.filter(({ type }) => tellingOfJobs.has(type) || (queue !== undefined && type === 'Suspended'))
    .map(slimCondition);
  return compact({
    metadata: slimMeta(metadata, { labels: 'none' }),
    attempt: attemptOf(attempt),
    step,
    queue,
    goesAfterPods: metadata.finalizers?.includes('foregroundDeletion') || undefined,
    spec: compact({ parallelism, completions, backoffLimit, suspend: suspend || undefined, managedBy }),
    status: compact({
      active,
      ready,
      succeeded,
      failed,
      startTime,
      completionTime,
      failedIndexes: failedIndexes === '' ? undefined : failedIndexes,
      conditions: kept,
    }),
  });
}

/** Without the admission policies anybody who may change a Job may write any text there. */
function attemptOf(label: string | undefined): number | undefined {
  return label !== undefined && /^[1-9]\d{0,3}$/.test(label) ? Number(label) : undefined;
}

/** Kubernetes' own Job controller does not need to be named. */
function managerOf(spec: BatchJob['spec']): string | undefined {
  const { managedBy } = (spec ?? {}) as { readonly managedBy?: string };
  return managedBy === 'kubernetes.io/job-controller' ? undefined : managedBy;
}

/** FailureTarget, SuccessCriteriaMet: the Job has failed or succeeded, and its pods are being deleted. */
const tellingOfJobs: ReadonlySet<string> = new Set(['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet']);

/** Only a failed Job has a message of its own. */
function slimCondition({
  type,
  status,
  reason,
  message,
  lastTransitionTime,
}: NonNullable<NonNullable<BatchJob['status']>['conditions']>[number]): JobCondition {
  return compact(
    type !== 'Failed' ? { type, status, lastTransitionTime } : { type, status, reason, message, lastTransitionTime },
  );
}

export function projectPod(pod: Stored<CorePod>): CachedPod {
  const { deletionGracePeriodSeconds } = pod.metadata as { readonly deletionGracePeriodSeconds?: number };
  const metadata = compact({ ...slimMeta(pod.metadata, { labels: 'none' }), deletionGracePeriodSeconds });
  const digest = digestPod({ ...pod, metadata });
  return digest as CachedPod;
}

export function projectTemplate({ metadata, spec }: Stored<TaskTemplateObject>): CachedTemplate {
  return { metadata: slimMeta(metadata, { labels: 'none' }), spec };
}

export function projectClaim({ metadata }: Stored<PersistentVolumeClaim>): CachedClaim {
  return { metadata: slimMeta(metadata, { labels: 'none' }) };
}

/** The keys of the templates that a run waits for, or is about to be given. */
export function templateKeysOfRun(run: CachedRun): readonly string[] {
  return lacksTemplates(run) ? keysIn(run, templateNames(run.spec.snapshot)) : [];
}

/** The keys of the templates that a Task names. */
export function templateKeysOfTask(task: CachedTask): readonly string[] {
  return keysIn(task, templateNames(task.spec));
}

function keysIn({ metadata: { namespace } }: Cached, names: readonly string[]): readonly string[] {
  return names.map((name) => keyOf({ namespace, name }));
}

/** The part of a node's several KB that says whether pods may run there. Heartbeats do not change it. */
export function projectNode({ metadata, spec }: Stored<CoreNode>): CachedNode {
  const taints = spec?.taints?.map(({ key, value, effect, timeAdded }) => compact({ key, value, effect, timeAdded }));
  return compact({ metadata: slimMeta(metadata, { labels: 'all' }), taints });
}

const tellingConditions: ReadonlySet<string> = new Set(['QuotaReserved', 'Admitted', 'Evicted', 'DeactivationTarget']);

/**
 * Keep no conditions of a Workload that belongs to no Job or has finished, except FailedToStart: then the Job never
 * starts, because Kueue's changes to it contradict the Task. A Job has one kind of pod, and so one set of requests.
 */
export function projectWorkload({ metadata, spec, status }: Stored<WorkloadObject>): CachedWorkload {
  const slim = { metadata: slimMeta(metadata, { labels: 'none' }), active: spec.active !== false };
  const { conditions = [], resourceRequests: [pods] = [] } = status ?? {};
  if (!slim.metadata.ownerReferences?.some(({ kind }) => kind === 'Job')) return { ...slim, conditions: [] };
  const over = trueCondition({ conditions }, 'Finished');
  if (over) return { ...slim, conditions: over.reason === reasons.failedToStart ? [wordsOf(over)] : [] };
  const words = conditions.filter(({ type }) => tellingConditions.has(type)).map(wordsOf);
  return compact({ ...slim, requests: pods?.resources, conditions: words });
}

/** Only the Admitted condition's transition time is used. */
function wordsOf({ type, status, reason, message, lastTransitionTime }: JobCondition): JobCondition {
  return compact({
    type,
    status,
    reason,
    message,
    lastTransitionTime: type === 'Admitted' ? lastTransitionTime : undefined,
  });
}

export function projectLocalQueue({ metadata, spec }: Stored<LocalQueueObject>): CachedLocalQueue {
  return { metadata: slimMeta(metadata, { labels: 'none' }), clusterQueue: spec.clusterQueue ?? '' };
}

export function projectPriorityClass({ metadata }: Stored<PriorityClassObject>): Cached {
  return { metadata: slimMeta(metadata, { labels: 'none' }) };
}

export function projectPodRefusal(event: Stored<Event>): CachedPodRefusal {
  return { ...tellingOf(event), jobUid: event.involvedObject.uid ?? '' };
}

export function projectStartFailure(event: Stored<Event>): CachedStartFailure {
  const reason = event.reason as StartFailure['reason'];
  return { ...tellingOf(event), reason, podUid: event.involvedObject.uid ?? '' };
}

function tellingOf({ metadata, message, lastTimestamp, eventTime }: Stored<Event>) {
  return {
    metadata: slimMeta(metadata, { labels: 'none' }),
    message: clusterWords(message ?? 'no reason given'),
    seenAt: Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp),
  };
}

type SlimMeta = Meta & Cached['metadata'];

/** Anybody who may create a TaskRun may write a megabyte of labels into it, and TaskRuns stay. */
const readLabels: ReadonlySet<string> = new Set([...Object.values(labels), ...Object.values(velaLabels)]);

/** Of labels, by default those that decisions read. */
function slimMeta(
  metadata: StoredMeta,
  { labels: kept = 'read' }: { labels?: 'all' | 'read' | 'none' } = {},
): SlimMeta {
  const {
    name,
    namespace = '',
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    ownerReferences,
  } = metadata;
  return compact({
    name,
    namespace,
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp: deletionTimestamp,
    ownerReferences: ownerReferences?.filter(({ controller }) => controller === true),
    labels: kept === 'read' ? slimLabels(metadata.labels) : kept === 'all' ? metadata.labels : undefined,
  });
}

function slimLabels(all: StoredMeta['labels']): SlimMeta['labels'] {
  const read = Object.entries(all ?? {}).filter(([label]) => readLabels.has(label));
  return read.length > 0 ? Object.fromEntries(read) : undefined;
}

/** The key of the Task that a run names. */
export function taskKey({ metadata, spec }: Pick<CachedRun, 'metadata' | 'spec'>): string {
  return keyOf({ namespace: metadata.namespace, name: spec.taskRef.name });
}
