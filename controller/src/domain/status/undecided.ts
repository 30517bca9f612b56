/**
 * What a Task says while the controller fails to decide on it: an error of ours, or something that nobody has thought
 * of. Without a word of it `vela status` would go on to show what was before, or wait for a controller that runs.
 */
import type { Task, TaskStatus } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { sameJson } from '../lang/same-json.ts';
import { messageOf, oneLine } from '../lang/words.ts';
import type { Action } from '../model/actions.ts';
import { reasons } from '../model/reasons.ts';
import { reportedAsBefore } from '../policies/ran-before.ts';
import { condition } from './condition.ts';

const reason = reasons.reconciliationFailed;

/**
 * The status of before, with what is wrong, and an event; nothing where the status says so already. What answers for
 * runs stays, and so does the condition that a run was before the Task: nobody else remembers it.
 *
 * @param error what deciding threw
 */
export function undecided(task: Task, error: unknown, now: Date): readonly Action[] {
  const message = oneLine(
    `the controller fails to decide on this Task, and nothing of it goes on: ${messageOf(error)}; deploy it without what was changed last, and report this with the controller's log`,
  );
  const { status: before = {} } = task;
  const ready = reportedAsBefore(task) ?? { reason, message };
  const others = before.conditions?.filter(({ type }) => type !== 'Ready' && type !== 'Stalled') ?? [];
  const status: TaskStatus = compact({
    ...before,
    observedGeneration: task.metadata.generation ?? 0,
    phase: before.phase ?? ('Pending' as const),
    message,
    conditions: [
      condition(task, { type: 'Ready', status: 'False', reason: ready.reason, message: ready.message }, now),
      condition(task, { type: 'Stalled', status: 'True', reason, message }, now),
      ...others,
    ],
  });
  if (sameJson(status, before)) return [];
  return [
    { kind: 'writeTaskStatus', status },
    { kind: 'event', type: 'Warning', reason, message },
  ];
}

/** Whether the status was written where deciding failed. */
export function isUndecided({ status }: Task): boolean {
  return status?.conditions?.find(({ type }) => type === 'Stalled')?.reason === reason;
}
