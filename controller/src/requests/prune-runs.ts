import pLimit from 'p-limit';
import { taskRuns, type TaskRunObject } from '../cluster/resource-types.ts';
import { isFinished } from '../domain/model/phase.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';

export interface PruneRule {
  /** Keep this many of the newest finished runs. */
  readonly keep?: number | undefined;
  /** Keep runs that ended within this time, in milliseconds. */
  readonly olderThan?: number | undefined;
}

type Run = Pick<Stored<TaskRunObject>, 'metadata' | 'status'>;

const atOnce = 8;

/** The finished runs that neither limit keeps. @param runs newest first */
export function prunable<R extends Run>(
  runs: readonly R[],
  { keep = 0, olderThan = 0 }: PruneRule,
  now: Date,
): readonly R[] {
  const before = now.getTime() - olderThan;
  return runs
    .filter(({ status }) => isFinished(status?.phase))
    .slice(keep)
    .filter((run) => endOf(run) <= before);
}

function endOf({ status, metadata }: Run): number {
  return Date.parse(status?.completionTime ?? metadata.creationTimestamp);
}

/** Newest first; in the same second, the greater name first. */
export function newestFirst(a: Run, b: Run): number {
  const age = Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp);
  return age || (b.metadata.name < a.metadata.name ? -1 : 1);
}

/**
 * Deletes runs, a few at once. A finished run stays finished, so comparing the uid is enough.
 * @returns the runs that this call deleted; somebody else may have deleted others first
 */
export async function deleteRuns<R extends Run>(client: Client, runs: readonly R[]): Promise<readonly R[]> {
  const limit = pLimit(atOnce);
  const deleted = await Promise.all(runs.map((run) => limit(() => deleteRun(client, run))));
  return runs.filter((_run, index) => deleted[index]);
}

async function deleteRun(client: Client, { metadata: { name, namespace, uid } }: Run): Promise<boolean> {
  try {
    await client.delete(taskRuns, { namespace, name }, { uid });
    return true;
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false;
    throw error;
  }
}
