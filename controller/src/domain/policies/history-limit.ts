/**
 * executionPolicy.historyLimit: how many finished runs stay on record as TaskRuns. A run whose Job is kept stays, for its Job
 * would go with it; so does the run that the last trigger asked for, which is what the Task's status speaks of.
 */
import type { RunView, TaskView } from '../classify.ts';

/** @returns the records that are too many, oldest last */
export function beyondHistoryLimit({ finished, current, policy }: TaskView): readonly RunView[] {
  return finished.slice(policy.historyLimit).filter((view) => !view.jobExists && view !== current);
}
