/** From streams to lines on the screen: written as fast as they are read. */
import type { Stored } from '../../kube/objects.ts';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { ApiError, isNotFound } from '../../kube/api-error.ts';
import type { LogLine } from '../../logs/line-source.ts';
import { PodLogs, type LogChoice } from '../../logs/pod-logs.ts';
import { prefixOf, type LogStream } from '../../logs/streams.ts';
import { explain } from '../errors.ts';
import type { Session } from '../session.ts';
import { paintFor, type Colour, type Paint } from '../style.ts';
import { terminalSafe } from '../text.ts';

/** Prints the logs of pods, those added later included, until it is closed and they have ended. */
export class LogPrinter {
  readonly #session: Session;
  readonly #logs: PodLogs<string>;
  /** How many logs could not be read. */
  failures = 0;

  /** @param shows whether lines tell run and pod */
  constructor(
    session: Session,
    choice: LogChoice,
    shows: { readonly run: boolean; readonly pod: boolean },
    signal: AbortSignal,
  ) {
    this.#session = session;
    const { client } = session;
    this.#logs = new PodLogs({
      client,
      choice,
      signal,
      originOf: (stream) => prefixOf(stream, shows),
      onProblem: (stream, error) => this.#remark(stream, error),
    });
  }

  /** Begins with what has started in these pods since they were shown last. */
  add(pods: Iterable<Stored<Pod>>): void {
    this.#logs.add(pods);
  }

  close(): void {
    this.#logs.close();
  }

  /** Writes until the end. */
  async print(): Promise<void> {
    const { io } = this.#session;
    const paint = paintFor(io, io.out);
    const line = io.out.terminal ? safeLine : rawLine;
    for await (const portion of this.#logs.portions())
      await io.out.write(Buffer.concat(portion.flatMap((one) => line(one, paint))));
  }

  async #remark({ pod }: LogStream, error: unknown): Promise<void> {
    this.failures += 1;
    const words = isNotFound(error)
      ? 'it is gone'
      : error instanceof ApiError && error.status >= 400 && error.status !== 403
        ? error.serverMessage
        : explain(error).sentence;
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
