/**
 * A mark on the Application of what ran, for the case that its Task is created again.
 */
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import type { Action } from '../model/actions.ts';
import type { TaskView } from '../model/view.ts';
import { markOf } from '../policies/ran-before.ts';
import { applicationOf } from '../policies/workflow-step.ts';
import { isUntold, nudgeValue } from './nudge.ts';

/** Mark the Application once the last trigger's run has finished. That also makes KubeVela read the Task's status. */
export function mark(view: TaskView, now: Date): readonly Action[] {
  const { task, memory } = view.state;
  const application = applicationOf(task);
  const wanted = markOf(view);
  if (!application || !wanted) return [];
  const value = hexHash(canonicalJson(wanted), 12);
  if ((memory.markAt ?? 0) > now.getTime()) return [];
  if (value === memory.marked || (memory.marked === undefined && !isUntold(view, now))) return [];
  return [{ kind: 'mark', application, mark: wanted, value, nudge: nudgeValue(task) }];
}
