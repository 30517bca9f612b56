/**
 * executionPolicy.trigger: which versions of a Task ask for a run.
 *
 * Revision: every deployment, also one that changes nothing of what runs, as kubevela#6732 asks. Change: as GitOps
 * tools re-run a hook Job, only when its content changed. Manual: no deployment. With `unique: false` there is one Job
 * that mirrors what is deployed, so Revision means Change.
 */
import type { Snapshot, Task } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { type RunRequest, versionTrigger } from '../manifest/run.ts';
import { snapshotOf } from '../manifest/snapshot.ts';
import { policyOf } from '../model/execution-policy.ts';
import { type Answered, revisionHash, triggerValue } from '../model/trigger.ts';
import { supersededBefore } from './superseded.ts';

/**
 * @param versions versions of one Task, oldest first
 * @param answered the trigger that was answered last; undefined for a Task that is new
 * @returns a run for each version whose trigger is another than its predecessor's, oldest first, and before it a record
 *   of the deployments between them that nobody saw
 */
export function dueRuns(versions: readonly Task[], answered: Answered | undefined): readonly RunRequest[] {
  const due: RunRequest[] = [];
  let last: Partial<Answered> = answered ?? {};
  for (const version of versions) {
    const generation = version.metadata.generation ?? 0;
    if (generation <= (last.generation ?? 0)) continue;
    const changed = isAnotherTrigger(version, last);
    const superseded = supersededBefore(version, last);
    last = {
      ...last,
      generation,
      isRecord: false,
      ...compact({ value: triggerValue(version.spec.trigger), revisionHash: revisionHash(version) }),
    };
    if (!changed) continue;
    const snapshot = snapshotOf(version);
    if (!asksForRun(version, snapshot, last.snapshotHash)) continue;
    last = { ...last, snapshotHash: snapshot.hash };
    if (superseded) due.push({ version, trigger: superseded });
    due.push({ version, snapshot, trigger: versionTrigger(version) });
  }
  return due;
}

/** A revision's name may come back for another content; then KubeVela's hash of it differs, where both are known. */
function isAnotherTrigger(version: Task, last: Partial<Answered>): boolean {
  const hash = revisionHash(version);
  if (triggerValue(version.spec.trigger) !== last.value) return true;
  return hash !== undefined && last.revisionHash !== undefined && hash !== last.revisionHash;
}

function asksForRun(version: Task, snapshot: Snapshot, lastHash: string | undefined): boolean {
  const { trigger, unique } = policyOf(version);
  if (trigger === 'Manual') return false;
  return (trigger === 'Revision' && unique) || snapshot.hash !== lastHash;
}
