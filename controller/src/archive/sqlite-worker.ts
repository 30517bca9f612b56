/**
 * The program of the thread that a SQLite file is open in, started by {@link SqliteThread}: it answers query by query.
 * A thread does not get its parent's TypeScript loader, so Node itself strips the types here: nothing else of the
 * sources may be imported.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is started with. */
export interface SqliteWorkerData {
  readonly file: string;
  /** Each without `PRAGMA` before it. */
  readonly pragmas: readonly string[];
}

export interface SqlQuery {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

export interface SqlAnswer {
  readonly rows: readonly unknown[];
  /** How many rows a statement that answers none has changed. */
  readonly changes?: number;
}

/** A query has a number; `close` ends the thread, once what was asked before is answered. */
export type SqliteRequest = ({ readonly id: number } & SqlQuery) | { readonly id: 'close' };

export type SqliteReply =
  | { readonly id: 'ready' | 'close' }
  | ({ readonly id: number } & SqlAnswer)
  | { readonly id: number; readonly error: { readonly message: string; readonly resultCode: number } };

/** Prepared statements are kept, up to a number: their texts are few. */
const mostStatements = 200;

if (parentPort === null) throw new Error('sqlite-worker is the program of a thread');
const port = parentPort;
const reply = (message: SqliteReply): void => port.postMessage(message);

const { file, pragmas } = workerData as SqliteWorkerData;
const database = new DatabaseSync(file);
for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`);

const statements = new Map<string, StatementSync>();

function prepare(sql: string): StatementSync {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const [oldest] = statements.keys();
  if (oldest !== undefined && statements.size >= mostStatements) statements.delete(oldest);
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  return statement;
}

function answer({ sql, parameters }: SqlQuery): SqlAnswer {
  // A pragma that is prepared stays in progress, and the next commit is refused for it.
  if (sql.startsWith('pragma ')) {
    database.exec(sql);
    return { rows: [] };
  }
  const statement = prepare(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters) };
  return { rows: [], changes: Number(statement.run(...parameters).changes) };
}

port.on('message', (request: SqliteRequest) => {
  if (request.id === 'close') {
    database.close();
    reply({ id: 'close' });
    port.close();
    return;
  }
  try {
    reply({ id: request.id, ...answer(request) });
  } catch (error) {
    statements.delete(request.sql);
    const { message, errcode = 0 } = error as Error & { errcode?: number };
    reply({ id: request.id, error: { message, resultCode: errcode } });
  }
});
reply({ id: 'ready' });
