/**
 * A container's log, followed until the container has terminated: kubelets end a stream after hours, load balancers
 * after minutes of silence. It is opened again from the last line's time on, and what was read already is left out.
 *
 * The API has only the newest file of a log. A node begins a new one at 10 MiB by default: where that happened between
 * two streams, the last line does not come again, and what came after it may be gone. It happens each time that a
 * container ends while its kubelet still has much to read: that kubelet ends the stream with the old file.
 */
import { ApiError, isUnavailable } from '../kube/api-error.ts';
import { sleep, systemClock, type Clock } from '../kube/clock.ts';
import { backoffMs } from '../kube/retry.ts';
import { longestLine, readStamp } from './line-source.ts';

/** What is known of the start of a container whose log is followed. */
export type ContainerState =
  | 'running'
  | 'terminated'
  /** It was started again since: its log is now the previous one. */
  | 'restarted'
  /** It was started again more than once: its log is no longer there. */
  | 'gone';

/** The followed container, as its pod last said. */
export interface FollowedContainer {
  readonly state: () => ContainerState;
  /** Whether its run has ended, so that nobody reports its state any more. */
  readonly isClosed: () => boolean;
  /** Calls back once when the state has changed; returns what cancels that. */
  readonly onChange: (wake: () => void) => () => void;
}

/** From where on a log is opened; from its beginning where nothing is said. */
export interface Opening {
  /** The time of the last line that was read, as the kubelet wrote it. */
  readonly sinceTime?: string;
  readonly previous?: boolean;
}

/** Between these two lines, given by their times, others may be missing. */
export interface Gap {
  readonly from: string;
  readonly to: string;
}

/** Says what is missing, with the time of the next line that is there. */
export function gapWords({ from, to }: Gap): string {
  return `lines between ${from} and ${to} may be missing: the log's stream broke, and its node began a new file before it was opened again`;
}

export interface ResumedLogOptions {
  readonly open: (opening: Opening) => Promise<AsyncIterable<Uint8Array>>;
  /** Is called with a gap before the line after it is given. */
  readonly onGap: (gap: Gap) => Promise<void>;
  readonly container: FollowedContainer;
  readonly signal: AbortSignal;
  readonly clock?: Clock | undefined;
}

/** The least time between two new files: no kubelet looks more often whether one is needed. */
const leastOfFileSeconds = 3;
const pauseMs = { firstMs: 1_000, longestMs: 15_000 };
/** How often in a row a log is opened without a new line once nobody says any more whether its container runs. */
const mostVain = 3;

/**
 * @returns the log's bytes, with timestamps, in whole lines
 * @throws what the API server refuses the log with; the signal's reason
 */
export async function* resumedLog(options: ResumedLogOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { open, onGap, container, signal } = options;
  const reader = new LineReader();
  let before = container.state();
  for (let vain = 0; before !== 'gone' || !reader.hasRead; before = container.state()) {
    const state = before;
    const problem = yield* oneStream(() => open(reader.opening(state)), reader, options);
    reader.streamEnds(problem === undefined);
    vain = reader.takeProgress() ? 0 : vain + 1;
    const isVain = vain >= mostVain && (state !== 'running' || container.isClosed());
    if (endsWith(problem, state, isVain, reader)) break;
    await pause(vain, options);
    signal.throwIfAborted();
  }
  const rest = reader.rest();
  await tellGap(reader, onGap);
  if (rest.length > 0) yield rest;
}

/**
 * Whether the log ends with the stream that has just ended, or is not asked for again.
 * @throws the problem that the stream broke with, where it lasts
 */
function endsWith(problem: Error | undefined, state: ContainerState, isVain: boolean, reader: LineReader): boolean {
  if (isComplete(problem, state, reader)) return true;
  if (problem !== undefined && (isVain || !mayPass(problem))) throw problem;
  return isVain;
}

/**
 * Whether a stream of a container that had terminated has brought all of its log; what it wrote last may have been
 * deleted with its pod, or by its next start.
 */
function isComplete(problem: Error | undefined, before: ContainerState, { hasRead }: LineReader): boolean {
  if (before === 'running') return false;
  return problem === undefined || (!mayPass(problem) && hasRead);
}

/** @returns why the stream broke, if it did; the signal's reason is thrown */
async function* oneStream(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  reader: LineReader,
  { onGap, signal }: ResumedLogOptions,
): AsyncGenerator<Uint8Array, Error | undefined, undefined> {
  try {
    for await (const chunk of await open()) {
      const lines = reader.take(chunk);
      await tellGap(reader, onGap);
      if (lines.length > 0) yield lines;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function tellGap(reader: LineReader, onGap: ResumedLogOptions['onGap']): Promise<void> {
  const gap = reader.takeGap();
  if (gap !== undefined) await onGap(gap);
}

/** Everything but a refusal: no connection, one that broke, an overloaded or failing server. */
function mayPass(error: Error): boolean {
  return !(error instanceof ApiError) || isUnavailable(error);
}

/** At first a pod's status lags a little behind the end of its log; a change of it ends the pause. */
async function pause(vain: number, { container, signal, clock = systemClock }: ResumedLogOptions): Promise<void> {
  if (container.state() !== 'running' && vain <= 1) return;
  const changed = new AbortController();
  const cancel = container.onChange(() => changed.abort());
  await sleep(clock, backoffMs(Math.max(1, vain), pauseMs), AbortSignal.any([signal, changed.signal]));
  cancel();
}

const newline = 0x0a;
const space = 0x20;
const longestStamp = 40;
const nothing = new Uint8Array();
const endOfLine = Uint8Array.of(newline);

/** Passes on each line once, whole, though each stream begins again at the last line, or in the second of it. */
class LineReader {
  /** The stamp of the last line that was passed on, as the kubelet wrote it. */
  #stamp: string | undefined;
  /** How many lines with this stamp were passed on. */
  #same = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #progress = false;
  /** A line that is too long to wait for its end: how much of it came, and whether it is new. */
  #long: { bytes: number; readonly isNew: boolean } | undefined;
  /** How many bytes of the next new line were passed on already. */
  #cut = 0;
  /** Whether the stream has brought nothing yet. */
  #isFresh = true;
  /** How many lines with the last stamp came again, while lines come again. */
  #again: number | undefined;
  /** The line that a stream before broke off, until it is known whether it comes again. */
  #half: Uint8Array = nothing;
  #gap: Gap | undefined;
  /** Whether the stream before brought all of its file. */
  #isAll = false;
  /** Whether any stream ended by itself. */
  #hasEnded = false;

  /** Whether a stream has brought a line, or came to its end without one. */
  get hasRead(): boolean {
    return this.#stamp !== undefined || this.#hasEnded;
  }

  /** Whether anything was passed on since the last call. */
  takeProgress(): boolean {
    const progress = this.#progress;
    this.#progress = false;
    return progress;
  }

  /** What is missing before the lines that were passed on last; a stream has one gap at most. */
  takeGap(): Gap | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }

  /** @param isWhole whether it ended by itself, which a kubelet does only at the end of a file */
  streamEnds(isWhole: boolean): void {
    this.#hasEnded ||= isWhole;
    this.#isAll = isWhole && this.#pendingBytes === 0 && this.#long === undefined;
  }

  opening(state: ContainerState): Opening {
    this.#isFresh = true;
    return {
      ...(this.#stamp !== undefined && { sinceTime: this.#stamp }),
      ...(state === 'restarted' && { previous: true }),
    };
  }

  /** In another stream half a line comes again from its beginning, unless its file is gone. */
  #begin(): void {
    this.#isFresh = false;
    const half = this.#takePending(nothing);
    const stamp = stampOf(half);
    if (half.length > this.#half.length && stamp !== undefined && this.#isNew(stamp)) this.#half = half;
    if (this.#long?.isNew === true) {
      this.#same -= 1;
      this.#cut = this.#long.bytes;
    }
    this.#long = undefined;
    this.#again = this.#stamp === undefined && this.#half.length === 0 ? undefined : 0;
  }

  /** @returns what is new, as far as it can be passed on */
  take(chunk: Uint8Array): Uint8Array {
    if (this.#isFresh) this.#begin();
    const parts: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(this.#endLine(chunk.subarray(start, end + 1)));
      start = end + 1;
    }
    if (start < chunk.length) parts.push(this.#beginLine(chunk.subarray(start)));
    return Buffer.concat(parts);
  }

  /** The last line, where no newline ends it; half of it, where the rest is gone. */
  rest(): Uint8Array {
    return this.#pendingBytes > 0 ? this.#endLine(nothing) : this.#half;
  }

  #endLine(end: Uint8Array): Uint8Array {
    const long = this.#long;
    this.#long = undefined;
    return long ? (long.isNew ? this.#passOn(end) : nothing) : this.#line(this.#takePending(end));
  }

  #beginLine(part: Uint8Array): Uint8Array {
    if (this.#long) {
      this.#long.bytes += part.length;
      return this.#long.isNew ? this.#passOn(part) : nothing;
    }
    this.#pending.push(part);
    this.#pendingBytes += part.length;
    if (this.#pendingBytes < longestLine) return nothing;
    const beginning = this.#takePending(nothing);
    const passedOn = this.#line(beginning);
    this.#long = { bytes: beginning.length, isNew: passedOn.length > 0 };
    return passedOn;
  }

  #takePending(end: Uint8Array): Uint8Array {
    const bytes = this.#pending.length === 0 ? end : Buffer.concat([...this.#pending, end]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }

  #line(line: Uint8Array): Uint8Array {
    const stamp = stampOf(line);
    if (!this.#isNew(stamp)) return nothing;
    const before = this.#again === undefined || stamp === undefined ? nothing : this.#afterOld(stamp);
    if (stamp !== undefined) {
      this.#same = stamp === this.#stamp ? this.#same + 1 : 1;
      this.#stamp = stamp;
    }
    const passedOn = this.#passOn(line);
    return before.length === 0 ? passedOn : Buffer.concat([before, passedOn]);
  }

  /** @returns the end of the line before the first new line, where that is not in the log any more */
  #afterOld(stamp: string): Uint8Array {
    const half = this.#half;
    const isCut = half.length > 0 || this.#cut > 0;
    const goesOn = this.#goesOnWith(stamp) || (!isCut && this.#isNextFile(stamp));
    this.#half = nothing;
    this.#again = undefined;
    if (goesOn) return nothing;
    this.#cut = 0;
    this.#gap = { from: stampOf(half) ?? this.#stamp ?? stamp, to: stamp };
    return isCut ? Buffer.concat([half, endOfLine]) : nothing;
  }

  /** Whether this line is the one that was broken off, or the last line came again before it. */
  #goesOnWith(stamp: string): boolean {
    if (this.#half.length > 0) return stampOf(this.#half) === stamp;
    return this.#again === this.#same && (this.#cut === 0 || stamp === this.#stamp);
  }

  /** Whether no file can have been between the one that was read to its end and the one with this line. */
  #isNextFile(stamp: string): boolean {
    return this.#isAll && secondsBetween(this.#stamp ?? stamp, stamp) < leastOfFileSeconds;
  }

  #passOn(bytes: Uint8Array): Uint8Array {
    const cut = Math.min(this.#cut, bytes.length);
    this.#cut -= cut;
    this.#progress = true;
    return bytes.subarray(cut);
  }

  #isNew(stamp: string | undefined): boolean {
    if (this.#again === undefined || this.#stamp === undefined) return true;
    if (stamp === undefined) return false;
    const order = compareStamps(stamp, this.#stamp);
    if (order < 0) return false;
    if (order === 0 && this.#again < this.#same) {
      this.#again += 1;
      return false;
    }
    return true;
  }
}

function stampOf(line: Uint8Array): string | undefined {
  const end = line.subarray(0, longestStamp).indexOf(space);
  const text = Buffer.from(line.subarray(0, end === -1 ? longestStamp : end))
    .toString('latin1')
    .trimEnd();
  return readStamp(text) && text;
}

function secondsBetween(a: string, b: string): number {
  const [one, other] = [readStamp(a), readStamp(b)];
  return one && other ? other.seconds - one.seconds + (other.nanos - one.nanos) / 1e9 : 0;
}

function compareStamps(a: string, b: string): number {
  const [one, other] = [readStamp(a), readStamp(b)];
  return one && other ? one.seconds - other.seconds || one.nanos - other.nanos : 0;
}
