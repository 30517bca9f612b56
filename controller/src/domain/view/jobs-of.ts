/**
 * Which Jobs are a run's.
 */
import type { TaskRun } from '../../resources/index.ts';
import { controlledBy, controllerOf, type Job } from '../model/objects.ts';

/** Where Jobs are looked up. */
export interface JobIndex<J extends Job> {
  /** The Jobs that the run with that UID controls. */
  readonly ownedBy: (runUid: string) => readonly J[];
  readonly byUid: (uid: string) => J | undefined;
  /** The UID of the run that is on record with the Job, if one is. */
  readonly holderOf: (jobUid: string) => string | undefined;
}

/**
 * The Jobs of a run: those that it is on record with, also where somebody took the owner off, and those that it owns,
 * unless they are on record with another run. A run that is being deleted has no more than it owns: its Jobs may be
 * meant to stay.
 * @param recorded the UIDs of the Jobs that the run is on record with
 */
export function jobsOf<J extends Job>(run: TaskRun, recorded: readonly string[], index: JobIndex<J>): readonly J[] {
  const { uid, deletionTimestamp } = run.metadata;
  const owned = index.ownedBy(uid).filter(({ metadata }) => (index.holderOf(metadata.uid) ?? uid) === uid);
  if (deletionTimestamp !== undefined) return owned;
  const known = new Set(owned.map(({ metadata }) => metadata.uid));
  const taken = recorded.flatMap((job) => (known.has(job) ? [] : (index.byUid(job) ?? [])));
  return [...owned, ...taken.map((job) => ownedBy(run, job))];
}

/** The Job with the run as its owner. */
export function ownedBy<J extends Job>(run: TaskRun, job: J): J {
  if (controllerOf(job, 'TaskRun') === run.metadata.uid) return job;
  return { ...job, metadata: { ...job.metadata, ownerReferences: [controlledBy('TaskRun', run.metadata)] } };
}
