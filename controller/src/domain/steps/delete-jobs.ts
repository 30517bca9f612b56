/**
 * Deleting the Jobs of a run, or of a step.
 */
import type { Action, Deletion } from '../model/actions.ts';
import { waitsInQueue } from '../model/kueue.ts';
import type { PartView, RunView } from '../model/view.ts';

/** Whether a queue might still start a Job of what is on record as failed. */
export function waitsForNothing({ finished, phase, job, jobExists }: PartView): boolean {
  return finished && phase === 'Failed' && jobExists && job !== undefined && waitsInQueue(job);
}

export function notAdmitted({ name, record }: PartView | RunView): Deletion {
  return { cause: 'notAdmitted', because: record.status?.message ?? `${name} was not admitted` };
}

export function deleteJobs({ jobs }: PartView | RunView, deletion: Deletion): readonly Action[] {
  const there = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return there.map(({ metadata: { name, uid } }) => ({ kind: 'deleteJob', name, uid, ...deletion }));
}
