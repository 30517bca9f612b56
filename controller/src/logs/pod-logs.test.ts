import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test, vi } from 'vitest';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { PodLogs, readAtOnce } from './pod-logs.ts';

const line = (second: number, text: string) => `2026-11-22T21:03:0${second}Z ${text}\n`;
const podThat = (state: object) =>
  ({
    metadata: { name: 'quiet-x', namespace: 'default', uid: 'pod-uid' },
    spec: { containers: [{ name: 'quiet' }] },
    status: { containerStatuses: [{ name: 'quiet', restartCount: 0, state }] },
  }) as unknown as Stored<Pod>;

test('a followed log whose stream ends before its container goes on until the container has terminated', async () => {
  const signal = new AbortController().signal;
  const asked: unknown[] = [];
  const streams = [
    [line(1, 'begins'), line(2, 'falls silent')],
    [line(2, 'falls silent'), line(3, 'is back')],
  ];
  const logs: PodLogs<string> = new PodLogs<string>({
    client: {
      // eslint-disable-next-line @typescript-eslint/require-await -- as the client has it
      async getStream(_path: string, query: object) {
        asked.push(query);
        if (asked.length === 2) logs.add([podThat({ terminated: {} })]);
        const chunks = streams[asked.length - 1] ?? [];
        // eslint-disable-next-line @typescript-eslint/require-await -- as a stream comes
        return (async function* () {
          for (const chunk of chunks) yield Buffer.from(chunk);
        })();
      },
    } as unknown as Client,
    choice: { follow: true, tail: 5 },
    originOf: () => '',
    signal,
    onProblem: vi.fn(),
    onGap: vi.fn(),
    onCrowd: vi.fn(),
  });
  logs.add([podThat({ running: {} })]);
  logs.close();
  const texts: string[] = [];
  for await (const portion of logs.portions()) texts.push(...portion.map(({ text }) => Buffer.from(text).toString()));
  expect(texts).toEqual(['begins', 'falls silent', 'is back']);
  expect(asked).toMatchObject([
    { follow: true, tailLines: 5 },
    { follow: true, sinceTime: '2026-11-22T21:03:02Z' },
    { follow: true, sinceTime: '2026-11-22T21:03:03Z' },
  ]);
  expect(asked[1]).not.toHaveProperty('tailLines');
});

/** Pods `p0`, `p1` and so on, whose logs have a line each, or never say anything where that is said. */
function crowd(many: number, { follow = false, isEndless = false } = {}) {
  const remarks: string[] = [];
  const gone = new AbortController();
  const counts = { open: 0, mostOpen: 0 };
  async function* log(name: string) {
    counts.open += 1;
    counts.mostOpen = Math.max(counts.mostOpen, counts.open);
    try {
      if (isEndless)
        await new Promise((_, reject) =>
          gone.signal.addEventListener('abort', () => reject(gone.signal.reason as Error)),
        );
      yield Buffer.from(line(1, name));
    } finally {
      counts.open -= 1;
    }
  }
  const logs = new PodLogs<string>({
    client: { getStream: (path: string) => Promise.resolve(log(path.split('/').at(-2) ?? '')) },
    choice: { follow },
    originOf: () => '',
    signal: gone.signal,
    onProblem: vi.fn(),
    onGap: vi.fn(),
    onCrowd: (sentence) => remarks.push(sentence),
  });
  const pods = Array.from({ length: many }, (_, index) => {
    const pod = podThat({ terminated: {} });
    return { ...pod, metadata: { ...pod.metadata, name: `p${index}`, uid: `uid-${index}` } };
  });
  return { logs, pods, remarks, counts, gone };
}

const textsOf = async (logs: PodLogs<string>): Promise<string[]> => {
  const texts: string[] = [];
  for await (const portion of logs.portions()) texts.push(...portion.map(({ text }) => Buffer.from(text).toString()));
  return texts;
};

test.each([false, true])('all logs of 250 pods are read, a hundred at once, and a remark says so', async (follow) => {
  const { logs, pods, remarks, counts } = crowd(250, { follow });
  logs.add(pods);
  logs.close();
  const texts = await textsOf(logs);
  expect(new Set(texts)).toEqual(new Set(pods.map(({ metadata }) => metadata.name)));
  expect([texts.length, counts.mostOpen]).toEqual([250, 100]);
  expect(remarks).toEqual([
    'more than 100 logs: each further one is read when another has ended, so its lines come after younger ones',
  ]);
});

test('logs that wait for others do not keep somebody who has read enough', async () => {
  const { logs, pods, gone, counts } = crowd(150, { follow: true, isEndless: true });
  logs.add(pods);
  const reading = textsOf(logs);
  await expect.poll(() => counts.open).toBe(100);
  gone.abort(new Error('enough'));
  logs.close();
  expect(await reading).toEqual([]);
  expect(counts).toEqual({ open: 0, mostOpen: 100 });
});

test('later pods than ten thousand that wait are not shown, which a remark says', () => {
  const { logs, pods, remarks, gone } = crowd(10_101, { isEndless: true });
  logs.add(pods);
  gone.abort();
  expect(remarks.at(-1)).toBe('more than 10000 logs wait to be read: those of later pods are not shown');
});

test('what is read at once are the first pods, with a hundred containers together, or one pod with more', () => {
  expect(readAtOnce([60, 40, 1, 0], (streams) => streams)).toEqual([60, 40]);
  expect(readAtOnce([60, 41, 1], (streams) => streams)).toEqual([60]);
  expect(readAtOnce([150, 1], (streams) => streams)).toEqual([150]);
  expect(readAtOnce([1, 2], (streams) => streams)).toEqual([1, 2]);
});
