/**
 * Jobs that have a run as their owner, and that nobody knows to be its own.
 */
import { compact } from '../lang/compact.ts';
import { jobManifest } from '../manifest/job.ts';
import type { Action, JobManifest } from '../model/actions.ts';
import { attemptOf, isOwnedBy, type Job } from '../model/objects.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { jobNames, stepJobManifest } from './wanted-job.ts';

/**
 * Anybody who may create Jobs may give one a run as its owner. The controller's own are on record, or it remembers that
 * it created them; one that a process created just before it died is compared with what its run wants. A run that
 * waits while its Task is suspended wants no Job yet.
 */
export function confirmJobs(view: TaskView): readonly Action[] {
  const unconfirmed = view.state.cluster.jobs.filter((job) => job.unconfirmed === true);
  if (unconfirmed.length === 0) return [];
  return view.active
    .filter((run) => run.began || view.state.task.spec.suspend !== true)
    .flatMap((run) =>
      unconfirmed.filter((job) => isOwnedBy(job, run.record.metadata.uid)).map((job) => confirmation(run, job)),
    );
}

function confirmation(run: RunView, job: Job): Action {
  const { name, uid } = job.metadata;
  return compact({ kind: 'confirmJob' as const, run: run.name, name, uid, job: wantedBy(run, job) });
}

/** Undefined where the run has no such step, or names its Jobs otherwise. */
function wantedBy(run: RunView, job: Job): JobManifest | undefined {
  const asked = { name: job.metadata.name, attempt: attemptOf(job) };
  if (run.kind === 'job')
    return jobNames(run, asked.attempt).includes(asked.name) ? jobManifest(run.record, asked) : undefined;
  const part = run.parts.find(({ step }) => step.name === job.step);
  return part && jobNames(part, asked.attempt).includes(asked.name) ? stepJobManifest(run, part, asked) : undefined;
}
