/**
 * KubeVela's look at a status that it has not read yet.
 */
import { canonicalJson, hexHash } from '../lang/canonical-json.ts';
import type { Action } from '../model/actions.ts';
import type { Task } from '../../resources/index.ts';
import type { TaskView } from '../model/view.ts';
import { applicationOf } from '../policies/workflow-step.ts';

/**
 * KubeVela looks at a component that is not healthy yet about every second at first; only later does it need to be
 * told. What is written within `sure` it surely finds by itself before `until`.
 */
const polledMilliseconds = { sure: 2_500, until: 4_000 };

/** What changed so shortly before another process ended is told again: it may have died before it could. */
const recentMilliseconds = 60_000;

/** Tell KubeVela of a status that it has not read yet. */
export function nudge(view: TaskView, now: Date): readonly Action[] {
  const { task, memory } = view.state;
  const { nudged } = memory;
  const application = applicationOf(task);
  const value = nudgeValue(task);
  if (!application || value === nudged || (nudged === undefined && !isUntold(view, now))) return [];
  const age = polledAge(view, now);
  if (age < polledMilliseconds.sure) return [{ kind: 'expectLook', value }];
  return age < polledMilliseconds.until ? [] : [{ kind: 'nudge', application, value }];
}

/** What KubeVela is nudged with: another value for another status. */
export function nudgeValue({ status }: Task): string {
  const { observedGeneration, phase, message } = status ?? {};
  return hexHash(canonicalJson([observedGeneration, phase, message]), 12);
}

/**
 * For how long KubeVela has looked by itself: once its component is healthy it no longer looks, with healthyWhen
 * Started, and where no deployment asked for the run.
 */
function polledAge({ current, policy }: TaskView, now: Date): number {
  if (!current || policy.healthyWhen === 'Started' || current.record.spec.trigger?.type !== 'Revision') return Infinity;
  const age = now.getTime() - Date.parse(current.record.metadata.creationTimestamp);
  return age >= 0 ? age : Infinity;
}

/** Whether the current run, or a condition, changed when no other process can surely have told it. */
export function isUntold({ current, state }: TaskView, now: Date): boolean {
  const { startTime, completionTime } = current?.record.status ?? {};
  const since = (state.memory.unattendedSince ?? now.getTime()) - recentMilliseconds;
  const changes = [
    startTime,
    completionTime,
    ...(state.task.status?.conditions ?? []).map((c) => c.lastTransitionTime),
  ];
  return changes.some((at) => at !== undefined && Date.parse(at) > since);
}
