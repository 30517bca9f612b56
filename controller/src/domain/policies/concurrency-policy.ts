/**
 * executionPolicy.concurrencyPolicy: what becomes of a run while older ones are active, whatever asked for them.
 *
 * Allow, Forbid and Replace are CronJob's words; here a run that Forbid skips is on record, where a CronJob forgets it,
 * and Replace waits until the old pods are gone. Queue is Furiko's Enqueue: one after the other, in order, each with
 * the snapshot of its time.
 */
import { memo } from '../lang/memo.ts';
import { reasons } from '../model/reasons.ts';
import type { Hold } from '../model/verdict.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { takeoversOf } from './taking-over.ts';
import { waitsForStep } from './workflow-step.ts';

/** Why a run that has no Job yet may not have one now; undefined where it may. */
export function heldByOthers(view: RunView, task: TaskView): Hold | undefined {
  switch (task.policy.concurrencyPolicy) {
    case 'Allow':
      return undefined;
    case 'Forbid':
      return skipped(view, task) ?? held(leaving(task)[0], task);
    case 'Replace':
      return untilPodsAreGone(view, task);
    case 'Queue':
      return queued(view, task) ?? untilPodsAreGone(view, task);
  }
}

/** The newer run that takes the place of this unfinished one under Replace. */
export function replacingRun(view: RunView, task: TaskView): RunView | undefined {
  return task.policy.concurrencyPolicy === 'Replace' ? takeovers(task).by.get(view) : undefined;
}

const takeovers = memo((task: TaskView) => takeoversOf(task.active, task));

/** What stands before an unfinished run. */
interface Standing {
  /** The unfinished run just before it. */
  readonly before: RunView | undefined;
  /** The same, without those whose workflow step may never have existed. */
  readonly certain: RunView | undefined;
  /** How many of those before it never had a Job. */
  readonly waiting: number;
}

/** All at once: thousands of runs may wait, and each would look through all before it. */
const standings = memo((task: TaskView): ReadonlyMap<RunView, Standing> => {
  const found = new Map<RunView, Standing>();
  let standing: Standing = { before: undefined, certain: undefined, waiting: 0 };
  for (const view of task.active.toReversed()) {
    found.set(view, standing);
    standing = {
      before: view,
      certain: waitsForStep(view, task) ? standing.certain : view,
      waiting: standing.waiting + (view.began ? 0 : 1),
    };
  }
  return found;
});

const begun = memo(({ active }: TaskView): readonly RunView[] => active.filter(({ began }) => began));

/** Cancelled runs whose pods have not ended. */
const leaving = memo(({ runs }: TaskView): readonly RunView[] =>
  runs.filter(({ phase, leaves }) => phase === 'Cancelled' && leaves),
);

/** A run more than may wait is skipped, whether it would wait for its turn or for the end of a suspension. */
export function overQueueLimit(view: RunView, task: TaskView): Hold | undefined {
  const { queueLimit } = task.policy;
  const { waiting = 0 } = standings(task).get(view) ?? {};
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
function activeBeside(view: RunView, task: TaskView, before: RunView | undefined): RunView | undefined {
  return before ?? begun(task).find((other) => other !== view);
}

/** A run whose step may never have existed does not make another run be skipped. */
function skipped(view: RunView, task: TaskView): Hold | undefined {
  const other = activeBeside(view, task, standings(task).get(view)?.certain);
  return (
    other && {
      phase: 'Skipped',
      reason: reasons.concurrencyForbidden,
      message: `${other.name} is active (concurrencyPolicy: Forbid)`,
    }
  );
}

function queued(view: RunView, task: TaskView): Hold | undefined {
  const other = activeBeside(view, task, standings(task).get(view)?.before);
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
function untilPodsAreGone(view: RunView, task: TaskView): Hold | undefined {
  return held(standings(task).get(view)?.before ?? leaving(task)[0], task);
}

function held(other: RunView | undefined, { policy }: TaskView): Hold | undefined {
  const message = `waits until the pods of ${other?.name} are gone (concurrencyPolicy: ${policy.concurrencyPolicy})`;
  return other && { phase: 'Pending', reason: reasons.waitsForPods, message };
}
