/**
 * Jobs, records and workspaces that no policy keeps.
 */
import type { Action, Deletion } from '../model/actions.ts';
import type { RunView, TaskView } from '../model/view.ts';
import { beyondHistoryLimit } from '../policies/history-limit.ts';
import { beyondKeepLast } from '../policies/keep-last.ts';
import { beyondTtl } from '../policies/ttl-seconds-after-finished.ts';
import { claimOf } from '../shape/workspace.ts';
import { deleteJobs } from './delete-jobs.ts';

/** Delete Jobs and records that no policy keeps, all of them of runs that are finished and recorded as such. */
export function prune(view: TaskView, now: Date): readonly Action[] {
  return [...pruneJobs(view, now), ...pruneRecords(view), ...pruneClaims(view)];
}

function pruneJobs(view: TaskView, now: Date): readonly Action[] {
  // The last of several reasons counts.
  const deletions = new Map(tooManyOrTooOld(view, now).filter(([run]) => !isRead(run, view)));
  return [...deletions].flatMap(([run, deletion]) => deleteJobs(run, deletion));
}

function tooManyOrTooOld(view: TaskView, now: Date): readonly (readonly [RunView, Deletion])[] {
  const because = `ttlSecondsAfterFinished: ${view.policy.ttlSecondsAfterFinished}`;
  const tooOld = beyondTtl(view, now).expired.map(
    (run) => [run, { cause: 'ttlSecondsAfterFinished', because }] as const,
  );
  const tooMany = beyondKeepLast(view).map(({ view: run, ...deletion }) => [run, deletion] as const);
  return [...tooOld, ...tooMany];
}

function isRead({ record: run }: RunView, { state }: TaskView): boolean {
  return state.memory.readers.has(run.metadata.uid);
}

function pruneRecords(view: TaskView): readonly Action[] {
  const tooMany = beyondHistoryLimit(view).filter(
    (run) => !isRead(run, view) && run.record.metadata.deletionTimestamp === undefined,
  );
  return tooMany.map(({ record: { metadata } }) => ({
    kind: 'deleteRun',
    name: metadata.name,
    uid: metadata.uid,
    because: `historyLimit: ${view.policy.historyLimit}`,
  }));
}

/** Delete workspaces that no unfinished run, and no run whose pods are kept, uses. */
function pruneClaims({ state, runs }: TaskView): readonly Action[] {
  if (state.cluster.claims.length === 0) return [];
  const needed = new Set(runs.filter((run) => !run.finished || run.kept).map((run) => claimOf(run, state)));
  const needless = state.cluster.claims.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !needed.has(metadata.name),
  );
  return needless.map(({ metadata: { name, uid } }) => ({
    kind: 'deleteClaim',
    name,
    uid,
    because: 'no run needs this workspace any more',
  }));
}
