/**
 * executionPolicy.historyLimit: how many finished runs stay on record as TaskRuns. A run whose Job is kept stays, for
 * its Job would go with it; so does the run that the last trigger asked for, which is what the Task's status speaks of.
 * Skipped runs are counted apart, so that a schedule which skips for hours does not push out what really ran. A record
 * that the Task's status does not answer for yet stays, too: without either, its trigger would look new to whoever
 * comes after us.
 */
import type { Task } from '../../resources/index.ts';
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

function isAnsweredFor({ record: run }: RunView, { status }: Task): boolean {
  const { generation = 0, scheduledTime } = run.spec.trigger ?? {};
  if (generation > (status?.observedTrigger?.generation ?? 0)) return false;
  return scheduledTime === undefined || Date.parse(scheduledTime) <= Date.parse(status?.lastScheduleTime ?? '');
}
