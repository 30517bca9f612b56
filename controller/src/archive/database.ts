/** Opens the database that a setting names, and updates its tables. */
import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { migrationsFor, type ColumnTypes } from './migrations.ts';
import type { Tables } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { SqliteThread } from './sqlite-thread.ts';

export interface OpenDatabase {
  readonly database: Kysely<Tables>;
  readonly kind: 'sqlite' | 'postgres';
  close(): Promise<void>;
}

/** int8 is a text in pg, for it may be too large for a number; times and sizes are not. */
const int8 = 20;
const numbers: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: 'text' | 'binary'): unknown =>
    id === int8 ? Number : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
};

/** Longer than any query takes on a healthy server: a lost server must not block callers for minutes. */
const queryMs = 10_000;
const migrationMs = 15 * 60_000;
const mostConnections = 8;

/**
 * @param setting the path of a SQLite file, or a URL postgres://user:password@host/database
 * @throws Error, which says what is wrong, without the password
 */
export async function openDatabase(setting: string): Promise<OpenDatabase> {
  const isPostgres = /^postgres(ql)?:\/\//.test(setting);
  if (!isPostgres) checkPath(setting);
  // An index of a large table takes longer than a query may.
  const migrating = isPostgres ? openPostgres(setting, migrationMs) : await openSqlite(setting);
  try {
    await migrate(migrating.database, isPostgres ? { bytes: 'bytea' } : { bytes: 'blob' });
  } catch (error) {
    await migrating.close();
    throw error;
  }
  if (!isPostgres) return migrating;
  await migrating.close();
  return openPostgres(setting, queryMs);
}

/**
 * A URL with another beginning would be taken for the name of a file, and the error about that file would show its
 * password.
 */
function checkPath(setting: string): void {
  const [scheme] = /^\W?[a-z][a-z\d+.-]*:/i.exec(setting) ?? [];
  if (scheme === undefined && !/^[^/.].*@|^\s|^$/.test(setting)) return;
  const begins = scheme === undefined ? 'has no such beginning' : `begins with ${JSON.stringify(scheme)}`;
  throw new Error(
    `the archive is neither the path of a file nor postgres://user:password@host/database: it ${begins}; correct it in the secret that archive.postgresSecret names, or in --archive`,
  );
}

async function openSqlite(file: string): Promise<OpenDatabase> {
  const thread = await SqliteThread.open(file);
  const database = new Kysely<Tables>({ dialect: sqliteDialect(thread) });
  return { database, kind: 'sqlite', close: () => database.destroy() };
}

function openPostgres(connectionString: string, longestQueryMs: number): OpenDatabase {
  const pool = new pg.Pool({
    connectionString,
    max: mostConnections,
    types: numbers,
    connectionTimeoutMillis: queryMs,
    query_timeout: longestQueryMs,
    statement_timeout: longestQueryMs,
    application_name: 'task-runs',
  });
  // A connection that breaks while idle is replaced at the next query, which reports the error.
  pool.on('error', () => undefined);
  // A connection that breaks between two statements of a transaction must not end the process either: the second
  // statement reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { database, kind: 'postgres', close: () => database.destroy() };
}

async function migrate(database: Kysely<Tables>, types: ColumnTypes): Promise<void> {
  const migrator = new Migrator({ db: database, provider: migrationsFor(types) });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const words = error instanceof Error ? error.message : JSON.stringify(error);
  const [, foreign] = /previously executed migration (\S+) is missing/.exec(words) ?? [];
  if (foreign !== undefined)
    throw new Error(
      `the archive was written by a newer version of task-runs, or by another program (migration ${foreign}): run that version, or give another archive`,
      { cause: error },
    );
  const failed = results.find(({ status }) => status === 'Error')?.migrationName;
  throw new Error(`the archive's tables cannot be updated${failed === undefined ? '' : ` (${failed})`}: ${words}`, {
    cause: error,
  });
}
