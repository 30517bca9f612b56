/** Stores what remains of runs when their TaskRuns, Jobs and pods are gone: writes, queries, retention. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { sql, type Kysely } from 'kysely';
import { openDatabase, type OpenDatabase } from './database.ts';
import type { Phase, RunBody, RunRecord, TriggerType } from '../records/record.ts';
import type { LogTable, RunTable, Tables } from './schema.ts';

/** How much of a log is read at once. */
const firstPieceBytes = 64 * 1024;
const pieceBytes = 1024 * 1024;

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** The log of one container. */
export interface ArchivedLog {
  readonly pod: string;
  readonly container: string;
  readonly restart: number;
  /** Bytes that are stored, before compression. */
  readonly bytes: number;
  /** Bytes left out at the beginning, as far as known. */
  readonly cutBytes: number;
}

export interface LogContent extends ArchivedLog {
  /** Lines with the kubelet's timestamps, gzipped. */
  readonly body: Uint8Array;
}

/** A run with everything that is stored of it. */
export interface Material {
  readonly record: RunRecord;
  /** The UID of the run's namespace. */
  readonly namespaceUid: string;
  readonly body: RunBody;
  readonly logs: readonly LogContent[];
}

/**
 * The runs of one namespace object. A name alone would also choose the runs of a deleted namespace, which may have
 * belonged to other people.
 */
export interface Owner {
  readonly namespaceUid: string;
  /** Also the runs that were archived before UIDs of namespaces were stored. */
  readonly olderRuns: boolean;
}

/** Which runs; a filter that is left out matches all. Times are milliseconds since 1970. */
export interface RunFilter {
  readonly namespace?: string | undefined;
  readonly owner?: Owner | undefined;
  readonly task?: string | undefined;
  readonly phases?: readonly Phase[] | undefined;
  readonly triggers?: readonly TriggerType[] | undefined;
  /** Requested at this time or later. */
  readonly from?: number | undefined;
  /** Requested before this time. */
  readonly to?: number | undefined;
}

/** A run's position in the history, which is ordered by age, newest first. */
export interface Place {
  readonly createdAt: number;
  readonly uid: string;
}

/** The retention limits: age, number and size of archived runs; the oldest are deleted first. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxRuns: number;
  readonly maxBytes: number;
}

/** Counting stops here: it would take longer than the page itself. */
export const mostCounted = 10_000;

const deployments: readonly TriggerType[] = ['Revision', 'WorkflowStep'];
const ranPhases: readonly Phase[] = ['Succeeded', 'Failed', 'Cancelled'];

/** Values in one list of a query: both databases accept more. */
const listLength = 5_000;
const deletedAtOnce = 500;
const rowsAtOnce = 1_000;

/** Runs that are too old, or so much of what a namespace has. */
type Doomed =
  | { readonly createdBefore: number }
  | { readonly namespace: string; readonly what: 'runs' | 'bytes'; readonly excess: number };

/** How much each may keep at most, so that all together have `most`: who has less leaves the rest to others. */
function shareOf(amounts: readonly number[], most: number): number {
  let rest = most;
  for (const [index, amount] of [...amounts].sort((a, b) => a - b).entries()) {
    const share = rest / (amounts.length - index);
    if (amount > share) return share;
    rest -= amount;
  }
  return Infinity;
}

/**
 * The database is opened at first use, and again after a failure: a database that is down when the controller starts
 * delays nothing. Each method rejects with the database's error if it cannot be reached.
 */
export class Archive {
  readonly #setting: string;
  #opening: Promise<OpenDatabase> | undefined;
  #closed = false;

  /** @param setting see {@link openDatabase} */
  constructor(setting: string) {
    this.#setting = setting;
  }

  /** @throws Error if the database cannot be opened */
  async ready(): Promise<void> {
    await this.#open();
  }

  /** Stores all of them or none, so pass at most a few hundred; an existing run is not changed. */
  async save(materials: readonly Material[]): Promise<void> {
    if (materials.length === 0) return;
    const rows = await Promise.all(
      materials.map(async (material) => runRow(material, await zip(JSON.stringify(material.body)))),
    );
    await (await this.#database()).transaction().execute(async (transaction) => {
      const saved = await transaction
        .insertInto('runs')
        .values(rows)
        .onConflict((conflict) => conflict.column('uid').doNothing())
        .returning('uid')
        .execute();
      const isNew = new Set(saved.map(({ uid }) => uid));
      const logs = materials.flatMap(({ record: { uid }, logs: all }) =>
        isNew.has(uid) ? all.map((log) => logRow(uid, log)) : [],
      );
      for (let at = 0; at < logs.length; at += rowsAtOnce)
        await transaction
          .insertInto('logs')
          .values(logs.slice(at, at + rowsAtOnce))
          .execute();
    });
  }

  /** Which of these runs are archived, and belong to the owner if one is given. */
  async known(uids: readonly string[], owner?: Owner): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    if (uids.length === 0) return found;
    const database = await this.#database();
    for (let at = 0; at < uids.length; at += listLength) {
      const rows = await matching(database, { owner })
        .select('uid')
        .where('uid', 'in', uids.slice(at, at + listLength))
        .execute();
      for (const { uid } of rows) found.add(uid);
    }
    return found;
  }

  /** The newest matching runs after a position. */
  async find(
    filter: RunFilter,
    { limit, after }: { readonly limit: number; readonly after?: Place | undefined },
  ): Promise<readonly RunRecord[]> {
    const database = await this.#database();
    // Queries one phase or trigger at a time, so that each is read from its index in the right order, without sorting.
    const pages = await Promise.all(
      singleFilters(filter).map((single) =>
        matching(database, single)
          .select(['uid', 'created_at', 'summary'])
          .$if(after !== undefined, (query) =>
            query.where(sql<boolean>`(created_at, uid) < (${after?.createdAt ?? 0}, ${after?.uid ?? ''})`),
          )
          .orderBy('created_at', 'desc')
          .orderBy('uid', 'desc')
          .limit(limit)
          .execute(),
      ),
    );
    const rows = pages.flat().sort((a, b) => b.created_at - a.created_at || (a.uid < b.uid ? 1 : -1));
    return rows.slice(0, limit).map(({ summary }) => JSON.parse(summary) as RunRecord);
  }

  /** How many runs match the filter; at most one more than {@link mostCounted}. */
  async count(filter: RunFilter): Promise<number> {
    const database = await this.#database();
    const counts = await Promise.all(
      singleFilters(filter).map(async (single) => {
        const some = matching(database, single)
          .select('uid')
          .limit(mostCounted + 1);
        const row = await database
          .selectFrom(some.as('some'))
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirst();
        return Number(row?.count ?? 0);
      }),
    );
    return Math.min(
      mostCounted + 1,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }

  /** The newest run with that name; names can be reused. It may have any owner if none is given. */
  async get(
    namespace: string,
    name: string,
    owner?: Owner,
  ): Promise<{ readonly record: RunRecord; readonly body: RunBody } | undefined> {
    const row = await matching(await this.#database(), { namespace, owner })
      .select(['summary', 'body'])
      .where('name', '=', name)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return { record: JSON.parse(row.summary) as RunRecord, body: await bodyOf(row) };
  }

  /** The newest run of that Task that a deployment or a workflow step asked for, and that ran. */
  async lastDeployment(
    namespace: string,
    task: string,
  ): Promise<{ readonly record: RunRecord; readonly body: RunBody } | undefined> {
    const filter = { namespace, task, triggers: deployments, phases: ranPhases };
    const [record] = await this.find(filter, { limit: 1 });
    if (record === undefined) return undefined;
    // Not by its name: runs of another Task may have had the same since.
    const rows = (await this.#database()).selectFrom('runs').select('body').where('uid', '=', record.uid);
    const row = await rows.executeTakeFirst();
    return row && { record, body: await bodyOf(row) };
  }

  /** Whether any run of that Task is archived; of any owner if none is given. */
  async hasTask(namespace: string, task: string, owner?: Owner): Promise<boolean> {
    const row = await matching(await this.#database(), { namespace, task, owner })
      .select('uid')
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The logs of a run, without their text. */
  async logsOf(uid: string): Promise<readonly ArchivedLog[]> {
    const rows = await (
      await this.#database()
    )
      .selectFrom('logs')
      .select(['pod', 'container', 'restart', 'bytes', 'cut_bytes'])
      .where('run_uid', '=', uid)
      .orderBy('pod')
      .orderBy('container')
      .orderBy('restart')
      .execute();
    return rows.map(({ cut_bytes: cutBytes, ...log }) => ({ ...log, cutBytes }));
  }

  /**
   * The text of one log, in pieces: lines with timestamps, gzipped. Nothing if it is gone. The first piece is small, so
   * that of many logs that are merged the first line is there soon.
   */
  async *readLog(
    uid: string,
    { pod, container, restart }: Pick<ArchivedLog, 'pod' | 'container' | 'restart'>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const database = await this.#database();
    const log = database
      .selectFrom('logs')
      .where('run_uid', '=', uid)
      .where('pod', '=', pod)
      .where('container', '=', container)
      .where('restart', '=', restart);
    for (let from = 1, most = firstPieceBytes; ; from += most, most = pieceBytes) {
      const piece = sql<Uint8Array>`substr(body, ${sql.lit(from)}, ${sql.lit(most)})`.as('piece');
      const row = await log.select(piece).executeTakeFirst();
      if (row === undefined || row.piece.length === 0) return;
      yield row.piece;
      if (row.piece.length < most) return;
    }
  }

  /**
   * Deletes the oldest runs, a few at a time, until the rest is within the limits. What is too many or too large goes
   * from the namespaces that have the most, so that whoever fills the archive loses nobody else's records.
   * @param now milliseconds since 1970
   * @returns how many were deleted
   */
  async retain({ maxAgeMs, maxRuns, maxBytes }: Retention, now: number, signal?: AbortSignal): Promise<number> {
    const createdBefore = Math.floor(now - maxAgeMs);
    const expired = Number.isFinite(createdBefore) ? await this.#deleteOldest({ createdBefore }, signal) : 0;
    const tooMany = await this.#retainShares('runs', maxRuns, signal);
    return expired + tooMany + (await this.#retainShares('bytes', maxBytes, signal));
  }

  /** Lets each namespace keep as much as others, so that all together have no more than `most`. */
  async #retainShares(what: 'runs' | 'bytes', most: number, signal: AbortSignal | undefined): Promise<number> {
    const { database } = await this.#open();
    const rows = await database
      .selectFrom('runs')
      .select(({ fn }) => ['namespace', fn.countAll<number>().as('runs'), fn.sum<number>('bytes').as('bytes')])
      .groupBy('namespace')
      .execute();
    const amounts = rows.map((row) => ({ namespace: row.namespace, amount: Number(row[what]) }));
    const share = shareOf(
      amounts.map(({ amount }) => amount),
      most,
    );
    let deleted = 0;
    for (const { namespace, amount } of amounts)
      if (amount > share) deleted += await this.#deleteOldest({ namespace, what, excess: amount - share }, signal);
    return deleted;
  }

  async #deleteOldest(which: Doomed, signal: AbortSignal | undefined): Promise<number> {
    const { database, kind } = await this.#open();
    let deleted = 0;
    let excess = 'excess' in which ? which.excess : Infinity;
    for (let more = true; more && signal?.aborted !== true;) {
      const all = database.selectFrom('runs').select(['uid', 'bytes']);
      const some =
        'namespace' in which
          ? all.where('namespace', '=', which.namespace)
          : all.where('created_at', '<', which.createdBefore);
      const oldest = await some.orderBy('created_at').orderBy('uid').limit(deletedAtOnce).execute();
      const doomed = oldest.filter(({ bytes }) => {
        const goes = excess > 0;
        if (goes) excess -= 'what' in which && which.what === 'bytes' ? bytes : 1;
        return goes;
      });
      if (doomed.length > 0) {
        const uids = doomed.map(({ uid }) => uid);
        await database.deleteFrom('runs').where('uid', 'in', uids).execute();
        // Returns freed pages to the file system; PostgreSQL's autovacuum does that by itself.
        if (kind === 'sqlite') await sql`pragma incremental_vacuum(10000)`.execute(database);
      }
      deleted += doomed.length;
      more = doomed.length === deletedAtOnce;
    }
    return deleted;
  }

  /** The number of runs and their bytes. Reads all of them: not for every request. */
  async size(): Promise<{ readonly count: number; readonly bytes: number }> {
    const row = await (
      await this.#database()
    )
      .selectFrom('runs')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number>('bytes').as('bytes')])
      .executeTakeFirst();
    return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close();
  }

  #open(): Promise<OpenDatabase> {
    if (this.#closed) return Promise.reject(new Error('the archive is closed'));
    const opening = (this.#opening ??= openDatabase(this.#setting));
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  async #database(): Promise<Kysely<Tables>> {
    return (await this.#open()).database;
  }
}

function matching(
  database: Kysely<Tables>,
  { namespace, owner, task, phase, trigger, from, to }: Partial<SingleFilter>,
) {
  let query = database.selectFrom('runs');
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (owner !== undefined)
    query = query.where((where) =>
      where.or([
        where('namespace_uid', '=', owner.namespaceUid),
        ...(owner.olderRuns ? [where('namespace_uid', 'is', null)] : []),
      ]),
    );
  if (task !== undefined) query = query.where('task', '=', task);
  if (phase !== undefined) query = query.where('phase', '=', phase);
  if (trigger !== undefined) query = query.where('trigger_type', '=', trigger);
  if (from !== undefined) query = query.where('created_at', '>=', from);
  if (to !== undefined) query = query.where('created_at', '<', to);
  return query;
}

async function bodyOf({ body }: Pick<RunTable, 'body'>): Promise<RunBody> {
  return JSON.parse((await unzip(body)).toString('utf8')) as RunBody;
}

function runRow({ record, namespaceUid, logs }: Material, body: Uint8Array): RunTable {
  const { uid, namespace, task, name, phase, trigger, creationTimestamp } = record;
  const bytes = logs.reduce((sum, log) => sum + log.body.length, body.length);
  return {
    uid,
    namespace,
    namespace_uid: namespaceUid,
    task,
    name,
    phase,
    trigger_type: trigger.type,
    created_at: Date.parse(creationTimestamp),
    summary: JSON.stringify(record),
    body,
    bytes,
  };
}

function logRow(uid: string, { cutBytes, ...log }: LogContent): LogTable {
  return { run_uid: uid, cut_bytes: cutBytes, ...log };
}

interface SingleFilter extends Omit<RunFilter, 'phases' | 'triggers'> {
  readonly phase: Phase | undefined;
  readonly trigger: TriggerType | undefined;
}

/** The same filter, split by phase and trigger. */
function singleFilters({ phases, triggers, ...rest }: RunFilter): readonly SingleFilter[] {
  const unique = <T>(values: readonly T[] | undefined): readonly (T | undefined)[] =>
    values === undefined || values.length === 0 ? [undefined] : [...new Set(values)];
  return unique(phases).flatMap((phase) => unique(triggers).map((trigger) => ({ ...rest, phase, trigger })));
}
