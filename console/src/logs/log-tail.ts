import type { LogLine } from '../../../controller/src/api/schemas.ts';
import { ApiError } from '../api/problem.ts';
import { LogBuffer } from './log-buffer.ts';

/** Opens a log; `since` leaves out what was printed before. */
export type OpenLog = (since: string | undefined, signal: AbortSignal) => AsyncIterable<LogLine>;

const drawMs = 100;
const leastWaitMs = 1_000;
const mostWaitMs = 30_000;
/** Lines that wait to be drawn: a log that is faster than the page is drawn earlier, not kept twice. */
const mostPending = 2_000;

/** The lines of one time. */
interface Instant {
  readonly time: string;
  readonly lines: Set<string>;
}

/** Reads a log into a buffer, goes on where a broken connection ended, and says when there is something new to draw. */
export class LogTail {
  readonly buffer = new LogBuffer();
  readonly #open: OpenLog;
  readonly #follow: boolean;
  readonly #listeners = new Set<() => void>();
  #reading: AbortController | undefined;
  #pending: LogLine[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #newest: Instant | undefined;
  /** Where the reading went on after a break: the lines of that instant come again. */
  #resumed: Instant | undefined;
  #error: unknown;
  #ended = false;

  constructor(open: OpenLog, follow: boolean) {
    this.#open = open;
    this.#follow = follow;
  }

  /** Why it cannot be read now. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether it reads again after a failure. After a refusal it does not: the next one would be the same. */
  get retries(): boolean {
    return this.#follow && !(this.#error instanceof ApiError && this.#error.status === 403);
  }

  /** Whether everything has been read. */
  get ended(): boolean {
    return this.#ended;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#reading !== undefined) return;
    this.#reading = new AbortController();
    void this.#read(this.#reading.signal);
  }

  stop(): void {
    this.#reading?.abort();
    this.#reading = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Retries after a failure, and continues where it stopped. */
  retry(): void {
    this.stop();
    this.#error = undefined;
    this.start();
    this.#draw();
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (let waitMs = leastWaitMs; !signal.aborted; waitMs = Math.min(mostWaitMs, waitMs * 2)) {
      try {
        for await (const line of this.#open(this.#resumed?.time, signal)) {
          this.#error = undefined;
          waitMs = leastWaitMs;
          this.#take(line);
        }
        this.#error = undefined;
        this.#ended = true;
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#error = error;
        this.#resumed = this.#newest && { time: this.#newest.time, lines: new Set(this.#newest.lines) };
        if (!this.retries) return;
      } finally {
        if (!signal.aborted) this.#draw();
      }
      await sleep(waitMs, signal);
    }
  }

  #take(line: LogLine): void {
    if (this.#isKnown(line)) return;
    this.#pending.push(line);
    if (this.#pending.length >= mostPending) this.#draw();
    else this.#timer ??= setTimeout(() => this.#draw(), drawMs);
  }

  /** Whether a line was read before the connection broke; if not, it is remembered in case that happens. */
  #isKnown({ time, pod, container, line }: LogLine): boolean {
    const key = `${pod}/${container}/${line}`;
    if (time === this.#resumed?.time && this.#resumed.lines.has(key)) return true;
    if (pod === '') return false;
    if (this.#newest === undefined || time > this.#newest.time) this.#newest = { time, lines: new Set() };
    if (time === this.#newest.time) this.#newest.lines.add(key);
    return false;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.buffer.append(this.#pending);
    this.#pending = [];
    for (const listener of this.#listeners) listener();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
