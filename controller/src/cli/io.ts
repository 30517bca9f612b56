import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Where text goes. */
export interface Sink {
  readonly terminal: boolean;
  /** The terminal's width; unlimited elsewhere. */
  readonly columns: number;
  /** Resolves once more may be written, so that a slow reader slows the writer down. */
  write(data: string | Uint8Array): Promise<void>;
}

/** Everything of the process that a command uses: data goes to `out`, remarks go to `err`. */
export interface Io {
  readonly out: Sink;
  readonly err: Sink;
  /** Whether somebody is there to answer a question. */
  readonly interactive: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Fires at Ctrl-C; its reason is an {@link Interrupted}. */
  readonly interrupted: AbortSignal;
  now(): Date;
  /** A file's text, or that of standard input for `-`. */
  read(filename: string): Promise<string>;
  ask(question: string): Promise<string>;
}

/** Somebody pressed Ctrl-C, or ended the process in another way. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The process' own streams. A second signal ends the process at once. */
export function processIo(): Io {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interruption.abort(new Interrupted(signal)));
  return {
    out: sinkOf(process.stdout),
    err: sinkOf(process.stderr),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    environment: process.env,
    interrupted: interruption.signal,
    now: () => new Date(),
    read: (filename) => (filename === '-' ? text(process.stdin) : readFile(filename, 'utf8')),
    ask: (question) => askOn(process.stdin, process.stderr, question, interruption),
  };
}

/** The line that is written behind the question; an empty one for Ctrl-D. @throws Interrupted */
export async function askOn(
  input: Readable,
  output: Writable,
  question: string,
  interruption: AbortController,
): Promise<string> {
  const { signal } = interruption;
  const lines = createInterface({ input, output });
  // A terminal that is read key by key sends no signal for Ctrl-C.
  lines.once('SIGINT', () => interruption.abort(new Interrupted('SIGINT')));
  try {
    return await lines.question(question, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    // Ctrl-D, after which readline, other than after Ctrl-C, leaves the cursor behind the question.
    output.write('\n');
    return '';
  } finally {
    lines.close();
  }
}

function sinkOf(stream: Writable & { isTTY?: boolean; columns?: number }): Sink {
  // `task-runs logs ... | head`: the reader has closed the pipe.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    terminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? Infinity;
    },
    async write(data) {
      if (!stream.write(data)) await once(stream, 'drain');
    },
  };
}
