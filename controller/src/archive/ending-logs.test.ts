import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EndingLogs } from './ending-logs.ts';
import { endless, FakeCluster } from './testing/fake-cluster.ts';

function scene(mostHeld: number) {
  const cluster = new FakeCluster();
  const limits = { bytes: 1_000_000, containers: 100, timeoutMs: 60_000 };
  const { signal } = new AbortController();
  const logs = new EndingLogs({ client: cluster.client, limits, signal, mostHeld });
  const endsIn = (namespace: string, run: string, names: readonly string[]): void => {
    for (const name of names) logs.add(run, { uid: `uid-${name}`, namespace, name });
  };
  const ends = (run: string, ...names: readonly string[]): void => endsIn('prod', run, names);
  /** Pods of a run whose containers do not end, from when they are deleted. */
  const hold = (namespace: string, run: string, count: number): readonly string[] => {
    const names = Array.from({ length: count }, (_, index) => `${run}-${index}`);
    cluster.add(
      run,
      names.map((name) => ({ name, logs: { main: ['2026-11-22T21:03:01Z hello\n', endless] } })),
    );
    endsIn(namespace, run, names);
    return names;
  };
  /** How many logs of a run were taken, and how many not, which it reports. */
  const countsOf = async (run: string): Promise<readonly [number, number]> => {
    const ended = await logs.of(run);
    const lost = ended.flatMap(({ problems }) => problems).reduce((sum, problem) => sum + problem.logs, 0);
    return [ended.flatMap((pod) => pod.logs).length, lost];
  };
  return { cluster, logs, ends, endsIn, hold, countsOf };
}

/** A pod that printed a thousand bytes, in which nothing repeats. */
const printed = (name: string) => ({ name, logs: { main: [randomBytes(500).toString('hex')] } });

it('gives up the oldest logs of the run that has most where too much is held, and says so', async () => {
  const { cluster, logs, ends } = scene(2_000);
  cluster.add('large', [printed('large-a'), printed('large-b'), printed('large-c')]);
  cluster.add('small', [printed('small-a')]);
  ends('small', 'small-a');
  await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([2, 0]);
  ends('large', 'large-a', 'large-b', 'large-c');
  const [ofLarge, ofSmall] = [await logs.of('large'), await logs.of('small')];
  expect(ofSmall).toMatchObject([{ pod: 'small-a', logs: [{ log: { bytes: 1_000 } }], problems: [] }]);
  expect(ofLarge).toMatchObject([
    {
      pod: 'large-a',
      logs: [],
      problems: [{ what: 'the log of pod large-a: too much was held of runs that had not ended', logs: 1 }],
    },
    { pod: 'large-b', logs: [{ log: { bytes: 1_000 } }], problems: [] },
    { pod: 'large-c', logs: [{ log: { bytes: 1_000 } }], problems: [] },
  ]);
});

it('takes the logs of ten containers of a pod, and reports the others', async () => {
  const { cluster, logs, ends } = scene(1_000_000);
  const containers = Array.from({ length: 12 }, (_, index) => [`c${index}`, ['hello\n']] as const);
  cluster.add('run', [{ name: 'wide', logs: Object.fromEntries(containers) }]);
  ends('run', 'wide');
  const [wide] = await logs.of('run');
  expect(wide?.logs).toHaveLength(10);
  expect(wide?.problems).toEqual([
    { what: 'pod wide: the logs of 10 containers are kept of a pod that is deleted', logs: 2 },
  ]);
});

describe('a hundred pods that do not end', () => {
  it.each(['another', 'prod'])('leave half of the places to a run in namespace %s', async (namespace) => {
    const { cluster, hold, countsOf } = scene(1_000_000);
    hold('prod', 'hostile', 100);
    await expect.poll(() => cluster.open).toBe(100);
    hold(namespace, 'other', 80);
    await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([150, 100]);
    cluster.endLogs();
    expect([await countsOf('hostile'), await countsOf('other')]).toEqual([
      [50, 50],
      [50, 30],
    ]);
  });

  it('leave places to another namespace also where each has its own run', async () => {
    const { cluster, hold, countsOf } = scene(1_000_000);
    for (let run = 0; run < 100; run += 1) hold('prod', `hostile-${run}`, 1);
    await expect.poll(() => cluster.open).toBe(100);
    hold('another', 'other', 3);
    await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([103, 100]);
    cluster.endLogs();
    expect(await countsOf('other')).toEqual([3, 0]);
  });
});

it('takes the log of a pod that had no place at its next update, once another has ended', async () => {
  const { cluster, logs, hold, endsIn, countsOf } = scene(1_000_000);
  for (let namespace = 0; namespace < 100; namespace += 1) hold(`ns-${namespace}`, `run-${namespace}`, 1);
  const late = hold('late', 'late', 1);
  logs.forget('run-0');
  for (let update = 0; update < 2; update += 1) endsIn('late', 'late', late);
  await expect.poll(() => cluster.open).toBe(100);
  cluster.endLogs();
  expect(await countsOf('late')).toEqual([1, 0]);
});

it('remembers a thousand pods of a run, and says that there were more', async () => {
  const { logs, ends } = scene(1_000_000);
  for (let update = 0; update < 2; update += 1)
    ends('churn', ...Array.from({ length: 1_200 }, (_, index) => `churn-${index}`));
  const ended = await logs.of('churn');
  expect(ended).toHaveLength(1_001);
  expect(ended.at(-1)?.problems).toEqual([
    { what: 'more than 1000 pods were deleted before the run ended: the logs of later ones are not counted', logs: 1 },
  ]);
});

it('gives up logs of the namespace that has most, however many runs it has', async () => {
  const { cluster, endsIn, countsOf } = scene(2_500);
  for (const run of ['a', 'b', 'c']) cluster.add(run, [printed(`${run}-x`)]);
  cluster.add('large', [printed('large-x'), printed('large-y')]);
  endsIn('another', 'large', ['large-x', 'large-y']);
  await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([4, 0]);
  for (const run of ['a', 'b', 'c']) endsIn('prod', run, [`${run}-x`]);
  await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([10, 0]);
  expect(await countsOf('large')).toEqual([2, 0]);
});

it('frees what it held of a run once, also where the run is forgotten while its logs are awaited', async () => {
  const { cluster, logs, ends, countsOf } = scene(1_500);
  cluster.add('waits', [printed('a'), printed('b'), { name: 'c', logs: { main: [endless] } }]);
  ends('waits', 'a', 'b', 'c');
  await expect.poll(() => [cluster.opened.length, cluster.open]).toEqual([5, 1]);
  const waiting = logs.of('waits');
  logs.forget('waits');
  await waiting;
  cluster.add('next', [printed('x'), printed('y'), printed('z')]);
  ends('next', 'x', 'y', 'z');
  expect(await countsOf('next')).toEqual([2, 1]);
});
