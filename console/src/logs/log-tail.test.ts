import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogLine } from '../../../controller/src/api/schemas.ts';
import { ApiError } from '../api/problem.ts';
import { LogTail } from './log-tail.ts';

const line = (second: number, text: string): LogLine => ({
  time: `2026-11-23T12:00:0${second}Z`,
  run: 'a',
  pod: 'a-1',
  container: 'main',
  line: text,
});
const textOf = (tail: LogTail) => tail.buffer.chunks.flatMap((chunk) => chunk.lines.map((kept) => kept.line.line));

/** A log that is read in several connections; an Error breaks one. */
function logOf(...connections: readonly (readonly (LogLine | Error)[])[]) {
  const asked: (string | undefined)[] = [];
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream that is always ready
  async function* open(since: string | undefined) {
    asked.push(since);
    for (const part of connections[asked.length - 1] ?? []) {
      if (part instanceof Error) throw part;
      yield part;
    }
  }
  return { open, asked };
}

describe('the tail of a log', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is read to its end', async () => {
    const { open } = logOf([line(1, 'a'), line(2, 'b')]);
    const tail = new LogTail(open, true);
    tail.start();
    tail.start();
    await vi.advanceTimersByTimeAsync(200);
    expect([textOf(tail), tail.ended, tail.error]).toEqual([['a', 'b'], true, undefined]);
  });

  test('goes on where the connection broke, and shows no line twice', async () => {
    const { open, asked } = logOf(
      [line(1, 'a'), line(2, 'b'), line(2, 'c'), new Error('gone')],
      [line(2, 'b'), line(2, 'c'), line(2, 'd'), line(3, 'e')],
    );
    const tail = new LogTail(open, true);
    tail.start();
    await vi.advanceTimersByTimeAsync(500);
    expect(tail.error).toBeInstanceOf(Error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(textOf(tail)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(asked).toEqual([undefined, '2026-11-23T12:00:02Z']);
    expect(tail.error).toBeUndefined();
  });

  test('a refusal is shown, and not asked for again and again', async () => {
    const refusal = new ApiError('yours only reads', { code: 'ReadingToken', status: 403 });
    const { open, asked } = logOf([refusal], [line(1, 'a')]);
    const tail = new LogTail(open, true);
    tail.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([tail.error, tail.retries, asked.length]).toEqual([refusal, false, 1]);
    tail.retry();
    await vi.advanceTimersByTimeAsync(500);
    expect([textOf(tail), tail.error]).toEqual([['a'], undefined]);
  });

  test('what is not followed is not asked for again', async () => {
    const { open, asked } = logOf([new Error('gone')]);
    const tail = new LogTail(open, false);
    tail.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });

  test('nothing is asked for after it was stopped', async () => {
    const { open, asked } = logOf([new Error('gone')], []);
    const tail = new LogTail(open, true);
    tail.start();
    await vi.advanceTimersByTimeAsync(10);
    tail.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});
