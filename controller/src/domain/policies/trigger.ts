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
import { type Answered, deploymentOf, isAnotherTrigger } from '../model/trigger.ts';
import { type IsMissed, supersededBefore, supersededByReturn } from './superseded.ts';

/**
 * @param versions versions of one Task, oldest first
 * @param answered the trigger that was answered last; undefined for a Task that is new
 * @returns a run for each version whose trigger is another than its predecessor's, oldest first, and before it a record
 *   of the deployments between them that nobody saw; such a record alone where the trigger came back meanwhile
 */
export function dueRuns(
  versions: readonly Task[],
  answered: Answered | undefined,
  isMissed: IsMissed,
): readonly RunRequest[] {
  const due: RunRequest[] = [];
  let last: Partial<Answered> = answered ?? {};
  for (const version of versions) {
    if ((version.metadata.generation ?? 0) <= (last.generation ?? 0)) continue;
    const asked = requestsOf(version, last, isMissed);
    due.push(...asked);
    last = {
      ...last,
      generation: version.metadata.generation ?? 0,
      isRecord: false,
      ...deploymentOf(version),
      ...compact({ snapshotHash: asked.at(-1)?.snapshot?.hash }),
    };
  }
  return due;
}

function requestsOf(version: Task, last: Partial<Answered>, isMissed: IsMissed): readonly RunRequest[] {
  if (!isAnotherTrigger(version, last)) {
    const returned = runsEachDeployment(version) ? supersededByReturn(version, last, isMissed) : undefined;
    return returned ? [{ version, trigger: returned }] : [];
  }
  const snapshot = snapshotOf(version);
  if (!asksForRun(version, snapshot, last.snapshotHash)) return [];
  const superseded = supersededBefore(version, last, isMissed);
  const run = { version, snapshot, trigger: versionTrigger(version) };
  return superseded ? [{ version, trigger: superseded }, run] : [run];
}

function asksForRun(version: Task, snapshot: Snapshot, lastHash: string | undefined): boolean {
  if (policyOf(version).trigger === 'Manual') return false;
  return runsEachDeployment(version) || snapshot.hash !== lastHash;
}

function runsEachDeployment(version: Task): boolean {
  const { trigger, unique } = policyOf(version);
  return trigger === 'Revision' && unique;
}
