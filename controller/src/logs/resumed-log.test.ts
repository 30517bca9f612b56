import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import type { Clock } from '../kube/clock.ts';
import { longestLine } from './line-source.ts';
import { resumedLog, type ContainerState, type Gap, type Opening } from './resumed-log.ts';

const at = (second: number, nanos = 0) =>
  `2026-11-22T21:03:${String(second).padStart(2, '0')}.${String(nanos).padStart(9, '0')}Z`;
const line = (second: number, text: string) => `${at(second)} ${text}\n`;
const broken = new Error('other side closed');
const refusal = (status: number) =>
  new ApiError({ verb: 'get', resource: 'pods', kind: 'Pod' }, { status, reason: 'x', message: 'no' });

/** A stream: its chunks, and how it ends. */
interface Stream {
  readonly chunks?: readonly string[];
  readonly error?: Error;
  /** What the pod says from then on. */
  readonly then?: ContainerState;
}

interface Start {
  readonly isClosed?: boolean;
  readonly state?: ContainerState;
}

/** What is read of a log whose streams end one after the other; the pauses between them take no time. */
async function readAll(streams: readonly Stream[], { isClosed = false, state: first = 'running' }: Start = {}) {
  let state: ContainerState = first;
  const openings: Opening[] = [];
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: (ms, wake) => {
      pauses.push(ms);
      queueMicrotask(wake);
      return () => undefined;
    },
  };
  async function* read({ chunks = [], error, then }: Stream) {
    for (const chunk of chunks) yield Buffer.from(chunk);
    if (then !== undefined) state = then;
    await Promise.resolve();
    if (error) throw error;
  }
  const open = (opening: Opening) => {
    const stream = streams[openings.length];
    openings.push(opening);
    if (!stream) throw new Error('no further stream was expected');
    return stream.error instanceof ApiError ? Promise.reject(stream.error) : Promise.resolve(read(stream));
  };
  const container = { state: () => state, isClosed: () => isClosed, onChange: () => () => undefined };
  const { signal } = new AbortController();
  const gaps: Gap[] = [];
  const onGap = (gap: Gap) => {
    gaps.push(gap);
    return Promise.resolve();
  };
  let text = '';
  for await (const bytes of resumedLog({ open, onGap, container, signal, clock }))
    text += Buffer.from(bytes).toString();
  return { text, gaps, openings, pauses };
}

test('a stream that ends while the container runs is opened again from its last line on', async () => {
  const { text, openings } = await readAll([
    { chunks: [line(1, 'one'), line(2, 'two')] },
    { chunks: [line(2, 'two'), line(3, 'three')], then: 'terminated' },
    { chunks: [line(3, 'three'), line(4, 'last')] },
  ]);
  expect(text).toBe(line(1, 'one') + line(2, 'two') + line(3, 'three') + line(4, 'last'));
  expect(openings).toEqual([{}, { sinceTime: at(2) }, { sinceTime: at(3) }]);
});

test('a stream that breaks in the middle of a line has that line once', async () => {
  const { text } = await readAll([
    { chunks: [line(1, 'one'), `${at(2)} tw`], error: broken },
    { chunks: [line(1, 'one'), line(2, 'two')], then: 'terminated' },
    { chunks: [line(2, 'two')] },
  ]);
  expect(text).toBe(line(1, 'one') + line(2, 'two'));
});

test('lines of the same moment are told apart by their number', async () => {
  const { text } = await readAll([
    { chunks: [line(1, 'a'), line(1, 'a')], error: broken },
    { chunks: [line(1, 'a'), line(1, 'a'), line(1, 'a')], then: 'terminated' },
    { chunks: [line(1, 'a'), line(1, 'a'), line(1, 'a')] },
  ]);
  expect(text).toBe(line(1, 'a').repeat(3));
});

test('a log that had nothing yet is opened as it was, with pauses that grow and have an end', async () => {
  const silent = Array.from({ length: 12 }, (): Stream => ({ error: refusal(502) }));
  const { text, openings, pauses } = await readAll([
    ...silent,
    { chunks: [line(1, 'late')], then: 'terminated' },
    { chunks: [line(1, 'late')] },
  ]);
  expect(text).toBe(line(1, 'late'));
  expect(openings.slice(0, 13)).toEqual(Array.from({ length: 13 }, () => ({})));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
  expect(pauses.slice(0, 12).every((ms, index) => ms >= Math.min(7_500, 500 * 2 ** index))).toBe(true);
});

test('what a container wrote before it was restarted is read to its end', async () => {
  const { text, openings } = await readAll([
    { chunks: [line(1, 'one')], error: broken, then: 'restarted' },
    { chunks: [line(1, 'one'), line(2, 'panic')] },
  ]);
  expect(text).toBe(line(1, 'one') + line(2, 'panic'));
  expect(openings[1]).toEqual({ sinceTime: at(1), previous: true });
});

test('a log whose container has terminated is read once', async () => {
  const { openings, text } = await readAll([{ chunks: [line(1, 'one'), `${at(2)} no newline`] }], {
    state: 'terminated',
  });
  expect(openings).toEqual([{}]);
  expect(text).toBe(`${line(1, 'one')}${at(2)} no newline`);
});

test('a log that may not be read is refused at once', async () => {
  await expect(readAll([{ error: refusal(403) }])).rejects.toThrow('no');
});

test('half a last line is not lost with its pod', async () => {
  const { text } = await readAll([{ chunks: [`${at(1)} a\n${at(2)} b`], then: 'terminated' }, { error: refusal(404) }]);
  expect(text).toBe(`${at(1)} a\n${at(2)} b`);
});

test('a container that printed nothing has no problem where its pod is gone when its log is opened again', async () => {
  const { text, openings } = await readAll([{ then: 'terminated' }, { error: refusal(404) }]);
  expect([text, openings.length]).toEqual(['', 2]);
});

test('once the run has ended and nobody says whether the container runs, it is not asked for ever', async () => {
  const { openings } = await readAll(
    Array.from({ length: 4 }, () => ({ chunks: [line(1, 'one')] })),
    { isClosed: true },
  );
  expect(openings).toHaveLength(4);
});

test('a line longer than anybody waits for is passed on once, though its stream breaks within it', async () => {
  const long = `${at(2)} ${'x'.repeat(longestLine * 2)}y\n`;
  const { text } = await readAll([
    {
      chunks: [line(1, 'one'), long.slice(0, longestLine + 5), long.slice(longestLine + 5, longestLine + 9)],
      error: broken,
    },
    { chunks: [line(1, 'one'), long.slice(0, 9), long.slice(9)], then: 'terminated' },
    { chunks: [long, line(3, 'three')] },
  ]);
  expect(text === line(1, 'one') + long + line(3, 'three')).toBe(true);
});

test('a log whose node began a new file while its stream was broken says between which lines others may be missing', async () => {
  const { text, gaps } = await readAll([
    { chunks: [line(1, 'one'), line(2, 'two')], error: broken },
    { chunks: [line(5, 'five'), line(6, 'six')], error: broken },
    { chunks: [line(6, 'six'), line(7, 'seven')], then: 'terminated' },
    { chunks: [line(10, 'ten')] },
  ]);
  expect(text).toBe(
    [line(1, 'one'), line(2, 'two'), line(5, 'five'), line(6, 'six'), line(7, 'seven'), line(10, 'ten')].join(''),
  );
  expect(gaps).toEqual([
    { from: at(2), to: at(5) },
    { from: at(7), to: at(10) },
  ]);
});

test('a kubelet that ends the stream with the old file when the container ends has lost nothing', async () => {
  const { text, gaps } = await readAll([
    { chunks: [line(1, 'one'), line(2, 'two')], then: 'terminated' },
    { chunks: [line(3, 'three'), line(4, 'four')] },
  ]);
  expect(text).toBe(line(1, 'one') + line(2, 'two') + line(3, 'three') + line(4, 'four'));
  expect(gaps).toEqual([]);
});

test('half a line whose other half went with its file is passed on as a line', async () => {
  const { text, gaps } = await readAll([
    { chunks: [line(1, 'one'), `${at(2)} tw`], error: broken },
    { chunks: [line(5, 'five')], then: 'terminated' },
    { chunks: [line(5, 'five')] },
  ]);
  expect(text).toBe(`${line(1, 'one')}${line(2, 'tw')}${line(5, 'five')}`);
  expect(gaps).toEqual([{ from: at(2), to: at(5) }]);
});

test('a new file that begins with the line that was broken off has lost nothing', async () => {
  const { text, gaps } = await readAll([
    { chunks: [line(1, 'one'), `${at(2)} tw`], error: broken },
    { chunks: [line(2, 'two')], then: 'terminated' },
    { chunks: [line(2, 'two')] },
  ]);
  expect(text).toBe(line(1, 'one') + line(2, 'two'));
  expect(gaps).toEqual([]);
});

test('a very long line whose rest went with its file takes nothing from the line after it', async () => {
  const long = `${at(2)} ${'x'.repeat(longestLine)}`;
  const { text, gaps } = await readAll([
    { chunks: [line(1, 'one'), long], error: broken },
    { chunks: [line(5, 'five')], then: 'terminated' },
    { chunks: [line(5, 'five')] },
  ]);
  expect(text === `${line(1, 'one')}${long}\n${line(5, 'five')}`).toBe(true);
  expect(gaps).toEqual([{ from: at(2), to: at(5) }]);
});

test('a log that nobody wrote to since has no gap', async () => {
  const { gaps } = await readAll([
    { chunks: [line(1, 'one'), line(1, 'one')], error: broken },
    { chunks: [], then: 'terminated' },
    { chunks: [] },
  ]);
  expect(gaps).toEqual([]);
});

test('wherever the streams break, each line comes once', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(3), fc.string({ unit: 'grapheme-ascii', maxLength: 5 })), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.array(fc.nat(400), { maxLength: 6 }),
      fc.nat(1),
      async (steps, breaks, end) => {
        let second = 0;
        const lines = steps.map(([later, text]) => ({ second: (second += later), text }));
        const all = lines.map((one) => line(one.second, one.text)).join('');
        // Each stream begins with the last second that came before it, as the kubelet's do.
        let seen = 0;
        const cuts = breaks.map((length): Stream => {
          const from = all.slice(0, seen).lastIndexOf('\n', seen) + 1;
          const last = all.slice(0, from).trimEnd().split('\n').at(-1)?.slice(0, 20) ?? '';
          const begin = last === '' ? 0 : all.indexOf(last);
          const chunk = all.slice(begin, begin + length);
          seen = Math.max(seen, begin + chunk.length);
          return end === 0 ? { chunks: [chunk], error: broken } : { chunks: [chunk.slice(0, 7), chunk.slice(7)] };
        });
        const { text, gaps } = await readAll([...cuts, { chunks: [all], then: 'terminated' }, { chunks: [all] }]);
        expect(text).toBe(all);
        expect(gaps).toEqual([]);
      },
    ),
  ));
