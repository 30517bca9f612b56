/**
 * Which Jobs are to be created now: a run's next attempt, and the steps of a flow whose turn it is.
 */
import type { JobRow } from '../../resources/index.ts';
import { freeName } from '../lang/names.ts';
import { claimManifest } from '../manifest/claim.ts';
import { jobManifest, jobName, longestJobName } from '../manifest/job.ts';
import { type StepAttemptJob, stepJobManifest } from '../manifest/step-job.ts';
import { unmakeable } from '../manifest/unmakeable.ts';
import type { Action, ActionOf, JobManifest } from '../model/actions.ts';
import type { Flow } from '../model/flow.ts';
import type { Refusal } from '../model/memory.ts';
import { attemptOf } from '../model/objects.ts';
import { isFinished } from '../model/phase.ts';
import {
  type FlowRun,
  isUnderWay,
  type JobRun,
  type PartView,
  type RunView,
  type StepView,
  type TaskView,
} from '../model/view.ts';
import { endsStep, type Stop, stopOf } from '../policies/failure-policy.ts';
import { mostAtOnce } from '../policies/max-parallel.ts';
import { nextAttempt } from '../policies/retry.ts';
import { holdOf } from '../policies/suspend.ts';
import { activeDeadlineSeconds, isTimeUp, leastOf } from '../policies/timeout-seconds.ts';
import { waitsForName } from '../policies/unique.ts';
import { waitsForStep } from '../policies/workflow-step.ts';
import { flowOf, gateOf } from '../shape/arrange.ts';
import { awaitsNode } from '../shape/same-node.ts';
import { charactersOf } from '../shape/step-template.ts';
import { lacksTemplates } from '../shape/templates.ts';
import { claimOf, lacksClaim } from '../shape/workspace.ts';
import { endsOf } from '../status/flow-rows.ts';
import { jobIdentity } from '../status/job.ts';
import { runStatus } from '../status/run.ts';

/**
 * A Job for everything that may have one. Where a Job is missing it is checked: it is never started again. A run that
 * is being deleted starts nothing more: in the foreground it goes last, after its Jobs, and would go on with its next
 * step.
 */
export function createJobs(view: TaskView, now: Date): readonly Action[] {
  const batch = new Batch();
  const actions = view.active
    .filter(({ record }) => record.metadata.deletionTimestamp === undefined)
    .flatMap((run) => (run.kind === 'flow' ? ofFlow(run, view, batch, now) : ofRun(run, view, now)));
  return batch.leftOut ? [...actions, { kind: 'wakeAt', at: now.getTime() }] : actions;
}

/** So many characters of commands, arguments and variables are read and written in one decision. */
const longestBatch = 4_000_000;

/**
 * The Jobs of one decision. Those of a thousand items of a large template would take seconds and a gigabyte, in which
 * no other Task is decided on: what is left out is made after other Tasks had their turn.
 */
class Batch {
  #characters = 0;
  leftOut = false;

  /** Whether another Job has room. */
  takesMore(): boolean {
    this.leftOut ||= this.#characters > longestBatch;
    return !this.leftOut;
  }

  /** @returns the Job that was made of the step, which takes its room */
  with(step: StepView, job: JobManifest): JobManifest {
    this.#characters += charactersOf(step.step.template) + charactersOf(job.spec.template);
    return job;
  }
}

type JobOwner = Pick<ActionOf<'createJob'>, 'run' | 'step'>;

/** What goes wrong with one Job ends its run or step, and stops nothing else. */
function jobAction(of: JobOwner, make: () => JobManifest): Action {
  try {
    return { kind: 'createJob', ...of, job: make() };
  } catch (error) {
    const whose = of.step === undefined ? of.run : `step ${of.step}`;
    return { kind: 'refuseJob', refusal: { object: 'Job', ...of, ...unmakeable(whose, error), final: true } };
  }
}

/** Whether the API server refused to create it, and trying again has no use yet. */
export function isRefused(refusal: Refusal | undefined, now: Date): boolean {
  return refusal !== undefined && (refusal.final || refusal.retryAt > now.getTime());
}

function ofRun(run: JobRun, view: TaskView, now: Date): readonly Action[] {
  const attempt = attemptToStart(run, view, now);
  if (attempt === undefined) return checkJob(run, view);
  const make = (): JobManifest => {
    const name = freeJobName(run, attempt, view);
    return jobManifest(run.record, { name, attempt, activeDeadlineSeconds: activeDeadlineSeconds(run, now) });
  };
  return [jobAction({ run: run.name }, make)];
}

/** The number of the attempt that the run is to start now. */
function attemptToStart(run: JobRun, view: TaskView, now: Date): number | undefined {
  if (isRefused(run.refusal, now) || isFinished(runStatus(run, view, now).phase)) return undefined;
  if (run.attempt !== undefined) return attemptDue(run, now);
  return mayStart(run, view) ? 0 : undefined;
}

/** Whether nothing keeps the run from its first Job. */
function mayStart(run: RunView, view: TaskView): boolean {
  return (
    run.record.spec.snapshot !== undefined &&
    !lacksTemplates(run.record) &&
    !holdOf(run, view) &&
    !waitsForStep(run, view) &&
    !waitsForName(run, view)
  );
}

/** The failure is on record first: from there the next attempt's number comes. */
function attemptDue(part: PartView, now: Date): number | undefined {
  const next = nextAttempt(part, now);
  const isRecorded = part.record.status?.jobs?.some((row) => attemptOf(row) === part.attempt && row.phase === 'Failed');
  return next && next.at <= now.getTime() && isRecorded ? next.attempt : undefined;
}

function checkJob(part: PartView, { state }: TaskView): readonly Action[] {
  const identity = jobIdentity(part);
  if (part.jobExists || part.failed || !identity || state.memory.goneJobs.has(identity.uid)) return [];
  return [{ kind: 'checkJob', name: identity.name, uid: identity.uid }];
}

function freeJobName({ record: run }: PartView, attempt: number, { state }: TaskView): string {
  return freeName(jobName(run, attempt), run.metadata.uid, state.memory.taken.jobs, longestJobName(run));
}

/** The steps that may start, in their order, as far as maxParallel goes. */
function ofFlow(run: FlowRun, view: TaskView, batch: Batch, now: Date): readonly Action[] {
  if (lacksClaim(run, view.state))
    return mayBegin(run, view, now)
      ? [{ kind: 'createClaim', run: run.name, claim: claimManifest(run, view.state) }]
      : [];
  if (!isOpen(run, view, now)) return [];
  const claimName = claimOf(run, view.state);
  const arranged = flowOf(run.steps);
  if ('problem' in arranged) return [];
  const recorded = new Map((run.record.status?.jobs ?? []).map((row) => [row.step ?? '', row]));
  const unfinished = run.parts.filter(({ finished }) => !finished);
  const stop = stopOf(run, now);
  // A node that has just joined counts once it is on record, as the others do.
  const count = recorded.size > 0 ? recorded.size : run.parts.length;
  const first = firstAlone(run, unfinished);
  let room = isTimeUp(run, now) ? 0 : roomIn(run, count, unfinished);
  return unfinished.flatMap((step): readonly Action[] => {
    const waitsForFirst = first !== undefined && step !== first;
    const waits = room <= 0 || waitsForFirst || isStopped(step, stop);
    const attempt = waits ? undefined : stepAttempt(step, arranged, recorded, now);
    if (attempt === undefined) return checkJob(step, view);
    room -= 1;
    const make = (): JobManifest => batch.with(step, stepJob(run, step, { attempt, claimName }, view, now));
    return batch.takesMore() ? [jobAction({ run: run.name, step: step.step.name }, make)] : [];
  });
}

/** How many steps may start beside those under way. A Job that has ended makes room, whether it is on record or not. */
function roomIn({ record }: FlowRun, count: number, unfinished: readonly StepView[]): number {
  const most = awaitsNode(record) ? 1 : mostAtOnce(record.spec.snapshot ?? {}, count);
  return most - unfinished.filter(isUnderWay).length;
}

/** Whether steps of the run may start at all; what holds a run back leaves it without rows. */
function isOpen(run: FlowRun, view: TaskView, now: Date): boolean {
  const { phase, jobs } = runStatus(run, view, now);
  if (isFinished(phase) || jobs === undefined) return false;
  return run.began || mayStart(run, view);
}

/**
 * The only step that may start something while it is not on record where the first pod ran: its Job may have ended
 * before. Undefined where any step may.
 */
function firstAlone({ record }: FlowRun, unfinished: readonly StepView[]): StepView | undefined {
  return awaitsNode(record) ? unfinished.find(({ attempt }) => attempt !== undefined) : undefined;
}

function mayBegin(run: FlowRun, view: TaskView, now: Date): boolean {
  return !isRefused(run.refusal, now) && !isFinished(runStatus(run, view, now).phase) && mayStart(run, view);
}

/** Whether another step's failure keeps this one from its next attempt; what a pause finds under way goes on. */
function isStopped(step: StepView, stop: Stop | undefined): boolean {
  return stop !== undefined && (endsStep(stop, step) || (stop.policy === 'Pause' && step.attempt === undefined));
}

/**
 * A step starts once those that it depends on have ended, and that is on record: what is on record stays, whatever
 * becomes of their Jobs. The record also says which nodes the run has.
 */
function stepAttempt(step: StepView, flow: Flow, recorded: ReadonlyMap<string, JobRow>, now: Date): number | undefined {
  if (isRefused(step.refusal, now)) return undefined;
  if (step.attempt !== undefined) return attemptDue(step, now);
  if (step.step.node !== undefined && !step.row) return undefined;
  const gate = gateOf(step.step, endsOf(step.step, flow, recorded));
  return 'opens' in gate && gate.opens ? 0 : undefined;
}

function stepJob(
  run: FlowRun,
  part: StepView,
  { attempt, claimName }: Pick<StepAttemptJob, 'attempt' | 'claimName'>,
  view: TaskView,
  now: Date,
): JobManifest {
  const deadline = leastOf(activeDeadlineSeconds(part, now), activeDeadlineSeconds(run, now));
  const name = freeJobName(part, attempt, view);
  return stepJobManifest(run, part, { name, attempt, claimName, activeDeadlineSeconds: deadline });
}
