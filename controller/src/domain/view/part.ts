/**
 * One Job's worth of work with what belongs to it.
 */
import type { RunPhase, TaskRun } from '../../resources/index.ts';
import { attemptOf, conditionOf, controllerOf, hasPods, isOwnedBy, type Job, type Pod } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import type { Memory } from '../model/memory.ts';
import type { Cluster } from '../model/state.ts';
import type { FailedAttempt, PartView } from '../model/view.ts';
import { isSuperseded } from '../model/trigger.ts';

/** What belongs to one run, or to one step. */
export type Found = Pick<Cluster, 'jobs' | 'pods' | 'podRefusals'> & Pick<Memory, 'deletedJobs' | 'refusals'>;

/** @param found undefined where nothing belongs to it */
export function viewPart(run: TaskRun, name: string, found: Found | undefined): PartView {
  return found === undefined && run.status?.jobs === undefined
    ? untouched(run, name)
    : viewFound(run, name, found ?? nothing);
}

/** As below, of a step that nothing happened to: most of a large flow. */
function untouched(run: TaskRun, name: string): PartView {
  const phase = phaseOf(run);
  return {
    record: run,
    name,
    phase,
    finished: isFinished(run.status?.phase),
    jobs: [],
    attempt: undefined,
    job: undefined,
    jobExists: false,
    failed: undefined,
    kept: false,
    keptPods: false,
    pods: [],
    leaves: false,
    podRefusal: undefined,
    refusal: undefined,
  };
}

function viewFound(
  run: TaskRun,
  name: string,
  { jobs, deletedJobs, pods: allPods, podRefusals, refusals }: Found,
): PartView {
  const known = [...jobs, ...deletedJobs];
  const rows = run.status?.jobs ?? [];
  const attempt = latest([...known.map(attemptOf), ...rows.map(attemptOf)]);
  const job = known.find((candidate) => attemptOf(candidate) === attempt);
  const jobUids = new Set([...known.map(({ metadata }) => metadata.uid), ...rows.map((row) => row.uid)]);
  // Anybody who may change a pod may write further owners into it.
  const pods = allPods.filter((pod) => jobUids.has(controllerOf(pod, 'Job') ?? ''));
  const phase = phaseOf(run);
  const stay = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return {
    record: run,
    name,
    phase,
    finished: isFinished(run.status?.phase),
    jobs,
    attempt,
    job,
    jobExists: job !== undefined && jobs.includes(job),
    failed: attempt === undefined ? undefined : failedAttempt(attempt, job, run),
    kept: stay.length > 0,
    keptPods: stay.some((one) => hasPods(one, () => podsOf(one, pods))),
    pods: job ? podsOf(job, pods) : [],
    leaves: stay.length > 0 || pods.some((pod) => pod.phase !== 'Failed' && pod.phase !== 'Succeeded'),
    podRefusal: podRefusals.find(({ jobUid }) => jobUid === job?.metadata.uid),
    refusal: refusals[0],
  };
}

function podsOf({ metadata }: Job, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => isOwnedBy(pod, metadata.uid));
}

export const nothing: Found = { jobs: [], deletedJobs: [], pods: [], podRefusals: [], refusals: [] };

function latest(attempts: readonly number[]): number | undefined {
  return attempts.length === 0 ? undefined : Math.max(...attempts);
}

function failedAttempt(attempt: number, job: Job | undefined, run: TaskRun): FailedAttempt | undefined {
  const {
    reason = 'Failed',
    message = '',
    completionTime,
  } = (job ? failureOf(job) : recordedFailure(attempt, run)) ?? {};
  return completionTime === undefined ? undefined : { attempt, reason, message, completionTime };
}

type Failure = { readonly [K in 'reason' | 'message' | 'completionTime']?: string | undefined };

function failureOf(job: Job): Failure | undefined {
  const condition = conditionOf(job, 'Failed');
  return condition && { ...condition, completionTime: condition.lastTransitionTime };
}

function recordedFailure(attempt: number, { status }: TaskRun): Failure | undefined {
  return status?.jobs?.find((row) => attemptOf(row) === attempt && row.phase === 'Failed');
}

/** A record of what nobody saw is Skipped from the start: it holds nothing up while its status is not written. */
function phaseOf(run: TaskRun): RunPhase {
  return isSuperseded(run) ? 'Skipped' : (run.status?.phase ?? 'Pending');
}
