/**
 * The events that a change of a run's status leads to: how its steps get on, its way through a queue, and its end.
 */
import type { JobRow, TaskRunStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { formatDuration } from '../lang/duration.ts';
import type { ActionOf } from '../model/actions.ts';
import { isFinished } from '../model/phase.ts';
import { reasons } from '../model/reasons.ts';
import { eventReasons, type EventReason } from '../model/events.ts';

type Event = ActionOf<'event'>;

/** An event is a write, and two for each step would be most of what a wide run costs: from here on only failures. */
const mostRowsWithEvents = 50;

/** @returns the event that tells that the run has ended; none for an unfinished run */
export function outcomeEvent(
  name: string,
  { phase = 'Pending', reason = phase, message, duration }: TaskRunStatus,
): readonly Event[] {
  if (!isFinished(phase)) return [];
  const type = phase === 'Failed' || reason === reasons.superseded ? 'Warning' : 'Normal';
  return [{ kind: 'event', type, reason, message: `${name} ${phase}${afterTime(duration)}${because(message)}` }];
}

/**
 * Events of a run's steps, items and nodes: one as each starts, and one as it ends.
 *
 * @param before the recorded status
 * @param after the status that is about to be written
 */
export function stepEvents(run: string, before: TaskRunStatus | undefined, after: TaskRunStatus): readonly Event[] {
  const rows = after.jobs ?? [];
  const isWide = rows.length > mostRowsWithEvents;
  const phases = new Map((before?.jobs ?? []).map(({ step, phase = 'Pending' }) => [step, phase]));
  const phaseBefore = ({ step }: JobRow) => phases.get(step) ?? 'Pending';
  const isOwnStep = ({ step, run: retried }: JobRow) => step !== undefined && retried === undefined;
  const changed = rows.filter((row) => isOwnStep(row) && row.phase !== phaseBefore(row));
  const reported = changed.filter(({ phase }) => !isWide || phase === 'Failed');
  return reported.flatMap((row) => {
    const startWasUnseen = row.startTime !== undefined && isFinished(row.phase) && phaseBefore(row) === 'Pending';
    const start = startWasUnseen && !isWide ? stepEvent(run, compact({ step: row.step, phase: 'Running' })) : [];
    return [...start, ...stepEvent(run, row)];
  });
}

function stepEvent(run: string, { step, phase = 'Pending', duration, message }: Partial<JobRow>): readonly Event[] {
  const reason = reasonOfPhase[phase];
  if (reason === undefined) return [];
  const type = phase === 'Failed' ? 'Warning' : 'Normal';
  return [
    { kind: 'event', type, reason, message: `${run}: ${step} ${phase}${afterTime(duration)}${because(message)}` },
  ];
}

/** A step that is Pending has no event. */
const reasonOfPhase: Readonly<Record<string, EventReason | undefined>> = {
  Queued: eventReasons.stepQueued,
  Running: eventReasons.stepStarted,
  Succeeded: eventReasons.stepSucceeded,
  Failed: eventReasons.stepFailed,
  Cancelled: eventReasons.stepCancelled,
  Skipped: eventReasons.stepSkipped,
};

/**
 * Events of a run of one Job in one of Kueue's queues: that it waits, was evicted, or was admitted.
 *
 * @param before the recorded status
 * @param after the status that is about to be written
 */
export function queueEvents(run: string, before: TaskRunStatus | undefined, after: TaskRunStatus): readonly Event[] {
  const wasQueued = before?.phase === 'Queued';
  const isQueued = after.phase === 'Queued';
  if (wasQueued === isQueued || isFinished(after.phase)) return [];
  if (wasQueued) return [normal(eventReasons.admitted, `${run} was admitted after ${longestWait(after)}`)];
  const wasEvicted = before?.startTime !== undefined;
  if (!wasEvicted) return [normal(eventReasons.queued, `${run}${because(after.message)}`)];
  const message = `${run} waits again${because(after.message)}`;
  return [{ kind: 'event', type: 'Warning', reason: eventReasons.evicted, message }];
}

function normal(reason: string, message: string): Event {
  return { kind: 'event', type: 'Normal', reason, message };
}

function longestWait({ jobs = [] }: TaskRunStatus): string {
  return formatDuration(Math.max(0, ...jobs.map(({ waitedSeconds = 0 }) => waitedSeconds)) * 1000);
}

function afterTime(duration: string | undefined): string {
  return duration === undefined ? '' : ` after ${duration}`;
}

function because(message: string | undefined): string {
  return message === undefined ? '' : `: ${message}`;
}
