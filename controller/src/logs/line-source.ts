import type { Source } from './merge.ts';

/** When a line was written: seconds since 1970, and nanoseconds. */
interface Stamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** One line of a container's log: a place in the piece of the log that it was read with. */
export class LogLine<Origin = string> implements Stamp {
  readonly seconds: number;
  readonly nanos: number;
  /** The origin of the line, for the reader; may be empty. */
  readonly origin: Origin;
  readonly #chunk: Buffer;
  readonly #from: number;
  readonly #to: number;

  constructor({ seconds, nanos }: Stamp, origin: Origin, chunk: Buffer, from = 0, to = chunk.length) {
    this.seconds = seconds;
    this.nanos = nanos;
    this.origin = origin;
    this.#chunk = chunk;
    this.#from = from;
    this.#to = to;
  }

  /** In bytes. */
  get length(): number {
    return this.#to - this.#from;
  }

  /** Without time and newline. A view costs more than all else that is done with a line: `copy` needs none. */
  get text(): Uint8Array {
    return this.#chunk.subarray(this.#from, this.#to);
  }

  /** Writes its text there. */
  copy(target: Buffer, at: number): void {
    this.#chunk.copy(target, at, this.#from, this.#to);
  }
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const dot = 0x2e;
const zero = 0x30;
const letterZ = 0x5a;
/** A longer line is returned in pieces. */
export const longestLine = 256 * 1024;
const longestStamp = 40;
const stampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Orders lines by when they were written. */
export function byTime(a: Stamp, b: Stamp): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

/**
 * Reads a log with timestamps, a chunk at a time. Text without a time (a piece of a long line, a remark of the kubelet)
 * gets the time of the line before it.
 */
export class LineSource<Origin = string> implements Source<LogLine<Origin>> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #lines: LogLine<Origin>[] = [];
  #at = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #stamp: Stamp = { seconds: 0, nanos: 0 };
  #inLine = false;
  /** The timestamp of the line before, up to its seconds, if it was in UTC. */
  #second: Uint8Array | undefined;
  readonly #origin: Origin;

  constructor(chunks: AsyncIterable<Uint8Array>, origin: Origin) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#origin = origin;
  }

  peek(): LogLine<Origin> | undefined {
    return this.#lines[this.#at];
  }

  shift(): void {
    this.#at += 1;
  }

  async more(): Promise<boolean> {
    this.#lines = [];
    this.#at = 0;
    while (this.#lines.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) {
        this.#endPending();
        return this.#lines.length > 0;
      }
      this.#take(bufferOf(next.value));
    }
    return true;
  }

  #take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      if (this.#pending.length === 0) this.#endLine(chunk, start, end);
      else this.#endPending(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#pending.push(chunk.subarray(start));
    this.#pendingBytes += chunk.length - start;
    if (this.#pendingBytes >= longestLine) {
      this.#endPending();
      this.#inLine = true;
    }
  }

  /** @param rest up to the newline that ends it; undefined if none does: nothing is not a line then */
  #endPending(rest?: Uint8Array): void {
    const bytes = Buffer.concat(rest === undefined ? this.#pending : [...this.#pending, rest]);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (bytes.length > 0 || rest !== undefined) this.#endLine(bytes, 0, bytes.length);
  }

  #endLine(bytes: Buffer, start: number, end: number): void {
    const continues = this.#inLine;
    this.#inLine = false;
    if (continues && start === end) return;
    const from = continues ? start : this.#afterStamp(bytes, start, end);
    const to = end > from && bytes[end - 1] === carriageReturn ? end - 1 : end;
    this.#lines.push(new LogLine(this.#stamp, this.#origin, bytes, from, to));
  }

  /** Takes the time at the beginning of a line. @returns where the text begins */
  #afterStamp(bytes: Buffer, start: number, end: number): number {
    const quick = this.#sameSecond(bytes, start, end);
    if (quick > 0) return quick;
    const most = Math.min(end, start + longestStamp);
    const at = bytes.subarray(start, most).indexOf(space);
    const stampEnd = at === -1 ? most : start + at;
    const stamp = readStamp(bytes.toString('latin1', start, stampEnd));
    if (stamp === undefined) return start;
    this.#stamp = stamp;
    this.#second = bytes[stampEnd - 1] === letterZ ? bytes.subarray(start, start + secondLength) : undefined;
    return at === -1 ? end : stampEnd + 1;
  }

  /**
   * Most lines have the same second as the line before: then only the fraction is parsed, which saves a third of the
   * work. @returns where the text begins; 0 if the second differs
   */
  #sameSecond(bytes: Buffer, start: number, end: number): number {
    const second = this.#second;
    const dotAt = start + secondLength;
    if (second === undefined || dotAt >= end || bytes[dotAt] !== dot || !beginsWith(bytes, start, second)) return 0;
    const fraction = readFraction(bytes, dotAt + 1, end);
    if (fraction === undefined || fraction.end + 1 >= end) return 0;
    if (bytes[fraction.end] !== letterZ || bytes[fraction.end + 1] !== space) return 0;
    this.#stamp = { seconds: this.#stamp.seconds, nanos: fraction.nanos };
    return fraction.end + 2;
  }
}

/** Without a copy. */
function bufferOf(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function beginsWith(bytes: Uint8Array, start: number, beginning: Uint8Array): boolean {
  for (let at = beginning.length - 1; at >= 0; at -= 1) if (bytes[start + at] !== beginning[at]) return false;
  return true;
}

/** The digits of the fraction of a second, up to nine. */
function readFraction(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly nanos: number; readonly end: number } | undefined {
  let nanos = 0;
  let end = from;
  for (let digit = (bytes[end] ?? 0) - zero; end < to && digit >= 0 && digit <= 9; digit = (bytes[end] ?? 0) - zero) {
    nanos = nanos * 10 + digit;
    end += 1;
  }
  const digits = end - from;
  return digits === 0 || digits > 9 ? undefined : { nanos: nanos * 10 ** (9 - digits), end };
}

/** Up to the seconds: `2026-03-20T12:00:00`. */
const secondLength = 19;

/** An RFC 3339 time to the nanosecond, as the kubelet writes it, in whichever zone. */
export function readStamp(text: string): Stamp | undefined {
  const [, time = '', fraction = '', zone = ''] = stampPattern.exec(text) ?? [];
  const ms = Date.parse(time + zone);
  return Number.isNaN(ms) ? undefined : { seconds: ms / 1_000, nanos: Number(fraction.padEnd(9, '0')) };
}
