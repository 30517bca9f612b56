/**
 * The Task's status, once it has something new to say.
 */
import { sameJson } from '../lang/same-json.ts';
import type { Action } from '../model/actions.ts';
import { eventReasons } from '../model/events.ts';
import { reasons } from '../model/reasons.ts';
import type { TaskView } from '../model/view.ts';
import { reportedAsBefore, speaksOfBefore } from '../policies/ran-before.ts';
import { missedEvents } from '../schedule/agenda.ts';
import { cutRetryAt, cutsOf, cutTaskStatus } from '../status/cuts.ts';
import { reportWaitsUntil } from '../status/pacing.ts';
import { runStatus } from '../status/run.ts';
import { jobProblem } from '../status/job-problem.ts';
import { beforeLine, stalledBy, taskStatus } from '../status/task.ts';

/** Write the Task's status when it says something new, and let KubeVela know. */
export function report(view: TaskView, now: Date): readonly Action[] {
  const { task } = view.state;
  const waits = view.active.some(
    (run) => reportWaitsUntil(run, runStatus(run, view, now), view.state, now) !== undefined,
  );
  if (waits) return [];
  const { uid } = task.metadata;
  if (cutRetryAt(uid, view.state) > now.getTime()) return [];
  const status = cutTaskStatus(taskStatus(view, now), cutsOf(uid, view.state));
  if (sameJson(status, task.status ?? {})) return [];
  return [
    { kind: 'writeTaskStatus', status },
    ...stalledEvent(view, now),
    ...beforeEvent(view),
    ...missedEvents(view.state, now),
  ];
}

function beforeEvent(view: TaskView): Action[] {
  if (!speaksOfBefore(view) || reportedAsBefore(view.state.task)) return [];
  return [{ kind: 'event', type: 'Normal', reason: eventReasons.ranBefore, message: beforeLine(view) }];
}

function stalledEvent(view: TaskView, now: Date): Action[] {
  const stalled = stalledBy(view, now);
  const before = view.state.task.status?.conditions?.find(({ type }) => type === 'Stalled');
  // A refused write has had its event when it was refused.
  if (!stalled || before?.reason === stalled.reason || stalled.reason === reasons.writeRefused) return [];
  const of = (!jobProblem(view) && view.current?.name) || view.state.task.metadata.name;
  return [{ kind: 'event', type: 'Warning', reason: stalled.reason, message: `${of}: ${stalled.message}` }];
}
