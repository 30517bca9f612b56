/** The migrations of the archive's tables. A released migration never changes: a change is a new migration. */
import { sql, type Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';

/** The types whose names differ between the two databases. */
export interface ColumnTypes {
  readonly bytes: 'blob' | 'bytea';
}

export function migrationsFor({ bytes }: ColumnTypes): MigrationProvider {
  const first: Migration = {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable('runs')
        .addColumn('uid', 'text', (column) => column.primaryKey())
        .addColumn('namespace', 'text', (column) => column.notNull())
        .addColumn('task', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('phase', 'text', (column) => column.notNull())
        .addColumn('trigger_type', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('summary', 'text', (column) => column.notNull())
        .addColumn('body', sql.raw(bytes), (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .execute();
      // One of these indexes serves a page of the history for every filter; (namespace, name) finds a single run.
      const order = ['created_at', 'uid'];
      const indexes: Record<string, string[]> = {
        runs_name: ['namespace', 'name'],
        runs_namespace: ['namespace', ...order],
        runs_task: ['namespace', 'task', ...order],
        runs_phase: ['namespace', 'phase', ...order],
        runs_trigger: ['namespace', 'trigger_type', ...order],
        runs_all: order,
        runs_all_phase: ['phase', ...order],
        runs_all_trigger: ['trigger_type', ...order],
      };
      for (const [name, columns] of Object.entries(indexes))
        await database.schema.createIndex(name).on('runs').columns(columns).execute();
      await database.schema
        .createTable('logs')
        .addColumn('run_uid', 'text', (column) => column.notNull().references('runs.uid').onDelete('cascade'))
        .addColumn('pod', 'text', (column) => column.notNull())
        .addColumn('container', 'text', (column) => column.notNull())
        .addColumn('restart', 'integer', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addColumn('cut_bytes', 'bigint', (column) => column.notNull())
        .addColumn('body', sql.raw(bytes), (column) => column.notNull())
        .addPrimaryKeyConstraint('logs_key', ['run_uid', 'pod', 'container', 'restart'])
        .execute();
    },
  };
  /** A name is given again after its namespace was deleted; a UID is not. Pages of one namespace read only an index. */
  const second: Migration = {
    async up(database: Kysely<unknown>) {
      await database.schema.alterTable('runs').addColumn('namespace_uid', 'text').execute();
      const indexes: Record<string, string[]> = {
        runs_namespace: ['namespace'],
        runs_task: ['namespace', 'task'],
        runs_phase: ['namespace', 'phase'],
        runs_trigger: ['namespace', 'trigger_type'],
      };
      for (const [name, columns] of Object.entries(indexes)) {
        await database.schema.dropIndex(name).execute();
        await database.schema
          .createIndex(name)
          .on('runs')
          .columns([...columns, 'created_at', 'uid', 'namespace_uid'])
          .execute();
      }
    },
  };
  return {
    getMigrations: () => Promise.resolve({ '0001-runs-and-logs': first, '0002-uids-of-namespaces': second }),
  };
}
