/**
 * Keeps the names that Tasks had before names with dashes were joined with more than one: a new name is a new Task, and
 * KubeVela would delete the old one with its records.
 */
import type { Action } from '../model/actions.ts';
import type { TaskView } from '../model/view.ts';
import { isJoinedByOneDash } from '../policies/task-name.ts';
import { applicationOf } from '../policies/workflow-step.ts';
import { joinedByAnnotation } from '../../resources/index.ts';

/** KubeVela copies an Application's annotations into its Tasks: a Task with the annotation needs nothing. */
export function keepName({ state }: TaskView): readonly Action[] {
  const { task, memory } = state;
  const application = applicationOf(task);
  const isTold = task.metadata.annotations?.[joinedByAnnotation] !== undefined;
  if (!application || isTold || memory.nameKept || !isJoinedByOneDash(task)) return [];
  return [{ kind: 'keepName', application }];
}
