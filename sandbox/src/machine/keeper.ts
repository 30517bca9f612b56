import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, start, type Program, type Running, type StartOptions } from './process.ts';

export type PartPhase = 'starting' | 'ready' | 'waiting' | 'stopped';

/** What is known of one part: `waiting` means that it ended and is started again after a pause. */
export interface PartState {
  readonly name: string;
  readonly phase: PartPhase;
  readonly pid?: number;
  readonly restarts: number;
  readonly lastError?: string;
}

/** Keeps one program running until `stop`. */
export interface Keeper {
  state(): PartState;
  /** Ends the pause before the next start. */
  hurry(): void;
  stop(): Promise<void>;
}

const shortestPauseMs = 200;
const longestPauseMs = 10_000;
/** A program that ran this long is started again without counting its earlier failures. */
const settledAfterMs = 30_000;

/** The pause before the start after `failures` failures in a row: it doubles, up to ten seconds. */
export function pauseAfter(failures: number): number {
  return Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.max(0, failures - 1));
}

/**
 * Starts a program, and starts it again whenever it ends.
 * @param changed is called after every change of `state()`
 * @throws StartError when the first start fails; later failures are retried for ever, more and more slowly
 */
export async function keep(program: Program, options: StartOptions, changed: () => void): Promise<Keeper> {
  const kept = new KeptProgram(program, options, changed);
  await kept.begin();
  return kept;
}

class KeptProgram implements Keeper {
  #state: PartState;
  #running: Running | undefined;
  readonly #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #pause = new AbortController();
  readonly #program: Program;
  readonly #options: StartOptions;
  readonly #changed: () => void;

  constructor(program: Program, options: StartOptions, changed: () => void) {
    this.#program = program;
    this.#options = { ...options, signal: AbortSignal.any([options.signal, this.#end.signal]) };
    this.#changed = changed;
    this.#state = { name: program.name, phase: 'starting', restarts: 0 };
  }

  state(): PartState {
    return this.#state;
  }

  #stopping(): boolean {
    return this.#options.signal.aborted;
  }

  hurry(): void {
    this.#pause.abort();
  }

  async begin(): Promise<void> {
    this.#running = await start(this.#program, this.#options);
    this.#set({ phase: 'ready', pid: this.#running.pid });
    this.#loop = this.#keepRunning(this.#running);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    this.hurry();
    await this.#running?.stop();
    await this.#loop;
    this.#set({ phase: 'stopped' });
  }

  async #keepRunning(first: Running): Promise<void> {
    let running: Running | undefined = first;
    let failures = 0;
    while (!this.#stopping()) {
      const since = Date.now();
      if (running !== undefined) await this.#recordExit(running);
      failures = Date.now() - since > settledAfterMs ? 1 : failures + 1;
      await this.#waitBeforeStart(failures);
      running = this.#stopping() ? undefined : await this.#startAgain();
    }
  }

  async #recordExit(running: Running): Promise<void> {
    const exit = await running.exited;
    this.#running = undefined;
    if (this.#stopping()) return;
    this.#set({ phase: 'waiting', lastError: await describeExit(this.#program.name, exit, this.#options.logFile) });
  }

  async #waitBeforeStart(failures: number): Promise<void> {
    this.#pause = new AbortController();
    if (this.#stopping()) return;
    await sleep(pauseAfter(failures), undefined, { signal: this.#pause.signal }).catch(() => undefined);
  }

  async #startAgain(): Promise<Running | undefined> {
    this.#set({ phase: 'starting', restarts: this.#state.restarts + 1 });
    try {
      this.#running = await start(this.#program, this.#options);
      if (this.#stopping()) await this.#running.stop();
      this.#set({ phase: 'ready', pid: this.#running.pid });
      return this.#running;
    } catch (error) {
      this.#set({ phase: 'waiting', lastError: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }

  #set(change: Partial<PartState>): void {
    const { pid: _old, ...rest } = this.#state;
    this.#state = { ...rest, ...change };
    this.#changed();
  }
}
