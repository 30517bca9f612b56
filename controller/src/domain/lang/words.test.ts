import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { oneLine } from './words.ts';

const rows: readonly [why: string, text: string, line: string][] = [
  ['leaves a plain sentence alone', 'exit code 1 in container mytask', 'exit code 1 in container mytask'],
  ['joins lines', 'first\r\n\tsecond\n', 'first second'],
  ['drops control characters of a terminal', '\u001b[31mred\u001b[0m\u0007', '[31mred [0m'],
  ['keeps what is not English', 'größer 文字', 'größer 文字'],
  ['leaves 400 characters whole', 'x'.repeat(400), 'x'.repeat(400)],
  ['says what it cut', 'x'.repeat(401), `${'x'.repeat(399)}…`],
  ['says that it did not read on', `a${' '.repeat(5_000)}b`, 'a…'],
];
for (const [why, text, line] of rows) test(`oneLine ${why}`, () => expect(oneLine(text)).toBe(line));

test('a sentence of a megabyte, which anybody may write into an event, is not kept for the 400 characters of it', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapOf = (count: number) => {
    const kept = Array.from({ length: count }, (_, nth) => oneLine(`${nth} ${'not this '.repeat(120_000)}`));
    collect();
    return { bytes: process.memoryUsage().heapUsed, kept };
  };
  const before = heapOf(1);
  const after = heapOf(100);
  expect([after.kept.length, (after.bytes - before.bytes) / 1e6 < 10]).toEqual([100, true]);
});
