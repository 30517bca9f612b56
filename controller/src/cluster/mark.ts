/**
 * What the controller keeps of a Task on its Application: the last deployment that was answered. As an annotation,
 * because it outlives the Task, is in every backup, and is gone once a person deletes the Application.
 */
import { hexHash } from '../domain/lang/canonical-json.ts';
import { compact } from '../domain/lang/compact.ts';
import { type Mark, markedPhases } from '../domain/model/trigger.ts';
import { markAnnotationPrefix } from '../resources/index.ts';
import { type ApplicationObject, type TaskRef, tasksAppliedBy } from './workflow-step.ts';

/** KubeVela copies the annotations into all that the Application applies, which may have 256 KiB of them. */
const mostCharacters = 32_768;

/** One annotation for each Task. A copy of the Application under another name has Tasks of other names. */
export function markKey({ namespace, name }: TaskRef): string {
  return `${markAnnotationPrefix}${hexHash(`${namespace}/${name}`, 16)}`;
}

/**
 * @returns the annotations to change, null for those to remove: the mark, and marks that no longer count, of Tasks that
 *   the Application no longer applies. Undefined where its marks would become too large.
 */
export function markAnnotations(
  application: ApplicationObject,
  task: TaskRef,
  mark: Mark,
): Readonly<Record<string, string | null>> | undefined {
  const key = markKey(task);
  const value = JSON.stringify({ ...mark, ...versionOf(application) });
  const others = Object.entries(application.metadata?.annotations ?? {}).filter(
    ([other]) => other.startsWith(markAnnotationPrefix) && other !== key,
  );
  const applied = new Set(tasksAppliedBy(application).map(markKey));
  const isOver = ([other, text]: readonly [string, string]) => !applied.has(other) && !counts(parse(text), application);
  const size = [...others.filter((other) => !isOver(other)), [key, value]].flat().join('').length;
  if (size > mostCharacters) return undefined;
  return { ...Object.fromEntries(others.filter(isOver).map(([other]) => [other, null])), [key]: value };
}

/** The mark of that Task, if it counts, and whether a mark does not because the Application was changed since. */
export interface ReadMark {
  readonly mark?: Mark | undefined;
  /** Whether the Application is another object than the one that was marked. */
  readonly isRestored: boolean;
  readonly isOld: boolean;
}

export function readMark(application: ApplicationObject, task: TaskRef): ReadMark {
  const found = parse(application.metadata?.annotations?.[markKey(task)]);
  const mark = found && markOf(found);
  if (!mark) return { isRestored: false, isOld: false };
  const isRestored = found['uid'] !== versionOf(application).uid;
  return counts(found, application) ? { mark, isRestored, isOld: false } : { isRestored, isOld: true };
}

function markOf(found: Readonly<Record<string, unknown>>): Mark | undefined {
  const { value, run, revisionHash, snapshotHash } = found;
  const phase = markedPhases.find((one) => one === found['phase']);
  if (typeof value !== 'string' || !isName(run) || phase === undefined) return undefined;
  return compact({ value, run, phase, revisionHash: name(revisionHash), snapshotHash: name(snapshotHash) });
}

/**
 * Whether a mark is about what the Application says now. Whoever changed the Application in between, for instance took
 * the component out and put it in again, wants a run. A restored Application has another UID and counts its generations
 * from 1.
 */
function counts(found: Readonly<Record<string, unknown>> | undefined, application: ApplicationObject): boolean {
  const { uid, generation } = versionOf(application);
  return found !== undefined && (found['uid'] !== uid || found['generation'] === generation);
}

function versionOf({ metadata }: ApplicationObject): { readonly uid: string; readonly generation: number } {
  return { uid: metadata?.uid ?? '', generation: metadata?.generation ?? 0 };
}

/** People can write annotations: what is not a mark counts as none. */
function parse(annotation: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (annotation === undefined) return undefined;
  try {
    const found: unknown = JSON.parse(annotation);
    return typeof found === 'object' && found !== null ? { ...found } : undefined;
  } catch {
    return undefined;
  }
}

/** Names and hashes go into statuses and events: nothing longer, and no other characters, comes from an annotation. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][a-z0-9.-]{0,252}$/.test(value);
}

function name(value: unknown): string | undefined {
  return isName(value) ? value : undefined;
}
