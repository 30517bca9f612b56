/**
 * executionPolicy.historyLimit: how many finished runs stay on record as TaskRuns. A run whose Job is kept stays, for
 * its Job would go with it; so does the run that the last trigger asked for, which is what the Task's status speaks of.
 * Skipped runs are counted apart, so that a schedule which skips for hours does not push out what really ran. A record
 * that the Task's status does not answer for yet stays, too: without either, its trigger would look new to whoever
 * comes after us.
 */
import type { Task, TaskRun } from '../../resources/index.ts';
import { isOfEarlier } from '../model/trigger.ts';
import type { RunView, TaskView } from '../model/view.ts';

/** @returns the records that are too many, oldest last */
export function beyondHistoryLimit({ finished, current, deployed, policy, state }: TaskView): readonly RunView[] {
  const skipped = finished.filter(({ phase }) => phase === 'Skipped');
  const ran = finished.filter(({ phase }) => phase !== 'Skipped');
  const tooMany = [ran, skipped].flatMap((runs) => runs.slice(policy.historyLimit));
  return tooMany.filter(
    (view) => view.jobs.length === 0 && view !== current && view !== deployed && isAnsweredFor(view, state.task),
  );
}

function isAnsweredFor({ record: run }: RunView, task: Task): boolean {
  return isTriggerAnswered(run, task) && isTimeAnswered(run.spec.trigger?.scheduledTime, task);
}

/** Generations of an earlier Task say nothing of this one's: any answer of this one comes after them. */
function isTriggerAnswered(run: TaskRun, task: Task): boolean {
  const { generation: observed } = task.status?.observedTrigger ?? {};
  if (isOfEarlier(run, task)) return observed !== undefined;
  return (run.spec.trigger?.generation ?? 0) <= (observed ?? 0);
}

/** Without a schedule no time asks for a run, once that is on record: until then the schedule may come back. */
function isTimeAnswered(scheduledTime: string | undefined, { spec, status = {} }: Task): boolean {
  if (scheduledTime === undefined) return true;
  const { lastScheduleTime, observedSchedule } = status;
  if (lastScheduleTime !== undefined) return Date.parse(scheduledTime) <= Date.parse(lastScheduleTime);
  return spec.schedule === undefined && observedSchedule === undefined;
}
