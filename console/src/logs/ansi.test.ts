import { describe, expect, test } from 'vitest';
import { segmentsOf } from './ansi.ts';

describe('ANSI escapes', () => {
  test.each([
    ['plain', [{ text: 'plain', classes: '' }]],
    [
      '\u001b[31mred\u001b[0m plain',
      [
        { text: 'red', classes: 'ansi-1' },
        { text: ' plain', classes: '' },
      ],
    ],
    [
      '\u001b[1;92mbold\u001b[22m not',
      [
        { text: 'bold', classes: 'ansi-2 ansi-bold' },
        { text: ' not', classes: 'ansi-2' },
      ],
    ],
    [
      '\u001b[38;5;196mmany\u001b[39m few',
      [
        { text: 'many', classes: '' },
        { text: ' few', classes: '' },
      ],
    ],
    ['\u001b[38;2;1;2;3;4mline', [{ text: 'line', classes: 'ansi-underline' }]],
    ['\u001b[2K\u001b[1Gprogress', [{ text: 'progress', classes: '' }]],
    ['\u001b]0;title\u0007text', [{ text: 'text', classes: '' }]],
    ['\u001b]8;;http://elsewhere\u001b\\link', [{ text: 'link', classes: '' }]],
    ['end\u001b[', [{ text: 'end␛[', classes: '' }]],
    ['\u001b[mreset', [{ text: 'reset', classes: '' }]],
  ])('%j', (line, segments) => {
    expect(segmentsOf(line)).toEqual(segments);
  });

  test('what has no picture gets one; markup stays as it is', () => {
    expect(segmentsOf('a\u0000b\u007fc\u202ed\u009be <b>')).toEqual([
      { text: 'a␀b␡c<U+202E>d<U+009B>e <b>', classes: '' },
    ]);
  });

  test('a line that changes at every character stays drawable', () => {
    expect(segmentsOf('\u001b[31mx\u001b[32my'.repeat(5_000)).length).toBe(500);
  });
});
