import { describe, expect, test } from 'vitest';
import { LogBuffer } from './log-buffer.ts';

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    time: '2026-11-23T12:00:00Z',
    run: 'a',
    pod: 'a-1',
    container: 'main',
    line: `line ${from + index}`,
  }));
const textOf = (buffer: LogBuffer) => buffer.chunks.flatMap((chunk) => chunk.lines.map(({ line }) => line.line));

describe('a log buffer', () => {
  test('keeps lines in their order, in chunks of a hundred', () => {
    const buffer = new LogBuffer();
    buffer.append(lines(130));
    buffer.append(lines(100, 130));
    expect(textOf(buffer)).toEqual(lines(230).map(({ line }) => line));
    expect(buffer.chunks.map((chunk) => chunk.lines.length)).toEqual([100, 100, 30]);
  });

  test('a chunk that did not change is the same object', () => {
    const buffer = new LogBuffer();
    buffer.append(lines(150));
    const [full, last] = buffer.chunks;
    buffer.append(lines(1));
    expect(buffer.chunks[0]).toBe(full);
    expect(buffer.chunks[1]).not.toBe(last);
    expect(buffer.chunks[1]?.id).toBe(last?.id);
  });

  test('the oldest lines go, and are counted', () => {
    const buffer = new LogBuffer(1_000);
    buffer.append(lines(2_550));
    expect(buffer.lines).toBeLessThanOrEqual(1_000);
    expect(buffer.lines + buffer.dropped).toBe(2_550);
    expect(textOf(buffer).at(-1)).toBe('line 2549');
  });

  test('a long line is cut', () => {
    const buffer = new LogBuffer();
    buffer.append([{ ...lines(1)[0]!, line: 'x'.repeat(10_005) }]);
    expect(buffer.chunks[0]?.lines[0]).toMatchObject({ cut: 5, line: { line: 'x'.repeat(10_000) } });
  });
});
