import { withoutTask } from '../domain/steps/without-task.ts';
import { decide } from '../domain/decide.ts';
import { undecided } from '../domain/status/undecided.ts';
import { isPutOff, type TaskState } from '../domain/model/state.ts';
import { askedBefore } from '../domain/policies/ran-before.ts';
import { type Action, actionKey } from '../domain/model/actions.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Client } from '../kube/client.ts';
import { BoundedMap } from '../kube/bounded-map.ts';
import { ownKey } from '../kube/cache.ts';
import { refOf } from '../kube/objects.ts';
import type { TaskRun } from '../resources/index.ts';
import type { Logger } from 'pino';
import { lookBefore } from './apply/mark.ts';
import { applyActions, setBack } from './apply.ts';
import type { ApplyContext, AskArchive } from './apply/context.ts';
import type { Caches } from '../cluster/caches.ts';
import type { CachedTask } from '../cluster/projections.ts';
import type { KueueWatch } from '../cluster/kueue-watch.ts';
import type { RunObserver } from './run-observer.ts';
import { TaskMemory } from './task-memory.ts';
import { readLeftBehind, readTaskState } from './task-state.ts';

const nobody: ReadonlySet<string> = new Set();

/**
 * More passes than any Task needs: a burst of deployments takes a handful. If it takes more, another program undoes our
 * writes.
 */
const mostPasses = 25;
/** As often a Task may need to do the same to the same object before it settles. */
const mostRepeats = 6;
/** Tasks that are gone and have runs; beyond them what was refused is retried without a pause. */
const mostLeftBehind = 1_000;

export interface ReconcilerOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly kueue: KueueWatch;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** UIDs of the runs that must not be pruned yet. */
  readonly held?: Pick<ReadonlySet<string>, 'has'> | undefined;
  /** Whether other Tasks wait that have more to do than reporting. */
  readonly othersHurry?: (() => boolean) | undefined;
  /** Is called with what the controller did to runs. */
  readonly runObserver?: RunObserver | undefined;
  readonly archived?: AskArchive | undefined;
}

/** Reconciles Tasks until they settle, one at a time per key. */
export class TaskReconciler {
  readonly #options: ReconcilerOptions;
  readonly #now: () => number;
  readonly #memories = new Map<string, TaskMemory>();
  /** What is remembered of runs that no Task looks after, by the key of the Task that they name. */
  readonly #leftBehind = new BoundedMap<string, TaskMemory>(mostLeftBehind);
  /** Until when another controller surely acted, in milliseconds since the epoch. */
  unattendedSince: number | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What is remembered of the Task with that key; created on first use. */
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
   * Read, decide and apply, until nothing is left to do but wait, or other Tasks are more urgent.
   *
   * @param key namespace/name of the Task
   * @returns when to look again, in milliseconds since the epoch; undefined: only when something changes
   * @throws ApiError when the API server could not be reached, Error when the Task does not settle, or what deciding
   *   threw
   */
  async reconcile(key: string): Promise<number | undefined> {
    const counts = new Map<string, number>();
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const memory = this.memory(key);
      const state = await this.#stateOf(key, memory);
      if (typeof state === 'number') return state;
      if (!state) {
        this.forget(key);
        return this.#lookAfter(key, undefined);
      }
      const lookAgain = await this.#lookAfter(key, state.task.metadata.uid);
      const context = this.#context(key, state.task as CachedTask, memory);
      const actions = await this.#decide(state, context);
      const [first] = actions;
      if (first === undefined) return lookAgain;
      if (first.kind === 'wakeAt') return Math.min(first.at, lookAgain ?? first.at);
      await applyActions(withoutRepeated(actions, counts, context), context);
      // The run's own record is written; the Task's status, and KubeVela, can wait until the records of other Tasks are
      // written.
      const turn = this.#turnOfOthers(actions);
      if (turn !== undefined) return turn;
    }
    throw new Error(
      `Task ${key} did not settle within ${mostPasses} rounds: another program changes what the controller writes`,
    );
  }

  /** What to do. Where deciding fails the Task says so: who deployed it does not see the controller's log. */
  async #decide(state: TaskState, context: ApplyContext): Promise<readonly Action[]> {
    const now = new Date(this.#now());
    try {
      return decide(state, now);
    } catch (error) {
      await applyActions(undecided(state.task, error, now), context);
      throw error;
    }
  }

  /**
   * When to go on, in milliseconds since the epoch, where other Tasks have their turn first. A run's own record is
   * written by then; the Task's status, and KubeVela, can wait until the records of other Tasks are written.
   */
  #turnOfOthers(actions: readonly Action[]): number | undefined {
    const last = actions.at(-1);
    if (last?.kind === 'wakeAt') return last.at;
    const isRecorded = actions.some(({ kind }) => kind === 'writeRunStatus');
    return isRecorded && this.#options.othersHurry?.() === true ? this.#now() : undefined;
  }

  /**
   * What to decide on, after the Application was asked where only that can know what ran; undefined without the Task.
   * Where it has no answer yet: when to ask again, in milliseconds since the epoch.
   */
  async #stateOf(key: string, memory: TaskMemory): Promise<TaskState | number | undefined> {
    const { caches, kueue, held = nobody } = this.#options;
    const { unattendedSince } = this;
    const sources = { caches, kueue, unattendedSince, isRead: (uid: string) => held.has(uid) };
    const read = () => readTaskState(key, sources, memory, this.#now());
    const state = read();
    const asked = state && askedBefore(state);
    if (!asked) return state;
    return (await lookBefore(asked, this.#context(key, state.task as CachedTask, memory))) ?? read();
  }

  /**
   * TaskRuns that no Task looks after: their status says so, and those that are cancelled end.
   * @returns when to look again, in milliseconds since the epoch
   */
  async #lookAfter(key: string, taskUid: string | undefined): Promise<number | undefined> {
    const left = readLeftBehind(key, this.#options.caches, taskUid);
    if (left.length === 0) {
      this.#leftBehind.delete(key);
      return undefined;
    }
    const { namespace = '', name } = refOf(key);
    const absent: CachedTask = {
      metadata: { namespace, name, uid: '', resourceVersion: '', creationTimestamp: '' },
      spec: { template: {} },
    };
    const { caches } = this.#options;
    const jobsOf = (run: TaskRun) => caches.jobs.cache.by('owner', ownKey(run));
    const pods = left.flatMap(jobsOf).flatMap((job) => caches.pods.cache.by('owner', ownKey(job)));
    const memory = this.#leftBehind.get(key) ?? new TaskMemory();
    this.#leftBehind.set(key, memory);
    const now = new Date(this.#now());
    const actions = withoutTask(left, jobsOf, pods, now);
    const due = actions.filter((action) => !isPutOff(action, { memory }, now));
    await applyActions(due, this.#context(key, absent, memory));
    return this.#nextOf(actions, memory);
  }

  /** When time alone makes a difference, or what was put off is due. */
  #nextOf(actions: readonly Action[], { setbacks }: TaskMemory): number | undefined {
    const wakes = actions.flatMap((action) => (action.kind === 'wakeAt' ? [action.at] : []));
    const retries = [...setbacks.values()].map(({ retryAt }) => retryAt).filter((at) => at > this.#now());
    const next = Math.min(...wakes, ...retries);
    return Number.isFinite(next) ? next : undefined;
  }

  #context(key: string, task: CachedTask, memory: TaskMemory): ApplyContext {
    const { client, caches, recorder, log, runObserver, archived } = this.#options;
    return {
      client,
      caches,
      recorder,
      log: log.child({ task: key }),
      task,
      memory,
      now: this.#now,
      runObserver,
      archived,
    };
  }
}

/**
 * What was done to an object again and again is undone by another program: it is put off, so that the rest of the Task
 * goes on.
 */
function withoutRepeated(
  actions: readonly Action[],
  counts: Map<string, number>,
  context: ApplyContext,
): readonly Action[] {
  return actions.filter((action) => {
    if (action.kind === 'event' || action.kind === 'expectLook') return true;
    const key = actionKey(action);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= mostRepeats) return true;
    setBack(action, `${key} does not last: another program changes what the controller writes`, context, true);
    return false;
  });
}
