/**
 * executionPolicy.historyLimit: how many finished runs stay on record as TaskRuns. A run whose Job is kept stays, for its Job
 * would go with it; so does the run that the last trigger asked for, which is what the Task's status speaks of. Skipped runs are
 * counted apart, so that a schedule which skips for hours does not push out what really ran.
 */
import type { RunView, TaskView } from '../classify.ts';

/** @returns the records that are too many, oldest last */
export function beyondHistoryLimit({ finished, current, deployed, policy }: TaskView): readonly RunView[] {
  const skipped = finished.filter(({ phase }) => phase === 'Skipped');
  const ran = finished.filter(({ phase }) => phase !== 'Skipped');
  return [ran, skipped].flatMap((runs) => runs.slice(policy.historyLimit)).filter((view) => view.jobs.length === 0 && view !== current && view !== deployed);
}
