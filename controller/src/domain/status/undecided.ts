/**
 * What a Task says while the controller fails to decide on it: an error of ours, or something that nobody has thought
 * of. Without a word of it `vela status` would go on to show what was before, or wait for a controller that runs.
 */
import type { Condition, Task, TaskStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { sameJson } from '../lang/same-json.ts';
import { oneLine } from '../lang/words.ts';
import type { Action } from '../model/actions.ts';
import { kubernetesReasons } from '../model/reasons.ts';
import { condition } from './task.ts';

/**
 * The status of before, with what is wrong, and an event; nothing where the status says so already. What answers for
 * runs stays, and the next decision writes all of it again.
 *
 * @param error what deciding threw
 */
export function undecided(task: Task, error: unknown, now: Date): readonly Action[] {
  const why = error instanceof Error ? error.message : String(error);
  const message = oneLine(
    `the controller fails to decide on this Task, and nothing of it goes on: ${why}; deploy it without what was changed last, and report this with the controller's log`,
  );
  const reason = kubernetesReasons.internalError;
  const { status: before = {} } = task;
  const status: TaskStatus = compact({
    ...before,
    observedGeneration: task.metadata.generation ?? 0,
    phase: before.phase ?? ('Pending' as const),
    message,
    conditions: [
      condition(task, { type: 'Ready', status: 'False', reason, message }, now),
      condition(task, { type: 'Stalled', status: 'True', reason, message }, now),
    ] satisfies Condition[],
  });
  if (sameJson(status, before)) return [];
  return [
    { kind: 'writeTaskStatus', status },
    { kind: 'event', type: 'Warning', reason, message },
  ];
}
