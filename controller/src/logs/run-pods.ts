/** Which pods are a run's: anybody who may create a pod may give it the label of a run. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import { labelValue } from '../domain/lang/names.ts';
import { taskRuns } from '../cluster/resource-types.ts';
import { controllerOf, type OwnerKind } from '../domain/model/objects.ts';
import { isForbidden } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { listAll } from '../kube/list-all.ts';
import type { KubeObject, Stored } from '../kube/objects.ts';
import { jobs, pods } from '../kube/resources.ts';
import { labels } from '../resources/index.ts';

/** The run whose pods are wanted. */
export interface RunOfPods {
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
  /** The Jobs on its record, as far as they are known. */
  readonly jobs?: readonly { readonly uid?: string }[] | undefined;
}

/**
 * The pods of a run: those with its label that a Job of the run controls.
 * @throws ApiError if the pods cannot be listed
 */
export async function podsOfRun(
  client: Pick<Client, 'list'>,
  run: RunOfPods,
  signal?: AbortSignal,
): Promise<readonly Stored<Pod>[]> {
  const found = await listAll(client, pods, { ...selectionOf(run), signal });
  return ownPods(client, run, signal)(found);
}

/** A selection of the pods that were found. */
type Keep = (found: readonly Stored<Pod>[]) => Promise<readonly Stored<Pod>[]>;

/** Keeps the pods that one of the run's Jobs controls. The Jobs are read when a pod has one that is not known yet. */
export function ownPods(client: Pick<Client, 'list'>, run: RunOfPods, signal?: AbortSignal): Keep {
  return podsOfJobs(jobsOnRecord(run), async () => {
    const found = await listAll(client, jobs, { ...selectionOf(run), signal });
    return found.filter((job) => owner(job, 'TaskRun') === run.uid).map(({ metadata }) => metadata.uid);
  });
}

/** The Task whose runs' pods are wanted. */
export interface TaskOfPods {
  readonly namespace: string;
  readonly uid: string;
  /** Selects what has the Task's label. */
  readonly labelSelector: string;
}

/** As `ownPods`, of all runs that a Task has and gets. */
export function ownPodsOfTask(
  client: Client,
  { namespace, uid, labelSelector }: TaskOfPods,
  signal?: AbortSignal,
): Keep {
  return podsOfJobs([], async () => {
    const found = await listAll(client, jobs, { namespace, labelSelector, signal });
    const runs = (await listAll(client, taskRuns, { namespace, signal })).filter((run) => owner(run, 'Task') === uid);
    const uids = new Set(runs.map(({ metadata }) => metadata.uid));
    const owned = found.filter((job) => uids.has(owner(job, 'TaskRun') ?? '')).map(({ metadata }) => metadata.uid);
    return [...owned, ...runs.flatMap(({ status }) => jobsOnRecord({ jobs: status?.jobs }))];
  });
}

/** @param read the UIDs of the Jobs that count */
function podsOfJobs(known: readonly string[], read: () => Promise<readonly string[]>): Keep {
  const own = new Set(known);
  const foreign = new Set<string>();
  const jobOf = (pod: Stored<Pod>) => owner(pod, 'Job');
  return async (found) => {
    const unknown = found.flatMap((pod) => jobOf(pod) ?? []).filter((uid) => !own.has(uid) && !foreign.has(uid));
    if (unknown.length > 0) {
      const owned = await unlessForbidden(read);
      // Whoever may read pods but no Jobs is shown what claims to be the run's.
      for (const uid of unknown) (owned?.has(uid) === false ? foreign : own).add(uid);
    }
    return found.filter((pod) => own.has(jobOf(pod) ?? ''));
  };
}

/** Undefined if the person may not list them. */
async function unlessForbidden(read: () => Promise<readonly string[]>): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await read());
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function jobsOnRecord({ jobs: rows = [] }: Pick<RunOfPods, 'jobs'>): readonly string[] {
  return rows.flatMap(({ uid }) => uid ?? []);
}

function owner({ metadata }: Stored<KubeObject>, kind: OwnerKind): string | undefined {
  return controllerOf({ metadata: { ownerReferences: metadata.ownerReferences ?? [] } }, kind);
}

function selectionOf({ namespace, name }: RunOfPods) {
  return { namespace, labelSelector: `${labels.run}=${labelValue(name)}` };
}
