import { decide } from '../domain/decide.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from 'pino';
import { applyActions } from './apply.ts';
import type { Caches } from './caches.ts';
import type { CachedTask } from './projections.ts';
import { TaskMemory } from './task-memory.ts';
import { readTaskState } from './task-state.ts';

/** More than any Task needs: a burst of deployments takes a handful. Beyond it something fights with us. */
const mostPasses = 25;

export interface ReconcilerOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Brings Tasks to rest, one at a time by key. */
export class TaskReconciler {
  readonly #options: ReconcilerOptions;
  readonly #now: () => number;
  readonly #memories = new Map<string, TaskMemory>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What is remembered of the Task with that key; made where there is none. */
  memory(key: string): TaskMemory {
    const known = this.#memories.get(key);
    if (known) return known;
    const memory = new TaskMemory();
    this.#memories.set(key, memory);
    return memory;
  }

  /** Drop what is remembered of a Task that is gone. */
  forget(key: string): void {
    this.#memories.delete(key);
  }

  /**
   * Read, decide and apply, until nothing is left to do but wait.
   *
   * @param key namespace/name of the Task
   * @returns when to look again, in milliseconds since the epoch; undefined for when something changes
   * @throws ApiError when the API server could not be asked, Error when the Task does not come to rest
   */
  async reconcile(key: string): Promise<number | undefined> {
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const memory = this.memory(key);
      const state = readTaskState(key, this.#options.caches, memory);
      if (!state) {
        this.forget(key);
        return undefined;
      }
      const actions = decide(state, new Date(this.#now()));
      const [first] = actions;
      if (first === undefined) return undefined;
      if (first.kind === 'wakeAt') return first.at;
      const { client, caches, recorder, log } = this.#options;
      const task = state.task as CachedTask;
      await applyActions(actions, { client, caches, recorder, log: log.child({ task: key }), task, memory, now: this.#now });
    }
    throw new Error(`Task ${key} did not come to rest within ${mostPasses} rounds: somebody changes what we write`);
  }
}
