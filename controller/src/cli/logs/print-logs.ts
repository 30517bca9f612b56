/** Prints streams as lines, as fast as they are read. */
import type { Stored } from '../../kube/objects.ts';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { ApiError, isNotFound } from '../../kube/api-error.ts';
import type { LogLine } from '../../logs/line-source.ts';
import { PodLogs, type LogChoice } from '../../logs/pod-logs.ts';
import { gapWords, type Gap } from '../../logs/resumed-log.ts';
import { prefixOf, type LogStream } from '../../logs/streams.ts';
import { explain } from '../errors.ts';
import type { Session } from '../session.ts';
import { paintFor, type Colour, type Paint } from '../style.ts';
import { printable, terminalSafe } from '../text.ts';

/** Prints the logs of pods, later ones included, until it is closed and the logs have ended. */
export class LogPrinter {
  readonly #session: Session;
  readonly #logs: PodLogs<string>;
  /** How many logs could not be read. */
  failures = 0;

  /** @param shows whether lines name their run and pod */
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
      onGap: (stream, gap) => this.#sayGap(stream, gap),
      // Where nobody takes the remark, the logs are still wanted.
      onCrowd: (sentence) => void session.io.err.write(`${sentence}\n`).catch(() => undefined),
    });
  }

  /** Starts to print the containers of these pods that have started since the last call. */
  add(pods: Iterable<Stored<Pod>>): void {
    this.#logs.add(pods);
  }

  close(): void {
    this.#logs.close();
  }

  /** Writes until the stream ends. */
  async print(): Promise<void> {
    const { io } = this.#session;
    const paint = paintFor(io, io.out);
    const line = io.out.terminal ? safeLine : rawLine;
    for await (const portion of this.#logs.portions())
      await io.out.write(Buffer.concat(portion.flatMap((one) => line(one, paint))));
  }

  async #sayGap({ pod }: LogStream, gap: Gap): Promise<void> {
    await this.#session.io.err.write(`the log of pod ${pod}: ${gapWords(gap)}\n`);
  }

  async #remark({ pod }: LogStream, error: unknown): Promise<void> {
    this.failures += 1;
    const words = isNotFound(error)
      ? 'it is gone'
      : error instanceof ApiError && error.status >= 400 && error.status !== 403
        ? error.serverMessage
        : explain(error).sentence;
    await this.#session.io.err.write(`the log of pod ${pod} cannot be read: ${printable(words)}\n`);
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

/** The same colour for all lines of one pod. */
function colourOf(origin: string): Colour {
  const sum = [...origin].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 65_521, 0);
  return originColours[sum % originColours.length] ?? 'cyan';
}
