/**
 * The Jobs of steps that are on record as ended before their Jobs were.
 */
import type { Action } from '../model/actions.ts';
import type { TaskView } from '../model/view.ts';
import { deleteHeldPods, deleteJobs, notAdmitted, waitsForNothing } from './delete-jobs.ts';

/** The Jobs of steps that are on record as ended before their Jobs were, while their run goes on. */
export function endSteps({ active, state }: TaskView): readonly Action[] {
  const ended = active.flatMap((run) => (run.kind === 'flow' ? run.parts.filter(({ finished }) => finished) : []));
  return ended.flatMap((step) => {
    if (step.phase === 'Cancelled') {
      const because = step.row?.message ?? 'cancelled';
      return [...deleteJobs(step, { cause: 'cancelled', because }), ...deleteHeldPods(step, state)];
    }
    return waitsForNothing(step) ? deleteJobs(step, notAdmitted(step)) : [];
  });
}
