import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import type { Archive, Material } from './archive.ts';
import { Archiver, longestHoldMs, type FinishedRun } from './archiver.ts';
import type { LogLimits } from './log-taker.ts';
import { atItsEnd, endless, FakeCluster } from './testing/fake-cluster.ts';

const never = { maxAgeMs: Infinity, maxRuns: Infinity, maxBytes: Infinity };
const away = new Error('the database is away');

/** Keeps what is saved, and fails on request. */
class FakeArchive {
  readonly saved: Material[] = [];
  /** How many runs each write had, failed writes included. */
  readonly writes: number[] = [];
  readonly asked: number[] = [];
  failsAt: (call: 'known' | 'save', uids: readonly string[]) => boolean = () => false;
  readonly #has = new Set<string>();

  async known(uids: readonly string[]): Promise<ReadonlySet<string>> {
    this.asked.push(uids.length);
    await this.#answer('known', uids);
    return new Set(uids.filter((uid) => this.#has.has(uid)));
  }

  async save(materials: readonly Material[]): Promise<void> {
    this.writes.push(materials.length);
    const uids = materials.map(({ record: { uid } }) => uid);
    await this.#answer('save', uids);
    this.saved.push(...materials);
    uids.forEach((uid) => this.#has.add(uid));
  }

  retain(): Promise<number> {
    return Promise.resolve(0);
  }

  /** These were archived before. */
  has(...runs: readonly FinishedRun[]): void {
    runs.forEach(({ uid }) => this.#has.add(uid));
  }

  get names(): readonly string[] {
    return this.saved.map(({ record: { name } }) => name);
  }

  async #answer(call: 'known' | 'save', uids: readonly string[]): Promise<void> {
    await Promise.resolve();
    if (this.failsAt(call, uids)) throw away;
  }
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function scene(logLimits: Partial<LogLimits> = {}) {
  const [cluster, archive, clock] = [new FakeCluster(), new FakeArchive(), new FakeClock()];
  const released: string[] = [];
  const counts = { saved: 0, run: 0, log: 0, failed: 0, queue: 0, lag: 0 };
  const lines: string[] = [];
  const archiver = new Archiver({
    client: cluster.client,
    archive: archive as unknown as Archive,
    log: pino(
      { level: 'info' },
      { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
    ),
    logLimits: { bytes: 1_000_000, containers: 100, timeoutMs: 60_000, ...logLimits },
    retention: never,
    observer: {
      saved: (runs) => (counts.saved += runs),
      dropped: (what, count) => (counts[what] += count),
      failed: () => (counts.failed += 1),
      queue: (length, lag) => Object.assign(counts, { queue: length, lag }),
    },
    onReleased: ({ name }) => released.push(name),
    clock,
  });
  ends.push(() => archiver.stop());
  /** Advances time until the condition holds; work in threads (gzip) gets its turn in between. */
  const until = async (isSo: () => boolean, stepMs = 100): Promise<void> => {
    for (const begin = performance.now(); !isSo();) {
      if (performance.now() - begin > 20_000)
        throw new Error(
          `it never was so: ${isSo.toString()}; ${JSON.stringify({ counts, queue: archiver.queueLength, last: lines.at(-1) })}`,
        );
      await clock.advance(stepMs);
    }
  };
  const all = (): Promise<void> => until(() => archiver.queueLength === 0);
  return { cluster, archive, clock, archiver, released, counts, lines, until, all };
}

const logTarget = { verb: 'get', resource: 'pods', kind: 'Pod', namespace: 'prod' } as const;

const stamped = (second: number, text: string): string => `2026-11-22T21:03:0${second}Z ${text}\n`;

/** A pod that printed something. */
const aPod = (name: string, text = 'hello\n') => ({ name, logs: { main: [text] } });

describe('the log of a pod that is deleted before its run has ended', () => {
  const ending = (name: string) => ({ uid: `uid-${name}`, namespace: 'prod', name });

  it('is taken as the pod ends, so that a run which ran out of time has one', async () => {
    const { cluster, archive, archiver, until } = scene();
    archiver.start();
    const line = '2026-11-22T21:03:01Z connecting to db\n';
    const run = cluster.add('slow', [aPod('slow-x', line)]);
    archiver.podEnds(run.uid, ending('slow-x'));
    await until(() => cluster.opened.length > 0);
    cluster.deletePods('slow');
    archiver.add(run);
    await until(() => archiver.queueLength === 0);
    expect(archive.saved[0]?.logs.map(({ pod, bytes }) => [pod, bytes])).toEqual([['slow-x', line.length]]);
  });

  it('is not stored twice where the pod is still there', async () => {
    const { cluster, archive, archiver, until } = scene();
    archiver.start();
    const run = cluster.add('slow', [aPod('slow-x')]);
    archiver.podEnds(run.uid, ending('slow-x'));
    archiver.podEnds(run.uid, ending('slow-x'));
    archiver.add(run);
    await until(() => archiver.queueLength === 0);
    expect(archive.saved[0]?.logs).toHaveLength(1);
  });

  it('is one of a hundred that are taken when a thousand pods are deleted at once, and the others count as lost', async () => {
    const { cluster, archive, archiver, counts, lines, until, all } = scene();
    archiver.start();
    const names = Array.from({ length: 1_000 }, (_, index) => `flow-${index}`);
    const runs = ['one', 'two', 'three', 'four'].map((run, nth) =>
      cluster.add(
        run,
        names.filter((_, index) => index % 4 === nth).map((name) => ({ name, logs: { main: ['hello\n', endless] } })),
      ),
    );
    // Each pod's status is updated while it ends.
    for (let update = 0; update < 3; update += 1)
      names.forEach((name, index) => archiver.podEnds(runs[index % 4]?.uid ?? '', ending(name)));
    await until(() => cluster.opened.length > 0);
    cluster.endLogs();
    await until(() => cluster.open === 0);
    expect([cluster.mostOpen, cluster.opened.length]).toEqual([100, 200]);
    for (const run of runs) {
      cluster.deletePods(run.name);
      archiver.add(run);
    }
    await all();
    expect(archive.saved.flatMap(({ logs }) => logs)).toHaveLength(100);
    expect(counts).toMatchObject({ run: 0, log: 900 });
    expect(lines.filter((line) => line === 'logs were left out of the archive')).toHaveLength(4);
  });

  it('is given up with its run, and makes room for another', async () => {
    const { cluster, archiver, until, all, counts } = scene();
    archiver.start();
    const gone = cluster.add(
      'gone',
      Array.from({ length: 100 }, (_, index) => ({ name: `gone-${index}`, logs: { main: [endless] } })),
    );
    for (let index = 0; index < 100; index += 1) archiver.podEnds(gone.uid, ending(`gone-${index}`));
    await until(() => cluster.open === 100);
    archiver.runGoes(gone.uid);
    await until(() => cluster.open === 0);
    const run = cluster.add('here', [aPod('here-x')]);
    archiver.podEnds(run.uid, ending('here-x'));
    archiver.add(run);
    await all();
    expect([cluster.opened.at(-1), counts.log]).toEqual(['here-x/main', 0]);
  });

  it.each([false, true])(
    'counts as lost once, also where the pods are still listed when the run is archived (last pods first: %s)',
    async (lastFirst) => {
      const { cluster, archive, archiver, counts, until, all } = scene();
      archiver.start();
      const names = Array.from({ length: 1_000 }, (_, index) => `flow-${index}`);
      const run = cluster.add(
        'flow',
        names.map((name) => ({ name, logs: { main: [stamped(1, 'hello'), atItsEnd, stamped(2, 'bye')] } })),
      );
      for (const name of lastFirst ? names.toReversed() : names) archiver.podEnds(run.uid, ending(name));
      await until(() => cluster.open === 100);
      cluster.endLogs();
      archiver.add(run);
      await all();
      expect([archive.saved[0]?.logs.length, counts.log]).toEqual([100, 900]);
    },
  );

  it('has its last lines where the run is archived while the pod still ends', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene();
    archiver.start();
    const [first, last] = [stamped(1, 'hello'), stamped(2, 'stopped: SIGTERM')];
    const run = cluster.add('slow', [{ name: 'slow-x', logs: { main: [first, atItsEnd, last] } }]);
    archiver.podEnds(run.uid, ending('slow-x'));
    await until(() => cluster.open === 1);
    archiver.add(run);
    await until(() => cluster.opened.length === 2 && cluster.open === 1);
    cluster.endLogs();
    await all();
    expect(archive.saved[0]?.logs.map(({ body }) => gunzipSync(body).toString())).toEqual([first + last]);
    expect(counts.log).toBe(0);
  });

  it('is archived as it was taken where its node does not answer afterwards', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene();
    archiver.start();
    const run = cluster.add('slow', [{ name: 'slow-x', logs: { main: [stamped(1, 'hello'), endless] } }]);
    archiver.podEnds(run.uid, ending('slow-x'));
    await until(() => cluster.open === 1);
    cluster.endLogs();
    await until(() => cluster.opened.length === 2 && cluster.open === 0);
    cluster.refusesLogs = true;
    archiver.add(run);
    await all();
    expect([archive.saved[0]?.logs.length, counts.log]).toEqual([1, 0]);
  });

  it('is not missed where the container printed nothing and its pod is gone', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene();
    archiver.start();
    const run = cluster.add('silent', [{ name: 'silent-x', logs: { main: [endless] } }]);
    archiver.podEnds(run.uid, ending('silent-x'));
    await until(() => cluster.open === 1);
    cluster.deletePods('silent');
    cluster.endLogs();
    archiver.add(run);
    await all();
    expect([archive.saved[0]?.logs, counts.log]).toEqual([[], 0]);
  });

  it('is left to the next process when this one ends while the container still runs', async () => {
    const { cluster, archive, archiver, until } = scene();
    archiver.start();
    const run = cluster.add('slow', [{ name: 'slow-x', logs: { main: [stamped(1, 'hello'), endless] } }]);
    archiver.podEnds(run.uid, ending('slow-x'));
    await until(() => cluster.open === 1);
    cluster.deletePods('slow');
    archiver.add(run);
    await until(() => cluster.reads.length === 1);
    await archiver.stop();
    expect(archive.saved).toEqual([]);
  });

  it('is archived as far as it came when this process ends and has the log of a pod that is gone', async () => {
    const { cluster, archive, archiver, counts, until } = scene();
    archiver.start();
    const run = cluster.add('flow', [
      { name: 'gone-x', logs: { main: [stamped(1, 'done')] } },
      { name: 'slow-x', logs: { main: [stamped(1, 'hello'), endless] } },
    ]);
    for (const name of ['gone-x', 'slow-x']) archiver.podEnds(run.uid, ending(name));
    await until(() => cluster.opened.length === 3 && cluster.open === 1);
    cluster.deletePods('flow');
    archiver.add(run);
    await until(() => cluster.reads.length === 1);
    await archiver.stop();
    expect(archive.saved[0]?.logs.map(({ pod }) => pod)).toEqual(['gone-x', 'slow-x']);
    expect(counts.log).toBe(1);
  });

  it('is kept beside large ones, which are cut to their share of what the run may keep', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene({ bytes: 1_000 });
    archiver.start();
    const second = (at: number): string => `2026-11-22T21:03:${String(at).padStart(2, '0')}Z`;
    const long = Array.from({ length: 40 }, (_, at) => `${second(at)} ${'x'.repeat(29)}\n`).join('');
    const short = `${second(59)} ten lines\n`;
    const run = cluster.add('many', [aPod('a', long), aPod('b', long), aPod('c', long), aPod('d', short)]);
    for (const name of ['a', 'b', 'c', 'd']) archiver.podEnds(run.uid, ending(name));
    await until(() => cluster.opened.length > 4);
    cluster.deletePods('many');
    archiver.add(run);
    await all();
    const kept = archive.saved[0]?.logs.map(({ pod, bytes, cutBytes, body }) => [
      pod,
      bytes === gunzipSync(body).length,
      bytes + cutBytes,
    ]);
    expect(kept).toEqual([
      ['a', true, long.length],
      ['b', true, long.length],
      ['c', true, long.length],
      ['d', true, short.length],
    ]);
    expect(archive.saved[0]?.logs.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_000);
    expect(gunzipSync(archive.saved[0]?.logs[3]?.body ?? '').toString()).toBe(short);
    expect(counts.log).toBe(0);
  });

  it('and has broken off, or is beyond the number that a run keeps, is reported', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene({ containers: 2 });
    archiver.start();
    const broken = {
      name: 'a',
      logs: { main: [new ApiError(logTarget, { status: 403, reason: 'Forbidden', message: 'no' })] },
    };
    const run = cluster.add('many', [broken, aPod('b'), { name: 'c', logs: { main: ['c\n'], side: ['c\n'] } }]);
    for (const name of ['a', 'b', 'c']) archiver.podEnds(run.uid, ending(name));
    await until(() => cluster.opened.length > 1);
    cluster.deletePods('many');
    archiver.add(run);
    await all();
    expect(archive.saved[0]?.logs.map(({ pod }) => pod)).toEqual(['b']);
    expect(counts.log).toBe(2);
  });
});

describe('the archiver', () => {
  it('stores whose each run is, also when a namespace has the name of a deleted one', async () => {
    const { cluster, archive, archiver, clock, all } = scene();
    archiver.start();
    archiver.add(cluster.add('before'));
    await all();
    cluster.namespaceUid = 'uid-of-its-successor';
    await clock.advance(1_000);
    archiver.add(cluster.add('after'));
    await all();
    expect(archive.saved.map(({ record: { name }, namespaceUid }) => [name, namespaceUid])).toEqual([
      ['before', 'uid-of-prod'],
      ['after', 'uid-of-its-successor'],
    ]);
  });

  it('holds a run until its record and logs are taken, and reports each that it no longer holds', async () => {
    const { cluster, archive, archiver, released, all, counts } = scene();
    const [printed, other] = [cluster.add('printed', [aPod('p')]), cluster.add('other')];
    archiver.add(printed);
    archiver.add(other);
    expect([archiver.holds(printed.uid), archiver.holds('uid-unknown')]).toEqual([true, false]);
    archiver.start();
    await all();
    expect([archiver.holds(printed.uid), archiver.holds(other.uid)]).toEqual([false, false]);
    expect([...released].sort()).toEqual(['other', 'printed']);
    expect([...archive.names].sort()).toEqual(['other', 'printed']);
    expect(archive.saved.find(({ record }) => record.name === 'printed')?.logs).toMatchObject([
      { pod: 'p', container: 'main', bytes: 6 },
    ]);
    expect(counts).toMatchObject({ saved: 2, run: 0, log: 0, failed: 0 });
  });

  it('releases a run once it is taken, even while the database accepts nothing', async () => {
    const { cluster, archive, archiver, released, until } = scene();
    archive.failsAt = (call) => call === 'save';
    const run = cluster.add('a');
    archiver.add(run);
    archiver.start();
    await until(() => archive.writes.length > 0);
    expect([released, archiver.holds(run.uid), archiver.queueLength]).toEqual([['a'], false, 1]);
  });

  it('skips already archived runs without reading them, thousands within a second', async () => {
    const { cluster, archive, archiver, clock, released } = scene();
    const runs = Array.from({ length: 5_000 }, (_, index) => cluster.add(`r${index}`));
    archive.has(...runs);
    runs.forEach((run) => archiver.add(run));
    archiver.start();
    await clock.advance(900);
    expect([archiver.queueLength, cluster.reads, archive.saved]).toEqual([0, [], []]);
    expect(released).toEqual(runs.map(({ name }) => name));
  });

  it.each(['known', 'save'] as const)(
    'loses nothing while %s of the database fails, retries less and less often, and saves all when it is back',
    async (call) => {
      const { cluster, archive, archiver, clock, counts, all } = scene();
      let isAway = true;
      const times: number[] = [];
      archive.failsAt = (at) => {
        if (at === call && isAway) times.push(clock.now());
        return at === call && isAway;
      };
      const runs = Array.from({ length: 120 }, (_, index) => cluster.add(`r${index}`));
      runs.forEach((run) => archiver.add(run));
      archiver.start();
      await clock.advance(120_000);
      expect(archiver.queueLength).toBe(120);
      expect(counts.failed).toBe(times.length);
      const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(pauses.slice(0, 8)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
      isAway = false;
      await all();
      expect([...archive.names].sort()).toEqual(runs.map(({ name }) => name).sort());
      expect(counts).toMatchObject({ saved: 120, run: 0 });
    },
  );

  it('holds a run no longer than the limit, and says so; runs that still exist are saved later', async () => {
    const { cluster, archive, archiver, clock, released, lines, all } = scene();
    archive.failsAt = () => true;
    const [early, late] = [cluster.add('early'), cluster.add('late')];
    archiver.start();
    archiver.add(early);
    await clock.advance(60_000);
    archiver.add(late);
    await clock.advance(longestHoldMs - 60_000 - 1);
    expect(archiver.holds(early.uid)).toBe(true);
    await clock.advance(2_000);
    expect([archiver.holds(early.uid), archiver.holds(late.uid), released]).toEqual([false, true, ['early']]);
    expect(lines.filter((line) => line.includes('no room for a run in 15 minutes'))).toHaveLength(1);
    archive.failsAt = () => false;
    await all();
    expect([...archive.names].sort()).toEqual(['early', 'late']);
    expect(released).toEqual(['early', 'late']);
  });

  it('counts a run as dropped if it was deleted before it was taken, also when another run has its name', async () => {
    const { cluster, archive, archiver, counts, released, all } = scene();
    const [gone, replaced, here] = [cluster.add('gone'), cluster.add('replaced'), cluster.add('here')];
    [gone, replaced, here].forEach((run) => archiver.add(run));
    cluster.delete('gone');
    cluster.add('replaced', [], { uid: 'uid-younger' });
    archiver.start();
    await all();
    expect(archive.names).toEqual(['here']);
    expect(counts).toMatchObject({ run: 2, saved: 1, failed: 0 });
    expect([...released].sort()).toEqual(['gone', 'here', 'replaced']);
  });

  it("takes the others while a log never ends, and takes that log's beginning when its time is over", async () => {
    const { cluster, archive, archiver, counts, until, all } = scene({ timeoutMs: 400 });
    archiver.add(cluster.add('slow', [{ name: 'slow-pod', logs: { main: ['half', endless] } }]));
    const others = Array.from({ length: 40 }, (_, index) => cluster.add(`r${index}`, [aPod(`p${index}`)]));
    others.forEach((run) => archiver.add(run));
    archiver.start();
    await until(() => archive.saved.length === 40, 10);
    expect(archive.names).not.toContain('slow');
    await all();
    expect(archive.saved.at(-1)).toMatchObject({
      record: { name: 'slow' },
      logs: [{ pod: 'slow-pod', bytes: 'half'.length }],
    });
    expect(counts).toMatchObject({ log: 1, saved: 41 });
  });

  it('limits the number of waiting runs: further ones are dropped, and not held', () => {
    const { archiver, counts } = scene();
    const run = (index: number): FinishedRun => ({
      uid: `u${index}`,
      namespace: 'prod',
      name: `r${index}`,
      finishedAt: 0,
    });
    for (let index = 0; index < 100_002; index += 1) archiver.add(run(index));
    expect([archiver.queueLength, counts.run, archiver.holds('u99999'), archiver.holds('u100000')]).toEqual([
      100_000,
      2,
      true,
      false,
    ]);
  });

  it('takes only as much as its memory limit while the database accepts nothing, and the rest later', async () => {
    const { cluster, archive, archiver, clock, counts, all } = scene();
    let isAway = true;
    archive.failsAt = (call) => call === 'save' && isAway;
    const megabytes = 4;
    const snapshot = { template: { metadata: { annotations: { long: 'x'.repeat(megabytes * 1024 ** 2) } } } };
    for (let index = 0; index < 60; index += 1) archiver.add(cluster.add(`r${index}`, [], { snapshot }));
    archiver.start();
    await clock.advance(60_000);
    expect(cluster.reads.length).toBeGreaterThanOrEqual(64 / megabytes);
    expect(cluster.reads.length).toBeLessThan(64 / megabytes + 8);
    isAway = false;
    await all();
    expect(counts.saved).toBe(60);
    expect(Math.max(...archive.writes.slice(-20))).toBe(1);
  });

  it('writes what was taken when it is stopped, and leaves the rest for the next process', async () => {
    const { cluster, archive, archiver, until } = scene();
    archive.failsAt = (call) => call === 'save';
    archiver.add(cluster.add('taken'));
    archiver.start();
    await until(() => archive.writes.length > 0);
    archiver.add(cluster.add('half', [{ name: 'p', logs: { main: ['half', endless] } }]));
    await until(() => cluster.opened.length > 0);
    archive.failsAt = () => false;
    await archiver.stop();
    expect(archive.names).toEqual(['taken']);
    archiver.add(cluster.add('late'));
    expect(archiver.holds('uid-late')).toBe(false);
  });

  it('ends at once even when the database is down', async () => {
    const { cluster, archive, archiver, until } = scene();
    archive.failsAt = (call) => call === 'save';
    archiver.add(cluster.add('taken'));
    archiver.start();
    await until(() => archive.writes.length > 0);
    const before = archive.writes.length;
    await archiver.stop();
    expect(archive.writes.length).toBe(before + 1);
  });

  it('retries a run that could not be read after the others', async () => {
    const { cluster, archive, archiver, counts, until, all } = scene();
    const failing = new Set(['r0', 'r1']);
    cluster.isAway = (name) => failing.has(name);
    for (let index = 0; index < 30; index += 1) archiver.add(cluster.add(`r${index}`));
    archiver.start();
    await until(() => archive.saved.length === 28, 10);
    expect(archiver.queueLength).toBe(2);
    failing.clear();
    await all();
    expect(archive.names.slice(-2)).toEqual(['r0', 'r1']);
    expect(counts.failed).toBeGreaterThanOrEqual(2);
  });

  it('does not ask an unreachable API server for every waiting run again and again', async () => {
    const { cluster, archiver, clock, counts, all } = scene();
    let isAway = true;
    cluster.isAway = () => isAway;
    for (let index = 0; index < 500; index += 1) archiver.add(cluster.add(`r${index}`));
    archiver.start();
    await clock.advance(5 * 60_000);
    expect(cluster.reads.length).toBeLessThan(200);
    isAway = false;
    await all();
    expect(counts.saved).toBe(500);
  });

  it('takes a run once even if it is added twice, at any stage', async () => {
    const { cluster, archive, archiver, until, all } = scene();
    const run = cluster.add('twice', [aPod('p')]);
    let isAway = true;
    archive.failsAt = (call) => call === 'save' && isAway;
    cluster.isAway = () => isAway && cluster.reads.length < 2;
    archiver.add(run);
    archiver.start();
    for (const isThere of [() => cluster.reads.length === 1, () => archive.writes.length > 0]) {
      await until(isThere);
      archiver.add(run);
      expect(archiver.queueLength).toBe(1);
    }
    isAway = false;
    await all();
    expect([archive.names, cluster.reads.length]).toEqual([['twice'], 2]);
  });

  it('saves all others when the database permanently refuses one of them', async () => {
    const { cluster, archive, archiver, until } = scene();
    archive.failsAt = (call, uids) => call === 'save' && uids.includes('uid-r7');
    for (let index = 0; index < 120; index += 1) archiver.add(cluster.add(`r${index}`));
    archiver.start();
    await until(() => archive.saved.length === 119);
    expect([archiver.queueLength, archive.names.includes('r7')]).toEqual([1, false]);
  });

  it('reports how many runs are waiting, and the age of the oldest', async () => {
    const { cluster, archive, archiver, clock, counts, all } = scene();
    archive.failsAt = () => true;
    archiver.add(cluster.add('a'));
    archiver.add(cluster.add('b'));
    archiver.start();
    await clock.advance(60_000);
    expect(counts).toMatchObject({ queue: 2, lag: 60 });
    archive.failsAt = () => false;
    await all();
    await clock.advance(1_000);
    expect(counts).toMatchObject({ queue: 0, lag: 0 });
  });
});

describe('whatever fails and is deleted in between', () => {
  type Event =
    | { readonly kind: 'end' | 'delete'; readonly run: number }
    | { readonly kind: 'database' | 'api'; readonly isAway: boolean }
    | { readonly kind: 'wait'; readonly ms: number };
  const run = fc.nat({ max: 30 });
  const events = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record<Event>({ kind: fc.constantFrom('end', 'delete'), run }) },
      { weight: 2, arbitrary: fc.record<Event>({ kind: fc.constantFrom('database', 'api'), isAway: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record<Event>({ kind: fc.constant('wait'), ms: fc.nat({ max: 40_000 }) }) },
    ),
    { maxLength: 60 },
  );

  it('each run that exists when everything works again is saved exactly once, and none is held at the end', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        const { cluster, archive, archiver, clock, released, until } = scene();
        const state = { database: false, api: false };
        archive.failsAt = () => state.database;
        cluster.isAway = () => state.api;
        const ended = new Map<number, FinishedRun>();
        const steps: Record<Event['kind'], (event: never) => unknown> = {
          end: ({ run: index }: { run: number }) => {
            const finished = ended.get(index) ?? cluster.add(`r${index}`);
            ended.set(index, finished);
            archiver.add(finished);
          },
          delete: ({ run: index }: { run: number }) => cluster.delete(`r${index}`),
          database: ({ isAway }: { isAway: boolean }) => (state.database = isAway),
          api: ({ isAway }: { isAway: boolean }) => (state.api = isAway),
          wait: ({ ms }: { ms: number }) => clock.advance(ms),
        };
        archiver.start();
        for (const event of all) await steps[event.kind](event as never);
        Object.assign(state, { database: false, api: false });
        await until(() => archiver.queueLength === 0, 1_000);
        const counted = (name: string): number => archive.names.filter((one) => one === name).length;
        for (const name of cluster.names) expect([name, counted(name)]).toEqual([name, 1]);
        expect(new Set(archive.names).size).toBe(archive.names.length);
        expect([...ended.values()].filter(({ uid }) => archiver.holds(uid))).toEqual([]);
        expect(new Set(released)).toEqual(new Set([...ended.values()].map(({ name }) => name)));
        await archiver.stop();
      }),
      { numRuns: 150 },
    );
  });
});
