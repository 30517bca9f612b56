import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { EndingLogs } from './ending-logs.ts';
import { FakeCluster } from './testing/fake-cluster.ts';

function scene(mostHeld: number) {
  const cluster = new FakeCluster();
  const limits = { bytes: 1_000_000, containers: 100, timeoutMs: 60_000 };
  const { signal } = new AbortController();
  const logs = new EndingLogs({ client: cluster.client, limits, signal, mostHeld, onLost: () => undefined });
  const ends = (run: string, ...names: readonly string[]): void => {
    for (const name of names) logs.add(run, { uid: `uid-${name}`, namespace: 'prod', name });
  };
  return { cluster, logs, ends };
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
  expect(ofSmall).toMatchObject([{ pod: 'small-a', logs: [{ bytes: 1_000 }], problems: [] }]);
  expect(ofLarge).toMatchObject([
    {
      pod: 'large-a',
      logs: [],
      problems: [{ what: 'the log of pod large-a: too much was held of runs that had not ended', logs: 1 }],
    },
    { pod: 'large-b', logs: [{ bytes: 1_000 }], problems: [] },
    { pod: 'large-c', logs: [{ bytes: 1_000 }], problems: [] },
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
