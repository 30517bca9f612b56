/**
 * Jobs, records and workspaces that no policy keeps.
 */
import type { Action, Deletion } from '../model/actions.ts';
import { partsOf, type RunView, type TaskView } from '../model/view.ts';
import { beyondHistoryLimit } from '../policies/history-limit.ts';
import { beyondKeepLast } from '../policies/keep-last.ts';
import { beyondTtl } from '../policies/ttl-seconds-after-finished.ts';
import { replacementOf } from '../policies/unique.ts';
import { claimOf } from '../shape/workspace.ts';
import { deleteJobs, notAdmitted, waitsForNothing } from './delete-jobs.ts';

/** Claims of which neither a run that goes on nor one whose pods are kept has need. */
export function pruneClaims({ state, runs }: TaskView): readonly Action[] {
  if (state.claims.length === 0) return [];
  const needed = new Set(runs.filter((view) => !view.finished || view.kept).map(({ run }) => claimOf(run)));
  const needless = state.claims.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !needed.has(metadata.name),
  );
  return needless.map(({ metadata: { name, uid } }) => ({
    kind: 'deleteClaim',
    name,
    uid,
    because: 'no run needs this workspace any more',
  }));
}

/** Delete Jobs, and records, that no policy keeps. Everything here is finished, and recorded as such. */
export function prune(view: TaskView, now: Date): readonly Action[] {
  const { ttlSecondsAfterFinished: ttl } = view.policy;
  const isRead = ({ run }: RunView): boolean => view.state.readers.has(run.metadata.uid);
  const because = new Map<RunView, Deletion>();
  for (const run of beyondTtl(view, now).expired)
    if (!isRead(run))
      because.set(run, { cause: 'ttlSecondsAfterFinished', because: `ttlSecondsAfterFinished: ${ttl}` });
  for (const { view: run, ...deletion } of beyondKeepLast(view)) if (!isRead(run)) because.set(run, deletion);
  // A run that waits for this Job to be gone must not wait until the archive has read it.
  for (const run of view.kept) {
    const replacement = replacementOf(run, view);
    if (replacement) because.set(run, { cause: 'replaced', because: `replaced by ${replacement.name}` });
    if (run.phase === 'Cancelled') because.set(run, { cause: 'cancelled', because: `${run.name} was cancelled` });
    if (partsOf(run).some(waitsForNothing)) because.set(run, notAdmitted(run));
  }
  const jobs = [...because].flatMap(([run, deletion]) => deleteJobs(run, deletion));
  const records = beyondHistoryLimit(view)
    .filter((run) => !isRead(run))
    .map(({ run }): Action => {
      const { name, uid } = run.metadata;
      return { kind: 'deleteRun', name, uid, because: `historyLimit: ${view.policy.historyLimit}` };
    });
  return [...jobs, ...records, ...pruneClaims(view)];
}
