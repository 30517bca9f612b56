/**
 * TaskRuns whose Task is not there: it was never applied, or was deleted without them. They wait, unless they are
 * cancelled: a Task may be applied after them. What is on record of one that ran stays.
 */
import type { JobRow, RunPhase, TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { durationBetween } from '../lang/duration.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { sameJson } from '../lang/same-json.ts';
import type { Action } from '../model/actions.ts';
import { attemptOf, conditionOf, hasEnded, type Job, type Pod } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import type { Verdict } from '../model/verdict.ts';
import { stepsOf } from '../shape/items.ts';
import { cancelledBy, finishedCondition } from '../status/run.ts';
import { isOrphan, statusComesUntil, wasRecorded } from './adopt-runs.ts';
import { isHeldWithPods } from './delete-jobs.ts';

/**
 * What to say of them and to do with those that are cancelled, and when to look at them again.
 * @param jobsOf the Jobs that a run owns
 * @param pods of those Jobs
 */
export function withoutTask(
  orphans: readonly TaskRun[],
  jobsOf: (run: TaskRun) => readonly Job[],
  pods: readonly Pod[],
  now: Date,
): readonly Action[] {
  const comesUntil = orphans.map(statusComesUntil).filter((until) => until > now.getTime());
  const ready = orphans.filter((run) => statusComesUntil(run) <= now.getTime());
  const actions = ready.flatMap((run) => {
    const jobs = jobsOf(run);
    return [...told(run, jobs, now), ...stopped(run, jobs, pods)];
  });
  return comesUntil.length === 0 ? actions : [...actions, { kind: 'wakeAt', at: Math.min(...comesUntil) }];
}

/**
 * Whether somebody cancelled a run that has, or had, a Task. If that one is gone, nobody else ends it: a finalizer may
 * hold the run, or the garbage collector may have missed that its Task was deleted, as it does while the API server
 * starts. Its Jobs would run on.
 */
export function isCancelledOfTask(run: Pick<TaskRun, 'metadata' | 'spec'>): boolean {
  return run.spec.cancel === true && !isOrphan(run);
}

function told(run: TaskRun, jobs: readonly Job[], now: Date): readonly Action[] {
  const { metadata, spec, status = {} } = run;
  const { name, namespace, uid } = metadata;
  if (isFinished(status.phase)) return [];
  const ended = cancelled(run, jobs, rfc3339(now));
  if (ended) return [{ kind: 'writeRunStatus', name, uid, status: ended }];
  const isUnknown = status.phase === undefined || status.phase === 'Pending';
  if (isUnknown && wasRecorded(status)) return [];
  const message = `there is no Task ${spec.taskRef.name} in namespace ${namespace}; apply it, or delete this TaskRun`;
  const words = { reason: reasons.taskNotFound, message };
  const wanted: TaskRunStatus = isUnknown ? { phase: 'Pending', ...words } : { ...status, ...words };
  return sameJson(wanted, status) ? [] : [{ kind: 'writeRunStatus', name, uid, status: wanted }];
}

/** The status of one that somebody cancelled: how its Job had ended before counts before all else. */
function cancelled(run: TaskRun, jobs: readonly Job[], now: string): TaskRunStatus | undefined {
  const why = cancelledBy(run);
  if (!why) return undefined;
  const verdict = endOf(run, jobs) ?? { phase: 'Cancelled', ...why, completionTime: now };
  const { phase, reason, message, completionTime = now } = verdict;
  const { startTime, jobs: rows } = run.status ?? {};
  return compact({
    ...run.status,
    phase,
    reason,
    message,
    completionTime,
    duration: durationBetween(startTime, completionTime),
    jobs: rows?.map((row) => endedRow(row, phase)),
    conditions: [finishedCondition(verdict)],
  });
}

/** The end of the one Job of a run; undefined for steps, which say nothing of each other, and while it goes on. */
function endOf({ spec: { snapshot } }: TaskRun, jobs: readonly Job[]): Verdict | undefined {
  const hasSteps = snapshot?.nodes !== undefined || stepsOf(snapshot) !== undefined;
  const [last] = jobs.toSorted((a, b) => attemptOf(b) - attemptOf(a));
  if (hasSteps || last === undefined) return undefined;
  const failed = conditionOf(last, 'Failed');
  if (failed) {
    const { reason, message, lastTransitionTime } = failed;
    return { phase: 'Failed', reason, message, completionTime: lastTransitionTime };
  }
  const complete = conditionOf(last, 'Complete');
  return complete && { phase: 'Succeeded', completionTime: last.status?.completionTime ?? complete.lastTransitionTime };
}

/** A step that had no Job is skipped, as where a Task is there. */
function endedRow(row: JobRow, phase: RunPhase): JobRow {
  if (isFinished(row.phase)) return row;
  return { ...row, phase: row.name === undefined ? 'Skipped' : phase };
}

/**
 * Jobs of a cancelled run that go on: nobody else ends them, nor the pods of one that a finalizer holds. Its record
 * comes first, as always.
 */
function stopped(run: TaskRun, jobs: readonly Job[], pods: readonly Pod[]): readonly Action[] {
  if (run.spec.cancel !== true) return [];
  const because = `${run.metadata.name} was cancelled`;
  const goOn = jobs.filter((job) => !hasEnded(job));
  return goOn.flatMap((job): readonly Action[] => {
    const { name, uid, deletionTimestamp } = job.metadata;
    const action = { kind: 'deleteJob', name, uid, cause: 'cancelled', because } as const;
    if (deletionTimestamp === undefined) return [action];
    return isHeldWithPods(job, pods) ? [{ ...action, podsFirst: true }] : [];
  });
}
