/**
 * Deleting the Jobs of a run, or of a step.
 */
import type { Action, Deletion } from '../model/actions.ts';
import { waitsInQueue } from '../model/kueue.ts';
import type { Pod } from '../model/objects.ts';
import { partsOf, type PartView, type RunView } from '../model/view.ts';

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
export function deleteHeldPods(run: RunView): readonly Action[] {
  return partsOf(run).flatMap(({ job, jobExists, pods }): readonly Action[] => {
    const isHeld = jobExists && job?.metadata.deletionTimestamp !== undefined && !job.goesAfterPods;
    if (!isHeld || !pods.some(goesOn)) return [];
    const { name, uid } = job.metadata;
    const because = `${run.name} was cancelled, and a finalizer holds its Job`;
    return [{ kind: 'deleteJob', name, uid, podsFirst: true, cause: 'cancelled', because }];
  });
}

function goesOn({ phase, metadata }: Pod): boolean {
  return phase !== 'Failed' && phase !== 'Succeeded' && metadata.deletionTimestamp === undefined;
}

export function deleteJobs({ jobs }: PartView | RunView, deletion: Deletion): readonly Action[] {
  const there = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return there.map(({ metadata: { name, uid } }) => ({ kind: 'deleteJob', name, uid, ...deletion }));
}
