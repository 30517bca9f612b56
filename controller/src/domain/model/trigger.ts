import {
  velaLabels,
  type RunPhase,
  type RunTrigger,
  type Task,
  type TaskRun,
  type Trigger,
} from '../../resources/index.ts';
import { compact } from '../lang/compact.ts';

/** What asks for runs, as the CRD of TaskRuns has it. */
export const triggerTypes = [
  'Revision',
  'Schedule',
  'Manual',
  'WorkflowStep',
  'Retry',
] as const satisfies readonly NonNullable<RunTrigger['type']>[];

/**
 * A trigger as one line for people, equal exactly where the trigger's fields are equal:
 * `web-v3`, `web-v3@release-7`, `web-v3#step-session`. Empty for a Task without one.
 */
export function triggerValue(trigger: Trigger | undefined): string {
  const { appRevision = '', publishVersion = '', id = '' } = trigger ?? {};
  return `${appRevision}${publishVersion && `@${publishVersion}`}${id && `#${id}`}`;
}

/** KubeVela's hash of the revision that rendered this version; undefined where KubeVela did not. */
export function revisionHash({ metadata }: Task): string | undefined {
  return metadata.labels?.[velaLabels.revisionHash] || undefined;
}

/** Whether it is another deployment. A name may come back for another content: hashes tell, where both are known. */
export function isAnotherTrigger(version: Task, last: Partial<Deployed>): boolean {
  const { value, revisionHash: hash } = deploymentOf(version);
  if (value !== last.value) return true;
  return hash !== undefined && last.revisionHash !== undefined && hash !== last.revisionHash;
}

/** What a version deploys. */
export function deploymentOf(version: Task): Deployed {
  return compact({ value: triggerValue(version.spec.trigger), revisionHash: revisionHash(version) });
}

/** Whether the run is a record of deployments that no controller saw. */
export function isSuperseded({ spec }: Pick<TaskRun, 'spec'>): boolean {
  return spec.trigger?.superseded !== undefined;
}

/** Whether it is that of such a record, after which the Task had the trigger again that was answered before. */
export function isReturn(trigger: RunTrigger | undefined): boolean {
  const { superseded } = trigger ?? {};
  return superseded !== undefined && superseded.after === superseded.by;
}

/** What tells a deployment from another one. */
export interface Deployed {
  readonly value: string;
  readonly revisionHash?: string;
}

/** The trigger that was answered last, the run that answered it and the content that it ran. */
export interface Answered extends Deployed {
  readonly generation: number;
  readonly run?: string;
  readonly snapshotHash?: string;
  /** It stands for deployments that no controller saw, so it is not a deployment itself. */
  readonly isRecord?: boolean;
}

/** What an Application keeps of the last answered trigger of one of its Tasks. */
export interface Mark extends Omit<Answered, 'generation' | 'isRecord'> {
  readonly run: string;
  readonly phase: MarkedPhase;
}

export const markedPhases = ['Succeeded', 'Failed', 'Cancelled'] as const satisfies readonly RunPhase[];
export type MarkedPhase = (typeof markedPhases)[number];

/** What was answered last, as the Task's status says. */
function answeredByStatus(task: Task): readonly Answered[] {
  const { generation, revisionHash, run, snapshotHash, ...trigger } = task.status?.observedTrigger ?? {};
  if (generation === undefined) return [];
  return [compact({ generation, value: triggerValue(trigger), revisionHash, run, snapshotHash })];
}

/** The trigger that a run answers; the record of a return answers none. */
export function answeredByRun({
  metadata,
  spec,
}: Pick<TaskRun, 'spec'> & { readonly metadata: { readonly name: string } }): readonly Answered[] {
  const { generation, value = '', revisionHash, superseded } = spec.trigger ?? {};
  if (generation === undefined || isReturn(spec.trigger)) return [];
  const isRecord = superseded !== undefined || undefined;
  return [
    compact({ generation, value, revisionHash, run: metadata.name, snapshotHash: spec.snapshot?.hash, isRecord }),
  ];
}

/**
 * What was answered last, of what the Task's status says, what its runs prove and what is remembered: the newest by the
 * Task's generation, for a revision's name may come back. A run may exist that the status does not know (the controller
 * was killed between the two writes); the status may know one that is gone (history is limited); and one that was just
 * created may have been deleted before either.
 */
export function lastAnswered(task: Task, runs: readonly TaskRun[], remembered?: Answered): Answered | undefined {
  const all = [
    ...(hasStatusOfEarlier(task) ? [] : answeredByStatus(task)),
    ...runs.filter((run) => !isOfEarlier(run, task)).flatMap(answeredByRun),
    ...(remembered ? [remembered] : []),
  ];
  return all.reduce<Answered | undefined>(
    (newest, answer) => (newest === undefined || answer.generation > newest.generation ? answer : newest),
    undefined,
  );
}

/** A status that was restored with its Task: generations of the new object count from 1. */
function hasStatusOfEarlier({ metadata, status }: Task): boolean {
  return (status?.observedTrigger?.generation ?? 0) > (metadata.generation ?? 0);
}

/**
 * Whether the run is of a Task that was here before under this name: it came back from a backup, or stayed when the
 * Task was deleted without it. A person's run has no UID of its Task, so only its generation tells.
 */
export function isOfEarlier({ spec: { taskRef, snapshot } }: Pick<TaskRun, 'spec'>, { metadata }: Task): boolean {
  if (taskRef.uid !== undefined) return taskRef.uid !== metadata.uid;
  return (snapshot?.generation ?? 0) > (metadata.generation ?? 0);
}

/**
 * The Task's trigger, where the last deployment of an earlier Task was the same: its runs are on record, or its status
 * came with the Task.
 */
export function answeredByEarlier(task: Task, runs: readonly TaskRun[]): Answered | undefined {
  const last = new Map<string, Answered>();
  for (const run of runs) {
    const { uid = '' } = run.spec.taskRef;
    const [answer] = isOfEarlier(run, task) ? answeredByRun(run) : [];
    if (answer && answer.generation > (last.get(uid)?.generation ?? 0)) last.set(uid, answer);
  }
  const candidates = [...last.values(), ...(hasStatusOfEarlier(task) ? answeredByStatus(task) : [])];
  return candidates.map((answer) => answeredBefore(task, answer)).find((answer) => answer !== undefined);
}

/**
 * The trigger as what ran before the Task answers it; undefined where it is another one. A restored Application counts
 * its revisions from 1 again, so KubeVela's hash of the revision decides where both are known, and the revision's name
 * only where they are not.
 */
export function answeredBefore(
  task: Task,
  { run, snapshotHash, ...before }: Omit<Answered, 'generation'>,
  { anySession = false }: { readonly anySession?: boolean | undefined } = {},
): Answered | undefined {
  const deployed = deploymentOf(task);
  const { value, revisionHash: hash } = deployed;
  const asked = anySession ? withoutSession : beyondRevision;
  const isHashed = hash !== undefined && before.revisionHash !== undefined;
  const isRevision = isHashed ? hash === before.revisionHash : anySession || value === before.value;
  const isSame = isRevision && asked(value) === asked(before.value);
  return isSame ? compact({ generation: 0, ...deployed, run, snapshotHash }) : undefined;
}

/** The publishVersion and the session of a trigger's value. */
function beyondRevision(value: string): string {
  return value.replace(/^[^@#]*/, '');
}

function withoutSession(value: string): string {
  return beyondRevision(value).replace(/#.*$/, '');
}
