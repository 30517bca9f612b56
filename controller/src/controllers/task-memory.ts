/**
 * What the controller remembers of a Task beyond its objects. No guarantee depends on it: losing it costs only a few
 * extra calls.
 */
import type { Answered } from '../domain/model/trigger.ts';
import type { Task } from '../resources/index.ts';
import type { Job } from '../domain/model/objects.ts';
import { without, withoutKey } from '../domain/lang/without.ts';
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

/** Shared by all Tasks, most of which have nothing to remember: ten empty maps of each were 2 KB. */
const nothing: ReadonlyMap<never, never> = new Map<never, never>();
const none: readonly never[] = [];
const noNames: ReadonlySet<string> = new Set<string>();

/** What it has in a map, a set or a list is replaced, and never changed. */
export class TaskMemory {
  /** Versions of the Task that a newer one replaced, oldest first. */
  earlier: readonly Task[] = none;
  /** Jobs of unfinished runs as they were when they were deleted. */
  deletedJobs: readonly Job[] = none;
  goneJobs: ReadonlySet<string> = noNames;
  takenRuns: ReadonlySet<string> = noNames;
  takenJobs: ReadonlySet<string> = noNames;
  takenClaims: ReadonlySet<string> = noNames;
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
  terminationMessages: ReadonlyMap<string, TerminationMessage> = nothing;
  /** By the run's name. */
  steps: ReadonlyMap<string, StepLook> = nothing;
  /** When each run's status was last written, by the run's name. */
  written: ReadonlyMap<string, number> = nothing;
  /** Statuses that were too large, by UID of the run or Task. */
  cuts: ReadonlyMap<string, Cut> = nothing;
  seenAt: ReadonlyMap<number, number> = nothing;
  /** By `actionKey`. */
  setbacks: ReadonlyMap<string, Setback> = nothing;
  #refusals: ReadonlyMap<string, Refusal & { readonly attempts: number }> = nothing;

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  /** What it remembers now, for `decide`: later changes do not show in it. The rest is not of one Task. */
  copy(): Omit<Memory, 'readers' | 'unattendedSince'> {
    return {
      earlier: this.earlier,
      deletedJobs: this.deletedJobs,
      refusals: this.refusals,
      setbacks: this.setbacks,
      trial: this.trial,
      taken: { runs: this.takenRuns, jobs: this.takenJobs, claims: this.takenClaims },
      goneJobs: this.goneJobs,
      answered: this.answered,
      lastScheduled: this.lastScheduled,
      terminationMessages: this.terminationMessages,
      steps: this.steps,
      written: this.written,
      cuts: this.cuts,
      seenAt: this.seenAt,
      nudged: this.nudged,
      nameKept: this.nameKept,
      marked: this.marked,
      markAt: this.markAt,
      before: this.before,
    };
  }

  #dropRefusals(goes: (refusal: Refusal) => boolean): void {
    this.#refusals = without(this.#refusals, (_key, refusal) => goes(refusal));
  }

  keepEarlier(version: Task): void {
    this.earlier = [...this.earlier, version].slice(-limit);
  }

  /** Only the first sighting counts. A new version clears final refusals: its run may reuse the name. */
  see(generation: number, now: number): void {
    if (this.seenAt.has(generation)) return;
    this.seenAt = kept(this.seenAt, generation, now);
    this.cuts = nothing;
    this.#dropRefusals(({ object, final }) => object === 'TaskRun' && final);
  }

  /** Drop the versions that are answered. */
  dropEarlier(upTo: number): void {
    if (this.earlier.length > 0)
      this.earlier = this.earlier.filter(({ metadata }) => (metadata.generation ?? 0) > upTo);
  }

  keepDeleted(job: Job): void {
    this.deletedJobs = [...this.deletedJobs, job].slice(-limit);
  }

  /** Remember a refusal; each further one of the same object waits twice as long, a minute at most. */
  refuse(refusal: Omit<Refusal, 'retryAt'>, now: number): void {
    const key = `${refusal.object}/${refusal.run}/${refusal.step ?? ''}`;
    const attempts = (this.#refusals.get(key)?.attempts ?? 0) + 1;
    const wait = Math.min(lastRetry, firstRetry * 2 ** (attempts - 1));
    this.#refusals = kept(this.#refusals, key, { ...refusal, attempts, retryAt: now + wait });
  }

  /** How often creating that object of a run was refused in a row. */
  attemptsOf(object: Refusal['object'], run: string, step = ''): number {
    return this.#refusals.get(`${object}/${run}/${step}`)?.attempts ?? 0;
  }

  /** The status of that run or Task was too large: less is written next, and after the last cut only now and then. */
  tooLarge(uid: string, now: number): void {
    const refusals = (this.cuts.get(uid)?.refusals ?? 0) + 1;
    const wait = refusals > mostCuts ? Math.min(lastRetry, firstRetry * 2 ** (refusals - mostCuts)) : 0;
    this.cuts = kept(this.cuts, uid, { refusals, retryAt: now + wait });
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
    const retryAt = now + wait;
    this.setbacks = kept(this.setbacks, key, {
      message,
      failures,
      retryAt,
      ...(isUndone && { undoneUntil: retryAt + lastRetry }),
    });
    return failures;
  }

  /** The action has succeeded. */
  overcome(key: string): void {
    if (this.setbacks.get(key)?.undoneUntil === undefined) this.setbacks = withoutKey(this.setbacks, key);
  }

  /** Drop what was undone and has lasted since. */
  dropLasting(now: number): void {
    this.setbacks = without(this.setbacks, (_key, { undoneUntil = Infinity }) => undoneUntil <= now);
  }

  /** An object of this run was created. Creating a run also clears the refusals of earlier runs. */
  accepted(object: Refusal['object'], run: string, step = ''): void {
    if (object === 'TaskRun') this.#dropRefusals((refusal) => refusal.object === 'TaskRun');
    else this.#refusals = withoutKey(this.#refusals, `${object}/${run}/${step}`);
  }

  /** The run is finished: forget what was remembered for it. */
  finished(run: string, runUid: string): void {
    this.#dropRefusals((refusal) => refusal.object !== 'TaskRun' && refusal.run === run);
    this.steps = withoutKey(this.steps, run);
    this.written = withoutKey(this.written, run);
    this.cuts = withoutKey(this.cuts, runUid);
    this.deletedJobs = this.deletedJobs.filter(
      ({ metadata }) => !metadata.ownerReferences?.some(({ uid }) => uid === runUid),
    );
  }
}

/** The set with that value, within the limit. */
export function noted(set: ReadonlySet<string>, value: string): ReadonlySet<string> {
  return new Set([...set, value].slice(-limit));
}

/** The map with that value as its newest, within the limit. */
export function kept<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  const others = [...map].filter(([other]) => other !== key);
  return new Map([...others, [key, value] as const].slice(-limit));
}
