/**
 * What is told of a run's steps, items and nodes, each as it starts and as it ends.
 */
import type { TaskRunStatus } from '../../resources/index.ts';
import type { ActionOf } from '../model/actions.ts';
import type { StepRow } from './flow.ts';
import { compact } from '../lang/compact.ts';
import { eventReasons, type EventReason } from '../model/events.ts';
import { isFinished } from '../model/phase.ts';

/** Of a wider run only failures are told: an event is a write, and two a node would be most of what it costs. */
const mostTold = 50;

/**
 * @param before what is on record
 * @param after what is about to be
 */
export function stepEvents(
  run: string,
  before: TaskRunStatus | undefined,
  after: TaskRunStatus,
): readonly ActionOf<'event'>[] {
  const rows = after.jobs ?? [];
  const phases = new Map((before?.jobs ?? []).map(({ step, phase = 'Pending' }) => [step, phase]));
  const news = rows.filter(
    ({ step, phase, run: other }) =>
      step !== undefined && other === undefined && phase !== (phases.get(step) ?? 'Pending'),
  );
  const told = news.filter(({ phase }) => rows.length <= mostTold || phase === 'Failed');
  return told.flatMap((row) => {
    const isQuick =
      row.startTime !== undefined && isFinished(row.phase) && (phases.get(row.step) ?? 'Pending') === 'Pending';
    return [
      ...(isQuick && rows.length <= mostTold ? eventOf(run, compact({ step: row.step, phase: 'Running' })) : []),
      ...eventOf(run, row),
    ];
  });
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

function eventOf(
  run: string,
  { step, phase = 'Pending', duration, message }: Partial<StepRow>,
): readonly ActionOf<'event'>[] {
  const reason = reasonOfPhase[phase];
  const time = duration === undefined ? '' : ` after ${duration}`;
  const text = `${run}: ${step} ${phase}${time}${message === undefined ? '' : `: ${message}`}`;
  return reason === undefined
    ? []
    : [{ kind: 'event', type: phase === 'Failed' ? 'Warning' : 'Normal', reason, message: text }];
}
