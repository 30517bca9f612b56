import type { Source } from './merge.ts';

/** One line of a container's log. */
export interface LogLine<Origin = string> {
  /** When it was written: seconds since 1970, and nanoseconds. */
  readonly seconds: number;
  readonly nanos: number;
  /** Without time and newline. */
  readonly text: Uint8Array;
  /** The origin of the line, for the reader; may be empty. */
  readonly origin: Origin;
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
export function byTime(a: LogLine<unknown>, b: LogLine<unknown>): number {
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
  #stamp: Pick<LogLine<Origin>, 'seconds' | 'nanos'> = { seconds: 0, nanos: 0 };
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
        this.#endLine(new Uint8Array());
        return this.#lines.length > 0;
      }
      this.#take(next.value);
    }
    return true;
  }

  #take(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#endLine(chunk.subarray(start, end), true);
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#pending.push(chunk.subarray(start));
    this.#pendingBytes += chunk.length - start;
    if (this.#pendingBytes >= longestLine) {
      this.#endLine(new Uint8Array());
      this.#inLine = true;
    }
  }

  /** @param whole whether a newline ended it; an empty rest is not a line */
  #endLine(rest: Uint8Array, whole = false): void {
    const bytes = this.#pending.length === 0 ? rest : Buffer.concat([...this.#pending, rest]);
    this.#pending = [];
    this.#pendingBytes = 0;
    const continues = this.#inLine;
    this.#inLine = false;
    if (bytes.length === 0 && (continues || !whole)) return;
    this.#lines.push({
      text: withoutReturn(continues ? bytes : this.#withoutStamp(bytes)),
      origin: this.#origin,
      ...this.#stamp,
    });
  }

  /**
   * Most lines have the same second as the line before: then only the fraction is parsed, which saves a third of the
   * work. @returns where the text starts; 0 if the second differs
   */
  #sameSecond(bytes: Uint8Array): number {
    const second = this.#second;
    if (second === undefined || bytes[secondLength] !== dot || !beginsWith(bytes, second)) return 0;
    const fraction = readFraction(bytes, secondLength + 1);
    if (fraction === undefined || bytes[fraction.end] !== letterZ || bytes[fraction.end + 1] !== space) return 0;
    this.#stamp = { seconds: this.#stamp.seconds, nanos: fraction.nanos };
    return fraction.end + 2;
  }

  #withoutStamp(bytes: Uint8Array): Uint8Array {
    const quick = this.#sameSecond(bytes);
    if (quick > 0) return bytes.subarray(quick);
    const end = bytes.subarray(0, longestStamp).indexOf(space);
    const stamp = readStamp(
      Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? Math.min(bytes.length, longestStamp) : end).toString(
        'latin1',
      ),
    );
    if (stamp === undefined) return bytes;
    this.#stamp = stamp;
    this.#second = bytes[end - 1] === letterZ ? bytes.subarray(0, secondLength) : undefined;
    return end === -1 ? new Uint8Array() : bytes.subarray(end + 1);
  }
}

function beginsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  for (let at = beginning.length - 1; at >= 0; at -= 1) if (bytes[at] !== beginning[at]) return false;
  return true;
}

/** The digits of the fraction of a second, up to nine. */
function readFraction(bytes: Uint8Array, from: number): { readonly nanos: number; readonly end: number } | undefined {
  let nanos = 0;
  let end = from;
  for (let digit = (bytes[end] ?? 0) - zero; digit >= 0 && digit <= 9; digit = (bytes[end] ?? 0) - zero) {
    nanos = nanos * 10 + digit;
    end += 1;
  }
  const digits = end - from;
  return digits === 0 || digits > 9 ? undefined : { nanos: nanos * 10 ** (9 - digits), end };
}

/** Up to the seconds: `2026-03-20T12:00:00`. */
const secondLength = 19;

/** An RFC 3339 time to the nanosecond, as the kubelet writes it, in whichever zone. */
export function readStamp(text: string): Pick<LogLine, 'seconds' | 'nanos'> | undefined {
  const [, time = '', fraction = '', zone = ''] = stampPattern.exec(text) ?? [];
  const ms = Date.parse(time + zone);
  return Number.isNaN(ms) ? undefined : { seconds: ms / 1_000, nanos: Number(fraction.padEnd(9, '0')) };
}

function withoutReturn(text: Uint8Array): Uint8Array {
  return text.at(-1) === carriageReturn ? text.subarray(0, -1) : text;
}
