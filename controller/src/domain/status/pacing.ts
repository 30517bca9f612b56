/**
 * When the status of a run may wait, so that one write tells more.
 */
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { sameJson } from '../lang/same-json.ts';
import { isFinished } from '../model/phase.ts';
import { patientReasons } from '../model/reasons.ts';
import type { TaskState } from '../model/state.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { runStatus } from './run.ts';

/** A run that has just begun has more news coming: its first seconds are told in one write. */
const settleMilliseconds = 1_500;

/** A status of many rows is written at most every so many milliseconds a row: each write takes them all. */
const rowMilliseconds = 1;

const manyRows = 50;

/** Until when, in milliseconds since the epoch. */
export function holdBackUntil(run: RunView, status: TaskRunStatus, state: TaskState, now: Date): number | undefined {
  return holdTaskBackUntil(run, status, state, now) ?? requeuedUntil(run, status, state, now);
}

/** The same, for as long as the Task is not told of its runs either. */
export function holdTaskBackUntil(
  run: RunView,
  status: TaskRunStatus,
  state: TaskState,
  now: Date,
): number | undefined {
  return settlesAt(run, status, now) ?? spacedUntil(run, status, state, now);
}

/** What a run waits for in a queue may be said anew with every other run there. */
const wordsMilliseconds = 10_000;

function requeuedUntil(
  { name, run }: RunView,
  status: TaskRunStatus,
  { written }: TaskState,
  now: Date,
): number | undefined {
  const { phase, reason } = run.status ?? {};
  const last = written.get(name) ?? 0;
  if (phase !== 'Queued' || status.phase !== phase || status.reason !== reason || last > now.getTime())
    return undefined;
  return last + wordsMilliseconds > now.getTime() && !sameJson(status, run.status ?? {})
    ? last + wordsMilliseconds
    : undefined;
}

function spacedUntil(
  { name, run }: RunView,
  status: TaskRunStatus,
  { written }: TaskState,
  now: Date,
): number | undefined {
  const { jobs = [] } = status;
  if (jobs.length <= manyRows || isUrgent(run, status)) return undefined;
  const last = written.get(name) ?? 0;
  const isSpaced = last <= now.getTime() && last + jobs.length * rowMilliseconds > now.getTime();
  return isSpaced && !sameJson(status, run.status ?? {}) ? last + jobs.length * rowMilliseconds : undefined;
}

/** What ends the run, names nodes, or lets other steps start is not held back. */
function isUrgent(run: TaskRun, { phase, jobs }: TaskRunStatus): boolean {
  return isFinished(phase) || namesNodes(run, jobs) || run.spec.snapshot?.steps !== undefined;
}

/**
 * Until when, in milliseconds since the epoch; not where steps wait for the end of others to be on record. A run that
 * seems to be of the future was there before the clock was set back.
 */
function settlesAt({ run }: RunView, { phase, reason, jobs, nodeName }: TaskRunStatus, now: Date): number | undefined {
  const age = now.getTime() - Date.parse(run.metadata.creationTimestamp);
  const isNews =
    namesNodes(run, jobs) ||
    nodeName !== run.status?.nodeName ||
    leavesQueue(run, phase) ||
    hasTrouble(phase, reason) ||
    [phase, ...(jobs ?? []).map((row) => row.phase)].some(isFinished);
  const isHeld = !isNews && age >= 0 && age < settleMilliseconds;
  return isHeld ? now.getTime() - age + settleMilliseconds : undefined;
}

function hasTrouble(phase: TaskRunStatus['phase'], reason: string | undefined): boolean {
  return reason !== undefined && !(phase === 'Queued' && patientReasons.has(reason));
}

/** Whether what is on record as waiting in a queue waits there no more. */
function leavesQueue({ status }: TaskRun, phase: TaskRunStatus['phase']): boolean {
  return status?.phase === 'Queued' && phase !== 'Queued';
}

/** Whether the status tells of nodes that are not on record, before which nothing starts there. */
function namesNodes({ spec, status }: TaskRun, jobs: TaskRunStatus['jobs']): boolean {
  return spec.snapshot?.nodes !== undefined && (jobs?.length ?? 0) > (status?.jobs?.length ?? 0);
}

/** Until when news of runs is held back. */
export function settleTimes(view: TaskView, now: Date): readonly number[] {
  return view.active.flatMap((run) => holdBackUntil(run, runStatus(run, view, now), view.state, now) ?? []);
}
