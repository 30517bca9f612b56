import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../kube/testing/fuzz.ts';
import { cutTo, printable, printableError, terminalSafe, terminalSafeLines } from './text.ts';

describe('text from a cluster', () => {
  it('cannot move the cursor or forge a line in a table', () => {
    expect(printable('a\u001b[2Jb\nc\r\u009bd\u2028e')).toBe('a [2Jb c d e');
  });

  it('keeps its colours and tabs in a log, and loses all other control sequences', () => {
    expect(terminalSafe('\u001b[31;1mred\u001b[0m\tplain')).toBe('\u001b[31;1mred\u001b[0m\tplain');
    expect(terminalSafe('a\u001b[2Jb\u001b]0;title\u0007c\u001b[?25ld\u0007e\rf\u009b2Jg')).toBe('abcdef2Jg');
  });

  it('asks the terminal nothing in a log, which it would answer as if somebody had typed that', () => {
    expect(terminalSafe('a\u001b[?4mb\u001b[?m\u001b[1 mc\u001b[c\u001b[6nd')).toBe('abcd');
  });

  it('is neither hidden in a log, nor coloured beyond its line', () => {
    expect(terminalSafe('a\u001b[8mhidden')).toBe('ahidden\u001b[0m');
    expect(terminalSafe('\u001b[1;8;31mb')).toBe('\u001b[1;31mb\u001b[0m');
    expect(terminalSafe('\u001b[08mb\u001b[8:1mc')).toBe('bc\u001b[0m');
    expect(terminalSafe('\u001b[38;5;8mgrey')).toBe('\u001b[38;5;8mgrey\u001b[0m');
    expect(terminalSafe('\u001b[38;2;8;8;8;8mb')).toBe('\u001b[38;2;8;8;8mb\u001b[0m');
    expect(terminalSafe('plain')).toBe('plain');
  });

  it('has no marks that turn its order around', () => {
    const marks = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c';
    expect([printable(`a${marks}b`), terminalSafe(`a${marks}b`)]).toEqual(['ab', 'ab']);
  });

  it('cannot forge a line as words of a server in an error', () => {
    expect(printableError('bad\u001b]0;TITLE\u0007\u001b[2J\nerror: FORGED\u202e')).toBe(
      'bad ]0;TITLE [2J\n  error: FORGED',
    );
  });

  it('never leaves an escape sequence other than a colour, whatever was printed', async () => {
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
    await fuzz('text for terminals', anything, (text) => expect(terminalSafe(text)).not.toMatch(unsafe), {
      usual: 100,
    });
  });

  it('shows that it was cut', () => expect([cutTo(5, 'abcde'), cutTo(4, 'abcde')]).toEqual(['abcde', 'abc…']));

  it('is cut between what people see as characters, by the columns that they take', () => {
    expect([cutTo(6, '映像がない'), cutTo(4, 'é́éééé'), cutTo(3, '👩‍👩‍👧👩‍👩‍👧')]).toEqual(['映像…', 'é́éé…', '👩‍👩‍👧…']);
  });
});

describe('a log that comes in chunks', () => {
  async function partsOf(chunks: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
    const parts: string[] = [];
    for await (const part of terminalSafeLines(chunks)) parts.push(part);
    return parts;
  }

  it.each([1, 2, 3, 5, 100])('is the same on a terminal wherever its chunks end: after %d bytes', async (size) => {
    const bytes = Buffer.from('run/pod grüße\u001b[31m rot \u{1F600}\nrun/pod \u001b]0;owned\u0007b\u009b2Jc');
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
    }
    expect((await partsOf(chunks())).join('')).toBe('run/pod grüße\u001b[31m rot \u{1F600}\u001b[0m\nrun/pod b2Jc');
  });

  it('comes in parts where a line does not end', async () => {
    async function* chunks() {
      for (let count = 0; count < 3; count += 1) yield await Promise.resolve(Buffer.alloc(70_000, 'x'));
    }
    const parts = await partsOf(chunks());
    expect(parts.map(({ length }) => length)).toEqual([70_000, 70_000, 70_000, 0]);
  });
});
