/** SQLite, Node's own, in a thread of its own: a query or a slow disk holds up nobody else. */
import { once } from 'node:events';
import type { SQLInputValue } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../domain/lang/words.ts';
import type { SqlAnswer, SqliteReply, SqliteRequest, SqliteWorkerData } from './sqlite-worker.ts';

/** The source where this is one, else the file that scripts/build-controller.ts makes of it. */
const program = new URL(
  import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.mjs',
  import.meta.url,
);

/**
 * Written ahead, so that readers of the file are not locked out; pages are given back as runs are deleted; 16 MB of
 * cache.
 */
const pragmas = [
  'auto_vacuum = INCREMENTAL',
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'foreign_keys = ON',
  'cache_size = -16000',
  'journal_size_limit = 67108864',
  'busy_timeout = 5000',
];

/** How many queries may wait; more are refused. */
const mostWaiting = 1_000;

/** What SQLite says of a full disk has the code 13, of a database that is busy 5: sqlite.org/rescode.html. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly resultCode: number;

  constructor(message: string, resultCode: number) {
    super(message);
    this.resultCode = resultCode;
  }
}

const busy = 5;

interface Waiting {
  readonly resolve: (answer: SqlAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One database file, open in a thread. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #ended: Error | undefined;

  private constructor(file: string) {
    const workerData: SqliteWorkerData = { file, pragmas };
    this.#worker = new Worker(program, { workerData });
    this.#worker.on('message', (reply: SqliteReply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#end(new Error('the thread of the SQLite database has ended')));
  }

  /** @throws Error when the file cannot be opened, or is not an archive: it says what to do */
  static async open(file: string): Promise<SqliteThread> {
    const thread = new SqliteThread(file);
    try {
      await Promise.race([
        once(thread.#worker, 'message'),
        once(thread.#worker, 'exit').then(() => Promise.reject(thread.#ended ?? new Error('it ended'))),
      ]);
    } catch (error) {
      throw new Error(`the archive ${file} cannot be opened: ${messageOf(error)}`, { cause: error });
    }
    return thread;
  }

  /** @throws SqliteError */
  query(sql: string, parameters: readonly SQLInputValue[]): Promise<SqlAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#waiting.size >= mostWaiting)
      return Promise.reject(new SqliteError(`${mostWaiting} queries are waiting already`, busy));
    return new Promise((resolve, reject) => {
      this.#last += 1;
      this.#waiting.set(this.#last, { resolve, reject });
      this.#ask({ id: this.#last, sql, parameters });
    });
  }

  /** Finishes what was asked, then closes the file. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#worker, 'exit');
    this.#ask({ id: 'close' });
    await exited;
  }

  #ask(request: SqliteRequest): void {
    this.#worker.postMessage(request);
  }

  #take(reply: SqliteReply): void {
    if (typeof reply.id !== 'number') return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new SqliteError(reply.error.message, reply.error.resultCode));
    else waiting?.resolve(reply);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
