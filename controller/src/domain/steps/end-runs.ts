/**
 * The Jobs of runs that are on record as ended before their Jobs were, and those whose place another run takes.
 */
import type { Action, Deletion } from '../model/actions.ts';
import { isGoing, partsOf, type RunView, type TaskView } from '../model/view.ts';
import { replacementOf } from '../policies/unique.ts';
import { deleteHeldPods, deleteJobs, notAdmitted, waitsForNothing } from './delete-jobs.ts';

/** Such Jobs go at once, however few there are, and whoever still reads: a run may wait for them to be gone. */
export function endRuns(view: TaskView): readonly Action[] {
  const ended = view.kept.flatMap((run) => {
    const deletion = deletionOf(run, view);
    return deletion ? deleteJobs(run, deletion) : [];
  });
  return [...ended, ...endHeldPods(view)];
}

/** Why the Jobs of a finished run go now, if they do. */
function deletionOf(run: RunView, view: TaskView): Deletion | undefined {
  if (partsOf(run).some(waitsForNothing)) return notAdmitted(run);
  // Where the run is deleted alone, Jobs that have ended are meant to stay.
  if (run.phase === 'Cancelled' && !isGoing(run)) return { cause: 'cancelled', because: `${run.name} was cancelled` };
  const replacement = replacementOf(run, view);
  return replacement && { cause: 'replaced', because: `replaced by ${replacement.name}` };
}

function endHeldPods({ finished, state }: TaskView): readonly Action[] {
  return finished.filter(({ phase }) => phase === 'Cancelled').flatMap((run) => deleteHeldPods(run, state));
}
