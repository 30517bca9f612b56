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
import { type Answered, triggerValue } from '../model/trigger.ts';
import type { Hold } from '../model/verdict.ts';

/** Whether a version between two generations, which do not count, was seen by nobody. */
export type IsMissed = (from: number, to: number) => boolean;

/**
 * @param version the first version after the gap, which is a deployment
 * @param last what was seen before it: of what generation, and its trigger; neither for a new Task
 * @param isMissed a version between that was seen and has the same trigger leaves a gap of its own: somebody deployed
 *   and suspended before the run was created
 * @returns the trigger of the record; undefined where nothing was missed
 */
export function supersededBefore(version: Task, last: Partial<Answered>, isMissed: IsMissed) {
  const { generation = 0 } = version.metadata;
  const seen = last.generation ?? 0;
  if (!isMissed(seen, generation)) return undefined;
  const by = triggerValue(version.spec.trigger);
  // A controller that was killed between such a record and its run: the record is not a deployment. And a name that
  // came back for another content says nothing.
  const after = last.isRecord || last.value === by ? undefined : last.value || undefined;
  const superseded = compact({ most: generation - seen - 1, by, after });
  return { type: 'Revision', value: `before ${by}`, generation: generation - 1, superseded } satisfies RunTrigger;
}

/**
 * The Task has the trigger that was answered last, and versions between were seen by nobody: it may have been deployed
 * otherwise and rolled back. It may as well have been suspended and resumed, so nothing runs.
 *
 * @returns the trigger of the record, which counts the return as well; undefined where nothing was missed
 */
export function supersededByReturn(version: Task, last: Partial<Answered>, isMissed: IsMissed) {
  const { generation = 0 } = version.metadata;
  const by = triggerValue(version.spec.trigger);
  const seen = last.generation ?? 0;
  if (seen === 0 || by === '' || !isMissed(seen, generation)) return undefined;
  const superseded = { most: generation - seen, by, after: by };
  return { type: 'Revision', value: `before ${by}`, generation, superseded } satisfies RunTrigger;
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
  return after === by ? `after ${by}, the last of which brought it back` : `between ${after} and ${by}`;
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
