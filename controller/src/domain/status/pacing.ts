/**
 * When the write of a run's status may wait, so that one write says more. Each rule stands alone; the first that
 * applies counts.
 */
import type { TaskRun, TaskRunStatus } from '../../resources/index.ts';
import { sameJson } from '../lang/same-json.ts';
import { isFinished } from '../model/phase.ts';
import { patientReasons } from '../model/reasons.ts';
import type { TaskState } from '../model/state.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { runStatus } from './run.ts';

/** A status that could be written now, beside what is on record. */
interface PendingWrite {
  readonly run: TaskRun;
  readonly status: TaskRunStatus;
  /** When this process last wrote the run's status; 0 if it never did. Milliseconds since the epoch, as all times. */
  readonly writtenAt: number;
  readonly now: number;
}

export interface PacingRule {
  readonly name: string;
  /** When the write may wait no longer. */
  readonly until: (write: PendingWrite) => number;
  /** Whether the rule applies, asked only before `until`. */
  readonly appliesTo: (write: PendingWrite) => boolean;
  /** Whether the Task's own status waits as well. */
  readonly holdsTaskToo: boolean;
}

const youngMilliseconds = 1_500;
const rowMilliseconds = 1;
const manyRows = 50;
const queueWordsMilliseconds = 10_000;

export const pacingRules: readonly PacingRule[] = [
  {
    // More news follows within a second or two of a run's creation: one write has all of it.
    name: 'a young run',
    until: ({ run }) => createdAt(run) + youngMilliseconds,
    appliesTo: (write) => createdAt(write.run) <= write.now && !isNews(write),
    holdsTaskToo: true,
  },
  {
    // Each write carries all rows, so the more there are the rarer it gets: a millisecond for each row.
    name: 'many rows',
    until: ({ status, writtenAt }) => writtenAt + rowCount(status) * rowMilliseconds,
    appliesTo: (write) => rowCount(write.status) > manyRows && !isUrgent(write) && wasWritten(write) && differs(write),
    holdsTaskToo: true,
  },
  {
    // Kueue's message can change whenever another run joins the queue.
    name: 'the words of a queue',
    until: ({ writtenAt }) => writtenAt + queueWordsMilliseconds,
    appliesTo: (write) => staysQueued(write) && wasWritten(write) && differs(write),
    holdsTaskToo: false,
  },
];

/** @returns when the run's status is to be written, in milliseconds since the epoch; undefined for at once */
export function writeWaitsUntil(run: RunView, status: TaskRunStatus, state: TaskState, now: Date): number | undefined {
  return waitsUntil(pacingRules, pendingWrite(run, status, state, now));
}

/** @returns when the Task may report what the run has come to, milliseconds since the epoch; undefined for at once */
export function reportWaitsUntil(run: RunView, status: TaskRunStatus, state: TaskState, now: Date): number | undefined {
  const rules = pacingRules.filter(({ holdsTaskToo }) => holdsTaskToo);
  return waitsUntil(rules, pendingWrite(run, status, state, now));
}

/** @returns the times at which delayed statuses are to be written, in milliseconds since the epoch */
export function delayedWrites(view: TaskView, now: Date): readonly number[] {
  return view.active.flatMap((run) => writeWaitsUntil(run, runStatus(run, view, now), view.state, now) ?? []);
}

function waitsUntil(rules: readonly PacingRule[], write: PendingWrite): number | undefined {
  return rules.find((rule) => rule.until(write) > write.now && rule.appliesTo(write))?.until(write);
}

function pendingWrite(
  { name, record: run }: RunView,
  status: TaskRunStatus,
  { memory: { written } }: TaskState,
  now: Date,
): PendingWrite {
  return { run, status, writtenAt: written.get(name) ?? 0, now: now.getTime() };
}

function createdAt({ metadata }: TaskRun): number {
  return Date.parse(metadata.creationTimestamp);
}

function rowCount({ jobs = [] }: TaskRunStatus): number {
  return jobs.length;
}

/** A write in the future was one before the clock was set back: nothing waits for it. */
function wasWritten({ writtenAt, now }: PendingWrite): boolean {
  return writtenAt <= now;
}

function differs({ run, status }: PendingWrite): boolean {
  return !sameJson(status, run.status ?? {});
}

/** Whether a young run has something to say that somebody waits for. */
function isNews(write: PendingWrite): boolean {
  const { run, status } = write;
  const isNodeNew = status.nodeName !== run.status?.nodeName;
  const somethingEnded = isFinished(status.phase) || (status.jobs ?? []).some(({ phase }) => isFinished(phase));
  return namesNodes(write) || isNodeNew || leavesQueue(write) || hasTrouble(status) || somethingEnded;
}

/** Whether a large run's write lets something else begin: its end, nodes whose Jobs may start, or steps that depend. */
function isUrgent(write: PendingWrite): boolean {
  const { run, status } = write;
  const isFlowOfSteps = run.spec.snapshot?.steps !== undefined;
  return isFinished(status.phase) || namesNodes(write) || isFlowOfSteps;
}

function hasTrouble({ phase, reason }: TaskRunStatus): boolean {
  const simplyWaits = phase === 'Queued' && reason !== undefined && patientReasons.has(reason);
  return reason !== undefined && !simplyWaits;
}

function leavesQueue({ run, status }: PendingWrite): boolean {
  return run.status?.phase === 'Queued' && status.phase !== 'Queued';
}

function staysQueued({ run, status }: PendingWrite): boolean {
  const { phase, reason } = run.status ?? {};
  return phase === 'Queued' && status.phase === phase && status.reason === reason;
}

/** Whether the status names nodes that are not on record; a node's Job starts only once it is. */
function namesNodes({ run, status }: PendingWrite): boolean {
  return run.spec.snapshot?.nodes !== undefined && rowCount(status) > rowCount(run.status ?? {});
}
