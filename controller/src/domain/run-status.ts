/**
 * What a run's status should say now: from its Job, its pods, and what was refused. A finished run's status never changes.
 */
import type { RunPhase, TaskRunStatus } from '../resources/index.ts';
import { compact } from './compact.ts';
import { isFinished, type RunView, type TaskView } from './classify.ts';
import { durationBetween } from './duration.ts';
import { replacementOf } from './policies/unique.ts';
import { oneLine } from './sentence.ts';
import type { ContainerFailure, Job, JobCondition, Pod } from './state.ts';

/** Words for programs; the rest of a run's reasons are Kubernetes' own (BackoffLimitExceeded, ImagePullBackOff, ...). */
export const reasons = {
  replaced: 'Replaced',
  jobDeleted: 'JobDeleted',
  suspended: 'Suspended',
  podFailed: 'PodFailed',
  quotaExceeded: 'QuotaExceeded',
  serviceAccountNotFound: 'ServiceAccountNotFound',
  podNotCreated: 'FailedCreate',
} as const;

interface Verdict {
  readonly phase: RunPhase;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly completionTime?: string | undefined;
}

export function runStatus(view: RunView, task: TaskView, now: Date): TaskRunStatus {
  if (view.finished) return view.run.status ?? {};
  const verdict = judge(view, task, now);
  const { phase, reason, message, completionTime } = verdict;
  // What is on record of a Job that is no more stays on record.
  const { startTime, jobs } = view.job ? { startTime: view.job.status?.startTime, jobs: [jobSummary(view.job, view, verdict)] } : recorded(view, phase);
  return compact({
    phase,
    reason,
    message: message && oneLine(message),
    startTime,
    completionTime,
    duration: durationBetween(startTime, completionTime),
    jobs,
    conditions: completionTime === undefined ? undefined : [finishedCondition(verdict)],
  });
}

function recorded({ run }: RunView, phase: RunPhase): Pick<TaskRunStatus, 'startTime' | 'jobs'> {
  const { startTime, jobs } = run.status ?? {};
  return compact({ startTime, jobs: jobs?.map((job) => ({ ...job, phase })) });
}

function judge(view: RunView, task: TaskView, now: Date): Verdict {
  const at = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const outcome = view.job && jobOutcome(view.job, view);
  if (outcome) return outcome;
  const replacement = replacementOf(view, task);
  if (replacement) {
    return { phase: 'Cancelled', reason: reasons.replaced, message: `replaced by ${replacement.name}`, completionTime: at };
  }
  if (isGone(view, task)) {
    const message = `Job ${jobIdentity(view)?.name ?? view.name} was deleted before it finished, so its outcome is unknown; deploy again to run again`;
    return { phase: 'Failed', reason: reasons.jobDeleted, message, completionTime: at };
  }
  return view.job && view.jobExists ? progress(view.job, view) : notStarted(view, at);
}

/** The Job that the run is known to have had, by name and UID. */
export function jobIdentity({ run, job }: RunView): { readonly name: string; readonly uid: string } | undefined {
  return job?.metadata ?? run.status?.jobs?.[0];
}

/** Whether the run had a Job that the live API says is gone. */
function isGone(view: RunView, { state }: TaskView): boolean {
  const identity = jobIdentity(view);
  return !view.jobExists && identity !== undefined && state.goneJobs.has(identity.uid);
}

function notStarted({ refusal }: RunView, at: string): Verdict {
  if (!refusal) return { phase: 'Pending' };
  const { reason, message } = refusal;
  return refusal.final ? { phase: 'Failed', reason, message, completionTime: at } : { phase: 'Pending', reason, message };
}

/** As the Job controller says it: only the conditions Complete and Failed mean that a Job is finished. */
function jobOutcome(job: Job, view: RunView): Verdict | undefined {
  const condition = (type: string) => job.status?.conditions?.find((c) => c.type === type && c.status === 'True');
  const complete = condition('Complete');
  if (complete) return { phase: 'Succeeded', completionTime: job.status?.completionTime ?? complete.lastTransitionTime };
  const failed = condition('Failed');
  return failed && failedVerdict(failed, view);
}

function failedVerdict({ reason = 'Failed', message = '', lastTransitionTime }: JobCondition, view: RunView): Verdict {
  const failure = lastFailure(view);
  return {
    phase: 'Failed',
    reason,
    message: failure ? `${failureText(failure)} (${reason})` : `${reason}: ${message}`,
    completionTime: lastTransitionTime,
  };
}

function progress(job: Job, view: RunView): Verdict {
  const { ready = 0, succeeded = 0 } = job.status ?? {};
  if (job.spec.suspend === true) return { phase: 'Pending', reason: reasons.suspended, message: 'the Job is suspended' };
  const started = view.phase === 'Running' || ready > 0 || succeeded > 0 || view.pods.some((pod) => pod.phase === 'Running');
  return { phase: started ? 'Running' : 'Pending', ...obstacle(job, view) };
}

/** Why an unfinished Job does not get on, if it does not. */
function obstacle(job: Job, view: RunView): { reason: string; message: string } | undefined {
  if (view.podRefusal && lacksPods(job)) return podRefusalReason(view.podRefusal.message);
  const waiting = view.pods.find((pod) => pod.waiting && pod.phase === 'Pending')?.waiting;
  if (waiting) return waitingReason(waiting, view);
  const failure = lastFailure(view);
  if (!failure) return undefined;
  const failed = job.status?.failed ?? 0;
  if (isExhausted(job, view)) return undefined;
  const pods = failed > 1 ? `${failed} pods failed, the last with` : 'a pod failed with';
  return { reason: reasons.podFailed, message: `${pods} ${failureText(failure)}; the Job tries again` };
}

/** Whether no failed pod is replaced any more: the Job's own verdict is about to come. */
function isExhausted({ spec, status }: Job, { pods }: RunView): boolean {
  const failed = Math.max(status?.failed ?? 0, pods.filter(({ phase }) => phase === 'Failed').length);
  return failed > (spec.backoffLimit ?? 6);
}

function lacksPods({ spec, status }: Job): boolean {
  const { active = 0, succeeded = 0 } = status ?? {};
  const { parallelism = 1, completions = parallelism } = spec;
  return active < Math.min(parallelism, completions - succeeded);
}

const imagePullReasons = new Set<string | undefined>(['ErrImagePull', 'ImagePullBackOff']);

/** The kubelet alternates between two words for an image that it cannot pull; the first one seen stays, so that nothing is written at each turn. */
function waitingReason(waiting: NonNullable<Pod['waiting']>, { run }: RunView): { reason: string; message: string } {
  const { reason, message } = run.status ?? {};
  const same = imagePullReasons.has(reason) && imagePullReasons.has(waiting.reason);
  if (same && reason !== undefined && message !== undefined) return { reason, message };
  return { ...waiting, message: `${waiting.reason}: ${waiting.message}` };
}

function podRefusalReason(text: string): { reason: string; message: string } {
  const message = `pods cannot be created: ${text.replace(/^Error creating: /, '')}`;
  if (/exceeded quota/.test(text)) return { reason: reasons.quotaExceeded, message };
  if (/serviceaccount .* not found/.test(text)) return { reason: reasons.serviceAccountNotFound, message };
  return { reason: reasons.podNotCreated, message };
}

function lastFailure({ pods }: RunView): ContainerFailure | undefined {
  return [...pods]
    .sort((a, b) => Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp))
    .find(({ failure }) => failure !== undefined)?.failure;
}

function failureText({ container, exitCode, reason }: ContainerFailure): string {
  if (container === '') return reason;
  const code = reason === 'Error' ? `exit code ${exitCode}` : `${reason} (exit code ${exitCode})`;
  return `${code} in container ${container}`;
}

/** Counts are written once, at the end: a write for every pod of a wide Job would cost more than it tells. */
function jobSummary({ metadata, status = {} }: Job, view: RunView, { phase }: Verdict): NonNullable<TaskRunStatus['jobs']>[number] {
  const failure = lastFailure(view);
  return compact({
    name: metadata.name,
    uid: metadata.uid,
    phase,
    ...(isFinished(phase) && { succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 }),
    exitCode: failure?.exitCode,
    exitReason: failure?.reason,
  });
}

/** Complete or Failed, as on a Job, so that `kubectl wait --for=condition=Complete vrun/...` works. */
function finishedCondition({ phase, reason, message, completionTime }: Verdict): NonNullable<TaskRunStatus['conditions']>[number] {
  return {
    type: phase === 'Succeeded' ? 'Complete' : 'Failed',
    status: 'True',
    reason: reason ?? phase,
    message: message ?? '',
    lastTransitionTime: completionTime ?? '',
  };
}
