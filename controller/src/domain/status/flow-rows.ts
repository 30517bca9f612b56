/**
 * The rows of a flow's steps in its run's status: what each has come to.
 */
import type { JobRow, RunPhase, Snapshot } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { durationBetween } from '../lang/duration.ts';
import { rfc3339 } from '../lang/rfc3339.ts';
import { oneLine } from '../lang/words.ts';
import type { Flow, FlowStep, StepEnd } from '../model/flow.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import type { TaskState } from '../model/state.ts';
import type { Ended, Verdict } from '../model/verdict.ts';
import type { FlowRun, StepView, TaskView } from '../model/view.ts';
import { endsStep, type Stop, stopOf } from '../policies/failure-policy.ts';
import { isTimeUp } from '../policies/timeout-seconds.ts';
import { arrangedOf, gateOf, stepEnd } from '../shape/arrange.ts';
import { nodeOfRun } from '../shape/same-node.ts';
import { cutsOf, failedForOutputs, OutputRoom } from './cuts.ts';
import { jobSummary, jobVerdict, refused, startTimeOf } from './job.ts';
import { unreadyNodes, withNodeState } from './node-state.ts';

/**
 * A row for each step, in their order.
 * @param ended why the run ends before its steps do, if it does
 */
export function stepRows(view: FlowRun, { state }: TaskView, now: Date, ended: Ended | undefined): readonly JobRow[] {
  const { record: run, parts } = view;
  const flow = arrangedOf(view);
  if ('problem' in flow) return [];
  const context = stepContext(view, flow, { state, now, ended });
  const views = new Map(parts.map((step) => [step.step.name, step]));
  const recorded = parts.map(({ finished, row }) => (finished ? row?.outputs : undefined));
  const room = new OutputRoom(recorded, cutsOf(run.metadata.uid, state));
  const rows = new Map<string, JobRow>();
  for (const { name } of flow.order) {
    const step = views.get(name);
    if (!step) continue;
    const onRecord = step.finished ? step.row : undefined;
    rows.set(name, onRecord ?? withRoom(rowNow(step, rows, context), room, run.spec.snapshot));
  }
  return slim(parts.map(({ step }) => rows.get(step.name) ?? { step: step.name, phase: 'Pending' }));
}

/** What the rows of all steps are made with. */
interface StepContext {
  readonly flow: Flow;
  readonly state: TaskState;
  readonly now: Date;
  /** Why the run ends, if it does. */
  readonly ended: Ended | undefined;
  /** What ends further steps, if a step failed. */
  readonly stop: Stop | undefined;
  /** The run's timeoutSeconds, once they are over. */
  readonly timeIsUp: number | undefined;
  /** The node on which all steps run, if they run on one. */
  readonly boundTo: string | undefined;
  readonly nodes: ReadonlySet<string>;
  readonly unready: ReturnType<typeof unreadyNodes>;
}

function stepContext(view: FlowRun, flow: Flow, given: Pick<StepContext, 'state' | 'now' | 'ended'>): StepContext {
  const { record: run } = view;
  const { nodes } = given.state.cluster;
  return {
    ...given,
    flow,
    stop: stopOf(view, given.now),
    timeIsUp: isTimeUp(view, given.now) ? run.spec.snapshot?.timeoutSeconds : undefined,
    boundTo: nodeOfRun(run),
    nodes: new Set(nodes.map(({ metadata }) => metadata.name)),
    unready: unreadyNodes(nodes),
  };
}

/** The row of a step that is not on record as finished. The rows of those before it are there. */
function rowNow(step: StepView, rows: ReadonlyMap<string, JobRow>, context: StepContext): JobRow {
  const { flow, state, now, ended, boundTo, timeIsUp, unready } = context;
  const stepEnds = ended ?? endOfStep(step, context);
  const verdict = jobVerdict(step, state, now, {
    // A step that never had a Job is skipped, unless all of the run ends.
    ended: () => (ended || step.attempt !== undefined ? stepEnds : undefined),
    notStarted: () => (stepEnds ? skipped(stepEnds, now) : waiting(step, flow, rows, timeIsUp, now)),
  });
  return stepRow(step, withNodeState(verdict, step, unready.get(step.step.node ?? boundTo ?? '')));
}

/** Outputs that have no room fail a step, whose followers may need them; of an item or a node they are left out. */
function withRoom(row: JobRow, room: OutputRoom, snapshot: Snapshot | undefined): JobRow {
  if (room.takes(row.outputs)) return row;
  if (snapshot?.steps) return failedForOutputs(row);
  const { outputs: _outputs, ...rest } = row;
  return rest;
}

/**
 * Where there are more rows (a thousand at most) each says less, so that a TaskRun stays below 256 KiB though all of
 * them fail.
 */
const manyRows = 500;
/** So many failures are told in words even then. */
const mostExplained = 20;

function slim(rows: readonly JobRow[]): readonly JobRow[] {
  if (rows.length <= manyRows) return rows;
  let explained = 0;
  return rows.map((each) => {
    const {
      duration: _duration,
      succeeded: _succeeded,
      failed: _failed,
      lastFailure: _failure,
      message,
      ...row
    } = each;
    if (message === undefined || !isFinished(row.phase)) return message === undefined ? row : { ...row, message };
    explained += 1;
    return explained > mostExplained ? row : { ...row, message };
  });
}

/** Why a step ends though the run goes on, if it does: its node no longer exists, or another step failed. */
function endOfStep(view: StepView, { boundTo, stop, nodes }: StepContext): Ended | undefined {
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
    // The failed attempt's where another one follows, also while that one is refused: its time depends on it.
    completionTime: completionTime ?? failed?.completionTime,
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
