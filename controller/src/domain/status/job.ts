/**
 * What one Job's worth of work, a run or a step of one, comes to: from its Job, its pods, and what was refused.
 */
import type { JobRow, RunPhase } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { oneLine } from '../lang/words.ts';
import { waitsInQueue } from '../model/kueue.ts';
import type { Refusal } from '../model/memory.ts';
import { conditionOf, trueCondition, type Job, type Pod, type PodRefusal } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { podReasons, reasons } from '../model/reasons.ts';
import type { TaskState } from '../model/state.ts';
import type { Verdict } from '../model/verdict.ts';
import type { PartView } from '../model/view.ts';
import { readOutputs } from '../policies/outputs.ts';
import { queueVerdict } from '../policies/queue.ts';
import { mostAttempts, nextAttempt, type NextAttempt } from '../policies/retry.ts';
import { waitOf } from '../queue/wait.ts';
import { silentWait, startingWait } from './overdue.ts';
import {
  decidingFailure,
  failedPodsText,
  failureText,
  isStop,
  recordedFailure,
  recordedRow,
} from './deciding-failure.ts';

/** What the status says about work that its Job does not decide. */
export interface Otherwise {
  /** Why it ends though its Job has not, if it does. */
  readonly ended: () => { readonly reason: string; readonly message: string } | undefined;
  /** What becomes of it before it has a Job. */
  readonly notStarted: () => Verdict;
}

/** What the work has come to. A Job's own end counts before all else. */
export function jobVerdict(view: PartView, state: TaskState, now: Date, { ended, notStarted }: Otherwise): Verdict {
  const next = nextAttempt(view, now);
  const outcome = next ? undefined : jobOutcome(view, state);
  if (outcome) return outcome;
  const end = ended();
  if (end) return { phase: 'Cancelled', ...end, completionTime: rfc3339(now) };
  if (next) return awaitingAttempt(view, next, rfc3339(now));
  return view.attempt === undefined ? notStarted() : (underWay(view, state, now) ?? notStarted());
}

/** The latest attempt, while nothing has ended it; undefined where its Job is yet to be seen or made. */
function underWay(view: PartView, state: TaskState, now: Date): Verdict | undefined {
  if (isGone(view, state)) {
    const message = `Job ${jobIdentity(view)?.name ?? view.name} was deleted before it finished, so its outcome is unknown; deploy again, or create a TaskRun, to run again`;
    return { phase: 'Failed', reason: reasons.jobDeleted, message, completionTime: rfc3339(now) };
  }
  return view.job && view.jobExists ? progress(view.job, view, state, now) : undefined;
}

/**
 * A Job that a queue suspends and starts again has another start then; a run of several attempts began with the first.
 */
export function startTimeOf({ record: run, job, attempt = 0 }: PartView): string | undefined {
  const recorded = run.status?.startTime;
  return attempt > 0 ? (recorded ?? job?.status?.startTime) : job ? job.status?.startTime : recorded;
}

/** The Job that it is known to have had last, by name and UID. */
export function jobIdentity(view: PartView): { readonly name: string; readonly uid: string } | undefined {
  if (view.job) return view.job.metadata;
  const { name, uid } = recordedRow(view) ?? {};
  return name === undefined || uid === undefined ? undefined : { name, uid };
}

/** Whether the run had a Job that the live API says is gone. */
function isGone(view: PartView, state: TaskState): boolean {
  const identity = jobIdentity(view);
  return !view.jobExists && identity !== undefined && state.memory.goneJobs.has(identity.uid);
}

function awaitingAttempt(view: PartView, { attempt, at }: NextAttempt, now: string): Verdict {
  if (view.refusal) return refused(view.refusal, now);
  const time = new Date(at).toISOString().slice(11, 19);
  const why = failureOf(view);
  const message = `attempt ${attempt} of ${mostAttempts(view)} failed${why && `: ${why}`}; the next one starts at ${time} UTC`;
  return { phase: 'Pending', reason: reasons.retryBackoff, message: waitOnRecord(view) ?? message };
}

/** The message of the wait from when the failed Job was there, which says more than the record does. */
function waitOnRecord({ job, record: { status } }: PartView): string | undefined {
  return !job && status?.reason === reasons.retryBackoff ? status.message : undefined;
}

export function refused({ reason, message, final }: Refusal, at: string): Verdict {
  return final ? { phase: 'Failed', reason, message, completionTime: at } : { phase: 'Pending', reason, message };
}

function jobOutcome(view: PartView, state: TaskState): Verdict | undefined {
  const { job, failed } = view;
  const complete = job && conditionOf(job, 'Complete');
  if (complete) return succeeded(job, job.status?.completionTime ?? complete.lastTransitionTime, view, state);
  if (!failed) return undefined;
  const why = failureOf(view);
  return {
    phase: 'Failed',
    reason: failed.reason,
    message: why === '' ? failed.reason : why,
    completionTime: failed.completionTime,
  };
}

/** A Job that succeeded is a run that did once its outputs are read, and as they should be. */
function succeeded(
  job: Job,
  completionTime: string | undefined,
  { record: run }: PartView,
  state: TaskState,
): Verdict | undefined {
  const declared = run.spec.snapshot?.outputs;
  if (!declared) return { phase: 'Succeeded', completionTime };
  const read = state.memory.terminationMessages.get(job.metadata.uid);
  if (!read) return undefined;
  const { outputs, problem } = readOutputs(declared, read.text);
  if (problem !== undefined)
    return { phase: 'Failed', reason: reasons.outputsInvalid, message: problem, completionTime };
  return { phase: 'Succeeded', completionTime, outputs };
}

/** Whether the Job is complete and the outputs that it declares have not been read yet. */
export function lacksOutputs({ job, record: run }: PartView, state: TaskState): boolean {
  if (!job || run.spec.snapshot?.outputs === undefined || !conditionOf(job, 'Complete')) return false;
  return !state.memory.terminationMessages.has(job.metadata.uid);
}

/** Why the latest attempt failed: how the container ended that decided it, or else in the words of the Job. */
function failureOf(view: PartView): string {
  const { failed, job } = view;
  if (!failed) return '';
  const because = `(${failed.reason})`;
  const indexes = indexesText(job);
  const failure = decidingFailure(view);
  if (failure && !(failed.reason === reasons.timedOut && isStop(failure)))
    return `${failureText(failure)}${indexes} ${because}`;
  const recorded = recordedFailure(view);
  if (recorded !== undefined) return `${recorded}${indexes} ${because}`;
  const obstacle = failed.reason === reasons.timedOut ? lastObstacle(view) : undefined;
  if (obstacle !== undefined) return obstacle;
  return failed.message === '' ? failed.reason : `${failed.reason}: ${failed.message}${indexes}`;
}

/** Longer lists of indexes are cut. */
const mostIndexes = 60;

/** The indexes of an Indexed Job that failed, as its status lists them: `1,3-5`. */
function indexesText(job: Job | undefined): string {
  const { failedIndexes: list = '' } = job?.status ?? {};
  if (list === '') return '';
  return `; failed indexes: ${list.length > mostIndexes ? `${list.slice(0, mostIndexes)}…` : list}`;
}

/**
 * What kept the work from starting, or from ending, until its time was up: the last obstacle on record, since the pods
 * that showed it are gone by then.
 */
function lastObstacle({ record: run }: PartView): string | undefined {
  const { phase, reason, message } = run.status ?? {};
  if (message === undefined || reason === reasons.retryBackoff) return undefined;
  if (phase === 'Running') return `${reasons.timedOut}: ${message}`;
  if (phase !== 'Pending') return undefined;
  const { timeoutSeconds } = run.spec.snapshot ?? {};
  return `not started${timeoutSeconds === undefined ? '' : ` within ${timeoutSeconds}s`}: ${message}`;
}

function progress(job: Job, view: PartView, { cluster: { queueing } }: TaskState, now: Date): Verdict {
  if (waitsInQueue(job)) return ending(queueVerdict(view, job, queueing, now), now);
  if (job.spec.suspend === true)
    return { phase: 'Pending', reason: reasons.suspended, message: 'the Job is suspended' };
  return { phase: hasStarted(job, view) ? 'Running' : 'Pending', ...obstacle(job, view, now) };
}

/** A pod runs before its Job says when it started: one write has both. Other controllers may never say it. */
function hasStarted({ spec, status = {} }: Job, { phase, pods }: PartView): boolean {
  if (phase === 'Running') return true;
  const { ready = 0, succeeded = 0, startTime } = status;
  const runs = ready > 0 || succeeded > 0 || pods.some((pod) => pod.phase === 'Running');
  return runs && (startTime !== undefined || spec.managedBy !== undefined);
}

/** What ends a run without an end of its Job ends it now. */
function ending(verdict: Verdict, now: Date): Verdict {
  return isFinished(verdict.phase) ? { ...verdict, completionTime: rfc3339(now) } : verdict;
}

/** Whether what ends now, and ended before, is nothing to tell: a successPolicy was met, or the Job is complete. */
function hasSucceeded({ status = {} }: Job): boolean {
  return ['Complete', 'SuccessCriteriaMet'].some((type) => trueCondition(status, type));
}

/** Why an unfinished Job does not get on, if it does not. */
function obstacle(job: Job, view: PartView, now: Date): { reason: string; message: string } | undefined {
  if (hasSucceeded(job)) return undefined;
  if (view.podRefusal && lacksPods(job, view.podRefusal, view.pods)) return podRefusalReason(view.podRefusal.message);
  const waiting = view.pods.find(isBlocked)?.waiting;
  if (waiting) return waitingReason(waiting, view);
  return lingering(view) ?? silentWait(job, view, now) ?? failedPods(job, view) ?? startingWait(view, now);
}

/** What the Job's pods failed with; the end of a Job that tries no more is about to come, and no reason is added. */
function failedPods(job: Job, view: PartView): { reason: string; message: string } | undefined {
  const failure = decidingFailure(view);
  if (!failure) return undefined;
  const isLast = isExhausted(job, view);
  if (isLast && view.record.status?.reason !== reasons.podFailed) return undefined;
  const text = failedPodsText(failureText(failure), job.status?.failed ?? 0);
  return { reason: reasons.podFailed, message: isLast ? text : `${text}; the Job tries again` };
}

/** A program that failed may be started again, and not come to it: its image or its config map is gone meanwhile. */
function isBlocked({ phase, waiting }: Pod): boolean {
  return waiting !== undefined && (phase === 'Pending' || phase === 'Running');
}

/** The program has ended, and its pod runs on for another container: Kubernetes waits for it, so the run does. */
function lingering({ pods }: PartView): { reason: string; message: string } | undefined {
  const found = pods.find((pod) => pod.lingering)?.lingering;
  if (!found) return undefined;
  const names = found.waitsFor.join(', ');
  const message = `container ${found.container} has ended with ${found.ended ?? 0}, the pod waits for container ${names}; a sidecar that may be stopped is an init container with restartPolicy: Always`;
  return { reason: reasons.waitsForContainer, message };
}

/** Whether no failed pod is replaced any more: the Job's own verdict is about to come. */
function isExhausted({ spec, status = {} }: Job, { pods }: PartView): boolean {
  if (trueCondition(status, 'FailureTarget')) return true;
  const failed = Math.max(status.failed ?? 0, pods.filter(({ phase }) => phase === 'Failed').length);
  return failed > (spec.backoffLimit ?? 6);
}

/** Whether the Job still waits for pods, and none came after the event: whoever may write events may write any. */
function lacksPods({ spec, status }: Job, { seenAt }: PodRefusal, pods: readonly Pod[]): boolean {
  const { active = 0, succeeded = 0 } = status ?? {};
  const { parallelism = 1, completions = parallelism } = spec;
  const live = pods.filter(({ phase }) => phase === 'Pending' || phase === 'Running');
  const isLater = live.some(({ metadata }) => Date.parse(metadata.creationTimestamp) > seenAt);
  return !isLater && Math.max(active, live.length) < Math.min(parallelism, completions - succeeded);
}

const imagePullReasons = new Set<string | undefined>([podReasons.errImagePull, podReasons.imagePullBackOff]);

/**
 * The kubelet alternates between two words for an image that it cannot pull; the first one seen stays, so that nothing
 * is written at each turn.
 */
function waitingReason(
  waiting: NonNullable<Pod['waiting']>,
  { record: run }: PartView,
): { reason: string; message: string } {
  const { reason, message } = run.status ?? {};
  const same = imagePullReasons.has(reason) && imagePullReasons.has(waiting.reason);
  if (same && reason !== undefined && message !== undefined) return { reason, message };
  return { ...waiting, message: `${waiting.reason}: ${waiting.message}` };
}

function podRefusalReason(text: string): { reason: string; message: string } {
  const [, remedy = ''] = remedies.find(([pattern]) => pattern.test(text)) ?? [];
  const message = `pods cannot be created: ${remedy}an event says: ${text.replace(/^Error creating: /, '')}`;
  if (/exceeded quota/.test(text)) return { reason: reasons.quotaExceeded, message };
  if (/serviceaccount .* not found/.test(text)) return { reason: reasons.serviceAccountNotFound, message };
  return { reason: reasons.podNotCreated, message };
}

/** What to do about refusals whose words do not say it; in front of them, as they may be too long to be shown whole. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /violates PodSecurity/,
    'write the securityContext that this namespace asks for into podSpec, and deploy it again; ',
  ],
  [
    /(maximum|minimum) \S+ usage per (Container|Pod) is/,
    'write cpu and memory within the limits of this namespace, and deploy it again; ',
  ],
];

/** Counts are written once, at the end: a write for every pod of a wide Job would cost more than it tells. */
export function jobSummary(job: Job, view: PartView, verdict: Verdict): JobRow {
  const { metadata, attempt, status } = job;
  // A Job that is complete did not fail: its program was started again, or its pods were ended because it succeeded.
  const failure = hasSucceeded(job) ? undefined : decidingFailure(view);
  // The record has it where the pod is gone.
  const { exitCode, exitReason, lastFailure } = failure
    ? { exitCode: failure.exitCode, exitReason: failure.reason, lastFailure: oneLine(failureText(failure)) }
    : recordedEnd(view);
  const phase = jobPhase(job, view, verdict);
  const again = failedRow(view);
  return compact({
    name: metadata.name,
    uid: metadata.uid,
    phase,
    attempt,
    ...again,
    ...waitOf(view.record, job),
    ...(isFinished(phase) && { succeeded: status?.succeeded ?? 0, failed: status?.failed ?? 0 }),
    exitCode,
    exitReason,
    // Once nothing follows, the message of the run or the step has it.
    lastFailure: isFinished(phase) && again.reason === undefined ? undefined : lastFailure,
  });
}

/** A Job that is complete did not fail: its program was restarted, and has succeeded then. */
function recordedEnd(view: PartView): Pick<JobRow, 'exitCode' | 'exitReason' | 'lastFailure'> {
  const { job } = view;
  const row = job && !conditionOf(job, 'Complete') ? recordedRow(view) : undefined;
  return row !== undefined && row.uid === job?.metadata.uid ? row : {};
}

/** The Job's own; a run may have failed though its Job did not, or go on though it did. */
function jobPhase(job: Job, view: PartView, verdict: Verdict): RunPhase {
  if (view.failed) return 'Failed';
  return conditionOf(job, 'Complete') ? 'Succeeded' : verdict.phase;
}

/** Where another attempt may follow, the record of this one is what it starts from. */
function failedRow({ failed, record: run }: PartView): { reason?: string; completionTime?: string } {
  return failed && run.spec.snapshot?.retry ? { reason: failed.reason, completionTime: failed.completionTime } : {};
}
