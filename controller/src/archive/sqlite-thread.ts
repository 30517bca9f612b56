/**
 * SQLite in a thread of its own: a query or a slow disk holds up nobody else. libsql is SQLite with a native library
 * from npm, for glibc and musl; it answers synchronously, which here is what one wants.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../domain/lang/words.ts';

/**
 * The program of the thread. It is JavaScript in a string because a thread does not get the TypeScript loader of its
 * parent. Prepared statements are kept, up to a number: their texts are few.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const Database = require(workerData.module);
const database = new Database(workerData.file);
for (const pragma of workerData.pragmas) database.exec('PRAGMA ' + pragma);
const statements = new Map();
function prepare(sql) {
  let statement = statements.get(sql);
  if (statement === undefined) {
    if (statements.size >= 200) statements.delete(statements.keys().next().value);
    statements.set(sql, (statement = database.prepare(sql)));
  }
  return statement;
}
function answer({ sql, parameters }) {
  // A pragma that is prepared stays in progress, and the next commit is refused for it.
  if (/^pragma /.test(sql)) {
    database.exec(sql);
    return { rows: [] };
  }
  const values = parameters.map((one) => (one instanceof Uint8Array ? Buffer.from(one.buffer, one.byteOffset, one.byteLength) : one));
  const statement = prepare(sql);
  if (statement.reader) return { rows: statement.all(...values) };
  return { rows: [], changes: statement.run(...values).changes };
}
parentPort.on('message', ({ id, ...query }) => {
  if (id === 'close') {
    database.close();
    parentPort.postMessage({ id });
    return parentPort.close();
  }
  try {
    parentPort.postMessage({ id, ...answer(query) });
  } catch (error) {
    statements.delete(query.sql);
    parentPort.postMessage({ id, error: { message: String(error.message), code: String(error.code ?? '') } });
  }
});
parentPort.postMessage({ id: 'ready' });
`;

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

export interface SqlAnswer {
  readonly rows: readonly unknown[];
  readonly changes?: number;
}

interface Reply extends SqlAnswer {
  readonly id: number | 'ready' | 'close';
  readonly error?: { readonly message: string; readonly code: string };
}

/** What SQLite said, with its code such as SQLITE_FULL. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

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
    const module = createRequire(import.meta.url).resolve('libsql');
    this.#worker = new Worker(program, { eval: true, workerData: { module, file, pragmas } });
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#end(new Error('the thread of the SQLite database has ended')));
  }

  /** @throws Error when the file cannot be opened, with SQLite's words */
  static async open(file: string): Promise<SqliteThread> {
    const thread = new SqliteThread(file);
    try {
      await Promise.race([
        once(thread.#worker, 'message'),
        once(thread.#worker, 'exit').then(() => Promise.reject(thread.#ended ?? new Error('it ended'))),
      ]);
    } catch (error) {
      throw new Error(
        `the archive ${file} cannot be opened: ${messageOf(error)}; does its directory exist, and may this user write there?`,
        { cause: error },
      );
    }
    return thread;
  }

  /** @throws SqliteError */
  query(sql: string, parameters: readonly unknown[]): Promise<SqlAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#waiting.size >= mostWaiting)
      return Promise.reject(new SqliteError(`${mostWaiting} queries are waiting already`, 'SQLITE_BUSY'));
    return new Promise((resolve, reject) => {
      this.#last += 1;
      this.#waiting.set(this.#last, { resolve, reject });
      this.#worker.postMessage({ id: this.#last, sql, parameters });
    });
  }

  /** Finishes what was asked, then closes the file. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#worker, 'exit');
    this.#worker.postMessage({ id: 'close' });
    await exited;
  }

  #take({ id, error, ...answer }: Reply): void {
    if (typeof id !== 'number') return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new SqliteError(error.message, error.code));
    else waiting?.resolve(answer);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
