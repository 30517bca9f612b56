/**
 * executionPolicy.concurrencyPolicy: what becomes of a run while older ones are active, whatever asked for them.
 *
 * Allow, Forbid and Replace are CronJob's words; here a run that Forbid skips is on record, where a CronJob forgets it,
 * and Replace waits until the old pods are gone. Queue is Furiko's Enqueue: one after the other, in order, each with
 * the snapshot of its time.
 */
import { reasons } from '../model/reasons.ts';
import type { Hold } from '../model/verdict.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { waitsForStep } from './workflow-step.ts';

/** Why a run that has no Job yet may not have one now; undefined where it may. */
export function heldByOthers(view: RunView, task: TaskView): Hold | undefined {
  switch (task.policy.concurrencyPolicy) {
    case 'Allow':
      return undefined;
    case 'Forbid':
      return skipped(view, task) ?? untilPodsAreGone(view, task, []);
    case 'Replace':
      return untilPodsAreGone(view, task);
    case 'Queue':
      return queued(view, task) ?? untilPodsAreGone(view, task);
  }
}

/** The newer run that takes the place of this unfinished one under Replace. */
export function replacingRun(view: RunView, { policy, runs }: TaskView): RunView | undefined {
  if (policy.concurrencyPolicy !== 'Replace' || view.finished) return undefined;
  return runs.slice(0, runs.indexOf(view)).find(({ phase }) => phase !== 'Skipped');
}

/** The unfinished runs before this one, newest first. */
export function activeBefore(view: RunView, { active }: TaskView): readonly RunView[] {
  return active.slice(active.indexOf(view) + 1);
}

/** A run more than may wait is skipped, whether it would wait for its turn or for the end of a suspension. */
export function overQueueLimit(view: RunView, task: TaskView): Hold | undefined {
  const { queueLimit } = task.policy;
  const waiting = activeBefore(view, task).filter(({ began }) => !began).length;
  if (waiting < queueLimit) return undefined;
  return {
    phase: 'Skipped',
    reason: reasons.queueFull,
    message: `${waiting} runs wait already (queueLimit: ${queueLimit})`,
  };
}

/**
 * The unfinished run that this one may not run beside: one before it, or a newer one that started while another policy
 * held.
 */
function activeBeside(view: RunView, task: TaskView, before = activeBefore(view, task)): RunView | undefined {
  return before[0] ?? task.active.find((other) => other !== view && other.began);
}

/** A run whose step may never have existed does not make another run be skipped. */
function skipped(view: RunView, task: TaskView): Hold | undefined {
  const other = activeBeside(
    view,
    task,
    activeBefore(view, task).filter((one) => !waitsForStep(one, task)),
  );
  return (
    other && {
      phase: 'Skipped',
      reason: reasons.concurrencyForbidden,
      message: `${other.name} is active (concurrencyPolicy: Forbid)`,
    }
  );
}

function queued(view: RunView, task: TaskView): Hold | undefined {
  const other = activeBeside(view, task);
  return (
    other &&
    (overQueueLimit(view, task) ?? {
      phase: 'Queued',
      reason: reasons.waitsForTurn,
      message: `waits for ${other.name} (concurrencyPolicy: Queue)`,
    })
  );
}

/** A run that was cancelled or replaced is finished before its pods are. */
function untilPodsAreGone(view: RunView, task: TaskView, before = activeBefore(view, task)): Hold | undefined {
  const others = task.runs.filter((other) => other.phase === 'Cancelled' && other.leaves);
  const other = [...before, ...others][0];
  const message = `waits until the pods of ${other?.name} are gone (concurrencyPolicy: ${task.policy.concurrencyPolicy})`;
  return other && { phase: 'Pending', reason: reasons.waitsForPods, message };
}
