/** The archive on both databases, for real: SQLite in a file, PostgreSQL as a server. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Archive,
  mostCounted,
  type Material,
  type Place,
  type RunFilter,
} from '../../controller/src/archive/archive.ts';
import { openDatabase } from '../../controller/src/archive/database.ts';
import type { RunRecord } from '../../controller/src/records/record.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';

const hour = 3_600_000;
const begin = Date.parse('2026-03-20T12:00:00Z');
const phases = ['Succeeded', 'Failed', 'Cancelled'] as const;
const triggers = ['Revision', 'Schedule', 'Manual'] as const;

interface Wanted extends Partial<Omit<RunRecord, 'trigger'>> {
  readonly trigger?: RunRecord['trigger']['type'] | undefined;
  /** Milliseconds after the beginning. */
  readonly at?: number;
}

function aRecord(uid: string, { trigger = 'Revision', at = 0, ...rest }: Wanted = {}): RunRecord {
  return {
    uid,
    namespace: 'prod',
    name: `run-${uid}`,
    task: 'app-task',
    trigger: { type: trigger },
    phase: 'Succeeded',
    creationTimestamp: new Date(begin + at).toISOString(),
    shape: 'Job',
    ...rest,
  };
}

function aMaterial(record: RunRecord, text?: string): Material {
  const logs =
    text === undefined
      ? []
      : [
          {
            pod: `${record.name}-x`,
            container: 'main',
            restart: 0,
            bytes: text.length,
            cutBytes: 7,
            body: gzipSync(text),
          },
        ];
  return {
    record,
    namespaceUid: `uid-of-${record.namespace}`,
    body: {
      component: 'task',
      jobs: [{ name: 'j', exitCode: 3 }],
      snapshot: { template: { spec: { containers: [] } } },
    },
    logs,
  };
}

/** The same each time, and no gzip makes it smaller than half. */
function incompressible(length: number): string {
  let text = '';
  for (let index = 0; text.length < length; index += 1)
    text += createHash('sha256').update(String(index)).digest('base64');
  return text.slice(0, length);
}

const never = { maxAgeMs: Infinity, maxRuns: Infinity, maxBytes: Infinity };

interface Home {
  readonly setting: string;
  readonly postgres?: Postgres;
  remove(): Promise<void>;
}

const homes: Record<'sqlite' | 'postgres', () => Promise<Home>> = {
  async sqlite() {
    const directory = await mkdtemp(join(tmpdir(), 'archive-'));
    return { setting: join(directory, 'archive.db'), remove: () => rm(directory, { recursive: true, force: true }) };
  },
  async postgres() {
    const postgres = await startPostgres();
    return { setting: postgres.url, postgres, remove: () => postgres.stop() };
  },
};

describe.each(['sqlite', 'postgres'] as const)('the archive on %s', (kind) => {
  let home: Home;
  let archive: Archive;
  const empty = () => archive.retain({ ...never, maxRuns: 0 }, begin);

  beforeAll(async () => {
    home = await homes[kind]();
    archive = new Archive(home.setting);
    await archive.ready();
  });
  afterAll(async () => {
    await archive.close();
    await home.remove();
  });

  const piecesOf = (uid: string, pod: string) =>
    Readable.from(archive.readLog(uid, { pod, container: 'main', restart: 0 })).toArray() as Promise<Uint8Array[]>;

  it('gives back a long log in pieces, the first of which is small', async () => {
    const text = randomBytes(3 * 1024 ** 2).toString('base64');
    await archive.save([aMaterial(aRecord('u-long', { name: 'long' }), text)]);
    const pieces = await piecesOf('u-long', 'long-x');
    expect(pieces.map(({ length }) => length).slice(0, 3)).toEqual([64 * 1024, 1024 ** 2, 1024 ** 2]);
    expect(gunzipSync(Buffer.concat(pieces)).toString() === text).toBe(true);
    await empty();
  });

  it('gives back what it was given, of the youngest run of a name', async () => {
    const [older, younger] = [
      aRecord('u1', { name: 'again', message: 'older' }),
      aRecord('u2', { name: 'again', message: 'ünïcode \u0000 "quotes"', at: hour, exitCode: 3 }),
    ];
    await archive.save([aMaterial(older, 'old\n'), aMaterial(younger, '2026-03-20T12:00:00Z line\n')]);
    expect(await archive.get('prod', 'again')).toEqual({ record: younger, body: aMaterial(younger).body });
    expect(await archive.logsOf('u2')).toEqual([
      { pod: 'again-x', container: 'main', restart: 0, bytes: 26, cutBytes: 7 },
    ]);
    const [zipped, ...more] = await piecesOf('u2', 'again-x');
    expect([gunzipSync(zipped ?? '').toString(), more]).toEqual(['2026-03-20T12:00:00Z line\n', []]);
    expect(await piecesOf('u2', 'other')).toEqual([]);
    expect(await archive.get('prod', 'nothing')).toBeUndefined();
    expect([await archive.hasTask('prod', 'app-task'), await archive.hasTask('test', 'app-task')]).toEqual([
      true,
      false,
    ]);
    await empty();
  });

  it('finds the last deployment of a task that ran', async () => {
    expect(await archive.lastDeployment('prod', 'app-task')).toBeUndefined();
    await archive.save([
      aMaterial(aRecord('u1', { at: 1 })),
      aMaterial(aRecord('u2', { at: 2, trigger: 'WorkflowStep' })),
      aMaterial(aRecord('u3', { at: 3, phase: 'Skipped' })),
      aMaterial(aRecord('u4', { at: 4, trigger: 'Manual' })),
    ]);
    expect((await archive.lastDeployment('prod', 'app-task'))?.record.uid).toBe('u2');
    await empty();
  });

  it('finds the last deployment of a task whose run has the name of a later run of another task', async () => {
    const later = aMaterial(aRecord('u2', { name: 'work-v1', task: 'second-work', at: 2 }));
    await archive.save([
      aMaterial(aRecord('u1', { name: 'work-v1', task: 'first-work', at: 1 })),
      { ...later, body: { ...later.body, component: 'another' } },
    ]);
    const found = await archive.lastDeployment('prod', 'first-work');
    expect([found?.record.uid, found?.body.component]).toEqual(['u1', 'task']);
    await empty();
  });

  it('keeps a run that is saved twice as it was', async () => {
    await archive.save([aMaterial(aRecord('u1'), 'first\n')]);
    await archive.save([aMaterial(aRecord('u1', { phase: 'Failed' }), 'second\n'), aMaterial(aRecord('u2'))]);
    expect((await archive.find({}, { limit: 10 })).map(({ uid, phase }) => [uid, phase])).toEqual([
      ['u2', 'Succeeded'],
      ['u1', 'Succeeded'],
    ]);
    expect([...(await archive.known(['u1', 'u2', 'u3']))].sort()).toEqual(['u1', 'u2']);
    await empty();
  });

  it('finds what a filter chooses, page by page, each run once and the newest first, as a plain filter of a list does', async () => {
    const records = Array.from({ length: 300 }, (_, index) =>
      aRecord(`u${String(index).padStart(3, '0')}`, {
        namespace: index % 3 === 0 ? 'test' : 'prod',
        task: `task-${index % 4}`,
        phase: phases[index % 7 === 0 ? 1 : index % 11 === 0 ? 2 : 0],
        trigger: triggers[index % 3],
        at: Math.floor(index / 5) * hour,
      }),
    );
    await archive.save(records.map((record) => aMaterial(record)));
    const some = <T>(values: readonly T[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
    const moment = fc.option(
      fc.integer({ min: 0, max: 61 }).map((hours) => begin + hours * hour),
      { nil: undefined },
    );
    const filters = fc.record<RunFilter>({
      namespace: fc.constantFrom('prod', 'test', undefined),
      task: fc.constantFrom(undefined, 'task-1', 'task-9'),
      phases: some(phases),
      triggers: some(triggers),
      from: moment,
      to: moment,
    });
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 70 }), async (filter, limit) => {
        const found: RunRecord[] = [];
        for (let after: Place | undefined, pages = 0; pages < 400; pages += 1) {
          const page = await archive.find(filter, { limit, after });
          found.push(...page);
          const last = page.at(-1);
          if (last === undefined || page.length < limit) break;
          after = { createdAt: Date.parse(last.creationTimestamp), uid: last.uid };
        }
        expect(found).toEqual(chosen(records, filter));
        expect(await archive.count(filter)).toBe(found.length);
      }),
      { numRuns: 40 },
    );
    await empty();
  });

  it('lets the oldest go by age, by number and by size, with their logs', async () => {
    const noise = incompressible(20_000);
    await archive.save(
      Array.from({ length: 10 }, (_, index) => aMaterial(aRecord(`u${index}`, { at: index * hour }), noise)),
    );
    const { bytes, count } = await archive.size();
    expect(count).toBe(10);
    expect(await archive.retain(never, begin + 10 * hour)).toBe(0);
    expect(await archive.retain({ ...never, maxAgeMs: 8.5 * hour }, begin + 10 * hour)).toBe(2);
    expect(await archive.retain({ ...never, maxRuns: 7 }, begin + 10 * hour)).toBe(1);
    expect(await archive.retain({ ...never, maxBytes: bytes / 2 }, begin + 10 * hour)).toBe(2);
    expect((await archive.find({}, { limit: 10 })).map(({ uid }) => uid)).toEqual(['u9', 'u8', 'u7', 'u6', 'u5']);
    expect([(await archive.logsOf('u4')).length, (await archive.logsOf('u5')).length]).toEqual([0, 1]);
    await empty();
  });

  it('loses nothing of a namespace because another one fills it', async () => {
    const runsOf = (namespace: string, count: number, at: number) =>
      Array.from({ length: count }, (_, index) =>
        aMaterial(aRecord(`${namespace}-${index}`, { namespace, at: at + index }), incompressible(5_000)),
      );
    await archive.save([...runsOf('old', 3, 0), ...runsOf('flood', 40, hour), ...runsOf('busy', 12, 0)]);
    expect(await archive.retain({ ...never, maxRuns: 25 }, begin)).toBe(30);
    const left = (await archive.find({}, { limit: 100 })).map(({ namespace }) => namespace);
    expect(['old', 'flood', 'busy'].map((name) => left.filter((one) => one === name).length)).toEqual([3, 11, 11]);
    const { bytes } = await archive.size();
    expect(await archive.retain({ ...never, maxBytes: bytes / 2 }, begin)).toBe(14);
    expect((await archive.find({ namespace: 'old' }, { limit: 100 })).length).toBe(3);
    await empty();
  });

  it('counts no further than it says', async () => {
    const all = Array.from({ length: mostCounted + 50 }, (_, index) => aMaterial(aRecord(`n${index}`, { at: index })));
    for (let at = 0; at < all.length; at += 1_000) await archive.save(all.slice(at, at + 1_000));
    expect(await archive.count({})).toBe(mostCounted + 1);
    expect(await archive.count({ phases: ['Failed'] })).toBe(0);
    await empty();
  });

  it('is the same after it was closed and opened again', async () => {
    await archive.save([aMaterial(aRecord('u1'))]);
    await archive.close();
    archive = new Archive(home.setting);
    await archive.ready();
    expect(await archive.count({})).toBe(1);
    await empty();
  });

  it.runIf(kind === 'postgres')(
    'says what is wrong while the server is away, and goes on when it is back',
    async () => {
      await archive.save([aMaterial(aRecord('u1'))]);
      await home.postgres?.kill();
      await expect(archive.find({}, { limit: 1 })).rejects.toThrow(/ECONNREFUSED|terminat/);
      await expect(archive.save([aMaterial(aRecord('u2'))])).rejects.toThrow(/ECONNREFUSED|terminat/);
      await home.postgres?.start();
      await archive.save([aMaterial(aRecord('u2'))]);
      expect(await archive.count({})).toBe(2);
      await empty();
    },
  );

  it.runIf(kind === 'sqlite')('gives the disk back what was deleted', async () => {
    const noise = incompressible(200_000);
    for (let index = 0; index < 100; index += 1) await archive.save([aMaterial(aRecord(`big${index}`), noise)]);
    const before = (await archive.size()).bytes;
    await empty();
    await archive.close();
    const { size } = await stat(home.setting);
    archive = new Archive(home.setting);
    await archive.ready();
    expect(size).toBeLessThan(before / 2);
  });
});

function chosen(
  records: readonly RunRecord[],
  { namespace, task, phases: wanted, triggers: asked, from = -Infinity, to = Infinity }: RunFilter,
): readonly RunRecord[] {
  const isChosen = (record: RunRecord): boolean => {
    const at = Date.parse(record.creationTimestamp);
    return (
      [namespace ?? record.namespace, task ?? record.task].join('/') === `${record.namespace}/${record.task}` &&
      (wanted ?? [record.phase]).includes(record.phase) &&
      (asked ?? [record.trigger.type]).includes(record.trigger.type) &&
      at >= from &&
      at < to
    );
  };
  return records
    .filter(isChosen)
    .sort((a, b) => Date.parse(b.creationTimestamp) - Date.parse(a.creationTimestamp) || (a.uid < b.uid ? 1 : -1));
}

describe('the archive of a namespace whose name was given again', () => {
  const [before, now] = [aRecord('u1', { name: 'secretrun', task: 'secret' }), aRecord('u2', { at: hour })];
  const of = (namespaceUid: string, olderRuns = false) => ({ namespaceUid, olderRuns });

  it.each(['sqlite', 'postgres'] as const)('shows its new people nothing of those before, on %s', async (kind) => {
    await using(kind, async (archive) => {
      await archive.save([
        { ...aMaterial(before, 'hunter2\n'), namespaceUid: 'old' },
        { ...aMaterial(now), namespaceUid: 'new' },
      ]);
      expect((await archive.find({ namespace: 'prod', owner: of('new') }, { limit: 9 })).map(({ uid }) => uid)).toEqual(
        ['u2'],
      );
      expect(await archive.count({ namespace: 'prod', owner: of('new', true) })).toBe(1);
      expect(await archive.get('prod', 'secretrun', of('new'))).toBeUndefined();
      expect(await archive.hasTask('prod', 'secret', of('new'))).toBe(false);
      expect([...(await archive.known(['u1', 'u2'], of('new')))]).toEqual(['u2']);
      expect(await archive.get('prod', 'secretrun')).toMatchObject({ record: before });
      expect(await archive.count({ namespace: 'prod' })).toBe(2);
    });
  });

  it.each(['sqlite', 'postgres'] as const)('gives runs without a UID to whom the setting says, on %s', async (kind) => {
    await using(kind, async (archive, setting) => {
      await archive.save([aMaterial(before)]);
      await archive.close();
      await forgetUids(setting);
      const again = new Archive(setting);
      expect(await again.get('prod', 'secretrun', of('uid-of-prod'))).toBeUndefined();
      expect(await again.get('prod', 'secretrun', of('uid-of-prod', true))).toMatchObject({ record: before });
      expect(await again.get('prod', 'secretrun')).toMatchObject({ record: before });
      // A run that is archived from now on has its namespace's UID.
      await again.save([aMaterial(now)]);
      expect(await again.count({ namespace: 'prod', owner: of('uid-of-prod') })).toBe(1);
      await again.close();
    });
  });
});

/** The tables as the first release made them, with what is in them. */
async function forgetUids(setting: string): Promise<void> {
  const opened = await openDatabase(setting);
  const { database } = opened;
  for (const [name, columns] of Object.entries({
    runs_namespace: 'namespace',
    runs_task: 'namespace, task',
    runs_phase: 'namespace, phase',
    runs_trigger: 'namespace, trigger_type',
  })) {
    await sql`drop index ${sql.ref(name)}`.execute(database);
    await sql.raw(`create index ${name} on runs (${columns}, created_at, uid)`).execute(database);
  }
  await sql`alter table runs drop column namespace_uid`.execute(database);
  await sql`delete from kysely_migration where name = '0002-uids-of-namespaces'`.execute(database);
  await opened.close();
}

async function using(
  kind: 'sqlite' | 'postgres',
  use: (archive: Archive, setting: string) => Promise<void>,
): Promise<void> {
  const home = await homes[kind]();
  const archive = new Archive(home.setting);
  try {
    await use(archive, home.setting);
  } finally {
    await archive.close();
    await home.remove();
  }
}

describe('an archive file that other users of the machine want to read', () => {
  const modesOf = async (file: string) =>
    Promise.all(
      [file, `${file}-wal`, `${file}-shm`].map(async (path) => ((await stat(path)).mode & 0o777).toString(8)),
    );

  it.each([
    ['new', undefined],
    ['of an earlier version', 0o644],
    ['of a volume with a group', 0o660],
  ])('is for the controller alone when it is %s', async (_what, mode) => {
    await using('sqlite', async (archive, file) => {
      await archive.save([aMaterial(aRecord('u1'))]);
      if (mode !== undefined) {
        for (const path of [file, `${file}-wal`, `${file}-shm`]) await chmod(path, mode);
        await archive.close();
        if ((await stat(file)).mode % 0o1000 !== mode) throw new Error('the mode was not set');
      }
      const again = new Archive(file);
      await again.save([aMaterial(aRecord('u2'))]);
      expect(await modesOf(file)).toEqual(['600', '600', '600']);
      await again.close();
    });
  });
});

describe('a file that is not an archive of ours', () => {
  const text = (size: number) => Buffer.alloc(size, 'not a database ');
  const damagedFrom = (at: number) => async (file: string) => {
    const archive = new Archive(file);
    await archive.save(
      Array.from({ length: 50 }, (_, index) => aMaterial(aRecord(`u${index}`), incompressible(5_000))),
    );
    await archive.close();
    const handle = await open(file, 'r+');
    await handle.write(text(20_000), 0, 20_000, at);
    await handle.close();
  };
  const cutOff = async (file: string) => {
    await foreign(
      'create table kysely_migration (name text)',
      'create table t (b)',
      'insert into t values (zeroblob(99999))',
    )(file);
    await truncate(file, 8_192);
  };
  const foreign =
    (...statements: readonly string[]) =>
    (file: string) => {
      const database = new DatabaseSync(file);
      for (const statement of statements) database.exec(statement);
      database.close();
      return Promise.resolve();
    };
  it.each<readonly [string, (file: string) => Promise<unknown>, RegExp]>([
    ['text', (file) => writeFile(file, text(10_000)), /it is not a SQLite database: give the path of another file/],
    ['damaged at its beginning', damagedFrom(0), /it is not a SQLite database/],
    ['damaged in its middle', damagedFrom(20_000), /it is damaged \(.+\): restore it from a backup/],
    ['cut off', (file) => cutOff(file), /it is damaged/],
    [
      'the database of another program',
      foreign('create table passwords (name text)'),
      /it is the SQLite database of another program: give the path of another file/,
    ],
    [
      'the archive of a newer version',
      async (file) => {
        await new Archive(file).ready();
        await foreign("insert into kysely_migration values ('9999-more', '2026-01-01T00:00:00Z')")(file);
      },
      /written by a newer version of task-runs, or by another program \(migration 9999-more\): run that version/,
    ],
    ['a directory', (file) => mkdir(file), /it is not a file: give the path of a file/],
  ])('is refused in a sentence, and not written to, when it is %s', async (_what, make, sentence) => {
    const directory = await mkdtemp(join(tmpdir(), 'archive-'));
    try {
      const file = join(directory, 'archive.db');
      await make(file);
      const before = await readFile(file).catch(() => undefined);
      const archive = new Archive(file);
      await expect(archive.ready()).rejects.toThrow(sentence);
      expect(await readFile(file).catch(() => undefined)).toEqual(before);
      await archive.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('a database that is not to be had', () => {
  it.each([
    [
      '/nowhere/archive.db',
      /the archive \/nowhere\/archive\.db cannot be opened: .*does its directory exist, and may this user write there\?/,
    ],
    [
      'postgres://archive:hidden@127.0.0.1:1/postgres',
      /^(?!.*hidden)the archive's tables cannot be updated: .*ECONNREFUSED/,
    ],
    [
      'postgre://archive:hidden@127.0.0.1/postgres',
      /^(?!.*hidden)the archive is neither .*: it begins with "postgre:";/,
    ],
    [
      '"postgres://archive:hidden@127.0.0.1/postgres"',
      /^(?!.*hidden)the archive is neither .*: it begins with "\\"postgres:";/,
    ],
    ['archive:hidden@127.0.0.1/postgres', /^(?!.*hidden)the archive is neither .*: it begins with "archive:";/],
    [
      'hidden@127.0.0.1/postgres',
      /^(?!.*hidden)the archive is neither .*: it has no such beginning; correct it in the secret/,
    ],
    ['', /^the archive is neither the path of a file nor postgres:/],
  ])('%s', async (setting, message) => {
    await expect(new Archive(setting).ready()).rejects.toThrow(message);
  });
});
