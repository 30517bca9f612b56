/**
 * The program of the thread that a SQLite file is open in, started by {@link SqliteThread}: it answers query by query.
 * A thread does not get its parent's TypeScript loader, so Node itself strips the types here: nothing else of the
 * sources may be imported.
 */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
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

/** Small enough to be read through before the first query. */
const checkedBytes = 64 * 1024 * 1024;
/** Codes of sqlite.org/rescode.html. */
const [corrupt, cannotOpen, notADatabase] = [11, 14, 26];

const { file, pragmas } = workerData as SqliteWorkerData;
const database = open();

/** @throws Error with a remedy */
function open(): DatabaseSync {
  try {
    makePrivate();
    const opened = new DatabaseSync(file);
    requireOurs(opened);
    for (const pragma of pragmas) opened.exec(`PRAGMA ${pragma}`);
    return opened;
  } catch (error) {
    throw new Error(wordsFor(error), { cause: error });
  }
}

/** Archived logs are only for this user. SQLite gives the files beside it the mode of the database. */
function makePrivate(): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false)
    throw new Error('it is not a file: give the path of a file');
  closeSync(openSync(file, 'a', 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0 };
    if ((mode & 0o077) === 0) continue;
    try {
      chmodSync(path, 0o600);
    } catch (error) {
      // Somebody else's file, as a restored one may be. Its group is the pod's own.
      if ((mode & 0o007) !== 0)
        throw new Error(`every user can read ${path}, and this user may not change that: chmod it to 0600`, {
          cause: error,
        });
    }
  }
}

/** Nothing is written to a file that is damaged or of another program. The table of migrations is the first of ours. */
function requireOurs(opened: DatabaseSync): void {
  const tables = opened.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  if (tables.length > 0 && !tables.some(({ name }) => name === 'kysely_migration'))
    throw new Error('it is the SQLite database of another program: give the path of another file');
  if (statSync(file).size > checkedBytes) return;
  const [finding] = Object.values(opened.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (finding !== 'ok') throw new Error(damaged(String(finding)));
}

function wordsFor(error: unknown): string {
  const { message, errcode = 0, code } = error as Error & { errcode?: number; code?: string };
  const primary = errcode & 0xff;
  if (primary === notADatabase)
    return 'it is not a SQLite database: give the path of another file, or move this one away';
  if (primary === corrupt) return damaged(message);
  if (primary === cannotOpen || ['ENOENT', 'EACCES', 'EPERM', 'EROFS'].includes(code ?? ''))
    return `${message}; does its directory exist, and may this user write there?`;
  return message;
}

function damaged(finding: string): string {
  return `it is damaged (${finding.split('\n').at(-1)}): restore it from a backup, or move it away together with its -wal and -shm files`;
}

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
    const { errcode = 0 } = error as Error & { errcode?: number };
    reply({ id: request.id, error: { message: wordsFor(error), resultCode: errcode } });
  }
});
reply({ id: 'ready' });
