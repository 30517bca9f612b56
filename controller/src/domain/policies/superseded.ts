/**
 * Deployments that no controller saw: later ones replaced them while none ran. Nothing of them is left but a gap in the
 * Task's generations, so nothing of them can run. One record stands for all of a gap, and says between which revisions.
 *
 * The Task's generation also counts changes that ask for no run, so the record says how many deployments there were at
 * most. It is exact where the numbers of KubeVela's revisions went up by as many.
 */
import type { RunTrigger, Task, TaskRun } from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';
import { nameWithHash } from '../lang/names.ts';
import { reasons } from '../model/reasons.ts';
import { type Answered, revisionHash, triggerValue } from '../model/trigger.ts';
import type { Hold } from '../model/verdict.ts';

/**
 * @param version the first version after the gap, which is a deployment
 * @param last what was seen before it: of what generation, and its trigger; neither for a new Task
 * @returns the trigger of the record; undefined where there is no gap
 */
export function supersededBefore(version: Task, last: Partial<Answered>) {
  const generation = version.metadata.generation ?? 0;
  const by = triggerValue(version.spec.trigger);
  const most = generation - (last.generation ?? 0) - 1;
  if (most <= 0) return undefined;
  // A controller that was killed between such a record and its run: the record is not a deployment.
  const after = last.isRecord ? undefined : last.value || undefined;
  const superseded = compact({ most, by, after });
  return { type: 'Revision', value: `before ${by}`, generation: generation - 1, superseded } satisfies RunTrigger;
}

/**
 * The Task has the trigger that was answered last, and versions between were seen by nobody: it may have been deployed
 * otherwise and rolled back. It may as well have been suspended and resumed, so nothing runs.
 *
 * @param isSeen whether this process saw the version of that generation
 * @returns the trigger of the record; undefined where nothing was missed
 */
export function supersededByReturn(version: Task, last: Partial<Answered>, isSeen: (generation: number) => boolean) {
  const { generation = 0 } = version.metadata;
  const seen = last.generation ?? 0;
  if (seen === 0 || !someBetween(seen, generation, (one) => !isSeen(one))) return undefined;
  const by = triggerValue(version.spec.trigger);
  const superseded = { most: generation - seen, by, after: by };
  return compact({
    type: 'Revision',
    value: `before ${by}`,
    generation,
    revisionHash: revisionHash(version),
    superseded,
  } as const) satisfies RunTrigger;
}

/** Whether the condition holds of a whole number between the two, which do not count. */
function someBetween(from: number, to: number, holds: (number: number) => boolean): boolean {
  for (let one = from + 1; one < to; one += 1) if (holds(one)) return true;
  return false;
}

/** The record's name, after that of the run which took the place of what was not seen. */
export function supersededName(runName: string, version: Task): string {
  const { uid, generation = 0 } = version.metadata;
  return nameWithHash(runName, `${uid}/before/${generation}`);
}

/** How many deployments the record stands for: "3 deployments", or "up to 3 deployments". */
export function supersededCount({ most, by, after }: NonNullable<RunTrigger['superseded']>): string {
  const deployments = most === 1 ? 'deployment' : 'deployments';
  return `${revisionsBetween(after, by) === most ? '' : 'up to '}${most} ${deployments}`;
}

/** Why a record has no Job; undefined for a run. */
export function supersededHold({ spec }: Pick<TaskRun, 'spec'>): Hold | undefined {
  const { superseded } = spec.trigger ?? {};
  if (!superseded) return undefined;
  const where = placeOf(superseded);
  const message = `no controller saw ${supersededCount(superseded)} ${where}, so nothing of that ran; deploy it again to run it`;
  return { phase: 'Skipped', reason: reasons.superseded, message };
}

function placeOf({ by, after }: NonNullable<RunTrigger['superseded']>): string {
  if (after === undefined) return `before ${by}`;
  return after === by ? `between ${by} and its return` : `between ${after} and ${by}`;
}

/** How many revisions lie between two; undefined where their names do not say. */
function revisionsBetween(before: string | undefined, after: string): number | undefined {
  const [from, to] = [before ?? '', after].map(revisionNumber);
  return to === undefined ? undefined : to - (from ?? 0) - 1;
}

function revisionNumber(value: string): number | undefined {
  const number = /-v(\d{1,10})$/.exec(value)?.[1];
  return number === undefined ? undefined : Number(number);
}
