/** What a log of changes comes to: Tasks, TaskRuns and Jobs, each with all that ever happened to it. */
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { TaskObject, TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { controllerUid, type KubeObject } from '../../controller/src/kube/objects.ts';
import type { Change } from './audit.ts';

/** An object from its creation on, known by its UID. */
export interface Life<T extends KubeObject> {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Each change of it that succeeded, the first of which shows it for the first time. */
  readonly changes: (Change & { readonly object: T })[];
  /** The request by which it was first asked to go. */
  deleted?: Change;
}

export interface Book {
  readonly tasks: readonly Life<TaskObject>[];
  readonly runs: readonly Life<TaskRunObject>[];
  readonly jobs: readonly Life<Job>[];
}

export function bookOf(changes: readonly Change[]): Book {
  return {
    tasks: livesOf<TaskObject>(changes, 'tasks'),
    runs: livesOf<TaskRunObject>(changes, 'taskruns'),
    jobs: livesOf<Job>(changes, 'jobs'),
  };
}

function livesOf<T extends KubeObject>(changes: readonly Change[], resource: string): Life<T>[] {
  const lives = new Map<string, Life<T>>();
  const newest = new Map<string, Life<T>>();
  const done = changes.filter(({ what, code }) => what.split('/')[0] === resource && code < 300);
  for (const change of done) {
    const key = `${change.namespace}/${change.name}`;
    const life = change.verb === 'delete' ? newest.get(key) : lifeOf(lives, change);
    if (!life) continue;
    if (change.verb === 'delete') life.deleted ??= change;
    else life.changes.push({ ...change, object: change.object as T });
    newest.set(key, life);
  }
  // Two changes may come at the same time: the one that was answered first may be the later one.
  for (const life of lives.values()) life.changes.sort((one, other) => versionOf(one) - versionOf(other));
  return [...lives.values()];
}

const versionOf = ({ object }: { readonly object: KubeObject }): number => Number(object.metadata?.resourceVersion);

/** The life of the object that was changed, which may begin here; undefined where the log does not show the object. */
function lifeOf<T extends KubeObject>(
  lives: Map<string, Life<T>>,
  { object, namespace, name }: Change,
): Life<T> | undefined {
  const uid = object?.metadata?.uid;
  if (uid === undefined) return undefined;
  const life = lives.get(uid) ?? { uid, namespace, name, changes: [] };
  lives.set(uid, life);
  return life;
}

/** When an object was there for the first time. */
export const bornAt = ({ changes }: Life<KubeObject>): number => changes[0]?.until ?? 0;

export const lastOf = <T extends KubeObject>({ changes }: Life<T>): T | undefined => changes.at(-1)?.object;

export const firstOf = <T extends KubeObject>({ changes }: Life<T>): T | undefined => changes[0]?.object;

/** The lives whose controller is this object. */
export const ownedBy = <T extends KubeObject>(lives: readonly Life<T>[], uid: string): readonly Life<T>[] =>
  lives.filter((life) => life.changes.some(({ object }) => controllerUid(object) === uid));
