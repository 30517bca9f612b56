import { expect, test } from 'vitest';
import { oneLine } from './words.ts';

const rows: readonly [why: string, text: string, line: string][] = [
  ['leaves a plain sentence alone', 'exit code 1 in container mytask', 'exit code 1 in container mytask'],
  ['joins lines', 'first\r\n\tsecond\n', 'first second'],
  ['drops control characters of a terminal', '\u001b[31mred\u001b[0m\u0007', '[31mred [0m'],
  ['keeps what is not English', 'größer 文字', 'größer 文字'],
  ['leaves 400 characters whole', 'x'.repeat(400), 'x'.repeat(400)],
  ['says what it cut', 'x'.repeat(401), `${'x'.repeat(399)}…`],
];
for (const [why, text, line] of rows) test(`oneLine ${why}`, () => expect(oneLine(text)).toBe(line));
