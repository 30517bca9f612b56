import { controllerOf } from '../domain/model/objects.ts';
import { isOrphan } from '../domain/steps/adopt-runs.ts';
import { isFinished } from '../domain/model/phase.ts';
import { hasNodes } from '../domain/shape/nodes.ts';
import { withStartFailure, type StartFailure } from '../cluster/pod-digest.ts';
import type { TaskState } from '../domain/model/state.ts';
import { lastAnswered } from '../domain/model/trigger.ts';
import { jobsOf } from '../domain/view/jobs-of.ts';
import { refOf } from '../kube/objects.ts';
import { jobsOnRecord, startFailureInformers, type Caches } from '../cluster/caches.ts';
import { ownKey, uidKey } from '../kube/cache.ts';
import {
  templateKeysOfRun,
  templateKeysOfTask,
  type CachedJob,
  type CachedPod,
  type CachedRun,
} from '../cluster/projections.ts';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import type { TaskMemory } from './task-memory.ts';

/** The sources of a Task's state. */
export interface Sources {
  readonly caches: Caches;
  readonly kueue: KueueWatch;
  /** Whether the archive still has to read the run with that UID. */
  readonly isRead: (runUid: string) => boolean;
  /** Until when another controller surely acted, in milliseconds since the epoch. */
  readonly unattendedSince?: number | undefined;
}

/**
 * Everything that is known of the Task with that key, `namespace/name`; undefined if it does not exist.
 * @param now in milliseconds since the epoch
 */
export function readTaskState(
  key: string,
  { caches, kueue, isRead, unattendedSince }: Sources,
  memory: TaskMemory,
  now: number,
): TaskState | undefined {
  const { namespace, name } = refOf(key);
  const task = caches.tasks.cache.get(namespace, name);
  if (!task) return undefined;
  const runs = caches.runs.cache.by('owner', ownKey(task));
  const withJobs = runs.map((run) => ({ phase: run.status?.phase, jobs: jobsOfRun(run, caches) }));
  const unfinished = withJobs.flatMap(({ phase, jobs }) => (isFinished(phase) ? [] : jobs));
  const failed = withJobs.flatMap(({ phase, jobs }) => (phase === 'Failed' ? jobs : []));
  memory.dropLasting(now);
  memory.dropEarlier(lastAnswered(task, runs, memory.answered)?.generation ?? 0);
  const cluster = {
    runs,
    orphans: readOrphans(key, caches),
    jobs: withJobs.flatMap(({ jobs }) => jobs),
    pods: [
      ...[...unfinished.map(({ metadata }) => metadata.uid), ...cancelledJobs(runs)]
        .flatMap((uid) => caches.pods.cache.by('owner', uidKey(task.metadata, uid)))
        .map((pod) => withStartFailure(pod, startFailuresOf(pod, caches), now)),
      ...failedPods(failed, caches),
    ],
    nodes: runs.some(hasNodes) ? [...caches.nodes.cache.values()] : [],
    claims: caches.claims.cache.by('owner', ownKey(task)),
    templates: new Map(
      [...templateKeysOfTask(task), ...runs.flatMap(templateKeysOfRun)].flatMap((one) => {
        const { namespace: at, name: template } = refOf(one);
        const found = caches.templates.cache.get(at, template);
        return found ? [[template, found.spec] as const] : [];
      }),
    ),
    queueing: kueue.queueingOf(task.metadata.namespace, unfinished),
    podRefusals: unfinished.flatMap((job) => caches.podRefusals.cache.by('job', ownKey(job))),
  };
  const readers = new Set(runs.map(({ metadata }) => metadata.uid).filter(isRead));
  return { task, cluster, memory: { ...memory.copy(), readers, unattendedSince } };
}

function jobsOfRun(run: CachedRun, { runs, jobs }: Pick<Caches, 'runs' | 'jobs'>): readonly CachedJob[] {
  return jobsOf(run, jobsOnRecord(run), {
    ownedBy: (uid) => jobs.cache.by('owner', uidKey(run.metadata, uid)),
    byUid: (uid) => jobs.cache.byUid(uid),
    holderOf: (uid) => runs.cache.by('job', uid)[0]?.metadata.uid,
  });
}

/** The TaskRuns that name the Task with that key and have no owner. */
export function readOrphans(key: string, caches: Caches): readonly CachedRun[] {
  return caches.runs.cache.by('orphan', key).filter(isOrphan);
}

/**
 * The TaskRuns that no Task looks after: all without an owner that name a Task which is not there, and the cancelled
 * ones of a Task that is gone, whose name another one may have by now.
 * @param taskUid of the Task with that key, if there is one
 */
export function readLeftBehind(key: string, caches: Caches, taskUid: string | undefined): readonly CachedRun[] {
  const cancelled = caches.runs.cache.by('cancelled', key).filter((run) => controllerOf(run, 'Task') !== taskUid);
  return taskUid === undefined ? [...readOrphans(key, caches), ...cancelled] : cancelled;
}

/** A run that replaces a cancelled run waits for its pods, even if its Job is already gone. */
function cancelledJobs(runs: readonly CachedRun[]): readonly string[] {
  return runs.flatMap(({ status }) =>
    status?.phase === 'Cancelled' ? (status.jobs ?? []).flatMap(({ uid }) => uid ?? []) : [],
  );
}

/** Whether a failed run is kept depends on them: Kubernetes may have deleted them with the end of its Job. */
function failedPods(jobs: readonly CachedJob[], caches: Caches): readonly CachedPod[] {
  return jobs.flatMap((job) => caches.pods.cache.by('owner', ownKey(job))).filter(({ phase }) => phase === 'Failed');
}

function startFailuresOf(pod: CachedPod, caches: Caches): readonly StartFailure[] {
  return startFailureInformers(caches).flatMap(({ cache }) => cache.by('pod', ownKey(pod)));
}
