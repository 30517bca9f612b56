import type { ArchivedDeployment } from '../../domain/model/memory.ts';
import type { Logger } from 'pino';
import type { Client } from '../../kube/client.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import type { KubeObject, Stored } from '../../kube/objects.ts';
import type { Caches } from '../../cluster/caches.ts';
import type { CachedTask } from '../../cluster/projections.ts';
import type { TaskObject } from '../../cluster/resource-types.ts';
import type { RunObserver } from '../run-observer.ts';
import type { TaskMemory } from '../task-memory.ts';

/** Everything that an action may use. */
export interface ApplyContext {
  readonly client: Client;
  readonly caches: Caches;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  readonly task: CachedTask;
  readonly memory: TaskMemory;
  readonly now: () => number;
  readonly runObserver?: RunObserver | undefined;
  /** What the archive has of a Task of that name. */
  readonly archived?: AskArchive | undefined;
}

/**
 * The last deployment of a Task of that name, whether that was the same Task or an earlier one; undefined where none is
 * archived. Rejects with the database's error, and does not take long.
 */
export type AskArchive = (task: {
  readonly namespace: string;
  readonly name: string;
}) => Promise<ArchivedDeployment | undefined>;

/** `stop` skips the rest of the list, because the state is no longer the one that the list was made for. */
export type Result = 'done' | 'stop';

export function refTo(name: string, { task }: ApplyContext): { name: string; namespace: string } {
  return { name, namespace: task.metadata.namespace };
}

/**
 * Takes in the Task as a call answered with it. The watch brings a newer version, and those before it: each may ask for
 * a run, and the cache would leave them out.
 */
export function observeTask(stored: Stored<TaskObject>, { caches, task }: ApplyContext): void {
  const { generation, deletionTimestamp } = stored.metadata;
  if (generation === task.metadata.generation || deletionTimestamp !== undefined) caches.tasks.observe(stored);
}

export function ownerOf(object: KubeObject): string {
  const owner = object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? `${owner.kind} ${owner.name}` : 'nobody';
}
