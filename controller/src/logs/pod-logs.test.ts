import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test, vi } from 'vitest';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { PodLogs } from './pod-logs.ts';

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
