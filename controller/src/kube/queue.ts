import { systemClock, type Clock } from './clock.ts';
import { FairLine } from './fair-line.ts';
import { backoffMs, type BackoffLimits } from './retry.ts';

/** What came of processing a key. A rejected promise counts as `failed`. */
export type Outcome =
  | { type: 'done' }
  /** All is well so far; look again at a moment. */
  | { type: 'again'; at: Date }
  /** Try again, later each time. */
  | { type: 'failed'; error: unknown };

export const done: Outcome = { type: 'done' };

/** Sees what a queue does; for logs and metrics. */
export interface QueueObserver {
  depth?(queue: string, depth: number): void;
  /** A key's turn came, so long after it was added. */
  started?(queue: string, waitedSeconds: number): void;
  finished?(queue: string, outcome: Outcome['type'], seconds: number): void;
  failed?(queue: string, key: string, error: unknown, failures: number, retryMs: number): void;
}

export interface QueueOptions {
  name: string;
  /** Keys processed at the same time; never the same key twice. */
  workers: number;
  /** Does the work. `signal` aborts when `stop` has waited long enough. */
  process: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /**
   * Keys whose work may be put off while others wait, for {@link PATIENCE_MS} at most; asked when a key is added. None
   * by default.
   */
  patient?: ((key: string) => boolean) | undefined;
  /**
   * Keys of one lane wait for each other, and lanes take turns, so that whoever fills one holds up nobody else. All
   * are in one by default.
   */
  lane?: ((key: string) => string) | undefined;
  /** 5 ms to 5 minutes by default. */
  backoff?: BackoffLimits | undefined;
  observer?: QueueObserver | undefined;
  clock?: Clock | undefined;
  random?: (() => number) | undefined;
}

const BACKOFF: BackoffLimits = { firstMs: 5, longestMs: 300_000 };
/** A patient key has its turn as though it had been added so much later, in milliseconds. */
const PATIENCE_MS = 5_000;
/** A long wait is split, so that setTimeout's limit is not reached and a wall clock that is set forward is noticed. */
const LONGEST_NAP_MS = 600_000;

interface Delayed {
  /** On the wall clock: what is waited for is mostly a moment such as a schedule's. */
  at: number;
  cancel: () => void;
}

/**
 * Keys to process, each at most once at a time. Semantics as client-go's rate-limiting work queue, with two
 * differences: when a key's turn comes its timer is dropped, since processing it decides again when to look next; and
 * the outcome says what follows, so that nobody forgets to forget.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #waiting = new FairLine(PATIENCE_MS);
  readonly #active = new Set<string>();
  /** Added while active: due again as soon as they end. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #abort = new AbortController();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #idle: () => void = () => undefined;
  #workPlanned = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Keys waiting for a worker; those with a timer not counted. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Those of them that are not patient. */
  get urgent(): number {
    return this.#waiting.urgent;
  }

  /** Keys being processed. */
  get active(): number {
    return this.#active.size;
  }

  /** Asks for a key to be processed soon. Many calls before its turn are one. */
  add(key: string): void {
    if (this.#state === 'stopped') return;
    if (this.#active.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#line(key);
    this.#observeDepth();
    this.#planWork();
  }

  /** Asks for a key to be processed after a while, of any length. The earliest of several wishes counts. */
  addAfter(key: string, ms: number): void {
    this.#addAt(key, this.#clock.now() + ms);
  }

  /** Puts a key into its lane; a key that could wait when it was added before may be urgent now. */
  #line(key: string): void {
    const lane = this.#laneOf(key);
    if (this.#waiting.isUrgent(lane, key)) return;
    const isPatient = this.#options.patient?.(key) ?? false;
    this.#waiting.add(lane, key, isPatient, this.#clock.monotonic());
  }

  #laneOf(key: string): string {
    return this.#options.lane?.(key) ?? '';
  }

  /** Drops a key's failures, timer and place: its object is gone. A worker that has it finishes. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#waiting.delete(this.#laneOf(key), key);
    this.#dirty.delete(key);
    this.#dropTimer(key);
    this.#observeDepth();
  }

  /** Lets the workers begin. Keys may be added before. */
  start(): void {
    if (this.#state === 'new') this.#state = 'running';
    this.#planWork();
  }

  /** Takes no more keys, lets active ones finish, and aborts them after `graceMs`. Resolves when none is active. */
  async stop(graceMs = 10_000): Promise<void> {
    this.#state = 'stopped';
    for (const key of [...this.#delayed.keys()]) this.#dropTimer(key);
    this.#waiting.clear();
    this.#dirty.clear();
    this.#observeDepth();
    if (this.#active.size === 0) return;
    const cancel = this.#clock.after(graceMs, () =>
      this.#abort.abort(new Error(`the queue ${this.#options.name} is stopping`)),
    );
    await new Promise<void>((resolve) => (this.#idle = resolve));
    cancel();
  }

  #addAt(key: string, at: number): void {
    if (this.#state === 'stopped') return;
    if (at <= this.#clock.now()) return this.add(key);
    const delayed = this.#delayed.get(key);
    if (delayed !== undefined && delayed.at <= at) return;
    this.#dropTimer(key);
    this.#nap(key, at);
  }

  #nap(key: string, at: number): void {
    const ms = Math.min(at - this.#clock.now(), LONGEST_NAP_MS);
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.#addAt(key, at);
    });
    this.#delayed.set(key, { at, cancel });
  }

  #dropTimer(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Not at once: whoever adds is in the middle of something, and a burst of events is to be one turn. */
  #planWork(): void {
    if (this.#workPlanned || this.#state !== 'running') return;
    this.#workPlanned = true;
    setImmediate(() => {
      this.#workPlanned = false;
      this.#work();
    });
  }

  #work(): void {
    if (this.#state !== 'running') return;
    while (this.#active.size < this.#options.workers) {
      const next = this.#waiting.take(this.#clock.monotonic());
      if (next === undefined) return;
      const [key, since] = next;
      this.#dropTimer(key);
      this.#active.add(key);
      this.#observeDepth();
      this.#options.observer?.started?.(this.#options.name, (this.#clock.monotonic() - since) / 1_000);
      void this.#process(key);
    }
  }

  async #process(key: string): Promise<void> {
    const began = this.#clock.monotonic();
    const outcome = await this.#outcomeOf(key);
    this.#options.observer?.finished?.(this.#options.name, outcome.type, (this.#clock.monotonic() - began) / 1_000);
    this.#active.delete(key);
    if (outcome.type === 'failed') this.#retry(key, outcome.error);
    else this.#failures.delete(key);
    if (outcome.type === 'again') this.#addAt(key, outcome.at.getTime());
    if (this.#dirty.delete(key)) this.add(key);
    if (this.#state === 'stopped' && this.#active.size === 0) this.#idle();
    this.#planWork();
  }

  async #outcomeOf(key: string): Promise<Outcome> {
    try {
      return await this.#options.process(key, this.#abort.signal);
    } catch (error) {
      return { type: 'failed', error };
    }
  }

  #retry(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const ms = backoffMs(failures, this.#options.backoff ?? BACKOFF, this.#options.random);
    this.#options.observer?.failed?.(this.#options.name, key, error, failures, ms);
    this.addAfter(key, ms);
  }

  #observeDepth(): void {
    this.#options.observer?.depth?.(this.#options.name, this.depth);
  }
}
