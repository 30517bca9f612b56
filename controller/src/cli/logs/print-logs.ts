/** From streams to lines on the screen: opens them, merges them by time, and writes them as fast as they are read. */
import type { Stored } from '../../kube/objects.ts';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { ApiError, isNotFound } from '../../kube/api-error.ts';
import { explain } from '../errors.ts';
import type { Session } from '../session.ts';
import { paintFor, type Colour, type Paint } from '../style.ts';
import { terminalSafe } from '../text.ts';
import { byTime, LineSource, type LogLine } from '../../logs/line-source.ts';
import { Merge } from '../../logs/merge.ts';
import { prefixOf, streamsOf, type LogStream } from '../../logs/streams.ts';

export interface LogOptions {
  readonly follow?: boolean;
  /** In milliseconds. */
  readonly since?: number;
  /** Lines of each container. */
  readonly tail?: number;
}

/** How many logs are read at the same time, a connection each. */
export const mostStreams = 100;
/** How long the others wait for a pod that prints nothing. */
const patienceMs = 300;

/** Prints the logs of pods, those added later included, until it is closed and they have ended. */
export class LogPrinter {
  readonly #session: Session;
  readonly #options: LogOptions;
  readonly #shows: { readonly run: boolean; readonly pod: boolean };
  readonly #signal: AbortSignal;
  readonly #merge: Merge<LogLine>;
  readonly #seen = new Set<string>();
  #open = 0;
  /** How many logs could not be read. */
  failures = 0;

  /** @param shows whether lines tell run and pod */
  constructor(session: Session, options: LogOptions, shows: { readonly run: boolean; readonly pod: boolean }, signal: AbortSignal) {
    this.#session = session;
    this.#options = options;
    this.#shows = shows;
    this.#signal = signal;
    this.#merge = new Merge<LogLine>(byTime, options.follow === true ? patienceMs : Infinity);
  }

  /** Begins with what has started in these pods since they were shown last. */
  add(pods: Iterable<Stored<Pod>>): void {
    for (const stream of [...pods].flatMap(streamsOf)) {
      // What does not fit now is taken up when another has ended.
      if (this.#seen.has(stream.key) || this.#open >= mostStreams) continue;
      this.#seen.add(stream.key);
      this.#open += 1;
      this.#merge.add(new LineSource(this.#read(stream), prefixOf(stream, this.#shows)));
    }
  }

  close(): void {
    this.#merge.close();
  }

  /** Writes until the end. */
  async print(): Promise<void> {
    const { io } = this.#session;
    const paint = paintFor(io, io.out);
    const line = io.out.terminal ? safeLine : rawLine;
    for await (const portion of this.#merge.portions()) {
      await io.out.write(Buffer.concat(portion.flatMap((one) => line(one, paint))));
      this.#signal.throwIfAborted();
    }
  }

  /** One stream's bytes; a remark instead where they cannot be read. */
  async *#read(stream: LogStream): AsyncGenerator<Uint8Array, void, undefined> {
    const { follow = false, since, tail } = this.#options;
    const sinceSeconds = since === undefined ? undefined : Math.max(1, Math.ceil(since / 1_000));
    const query = { ...stream.query, follow, timestamps: true, sinceSeconds, tailLines: tail };
    try {
      yield* await this.#session.client.getStream(stream.path, query, { signal: this.#signal, ...(follow && { idleMs: 0 }) });
    } catch (error) {
      if (this.#signal.aborted) return;
      await this.#remark(stream, error);
    } finally {
      this.#open -= 1;
    }
  }

  async #remark({ pod }: LogStream, error: unknown): Promise<void> {
    this.failures += 1;
    const words = isNotFound(error) ? 'it is gone' : error instanceof ApiError && error.status >= 400 && error.status !== 403 ? error.serverMessage : explain(error).sentence;
    await this.#session.io.err.write(`the log of pod ${pod} cannot be read: ${words}\n`);
  }
}

const newline = Buffer.from('\n');

function rawLine({ origin, text }: LogLine): Uint8Array[] {
  return origin === '' ? [text, newline] : [Buffer.from(`${origin} `), text, newline];
}

function safeLine({ origin, text }: LogLine, paint: Paint): Uint8Array[] {
  const line = terminalSafe(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8'));
  return [Buffer.from(`${origin === '' ? '' : `${paint(colourOf(origin), origin)} `}${line}\n`)];
}

const originColours: readonly Colour[] = ['cyan', 'magenta', 'yellow', 'green', 'blue'];

/** One origin, one colour. */
function colourOf(origin: string): Colour {
  const sum = [...origin].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 65_521, 0);
  return originColours[sum % originColours.length] ?? 'cyan';
}
