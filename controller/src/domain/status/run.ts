/**
 * What a run's status should say now. A finished run's status never changes.
 */
import { memoLatest } from '../lang/memo.ts';
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { durationBetween } from '../lang/duration.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { oneLine } from '../lang/words.ts';
import { attemptOf } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import type { Hold, Verdict } from '../model/verdict.ts';
import { isGoing, type JobRun, type RunView, type TaskView } from '../model/view.ts';
import { replacingRun } from '../policies/concurrency-policy.ts';
import { missingFor, startProblem } from '../policies/first-job.ts';
import { holdOf } from '../policies/suspend.ts';
import { supersededHold } from '../policies/superseded.ts';
import { replacementOf } from '../policies/unique.ts';
import { nodeToRecord } from '../shape/same-node.ts';
import { claimOf } from '../shape/workspace.ts';
import { cutRunStatus, cutsOf, fitting, leftOutNote } from './cuts.ts';
import { stepRows } from './flow-rows.ts';
import { flowStartTime, flowVerdict } from './flow.ts';
import { recordedRow } from './deciding-failure.ts';
import { stuckPodHold } from './overdue.ts';
import { jobSummary, jobVerdict, refused, startTimeOf } from './job.ts';

export function runStatus(view: RunView, task: TaskView, now: Date): TaskRunStatus {
  return view.finished ? (view.record.status ?? {}) : statusNow(view, task, now);
}

/** Remembered: one decision asks several times. */
const statusNow = memoLatest(statusOf);

function statusOf(view: RunView, task: TaskView, now: Date): TaskRunStatus {
  const cuts = cutsOf(view.record.metadata.uid, task.state);
  const { verdict, jobs, startTime } = judge(view, task, now);
  const { phase, reason, message, completionTime, outputs } = verdict;
  const status = compact({
    phase,
    reason,
    message: message && oneLine(message),
    startTime,
    completionTime,
    duration: durationBetween(startTime, completionTime),
    workspace: view.kind === 'flow' ? claimOf(view, task.state) : undefined,
    nodeName: view.kind === 'flow' ? nodeToRecord(view, task.state) : undefined,
    attempts: view.kind === 'job' && view.attempt ? view.attempt + 1 : undefined,
    outputs,
    jobs,
    conditions: completionTime === undefined ? undefined : [finishedCondition(verdict)],
  });
  return cuts === 0 ? status : cutRunStatus(status, cuts, rfc3339(now));
}

interface Judgement {
  readonly verdict: Verdict;
  readonly jobs: TaskRunStatus['jobs'];
  readonly startTime: string | undefined;
}

function judge(view: RunView, task: TaskView, now: Date): Judgement {
  const superseded = supersededHold(view.record);
  if (superseded)
    return { verdict: { ...superseded, completionTime: rfc3339(now) }, jobs: undefined, startTime: undefined };
  const otherwise = { ended: () => endedEarly(view, task), notStarted: () => notStarted(view, task, now) };
  if (view.kind === 'job') {
    const verdict = withFittingOutputs(jobVerdict(view, task.state, now, otherwise), view, task);
    return { verdict, jobs: jobRows(view, verdict), startTime: startTimeOf(view) };
  }
  const end = otherwise.ended();
  const held = end || view.began ? undefined : heldBack(otherwise.notStarted());
  if (held) return { verdict: held, jobs: undefined, startTime: undefined };
  const jobs = stepRows(view, task, now, end);
  return {
    verdict: flowVerdict(view, task, jobs, now, end),
    jobs: jobs.length > 0 ? [...jobs] : undefined,
    startTime: flowStartTime(view, jobs),
  };
}

/** One Job writes a few KB at most, which are left out only where the rest of its run is so large. */
function withFittingOutputs(verdict: Verdict, { record }: JobRun, { state }: TaskView): Verdict {
  const { outputs, left } = fitting(verdict.outputs ?? {}, cutsOf(record.metadata.uid, state));
  return left.length === 0 ? verdict : { ...verdict, outputs, message: leftOutNote('outputs ', left) };
}

/** What keeps a flow from its first step. */
function heldBack(verdict: Verdict): Verdict | undefined {
  return verdict.reason === undefined ? undefined : verdict;
}

/** How many attempts of a run of one Job stay on record. */
const maxJobs = 20;

/** What is on record of Jobs that are no more stays on record. */
function jobRows(view: JobRun, verdict: Verdict): TaskRunStatus['jobs'] {
  const recorded = view.record.status?.jobs ?? [];
  const earlier = recorded.filter((row) => attemptOf(row) !== view.attempt);
  const before = recordedRow(view);
  const row = view.job
    ? jobSummary(view.job, view, verdict)
    : before && { ...before, phase: view.failed ? 'Failed' : verdict.phase };
  const rows = [...earlier, ...(row ? [row] : [])];
  return rows.length === 0 ? undefined : rows.slice(-maxJobs);
}

/** Who asked that the run ends, in a sentence, and why; undefined where nobody did. */
export function cancelledBy({
  spec: { cancel, cancelReason },
}: TaskRun): { reason: string; message: string } | undefined {
  if (cancel !== true) return undefined;
  return { reason: reasons.cancelled, message: cancelReason ?? 'cancelled (spec.cancel)' };
}

/**
 * Why the run ends though its Jobs have not, if it does: a person, a newer run, its own deletion or the end of its
 * workflow step.
 */
function endedEarly(view: RunView, task: TaskView): { reason: string; message: string } | undefined {
  const asked = cancelledBy(view.record);
  if (asked) return asked;
  const replacement = replacementOf(view, task) ?? replacingRun(view, task);
  if (replacement) return { reason: reasons.replaced, message: `replaced by ${replacement.name}` };
  if (isGoing(view)) return { reason: reasons.cancelled, message: 'the TaskRun is being deleted' };
  const stepEnded = task.state.memory.steps.get(view.name)?.ended;
  return stepEnded === undefined ? undefined : { reason: reasons.workflowStepEnded, message: stepEnded };
}

function notStarted(view: RunView, task: TaskView, now: Date): Verdict {
  const at = rfc3339(now);
  const { refusal } = view;
  const problem = startProblem(view, task);
  if (problem) return { phase: 'Failed', ...problem, completionTime: at };
  const hold = holdFor(view, task, now);
  if (hold) return isFinished(hold.phase) ? { ...hold, completionTime: at } : hold;
  return refusal ? refused(refusal, at) : { phase: 'Pending' };
}

/** Pods go by themselves, so what the cluster lacks is said before. A wait for pods names the one that does not go. */
function holdFor(view: RunView, task: TaskView, now: Date): Hold | undefined {
  const hold = holdOf(view, task);
  if (hold && hold.reason !== reasons.waitsForPods) return hold;
  return missingFor(view, task) ?? (hold && (stuckPodHold(task, now) ?? hold));
}

/** Complete or Failed, as on a Job, so that `kubectl wait --for=condition=Complete vrun/...` works. */
export function finishedCondition({
  phase,
  reason,
  message,
  completionTime,
}: Verdict): NonNullable<TaskRunStatus['conditions']>[number] {
  return {
    type: phase === 'Succeeded' ? 'Complete' : 'Failed',
    status: 'True',
    reason: reason ?? phase,
    // The API server refuses a long one, and quotes what somebody wrote.
    message: oneLine(message ?? ''),
    lastTransitionTime: completionTime ?? '',
  };
}
