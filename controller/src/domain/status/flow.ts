/**
 * What the status of a flow's run should say: a row for each step, and what they come to together.
 */
import type { JobRow, RunPhase, Snapshot } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { durationBetween } from '../lang/duration.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { named, oneLine } from '../lang/words.ts';
import type { Flow, FlowStep, StepEnd } from '../model/flow.ts';
import { isFinished } from '../model/phase.ts';
import { patientReasons, reasons } from '../model/reasons.ts';
import type { Ended, Verdict } from '../model/verdict.ts';
import type { FlowRun, StepView, TaskView } from '../model/view.ts';
import { endsStep, type Stop, stopOf } from '../policies/failure-policy.ts';
import { deadlineOf } from '../policies/timeout-seconds.ts';
import { flowOf, gateOf, stepEnd } from '../shape/arrange.ts';
import { itemsProblem } from '../shape/items.ts';
import { nodeOfRun } from '../shape/same-node.ts';
import { readStepOutputs } from '../shape/step-outputs.ts';
import { cutsOf, failedForOutputs, fitting, leftOutNote, OutputRoom } from './cuts.ts';
import { jobSummary, jobVerdict, refused, startTimeOf } from './job.ts';
import { unreadyNodes, withNodeState } from './node-state.ts';

/**
 * A row for each step, in their order.
 * @param ended why the run ends before its steps do, if it does
 */
export function stepRows(view: FlowRun, { state }: TaskView, now: Date, ended: Ended | undefined): readonly JobRow[] {
  const { record: run, parts } = view;
  const arranged = arrangedOf(view);
  if ('problem' in arranged) return [];
  const views = new Map(parts.map((step) => [step.step.name, step]));
  const rows = new Map<string, JobRow>();
  const isLate = (deadlineOf(view, now) ?? Infinity) <= now.getTime();
  const stop = stopOf(view, now);
  const boundTo = nodeOfRun(run);
  const nodes = new Set(state.cluster.nodes.map(({ metadata }) => metadata.name));
  const unready = unreadyNodes(state.cluster.nodes);
  const recorded = parts.map(({ finished, row }) => (finished ? row?.outputs : undefined));
  const room = new OutputRoom(recorded, cutsOf(run.metadata.uid, state));
  for (const { name } of arranged.order) {
    const step = views.get(name);
    if (!step) continue;
    const ends = ended ?? endOfStep(step, boundTo, stop, nodes);
    const notStarted = () =>
      ends
        ? skipped(ends, now)
        : waiting(step, arranged, rows, isLate ? run.spec.snapshot?.timeoutSeconds : undefined, now);
    rows.set(
      name,
      step.finished && step.row
        ? step.row
        : withRoom(
            stepRow(
              step,
              withNodeState(
                jobVerdict(step, state, now, {
                  ended: () => (ended || step.attempt !== undefined ? ends : undefined),
                  notStarted,
                }),
                step,
                unready.get(step.step.node ?? boundTo ?? ''),
              ),
            ),
            room,
            run.spec.snapshot,
          ),
    );
  }
  return slim(parts.map(({ step }) => rows.get(step.name) ?? { step: step.name, phase: 'Pending' }));
}

/** Outputs that have no room fail a step, whose followers may need them; of an item or a node they are left out. */
function withRoom(row: JobRow, room: OutputRoom, snapshot: Snapshot | undefined): JobRow {
  if (room.takes(row.outputs)) return row;
  if (snapshot?.steps) return failedForOutputs(row);
  const { outputs: _outputs, ...rest } = row;
  return rest;
}

/** Of more rows, a thousand at most, each says less, so that a TaskRun stays below 256 KiB though all of them fail. */
const manyRows = 500;
/** So many failures are told in words even then. */
const mostExplained = 20;

function slim(rows: readonly JobRow[]): readonly JobRow[] {
  if (rows.length <= manyRows) return rows;
  let explained = 0;
  return rows.map(({ duration: _duration, succeeded: _succeeded, failed: _failed, message, ...row }) => {
    if (message === undefined || !isFinished(row.phase)) return message === undefined ? row : { ...row, message };
    explained += 1;
    return explained > mostExplained ? row : { ...row, message };
  });
}

/** Why a step ends though the run goes on, if it does: its node no longer exists, or another step failed. */
function endOfStep(
  view: StepView,
  boundTo: string | undefined,
  stop: Stop | undefined,
  nodes: ReadonlySet<string>,
): Ended | undefined {
  const { node } = view.step;
  if (node !== undefined && !nodes.has(node))
    return { reason: reasons.nodeDeleted, message: `node ${node} was deleted` };
  if (boundTo !== undefined && !nodes.has(boundTo))
    return { reason: reasons.nodeDeleted, message: `node ${boundTo}, on which all steps run, was deleted` };
  return stop && endsStep(stop, view)
    ? { reason: reasons.failFast, message: `${stop.step} failed (failurePolicy: FailFast)` }
    : undefined;
}

function skipped(ended: Ended, now: Date): Verdict {
  return { phase: 'Skipped', ...ended, completionTime: rfc3339(now) };
}

function stepRow(view: StepView, verdict: Verdict): JobRow {
  // Most of a large flow waits, as it did before.
  if (view.row && !view.job && isPlainWait(verdict) && isPlainWait(view.row)) return view.row;
  const { phase, reason, message, completionTime, outputs } = verdict;
  const startTime = startTimeOf(view);
  const {
    step: { name, node },
    failed,
  } = view;
  return compact({
    ...summaryOf(view, verdict),
    step: name,
    node: node === name ? undefined : node,
    phase,
    reason,
    message: message && oneLine(message),
    startTime,
    // The failed attempt's where another one follows: the next one's time depends on it.
    completionTime: completionTime ?? (reason === reasons.retryBackoff ? failed?.completionTime : undefined),
    duration: durationBetween(startTime, completionTime),
    outputs,
  });
}

function summaryOf(view: StepView, verdict: Verdict): JobRow {
  return view.job ? jobSummary(view.job, view, verdict) : (view.record.status?.jobs?.[0] ?? {});
}

/** Whether nothing is to be said but that it waits. */
function isPlainWait({ phase, reason }: JobRow | Verdict): boolean {
  return phase === 'Pending' && reason === undefined;
}

/** What becomes of a step that has no Job yet. */
function waiting(
  view: StepView,
  flow: Flow,
  rows: ReadonlyMap<string, JobRow>,
  timeoutSeconds: number | undefined,
  now: Date,
): Verdict {
  const { step, refusal } = view;
  const gate = gateOf(step, endsOf(step, flow, rows));
  if ('skip' in gate) return skipped(gate.skip, now);
  if (timeoutSeconds !== undefined)
    return skipped(
      { reason: reasons.timedOut, message: `the run's time was up (timeoutSeconds: ${timeoutSeconds})` },
      now,
    );
  return refusal ? refused(refusal, rfc3339(now)) : { phase: 'Pending' };
}

/** How those ended that a step depends on. */
export function endsOf(
  step: FlowStep,
  { dependencies, steps }: Flow,
  rows: ReadonlyMap<string, JobRow>,
): ReadonlyMap<string, StepEnd | undefined> {
  const needed = dependencies.get(step.name) ?? [];
  const ends = new Map<string, StepEnd | undefined>();
  for (const name of needed) {
    const other = steps.get(name);
    const { phase = 'Pending', reason } = rows.get(name) ?? {};
    ends.set(name, other && stepEnd(other, { phase: phase as RunPhase, reason }));
  }
  return ends;
}

/** When its first step started; what a queue has evicted before anything ended has not. */
export function flowStartTime({ record: run }: FlowRun, rows: readonly JobRow[]): string | undefined {
  const [first] = rows.flatMap(({ startTime, run: other }) => (other === undefined ? (startTime ?? []) : [])).sort();
  return first === undefined ? undefined : (run.status?.startTime ?? first);
}

function arrangedOf({ record: { spec }, steps }: FlowRun): ReturnType<typeof flowOf> {
  const problem = itemsProblem(spec.snapshot) ?? outputProblem(spec.snapshot);
  return problem === undefined ? flowOf(steps) : { problem };
}

/** With items the ones without valueFrom are each item's own. */
function outputProblem({ steps, outputs }: Partial<Snapshot> = {}): string | undefined {
  const nowhere = steps && outputs?.find(({ valueFrom }) => valueFrom === undefined)?.name;
  return (
    nowhere &&
    `output ${nowhere} says nothing of where it comes from: give it a valueFrom, such as steps.${steps[0]?.name}.outputs.${nowhere}`
  );
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
  const arranged = arrangedOf(view);
  if ('problem' in arranged)
    return { phase: 'Failed', reason: reasons.invalidFlow, message: arranged.problem, completionTime };
  if (!rows.every(({ phase }) => isFinished(phase)))
    return pausedBy(view, rows, now) ?? underWay(rows, wordFor(parts[0]));
  if (ended) return { phase: 'Cancelled', ...ended, completionTime };
  // A run that is finished keeps its Jobs as keepLast says: what was cancelled goes before.
  if (parts.some((step, index) => rows[index]?.phase === 'Cancelled' && step.kept))
    return underWay(rows, wordFor(parts[0]));
  const failed = rows.filter((row, index) => isFailure(row, parts[index]));
  return failed.length > 0
    ? failure(failed, rows, completionTime)
    : succeeded(view, rows, completionTime, cutsOf(run.metadata.uid, state));
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

/** Of rows that are not all finished. */
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
