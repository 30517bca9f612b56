/**
 * Deleting the Jobs of a run, or of a step.
 */
import type { Action, Deletion } from '../model/actions.ts';
import { waitsInQueue } from '../model/kueue.ts';
import { isOwnedBy, type Job, type Pod } from '../model/objects.ts';
import type { TaskState } from '../model/state.ts';
import type { PartView, RunView } from '../model/view.ts';

/** Whether a queue might still start a Job of what is on record as failed. */
export function waitsForNothing({ finished, phase, job, jobExists }: PartView): boolean {
  return finished && phase === 'Failed' && jobExists && job !== undefined && waitsInQueue(job);
}

export function notAdmitted({ name, record }: PartView | RunView): Deletion {
  return { cause: 'notAdmitted', because: record.status?.message ?? `${name} was not admitted` };
}

/**
 * The pods of a Job that a finalizer holds: in the background they go after the Job, so whoever put the finalizer there
 * would keep work running that was cancelled.
 */
export function deleteHeldPods({ name: of, jobs }: PartView | RunView, { cluster }: TaskState): readonly Action[] {
  const working = jobs.filter((job) => isHeldWithPods(job, cluster.pods));
  const because = `${of} was cancelled, and a finalizer holds its Job`;
  return working.map(({ metadata: { name, uid } }) => ({
    kind: 'deleteJob',
    name,
    uid,
    podsFirst: true,
    cause: 'cancelled',
    because,
  }));
}

/** Whether a finalizer holds a Job that is being deleted, while its pods go on and nobody deletes them. */
export function isHeldWithPods({ metadata, goesAfterPods }: Job, pods: readonly Pod[]): boolean {
  const isHeld = metadata.deletionTimestamp !== undefined && !goesAfterPods;
  return isHeld && pods.some((pod) => isOwnedBy(pod, metadata.uid) && goesOn(pod));
}

function goesOn({ phase, metadata }: Pod): boolean {
  return phase !== 'Failed' && phase !== 'Succeeded' && metadata.deletionTimestamp === undefined;
}

export function deleteJobs({ jobs }: PartView | RunView, deletion: Deletion): readonly Action[] {
  const there = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return there.map(({ metadata: { name, uid } }) => ({ kind: 'deleteJob', name, uid, ...deletion }));
}
