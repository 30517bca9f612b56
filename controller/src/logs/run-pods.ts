/** Which pods are a run's: anybody who may create a pod may give it the label of a run. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import { labelValue } from '../domain/lang/names.ts';
import { controllerOf } from '../domain/model/objects.ts';
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
export async function podsOfRun(client: Client, run: RunOfPods, signal?: AbortSignal): Promise<readonly Stored<Pod>[]> {
  const found = await listAll(client, pods, { ...selectionOf(run), signal });
  return ownPods(client, run, signal)(found);
}

/** Keeps the pods that one of the run's Jobs controls. The Jobs are read when a pod has one that is not known yet. */
export function ownPods(
  client: Client,
  run: RunOfPods,
  signal?: AbortSignal,
): (found: readonly Stored<Pod>[]) => Promise<readonly Stored<Pod>[]> {
  const own = new Set((run.jobs ?? []).flatMap(({ uid }) => uid ?? []));
  const foreign = new Set<string>();
  const jobOf = (pod: Stored<Pod>) => owner(pod, 'Job');
  return async (found) => {
    const unknown = found.flatMap((pod) => jobOf(pod) ?? []).filter((uid) => !own.has(uid) && !foreign.has(uid));
    if (unknown.length > 0) {
      const owned = await ownJobs(client, run, signal);
      // Whoever may read pods but no Jobs is shown what claims to be the run's.
      for (const uid of unknown) (owned?.has(uid) === false ? foreign : own).add(uid);
    }
    return found.filter((pod) => own.has(jobOf(pod) ?? ''));
  };
}

/** Undefined if the person may not list them. */
async function ownJobs(
  client: Client,
  run: RunOfPods,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const found = await listAll(client, jobs, { ...selectionOf(run), signal });
    return new Set(found.filter((job) => owner(job, 'TaskRun') === run.uid).map(({ metadata }) => metadata.uid));
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function owner({ metadata }: Stored<KubeObject>, kind: 'Job' | 'TaskRun'): string | undefined {
  return controllerOf({ metadata: { ownerReferences: metadata.ownerReferences ?? [] } }, kind);
}

function selectionOf({ namespace, name }: RunOfPods) {
  return { namespace, labelSelector: `${labels.run}=${labelValue(name)}` };
}
