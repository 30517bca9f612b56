/**
 * executionPolicy.trigger: which versions of a Task ask for a run.
 *
 * Revision: every deployment, also one that changes nothing of what runs, as kubevela#6732 asks. Change: as GitOps tools
 * re-run a hook Job, only when its content changed. Manual: no deployment. With `unique: false` there is one Job that
 * mirrors what is deployed, so Revision means Change.
 */
import type { Snapshot, Task } from '../../resources/index.ts';
import { policyOf } from '../execution-policy.ts';
import { snapshotOf } from '../snapshot.ts';
import { triggerValue, type Answered } from '../trigger.ts';

/** A version of the Task that asks for a run, with what it would run. */
export interface DueRun {
  readonly version: Task;
  readonly snapshot: Snapshot;
}

/**
 * @param versions versions of one Task, oldest first
 * @param answered the trigger that was answered last; undefined for a Task that is new
 * @returns a run for each version whose trigger is another than its predecessor's, oldest first
 */
export function dueRuns(versions: readonly Task[], answered: Answered | undefined): readonly DueRun[] {
  const due: DueRun[] = [];
  let { generation = 0, value = undefined as string | undefined, snapshotHash } = answered ?? {};
  for (const version of versions) {
    const versionGeneration = version.metadata.generation ?? 0;
    if (versionGeneration <= generation) continue;
    const changed = triggerValue(version.spec.trigger) !== value;
    generation = versionGeneration;
    value = triggerValue(version.spec.trigger);
    if (!changed) continue;
    const snapshot = snapshotOf(version);
    if (!asksForRun(version, snapshot, snapshotHash)) continue;
    snapshotHash = snapshot.hash;
    due.push({ version, snapshot });
  }
  return due;
}

function asksForRun(version: Task, snapshot: Snapshot, lastHash: string | undefined): boolean {
  const { trigger, unique } = policyOf(version);
  if (trigger === 'Manual') return false;
  return (trigger === 'Revision' && unique) || snapshot.hash !== lastHash;
}
