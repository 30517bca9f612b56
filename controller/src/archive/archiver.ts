/**
 * Archives runs as they end. Only the deletion of unread runs waits for it, and not for ever: a lost database, a full
 * disk or a slow log never delays a run.
 *
 * A run goes through two queues. First its record and logs are taken (some at a time), from when on it may be pruned;
 * then what was taken is written, in batches. Both are bounded: by a number of runs that are only named, and by the
 * bytes that are held in memory.
 */
import type { Logger } from 'pino';
import { taskRuns } from '../cluster/resource-types.ts';
import { isFinished } from '../domain/model/phase.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { sleep, systemClock, type Clock } from '../kube/clock.ts';
import type { TaskRun } from '../resources/index.ts';
import { NamespaceUids } from './namespace-uids.ts';
import type { Archive, Material, Retention } from './archive.ts';
import { EndingLogs, isWhole, withEnded, type EndingPod } from './ending-logs.ts';
import { takeLogs, type LogLimits, type LogProblem } from './log-taker.ts';
import { bodyOf, recordOf } from '../records/record.ts';

/** The part of a TaskRun that this needs. */
export interface FinishedRun {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
}

/** Is called with the archiver's progress; for metrics. */
export interface ArchiveObserver {
  /** The number of runs that are not yet archived, and the age of the oldest in seconds. */
  queue?(length: number, lagSeconds: number): void;
  saved?(runs: number): void;
  /** Something will never be archived: a `run`, or a `log` of an archived run. */
  dropped?(what: 'run' | 'log', count: number): void;
  /** The database or the API server could not be reached; the archiver retries. */
  failed?(): void;
  /** The database could not be reached, or refused what it was asked. */
  archiveFailed?: ((error: unknown) => void) | undefined;
}

export interface ArchiverOptions {
  readonly client: Client;
  readonly archive: Archive;
  readonly log: Logger;
  readonly logLimits: LogLimits;
  readonly retention: Retention;
  readonly observer?: ArchiveObserver | undefined;
  /** Called once for each run that is no longer held: it may be pruned now. */
  readonly onReleased: (run: FinishedRun) => void;
  readonly clock?: Clock | undefined;
}

/** The most runs that wait; as many as a busy cluster runs in a day. */
const mostWaiting = 100_000;
/** The most bytes that are taken but not written. */
const mostSpooled = 64 * 1024 * 1024;
const takenAtOnce = 8;
/** The most runs and bytes per write: fewer large ones, because a slow database would never finish a large batch. */
const batch = { runs: 50, bytes: 8 * 1024 * 1024 };
/** The longest time that pruning waits. */
export const longestHoldMs = 15 * 60_000;
const pauseMs = { least: 500, most: 30_000 };
const retentionMs = 10 * 60_000;
const lookupLength = 500;
const beatMs = 1_000;

interface Taken {
  readonly run: FinishedRun;
  readonly material: Material;
  readonly bytes: number;
}

export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #clock: Clock;
  readonly #namespaces: NamespaceUids;
  readonly #stopped = new AbortController();
  /** By uid, in the order of their ends. */
  readonly #waiting = new Map<string, FinishedRun>();
  /** The waiting runs that were looked up and are not archived. */
  readonly #missing = new Set<string>();
  /** A run is also here while it waits for its next attempt. */
  readonly #taking = new Map<string, FinishedRun>();
  /** Runs that must not be pruned yet, and since when, by the monotonic clock. */
  readonly #held = new Map<string, { readonly run: FinishedRun; readonly since: number }>();
  readonly #spool = new Map<string, Taken>();
  readonly #ending: EndingLogs;
  #spooled = 0;
  /** Runs in a row that could not be read. */
  #unread = 0;
  #running: Promise<unknown> | undefined;
  readonly #sleepers = new Set<() => void>();

  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#namespaces = new NamespaceUids(options.client, this.#clock);
    this.#ending = new EndingLogs({
      client: options.client,
      limits: options.logLimits,
      signal: this.#stopped.signal,
    });
  }

  /** A run has ended, or had ended when this process started and may already be archived. */
  add(run: FinishedRun): void {
    if ([this.#waiting, this.#taking, this.#spool].some((queue) => queue.has(run.uid)) || this.#stopped.signal.aborted)
      return;
    if (this.#waiting.size >= mostWaiting) return this.#drop(run, `${mostWaiting} others are waiting already`);
    this.#waiting.set(run.uid, run);
    this.#held.set(run.uid, { run, since: this.#clock.monotonic() });
    this.#wake();
  }

  /** A pod of a run is being deleted: its log is taken now, and goes into the archive with its run. */
  podEnds(runUid: string, pod: EndingPod): void {
    this.#ending.add(runUid, pod);
  }

  /** A run was deleted: what was taken of its pods is of no use, unless it is about to be archived. */
  runGoes(runUid: string): void {
    if (!this.awaits(runUid)) this.#ending.forget(runUid);
  }

  /** Whether the logs of the run are still to be read. */
  awaits(uid: string): boolean {
    return this.#waiting.has(uid) || this.#taking.has(uid);
  }

  /** Whether the run's Jobs, pods and record must still be read. */
  holds(uid: string): boolean {
    return this.#held.has(uid);
  }

  /** How many runs are not yet archived. */
  get queueLength(): number {
    return this.#waiting.size + this.#taking.size + this.#spool.size;
  }

  start(): void {
    this.#running ??= Promise.all([this.#takeRuns(), this.#writeRuns(), this.#beat(), this.#retain()]);
  }

  /**
   * Writes what was taken if the database accepts it at once, and ends. The next process finds the rest again as long
   * as the TaskRuns exist.
   */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the controller ended'));
    this.#wake();
    await this.#running;
    while (this.#spool.size > 0) if (!(await this.#write(batch.runs))) break;
  }

  /** Takes records and logs, a few at a time, while there is room. */
  async #takeRuns(): Promise<void> {
    const { signal } = this.#stopped;
    const slots = new Set<Promise<void>>();
    let failures = 0;
    while (!signal.aborted) {
      const next = await this.#nextRuns().catch((error: unknown) =>
        this.#archiveFailed('the archive cannot be queried', error),
      );
      if (next === undefined) {
        failures += 1;
        await sleep(this.#clock, pauseOf(failures), signal);
        continue;
      }
      failures = 0;
      if (next.length === 0) await this.#change();
      // Each has its own slot: a slow log does not delay others.
      for (const run of signal.aborted ? [] : next) {
        const slot = this.#take(run).finally(() => slots.delete(slot));
        slots.add(slot);
      }
    }
    await Promise.all(slots);
  }

  /** The runs for the free slots, without already archived ones. */
  async #nextRuns(): Promise<readonly FinishedRun[]> {
    if (this.#spooled >= mostSpooled) return [];
    const next = (): readonly FinishedRun[] => [...first(this.#waiting.values(), takenAtOnce - this.#taking.size)];
    while (next().some(({ uid }) => !this.#missing.has(uid)) && !this.#stopped.signal.aborted) await this.#lookUp();
    return next();
  }

  /** Asks the archive which of the first runs it has, many at once. */
  async #lookUp(): Promise<void> {
    const named = [...first(this.#waiting.values(), lookupLength)].filter(({ uid }) => !this.#missing.has(uid));
    const known = await this.#options.archive.known(named.map(({ uid }) => uid));
    for (const run of named) {
      if (known.has(run.uid)) this.#settle(run);
      else this.#missing.add(run.uid);
    }
  }

  async #take(run: FinishedRun): Promise<void> {
    this.#waiting.delete(run.uid);
    this.#missing.delete(run.uid);
    this.#taking.set(run.uid, run);
    try {
      await this.#read(run);
      this.#unread = 0;
    } catch (error) {
      if (isNotFound(error)) this.#drop(run, 'it was deleted before it was archived');
      else await this.#again(run, error);
    } finally {
      this.#taking.delete(run.uid);
      this.runGoes(run.uid);
      this.#wake();
    }
  }

  async #read(run: FinishedRun): Promise<void> {
    const { client, logLimits } = this.#options;
    const { signal } = this.#stopped;
    // Before the run: a namespace that is deleted in between can only hide a run from its successor's readers.
    const namespaceUid = await this.#namespaces.of(run.namespace, signal);
    const object = await client.get(taskRuns, run, { signal });
    if (object.metadata.uid !== run.uid || !isFinished(object.status?.phase))
      return this.#drop(run, 'it was deleted before it was archived');
    // Without a Job there was never a pod.
    const present =
      object.status?.jobs === undefined
        ? []
        : await takeLogs(client, { ...run, jobs: object.status.jobs }, logLimits, signal);
    const ended = await this.#ending.of(run.uid);
    // The next process reads the run again, and the pods that are still ending. It cannot read those that are gone.
    if (!ended.some(isWhole)) signal.throwIfAborted();
    const { logs, problems } = await withEnded(present, ended, logLimits);
    if (problems.length > 0) this.#reportProblems(run, problems);
    const taskRun = object as unknown as TaskRun;
    const material = { record: recordOf(taskRun), namespaceUid, body: bodyOf(taskRun), logs };
    const bytes = logs.reduce((sum, { body }) => sum + body.length, JSON.stringify(material.body).length);
    this.#spool.set(run.uid, { run, material, bytes });
    this.#spooled += bytes;
    this.#release(run);
  }

  /** The same words are said once, with the number of logs that they are about. */
  #reportProblems(run: FinishedRun, all: readonly LogProblem[]): void {
    const byWords = new Map<string, number>();
    for (const { what, logs } of all) byWords.set(what, (byWords.get(what) ?? 0) + logs);
    const problems = [...byWords].map(([what, logs]): LogProblem => ({ what, logs }));
    for (const { logs } of problems) this.#options.observer?.dropped?.('log', logs);
    this.#options.log.warn({ run: keyOf(run), problems }, 'logs were left out of the archive');
  }

  /**
   * Puts a failed run after the others, so that it does not delay them. Its slot stays occupied for a while, so that
   * not all runs ask an unreachable API server.
   */
  async #again(run: FinishedRun, error: unknown): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    this.#failed(`run ${keyOf(run)} cannot be read`, error);
    this.#unread += 1;
    await sleep(this.#clock, pauseOf(Math.max(1, this.#unread / takenAtOnce)), signal);
    this.#waiting.set(run.uid, run);
  }

  async #writeRuns(): Promise<void> {
    const { signal } = this.#stopped;
    for (let [failures, most] = [0, batch.runs]; !signal.aborted;) {
      if (this.#spool.size === 0) {
        await this.#change();
      } else if (await this.#write(most)) {
        [failures, most] = [0, Math.min(batch.runs, most * 2)];
      } else {
        [failures, most] = [failures + 1, 1];
        await sleep(this.#clock, pauseOf(failures), signal);
      }
    }
  }

  /** A run that fails alone goes after the others, so that a run that the database refuses does not delay them. */
  async #write(most: number): Promise<boolean> {
    const some = this.#nextBatch(most);
    try {
      await this.#options.archive.save(some.map(({ material }) => material));
    } catch (error) {
      this.#archiveFailed('runs cannot be archived', error);
      if (most === 1) for (const taken of some) this.#putBehind(taken);
      return false;
    }
    for (const { run, bytes } of some) {
      this.#spool.delete(run.uid);
      this.#spooled -= bytes;
    }
    this.#options.observer?.saved?.(some.length);
    this.#wake();
    return true;
  }

  #nextBatch(most: number): readonly Taken[] {
    let bytes = 0;
    return [...first(this.#spool.values(), most)].filter(
      (taken, index) => (bytes += taken.bytes) <= batch.bytes || index === 0,
    );
  }

  #putBehind(taken: Taken): void {
    this.#spool.delete(taken.run.uid);
    this.#spool.set(taken.run.uid, taken);
  }

  #lagSeconds(): number {
    const [spooled] = this.#spool.values();
    const [waiting] = this.#waiting.values();
    const oldest = Math.min(
      ...[...this.#taking.values(), ...(spooled ? [spooled.run] : []), ...(waiting ? [waiting] : [])].map(
        ({ finishedAt }) => finishedAt,
      ),
    );
    return Number.isFinite(oldest) ? Math.max(0, (this.#clock.now() - oldest) / 1_000) : 0;
  }

  /** Once a second: reports progress, and releases runs that were held for too long. */
  async #beat(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.#options.observer?.queue?.(this.queueLength, this.#lagSeconds());
      for (const { run, since } of this.#held.values()) {
        if (this.#clock.monotonic() - since < longestHoldMs) break; // they are in order
        this.#options.log.warn(
          { run: keyOf(run) },
          'the archive had no room for a run in 15 minutes: it may be pruned before it is archived',
        );
        this.#release(run);
      }
      await sleep(this.#clock, beatMs, signal);
    }
  }

  async #retain(): Promise<void> {
    const { archive, retention, log } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const deleted = await archive.retain(retention, this.#clock.now(), signal);
        if (deleted > 0) log.info({ runs: deleted }, 'the oldest runs left the archive');
      } catch (error) {
        this.#archiveFailed('old runs cannot be deleted from the archive', error);
      }
      await sleep(this.#clock, retentionMs, signal);
    }
  }

  /** The run is archived, or will never be. */
  #settle(run: FinishedRun): void {
    this.#waiting.delete(run.uid);
    this.#missing.delete(run.uid);
    this.runGoes(run.uid);
    this.#release(run);
  }

  #release(run: FinishedRun): void {
    if (this.#held.delete(run.uid)) this.#options.onReleased(run);
  }

  #drop(run: FinishedRun, because: string): void {
    this.#options.observer?.dropped?.('run', 1);
    this.#options.log.warn({ run: keyOf(run) }, `a run is not archived: ${because}`);
    this.#settle(run);
  }

  #archiveFailed(what: string, error: unknown): undefined {
    this.#options.observer?.archiveFailed?.(error);
    return this.#failed(what, error);
  }

  #failed(what: string, error: unknown): undefined {
    this.#options.observer?.failed?.();
    this.#options.log.warn({ err: error }, `${what}; it is retried`);
  }

  /** Waits until there is something new, or a second has passed. */
  #change(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#sleepers.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(beatMs, wake);
      this.#sleepers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}

function* first<T>(values: Iterable<T>, most: number): Generator<T, undefined, undefined> {
  let count = 0;
  for (const value of values) {
    if (count >= most) return;
    count += 1;
    yield value;
  }
}

function pauseOf(failures: number): number {
  return Math.min(pauseMs.most, pauseMs.least * 2 ** Math.min(failures - 1, 10));
}

function keyOf({ namespace, name }: FinishedRun): string {
  return `${namespace}/${name}`;
}
