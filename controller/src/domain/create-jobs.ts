/**
 * Which Jobs are to be created now: a run's next attempt, and the steps of a flow whose turn it is.
 */
import type { Action } from './actions.ts';
import { attemptOf, isFinished, type PartView, type RunView, type StepView, type TaskView } from './classify.ts';
import { compact } from './compact.ts';
import { flowOf, gateOf, type Flow } from './flow.ts';
import { endsOf, type StepRow } from './flow-status.ts';
import { stepsOf } from './items.ts';
import { jobIdentity } from './job-status.ts';
import { jobManifest, jobName } from './manifests.ts';
import { nameWithHash } from './names.ts';
import { nextAttempt } from './policies/retry.ts';
import { activeDeadlineSeconds, leastOf } from './policies/timeout-seconds.ts';
import { waitsForName } from './policies/unique.ts';
import { runStatus } from './run-status.ts';
import { holdOf } from './start.ts';
import type { Refusal } from './state.ts';
import { stepTemplate } from './step-template.ts';
import { waitsForStep } from './workflow-step.ts';

/** A Job for everything that may have one. Where a Job is missing it is checked: it is never started again. */
export function createJobs(view: TaskView, now: Date): readonly Action[] {
  return view.active.flatMap((run) => (run.flow ? ofFlow(run, run.flow, view, now) : ofRun(run, view, now)));
}

/** Whether the API server refused to create it, and trying again has no use yet. */
export function isRefused(refusal: Refusal | undefined, now: Date): boolean {
  return refusal !== undefined && (refusal.final || refusal.retryAt > now.getTime());
}

function ofRun(run: RunView, view: TaskView, now: Date): readonly Action[] {
  const attempt = attemptToStart(run, view, now);
  if (attempt === undefined) return checkJob(run, view);
  const name = freeName(run, attempt, view);
  return [{ kind: 'createJob', run: run.name, job: jobManifest(run.run, { name, attempt, activeDeadlineSeconds: activeDeadlineSeconds(run, now) }) }];
}

/** The number of the attempt that the run is to start now. */
function attemptToStart(run: RunView, view: TaskView, now: Date): number | undefined {
  if (isRefused(run.refusal, now) || isFinished(runStatus(run, view, now).phase)) return undefined;
  return run.attempt === undefined ? firstAttempt(run, view) : attemptDue(run, now);
}

function firstAttempt(run: RunView, view: TaskView): 0 | undefined {
  const mayStart = run.run.spec.snapshot !== undefined && !holdOf(run, view) && !waitsForStep(run, view) && !waitsForName(run, view);
  return mayStart ? 0 : undefined;
}

/** The failure is on record first: from there the next attempt's number comes. */
function attemptDue(part: PartView, now: Date): number | undefined {
  const next = nextAttempt(part, now);
  const isRecorded = part.run.status?.jobs?.some((row) => attemptOf(row) === part.attempt && row.phase === 'Failed');
  return next && next.at <= now.getTime() && isRecorded ? next.attempt : undefined;
}

function checkJob(part: PartView, { state }: TaskView): readonly Action[] {
  const identity = jobIdentity(part);
  if (part.jobExists || part.failed || !identity || state.goneJobs.has(identity.uid)) return [];
  return [{ kind: 'checkJob', name: identity.name, uid: identity.uid }];
}

function freeName({ run }: PartView, attempt: number, { state }: TaskView): string {
  const wanted = jobName(run, attempt);
  return state.taken.jobs.has(wanted) ? nameWithHash(wanted, run.metadata.uid) : wanted;
}

/** The steps that may start, in their order, as far as maxParallel goes. */
function ofFlow(run: RunView, flow: readonly StepView[], view: TaskView, now: Date): readonly Action[] {
  if (isFinished(runStatus(run, view, now).phase)) return [];
  if (run.attempt === undefined && firstAttempt(run, view) === undefined) return [];
  const { snapshot } = run.run.spec;
  const arranged = flowOf(stepsOf(snapshot) ?? []);
  if ('problem' in arranged) return [];
  const recorded = new Map((run.run.status?.jobs ?? []).map((row) => [row.step ?? '', row]));
  const unfinished = flow.filter(({ finished }) => !finished);
  let room = (snapshot?.maxParallel ?? Infinity) - unfinished.filter(({ jobExists, failed }) => jobExists && !failed).length;
  return unfinished.flatMap((step): readonly Action[] => {
    const attempt = stepAttempt(step, arranged, recorded, now);
    if (attempt === undefined) return checkJob(step, view);
    room -= 1;
    return room < 0 ? [] : [stepJob(run, step, attempt, view, now)];
  });
}

/** A step starts once those that it depends on have ended, and that is on record: what is on record stays, whatever becomes of their Jobs. */
function stepAttempt(step: StepView, flow: Flow, recorded: ReadonlyMap<string, StepRow>, now: Date): number | undefined {
  if (isRefused(step.refusal, now)) return undefined;
  if (step.attempt !== undefined) return attemptDue(step, now);
  const gate = gateOf(step.step, endsOf(step.step, flow, recorded));
  return 'opens' in gate && gate.opens ? 0 : undefined;
}

function stepJob(run: RunView, part: StepView, attempt: number, view: TaskView, now: Date): Action {
  const { step } = part;
  const { spec, status } = run.run;
  const template = stepTemplate(step, spec.snapshot?.globals, status?.jobs ?? []);
  const filled = { ...part.run, spec: { ...part.run.spec, snapshot: { hash: '', ...part.run.spec.snapshot, template } } };
  const deadline = leastOf(activeDeadlineSeconds(part, now), activeDeadlineSeconds(run, now));
  const job = jobManifest(filled, { name: freeName(part, attempt, view), attempt, step: step.name, activeDeadlineSeconds: deadline });
  return compact({ kind: 'createJob' as const, run: run.name, step: step.name, job });
}
