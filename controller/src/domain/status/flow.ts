/**
 * What the steps of a flow's run, whose rows are in flow-rows.ts, come to together.
 */
import type { JobRow, RunPhase } from '../../resources/index.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { named } from '../lang/words.ts';
import { waitsInQueue } from '../model/kueue.ts';
import { isFinished } from '../model/phase.ts';
import { patientReasons, reasons } from '../model/reasons.ts';
import type { Ended, Verdict } from '../model/verdict.ts';
import type { FlowRun, StepView, TaskView } from '../model/view.ts';
import { stopOf } from '../policies/failure-policy.ts';
import { arrangedOf } from '../shape/arrange.ts';
import { readStepOutputs } from '../shape/step-outputs.ts';
import { cutsOf, fitting, leftOutNote } from './cuts.ts';

/** When its first step started; what a queue has evicted before anything ended has not. */
export function flowStartTime({ record: run }: FlowRun, rows: readonly JobRow[]): string | undefined {
  const [first] = rows.flatMap(({ startTime, run: other }) => (other === undefined ? (startTime ?? []) : [])).sort();
  return first === undefined ? undefined : (run.status?.startTime ?? first);
}

/** What the steps come to together. */
export function flowVerdict(
  view: FlowRun,
  { state }: TaskView,
  rows: readonly JobRow[],
  now: Date,
  ended: Ended | undefined,
): Verdict {
  const completionTime = rfc3339(now);
  const { record: run, parts } = view;
  if (!rows.every(({ phase }) => isFinished(phase)))
    return pausedBy(view, rows, now) ?? underWay(rows, wordFor(parts[0]));
  if (ended) return { phase: 'Cancelled', ...ended, completionTime };
  const arranged = arrangedOf(view);
  if ('problem' in arranged)
    return { phase: 'Failed', reason: reasons.invalidFlow, message: arranged.problem, completionTime };
  // A run that is finished keeps its Jobs as keepLast says: what was cancelled, or a queue still has, goes before.
  if (parts.some((step, index) => step.kept && goesWithStep(step, rows[index])))
    return underWay(rows, wordFor(parts[0]));
  const failed = rows.filter((row, index) => isFailure(row, parts[index]));
  return failed.length > 0
    ? failure(failed, rows, completionTime)
    : succeeded(view, rows, completionTime, cutsOf(run.metadata.uid, state));
}

/** Whether the Job of a step that has ended goes with it. */
function goesWithStep({ job }: StepView, { phase }: Partial<JobRow> = {}): boolean {
  return phase === 'Cancelled' || (phase === 'Failed' && job !== undefined && waitsInQueue(job));
}

function failure(failed: readonly JobRow[], rows: readonly JobRow[], completionTime: string): Verdict {
  const hasFailed = failed.some(({ phase }) => phase === 'Failed');
  return {
    phase: 'Failed',
    reason: hasFailed ? reasons.stepFailed : failed[0]?.reason,
    message: failureMessage(failed, rows),
    completionTime,
  };
}

function isFailure({ phase, reason }: JobRow, view: StepView | undefined): boolean {
  if (reason === reasons.nodeDeleted) return view?.step.node === undefined;
  if (phase === 'Skipped') return reason === reasons.timedOut;
  return phase === 'Failed' && view?.step.continueOnFailure !== true;
}

/** job3 failed: exit code 3 in container job3 (BackoffLimitExceeded); skipped: job5 */
function failureMessage([first, ...others]: readonly JobRow[], rows: readonly JobRow[]): string {
  const what = first?.phase === 'Skipped' ? 'did not start' : first?.phase === 'Cancelled' ? 'was cancelled' : 'failed';
  const too = others.length === 0 ? '' : `; also failed: ${named(others.map(({ step = '' }) => step))}`;
  const skipped = rows
    .filter(({ phase, reason }) => phase === 'Skipped' && reason === reasons.dependencyFailed)
    .map(({ step = '' }) => step);
  return `${first?.step} ${what}${first?.message === undefined ? '' : `: ${first.message}`}${too}${skipped.length === 0 ? '' : `; skipped: ${named(skipped)}`}`;
}

function succeeded(view: FlowRun, rows: readonly JobRow[], completionTime: string, cuts: number): Verdict {
  const declared = (view.record.spec.snapshot?.outputs ?? []).filter(({ valueFrom }) => valueFrom !== undefined);
  const gone = rows.filter(({ reason }) => reason === reasons.nodeDeleted).map(({ step = '' }) => step);
  const { outputs, problem } = readStepOutputs(declared, rows);
  if (problem !== undefined)
    return { phase: 'Failed', reason: reasons.outputsInvalid, message: problem, completionTime };
  const fits = fitting(outputs, cuts);
  const notes = [
    gone.length === 0 ? undefined : `deleted meanwhile: ${named(gone)}`,
    leftOutNote(`outputs of ${wordFor(view.parts[0])} `, withoutOutputs(view, rows)),
    leftOutNote('outputs ', fits.left),
  ].filter((note) => note !== undefined);
  return {
    phase: 'Succeeded',
    message: notes.length === 0 ? undefined : notes.join('; '),
    completionTime,
    outputs: declared.length === 0 ? undefined : fits.outputs,
  };
}

/** Those that wrote what they declare, and had no room for it. */
function withoutOutputs({ parts }: FlowRun, rows: readonly JobRow[]): readonly string[] {
  return parts.flatMap(({ step }, index) => {
    const { phase, outputs } = rows[index] ?? {};
    return step.outputs && phase === 'Succeeded' && outputs === undefined ? [step.name] : [];
  });
}

/** 2/5 steps · job3 Running · job4 Pending: ImagePullBackOff: ... */
function underWay(rows: readonly JobRow[], word: string): Verdict {
  const done = rows.filter(({ phase }) => isFinished(phase)).length;
  const explained = rows.filter(({ phase, reason }) => !isFinished(phase) && reason !== undefined);
  const stuck = explained.find(({ reason = '' }) => !patientReasons.has(reason)) ?? explained[0];
  const running = rows.filter(({ phase }) => phase === 'Running').map(({ step = '' }) => `${step} Running`);
  const parts = [
    `${done}/${rows.length} ${word}`,
    named(running),
    stuck
      ? `${stuck.step} ${stuck.phase}${othersQueued(rows, stuck)}${stuck.message === undefined ? '' : `: ${stuck.message}`}`
      : '',
  ];
  return {
    phase: phaseTogether(rows),
    reason: stuck?.reason,
    message: parts.filter((part) => part !== '').join(' · '),
  };
}

function othersQueued(rows: readonly JobRow[], stuck: JobRow): string {
  const others = rows.filter((row) => row !== stuck && row.phase === 'Queued').length;
  return others === 0 ? '' : ` (${others} ${stuck.phase === 'Queued' ? 'more' : 'Queued'})`;
}

/** The phase of a run whose rows are not all finished. */
function phaseTogether(rows: readonly JobRow[]): RunPhase {
  if (rows.some(({ phase, uid }) => phase === 'Running' || (uid !== undefined && isFinished(phase)))) return 'Running';
  return rows.some(({ phase }) => phase === 'Queued') ? 'Queued' : 'Pending';
}

/** 2/5 nodes · node-2 failed: exit code 1 in ...; paused: set spec.resume ... */
function pausedBy(view: FlowRun, rows: readonly JobRow[], now: Date): Verdict | undefined {
  const stop = stopOf(view, now);
  if (stop?.policy !== 'Pause') return undefined;
  const under = underWay(rows, wordFor(view.parts[0]));
  const why = rows.find(({ step }) => step === stop.step)?.message;
  const remedy = `paused (failurePolicy: Pause): set spec.resume of TaskRun ${view.name} to true to go on, or spec.cancel to end it`;
  return {
    phase: 'Running',
    reason: reasons.paused,
    message: `${under.message} · ${stop.step} failed${why === undefined ? '' : `: ${why}`}; ${remedy}`,
  };
}

function wordFor(view: StepView | undefined): 'steps' | 'items' | 'nodes' {
  return view?.step.item ? 'items' : view?.step.node === undefined ? 'steps' : 'nodes';
}
