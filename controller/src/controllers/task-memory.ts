/**
 * What the controller remembers of a Task beyond its objects. No guarantee depends on it: losing it costs only a few
 * extra calls.
 */
import type { Answered } from '../domain/model/trigger.ts';
import type { Task } from '../resources/index.ts';
import type { Job } from '../domain/model/objects.ts';
import { mostCuts } from '../domain/status/cuts.ts';
import type {
  Before,
  Cut,
  Memory,
  Refusal,
  Setback,
  StepLook,
  TerminationMessage,
  Trial,
} from '../domain/model/memory.ts';

/** The most entries of each list; the oldest are dropped. */
const limit = 1_000;
const firstRetry = 2_000;
const lastRetry = 60_000;
/** Short, since it is mostly a cache that is behind. */
const firstSetback = 100;

export class TaskMemory {
  /** Versions of the Task that a newer one replaced, oldest first. */
  earlier: Task[] = [];
  /** Jobs of unfinished runs as they were when they were deleted. */
  deletedJobs: Job[] = [];
  goneJobs = new Set<string>();
  takenRuns = new Set<string>();
  takenJobs = new Set<string>();
  takenClaims = new Set<string>();
  nudged: string | undefined;
  nameKept: boolean | undefined;
  /** The value of the mark that was last written on the Application. */
  marked: string | undefined;
  /** Since when, and when next, an Application is to be marked that does not name the Task yet, in milliseconds. */
  markSince: number | undefined;
  markAt: number | undefined;
  /** What the Application's mark says; undefined while it was not read. */
  before: Before | undefined;
  /** Since when the Application has been asked for the mark, in milliseconds since the epoch. */
  lookingSince: number | undefined;
  /** The Application that said that it applied the Task, as namespace/name. */
  appliedBy: string | undefined;
  trial: Trial | undefined;
  answered: Answered | undefined;
  /** The latest schedule time for which a run was created, RFC 3339. */
  lastScheduled: string | undefined;
  /** By the Job's UID. */
  readonly terminationMessages = new Map<string, TerminationMessage>();
  /** By the run's name. */
  readonly steps = new Map<string, StepLook>();
  /** When each run's status was last written, by the run's name. */
  readonly written = new Map<string, number>();
  /** Statuses that were too large, by UID of the run or Task. */
  readonly cuts = new Map<string, Cut>();
  readonly seenAt = new Map<number, number>();
  /** By `actionKey`. */
  readonly setbacks = new Map<string, Setback>();
  readonly #refusals = new Map<string, Refusal & { readonly attempts: number }>();

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  /** What it remembers now, for `decide`: later changes do not show in it. The rest is not of one Task. */
  copy(): Omit<Memory, 'readers' | 'unattendedSince'> {
    return {
      earlier: this.earlier,
      deletedJobs: this.deletedJobs,
      refusals: this.refusals,
      setbacks: new Map(this.setbacks),
      trial: this.trial,
      taken: { runs: new Set(this.takenRuns), jobs: new Set(this.takenJobs), claims: new Set(this.takenClaims) },
      goneJobs: new Set(this.goneJobs),
      answered: this.answered,
      lastScheduled: this.lastScheduled,
      terminationMessages: new Map(this.terminationMessages),
      steps: new Map(this.steps),
      written: new Map(this.written),
      cuts: new Map(this.cuts),
      seenAt: new Map(this.seenAt),
      nudged: this.nudged,
      nameKept: this.nameKept,
      marked: this.marked,
      markAt: this.markAt,
      before: this.before,
    };
  }

  keepEarlier(version: Task): void {
    this.earlier = [...this.earlier, version].slice(-limit);
  }

  /** Only the first sighting counts. A new version clears final refusals: its run may reuse the name. */
  see(generation: number, now: number): void {
    if (this.seenAt.has(generation)) return;
    TaskMemory.keep(this.seenAt, generation, now);
    this.cuts.clear();
    for (const [key, { object, final }] of this.#refusals)
      if (object === 'TaskRun' && final) this.#refusals.delete(key);
  }

  /** Drop the versions that are answered. */
  dropEarlier(upTo: number): void {
    if (this.earlier.length > 0)
      this.earlier = this.earlier.filter(({ metadata }) => (metadata.generation ?? 0) > upTo);
  }

  keepDeleted(job: Job): void {
    this.deletedJobs = [...this.deletedJobs, job].slice(-limit);
  }

  /** Add to one of the sets above, within its limit. */
  static note(set: Set<string>, value: string): void {
    set.add(value);
    dropOldest(set);
  }

  /** Add to one of the maps above, within its limit. */
  static keep<K, V>(map: Map<K, V>, key: K, value: V): void {
    map.set(key, value);
    dropOldest(map);
  }

  /** Remember a refusal; each further one of the same object waits twice as long, a minute at most. */
  refuse(refusal: Omit<Refusal, 'retryAt'>, now: number): void {
    const key = `${refusal.object}/${refusal.run}/${refusal.step ?? ''}`;
    const attempts = (this.#refusals.get(key)?.attempts ?? 0) + 1;
    const wait = Math.min(lastRetry, firstRetry * 2 ** (attempts - 1));
    this.#refusals.delete(key);
    this.#refusals.set(key, { ...refusal, attempts, retryAt: now + wait });
    if (this.#refusals.size > limit) this.#refusals.delete([...this.#refusals.keys()][0] ?? key);
  }

  /** How often creating that object of a run was refused in a row. */
  attemptsOf(object: Refusal['object'], run: string, step = ''): number {
    return this.#refusals.get(`${object}/${run}/${step}`)?.attempts ?? 0;
  }

  /** The status of that run or Task was too large: less is written next, and after the last cut only now and then. */
  tooLarge(uid: string, now: number): void {
    const refusals = (this.cuts.get(uid)?.refusals ?? 0) + 1;
    const wait = refusals > mostCuts ? Math.min(lastRetry, firstRetry * 2 ** (refusals - mostCuts)) : 0;
    TaskMemory.keep(this.cuts, uid, { refusals, retryAt: now + wait });
  }

  /**
   * Put an action off that failed because of its object: twice as long after each failure, a minute at most.
   *
   * @param isUndone it succeeds, and does not last: only time tells when that is over
   * @returns how often it has failed in a row
   */
  setBack(key: string, message: string, now: number, isUndone = false): number {
    const before = this.setbacks.get(key);
    // One that was due long ago was no longer wanted: this is another failure.
    const failures = before && now - before.retryAt < lastRetry ? before.failures + 1 : 1;
    const wait = Math.min(lastRetry, firstSetback * 2 ** Math.min(failures - 1, 20));
    this.setbacks.delete(key);
    const retryAt = now + wait;
    TaskMemory.keep(this.setbacks, key, {
      message,
      failures,
      retryAt,
      ...(isUndone && { undoneUntil: retryAt + lastRetry }),
    });
    return failures;
  }

  /** The action has succeeded. */
  overcome(key: string): void {
    if (this.setbacks.get(key)?.undoneUntil === undefined) this.setbacks.delete(key);
  }

  /** Drop what was undone and has lasted since. */
  dropLasting(now: number): void {
    for (const [key, { undoneUntil = Infinity }] of this.setbacks) if (undoneUntil <= now) this.setbacks.delete(key);
  }

  /** An object of this run was created. Creating a run also clears the refusals of earlier runs. */
  accepted(object: Refusal['object'], run: string, step = ''): void {
    if (object !== 'TaskRun') this.#refusals.delete(`${object}/${run}/${step}`);
    else for (const [key, refusal] of this.#refusals) if (refusal.object === 'TaskRun') this.#refusals.delete(key);
  }

  /** The run is finished: forget what was remembered for it. */
  finished(run: string, runUid: string): void {
    for (const [key, refusal] of this.#refusals)
      if (refusal.object !== 'TaskRun' && refusal.run === run) this.#refusals.delete(key);
    this.steps.delete(run);
    this.written.delete(run);
    this.cuts.delete(runUid);
    this.deletedJobs = this.deletedJobs.filter(
      ({ metadata }) => !metadata.ownerReferences?.some(({ uid }) => uid === runUid),
    );
  }
}

function dropOldest<K>(entries: { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean }): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= limit) return;
    entries.delete(oldest);
  }
}
