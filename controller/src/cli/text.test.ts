import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutTo, printable, terminalSafe } from './text.ts';

describe('text from a cluster', () => {
  it('cannot move the cursor or forge a line in a table', () => {
    expect(printable('a\u001b[2Jb\nc\r\u009bd\u2028e')).toBe('a [2Jb c d e');
  });

  it('keeps its colours and tabs in a log, and loses all other control sequences', () => {
    expect(terminalSafe('\u001b[31;1mred\u001b[0m\tplain')).toBe('\u001b[31;1mred\u001b[0m\tplain');
    expect(terminalSafe('a\u001b[2Jb\u001b]0;title\u0007c\u001b[?25ld\u0007e\rf\u009b2Jg')).toBe('abcdef2Jg');
  });

  it('never leaves an escape sequence other than a colour, whatever was printed', () => {
    const anything = fc.string({
      unit: fc.constantFrom(
        '\u001b',
        '[',
        ']',
        '1',
        ';',
        'm',
        'J',
        '?',
        'h',
        '\u0007',
        '\\',
        'x',
        '\r',
        '\n',
        '\u009b',
      ),
    });
    // eslint-disable-next-line no-control-regex -- these are the characters that must not remain
    const unsafe = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;:]*m)/;
    fc.assert(fc.property(anything, (text) => !unsafe.test(terminalSafe(text))));
  });

  it('shows that it was cut', () => expect([cutTo(5, 'abcde'), cutTo(4, 'abcde')]).toEqual(['abcde', 'abc…']));

  it('is cut between what people see as characters, by the columns that they take', () => {
    expect([cutTo(6, '映像がない'), cutTo(4, 'é́éééé'), cutTo(3, '👩‍👩‍👧👩‍👩‍👧')]).toEqual(['映像…', 'é́éé…', '👩‍👩‍👧…']);
  });
});
