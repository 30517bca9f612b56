/**
 * What the status of a flow's run should say: a row for each step, and what they come to together.
 */
import type { RunPhase, Snapshot, TaskRun, TaskRunStatus } from '../resources/index.ts';
import { compact } from './compact.ts';
import { isFinished, type RunView, type StepView, type TaskView } from './classify.ts';
import { durationBetween } from './duration.ts';
import { flowOf, gateOf, stepEnd, type Flow, type FlowStep, type StepEnd } from './flow.ts';
import { itemsProblem, stepsOf } from './items.ts';
import { jobSummary, jobVerdict, refused, startTimeOf, timestamp, type Verdict } from './job-status.ts';
import { deadlineOf } from './policies/timeout-seconds.ts';
import { readStepOutputs } from './step-outputs.ts';
import { reasons } from './reasons.ts';
import { oneLine } from './sentence.ts';

export type StepRow = NonNullable<TaskRunStatus['jobs']>[number];
type Ended = { readonly reason: string; readonly message: string };

/** How many steps a message names. */
const mostNamed = 3;

/**
 * A row for each step, in their order.
 * @param ended why the run ends before its steps do, if it does
 */
export function stepRows({ run, flow = [] }: RunView, { state }: TaskView, now: Date, ended: Ended | undefined): readonly StepRow[] {
  const arranged = arrangedOf(run);
  if ('problem' in arranged) return [];
  const views = new Map(flow.map((view) => [view.step.name, view]));
  const rows = new Map<string, StepRow>();
  const isLate = (deadlineOf({ run, job: undefined }) ?? Infinity) <= now.getTime();
  for (const step of arranged.order) {
    const view = views.get(step.name);
    if (!view) continue;
    const notStarted = () => waiting(view, arranged, rows, isLate ? run.spec.snapshot?.timeoutSeconds : undefined, now);
    rows.set(step.name, view.finished ? recordedRow(view) : stepRow(view, jobVerdict(view, state, now, { ended: () => ended, notStarted })));
  }
  return flow.map(({ step }) => rows.get(step.name) ?? { step: step.name, phase: 'Pending' });
}

function recordedRow({ run, step }: StepView): StepRow {
  return run.status?.jobs?.[0] ?? compact({ step: step.name, phase: run.status?.phase, reason: run.status?.reason, message: run.status?.message, completionTime: run.status?.completionTime });
}

function stepRow(view: StepView, verdict: Verdict): StepRow {
  const { phase, reason, message, completionTime, outputs } = verdict;
  const startTime = startTimeOf(view);
  const { run, job, step, failed } = view;
  const summary = job ? jobSummary(job, view, verdict) : (run.status?.jobs?.[0] ?? {});
  return compact({
    ...summary,
    step: step.name,
    phase,
    reason,
    message: message && oneLine(message),
    startTime,
    // Of the failed attempt where another one follows: its time comes from this.
    completionTime: completionTime ?? (reason === reasons.retryBackoff ? failed?.completionTime : undefined),
    duration: durationBetween(startTime, completionTime),
    outputs,
  });
}

/** What becomes of a step that has no Job yet. */
function waiting(view: StepView, flow: Flow, rows: ReadonlyMap<string, StepRow>, timeoutSeconds: number | undefined, now: Date): Verdict {
  const at = timestamp(now);
  const { step, refusal } = view;
  const gate = gateOf(step, endsOf(step, flow, rows));
  if ('skip' in gate) return { phase: 'Skipped', ...gate.skip, completionTime: at };
  if (timeoutSeconds !== undefined) return { phase: 'Skipped', reason: reasons.timedOut, message: `the run's time was up (timeoutSeconds: ${timeoutSeconds})`, completionTime: at };
  return refusal ? refused(refusal, at) : { phase: 'Pending' };
}

/** How those ended that a step depends on. */
export function endsOf(step: FlowStep, { dependencies, steps }: Flow, rows: ReadonlyMap<string, StepRow>): ReadonlyMap<string, StepEnd | undefined> {
  const needed = dependencies.get(step.name) ?? [];
  const ends = new Map<string, StepEnd | undefined>();
  for (const name of needed) {
    const other = steps.get(name);
    const { phase = 'Pending', reason } = rows.get(name) ?? {};
    ends.set(name, other && stepEnd(other, { phase: phase as RunPhase, reason }));
  }
  return ends;
}

/** When its first step started. */
export function flowStartTime({ run }: RunView, rows: readonly StepRow[]): string | undefined {
  return run.status?.startTime ?? rows.flatMap(({ startTime }) => startTime ?? []).sort()[0];
}

function arrangedOf({ spec }: TaskRun): ReturnType<typeof flowOf> {
  const problem = itemsProblem(spec.snapshot) ?? outputProblem(spec.snapshot);
  return problem === undefined ? flowOf(stepsOf(spec.snapshot) ?? []) : { problem };
}

/** With items the ones without valueFrom are each item's own. */
function outputProblem({ steps, outputs }: Partial<Snapshot> = {}): string | undefined {
  const nowhere = steps && outputs?.find(({ valueFrom }) => valueFrom === undefined)?.name;
  return nowhere && `output ${nowhere} says nothing of where it comes from: give it a valueFrom, such as steps.${steps[0]?.name}.outputs.${nowhere}`;
}

/** What the steps come to together. */
export function flowVerdict({ run, flow = [] }: RunView, rows: readonly StepRow[], now: Date, ended: Ended | undefined): Verdict {
  const completionTime = timestamp(now);
  const arranged = arrangedOf(run);
  if ('problem' in arranged) return { phase: 'Failed', reason: reasons.invalidFlow, message: arranged.problem, completionTime };
  if (!rows.every(({ phase }) => isFinished(phase))) return underWay(rows, flow[0]?.step.item !== undefined);
  if (ended) return { phase: 'Cancelled', ...ended, completionTime };
  const failed = rows.filter((row, index) => isFailure(row, flow[index]));
  return failed.length > 0 ? failure(failed, rows, completionTime) : succeeded(run.spec.snapshot ?? {}, rows, completionTime);
}

function failure(failed: readonly StepRow[], rows: readonly StepRow[], completionTime: string): Verdict {
  const hasFailed = failed.some(({ phase }) => phase === 'Failed');
  return { phase: 'Failed', reason: hasFailed ? reasons.stepFailed : reasons.timedOut, message: failureMessage(failed, rows), completionTime };
}

function isFailure({ phase, reason }: StepRow, view: StepView | undefined): boolean {
  if (phase === 'Skipped') return reason === reasons.timedOut;
  return phase === 'Failed' && view?.step.continueOnFailure !== true;
}

/** job3 failed: exit code 3 in container job3 (BackoffLimitExceeded); skipped: job5 */
function failureMessage([first, ...others]: readonly StepRow[], rows: readonly StepRow[]): string {
  const what = first?.phase === 'Skipped' ? 'did not start' : 'failed';
  const too = others.length === 0 ? '' : `; also failed: ${named(others.map(({ step = '' }) => step))}`;
  const skipped = rows.filter(({ phase, reason }) => phase === 'Skipped' && reason === reasons.dependencyFailed).map(({ step = '' }) => step);
  return `${first?.step} ${what}${first?.message === undefined ? '' : `: ${first.message}`}${too}${skipped.length === 0 ? '' : `; skipped: ${named(skipped)}`}`;
}

function succeeded({ outputs: all = [] }: Partial<Snapshot>, rows: readonly StepRow[], completionTime: string): Verdict {
  const declared = all.filter(({ valueFrom }) => valueFrom !== undefined);
  if (declared.length === 0) return { phase: 'Succeeded', completionTime };
  const { outputs, problem } = readStepOutputs(declared, rows);
  return problem === undefined ? { phase: 'Succeeded', completionTime, outputs } : { phase: 'Failed', reason: reasons.outputsInvalid, message: problem, completionTime };
}

/** 2/5 steps · job3 Running, job4 Pending: ImagePullBackOff: ... */
function underWay(rows: readonly StepRow[], isOfItems: boolean): Verdict {
  const done = rows.filter(({ phase }) => isFinished(phase)).length;
  const stuck = rows.find(({ phase, reason }) => !isFinished(phase) && reason !== undefined);
  const running = rows.filter(({ phase }) => phase === 'Running').map(({ step = '' }) => `${step} Running`);
  const parts = [`${done}/${rows.length} ${isOfItems ? 'items' : 'steps'}`, named(running), stuck ? `${stuck.step} ${stuck.phase}${stuck.message === undefined ? '' : `: ${stuck.message}`}` : ''];
  const started = rows.some(({ phase, uid }) => phase === 'Running' || (uid !== undefined && isFinished(phase)));
  return { phase: started ? 'Running' : 'Pending', reason: stuck?.reason, message: parts.filter((part) => part !== '').join(' · ') };
}

function named(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
}
