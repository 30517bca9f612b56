/** Which Jobs are a run's own: anybody who may create Jobs may give one the run as its owner. */
import type { Job as BatchJob } from 'kubernetes-types/batch/v1.js';
import { tasks, type TaskObject } from '../../cluster/resource-types.ts';
import { jobDifference } from '../../domain/manifest/job-difference.ts';
import type { JobManifest } from '../../domain/model/actions.ts';
import { eventReasons } from '../../domain/model/events.ts';
import type { Stored } from '../../kube/objects.ts';
import { TaskMemory } from '../task-memory.ts';
import type { ApplyContext } from './context.ts';

/** The Job that a run wants, if it wants any such. */
interface Wanted {
  readonly run: string;
  readonly wanted: JobManifest | undefined;
}

/**
 * Remembers whether the Job is what the run wants. One that is not is reported once.
 * @returns whether it is
 */
export function takeOrLeave(found: Stored<BatchJob>, { run, wanted }: Wanted, context: ApplyContext): boolean {
  const { memory, log, recorder, task, caches } = context;
  const { name, uid } = found.metadata;
  const difference = wanted ? jobDifference(wanted, found) : 'another name, step or attempt';
  if (difference === undefined) {
    TaskMemory.note(memory.ownJobs, uid);
    caches.jobs.observe(found);
    return true;
  }
  if (memory.foreignJobs.has(uid)) return false;
  TaskMemory.note(memory.foreignJobs, uid);
  const message = `Job ${name} has run ${run} as its owner, and is not what the run wants (${difference}): it does not count; delete it`;
  log.warn({ run, job: name, uid, difference }, 'a Job that is not ours');
  const occurrence = { type: 'Warning', reason: eventReasons.jobNotOurs, message } as const;
  recorder.record(tasks, { metadata: task.metadata } as TaskObject, occurrence);
  return false;
}
