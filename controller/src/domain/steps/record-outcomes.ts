/**
 * The status of each unfinished run, once it has something new to say.
 */
import { sameJson } from '../lang/same-json.ts';
import type { Action } from '../model/actions.ts';
import type { TaskView } from '../model/view.ts';
import { cutRetryAt } from '../status/cuts.ts';
import { outcomeEvent, queueEvents, stepEvents } from '../status/events.ts';
import { writeWaitsUntil } from '../status/pacing.ts';
import { runStatus } from '../status/run.ts';

/** Write what each unfinished run's status should say; what is finished is on record before anything is deleted. */
export function recordOutcomes(view: TaskView, now: Date): readonly Action[] {
  return view.runs
    .filter(({ finished }) => !finished)
    .flatMap((run): Action[] => {
      const status = runStatus(run, view, now);
      if (cutRetryAt(run.record.metadata.uid, view.state) > now.getTime()) return [];
      if (sameJson(status, run.record.status ?? {}) || writeWaitsUntil(run, status, view.state, now) !== undefined)
        return [];
      const { name, uid } = run.record.metadata;
      return [
        { kind: 'writeRunStatus', name, uid, status },
        ...(run.kind === 'flow' ? [] : queueEvents(name, run.record.status, status)),
        ...stepEvents(name, run.record.status, status),
        ...outcomeEvent(name, status),
      ];
    });
}
