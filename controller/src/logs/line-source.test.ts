import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSource, longestLine, readStamp, type LogLine } from './line-source.ts';

async function linesOf(...chunks: readonly (string | Uint8Array)[]): Promise<LogLine[]> {
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream comes piece by piece
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const source = new LineSource(stream(), '');
  const lines: LogLine[] = [];
  while (await source.more()) {
    for (let line = source.peek(); line !== undefined; line = source.peek()) {
      lines.push(line);
      source.shift();
    }
  }
  return lines;
}
const textOf = ({ text }: LogLine) => Buffer.from(text).toString();
const stamp = '2026-11-22T21:03:05.123456789Z';

describe('a log', () => {
  it('is lines without their times', async () => {
    const lines = await linesOf(`${stamp} one\n2026-11-22T21:03:06Z  two\r\n`, `${stamp} \n`, `${stamp}\n`);
    expect(lines.map(textOf)).toEqual(['one', ' two', '', '']);
    expect(lines[0]).toMatchObject({ seconds: Date.UTC(2026, 10, 22, 21, 3, 5) / 1_000, nanos: 123_456_789 });
  });

  it('has the time of each line, also if its second equals the one before', async () => {
    const second = fc.constantFrom('2026-11-22T21:03:05', '2026-11-22T21:03:06', '2025-11-22T21:03:05');
    const fraction = fc.constantFrom('', '.', '.1', '.123456789', '.1234567890', '.000000001', '.5x');
    const zone = fc.constantFrom('Z', '+01:00', 'z', '');
    const head = fc.tuple(second, fraction, zone).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(head, fc.constantFrom(' a', ' ', '', ' Z b', 'c')), { minLength: 1, maxLength: 8 }),
        async (written) => {
          const lines = await linesOf(written.map(([time, rest]) => `${time}${rest}\n`).join(''));
          let last = { seconds: 0, nanos: 0 };
          for (const [index, [time, rest]] of written.entries()) {
            const [first = '', ...others] = `${time}${rest}`.split(' ');
            const own = readStamp(first);
            last = own ?? last;
            expect({ seconds: lines[index]?.seconds, nanos: lines[index]?.nanos }).toEqual(last);
            expect(textOf(lines[index] as LogLine)).toBe(own ? others.join(' ') : `${time}${rest}`);
          }
        },
      ),
    );
  });

  it('keeps lines without a time with the one before', async () => {
    const lines = await linesOf(`${stamp} one\nunable to retrieve container logs\n`);
    expect(lines.map(textOf)).toEqual(['one', 'unable to retrieve container logs']);
    expect(lines[1]).toMatchObject({ nanos: 123_456_789 });
  });

  it('shows what came before the stream broke off', async () =>
    expect((await linesOf(`${stamp} half a li`)).map(textOf)).toEqual(['half a li']));

  it('returns an endless line in pieces, without loss', async () => {
    const piece = Buffer.alloc(100_000, 'x');
    const lines = await linesOf(`${stamp} `, ...Array.from({ length: 10 }, () => piece), `\n${stamp} next\n`);
    expect(lines.reduce((sum, { text }) => sum + text.length, 0)).toBe(10 * piece.length + 'next'.length);
    expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThan(longestLine + piece.length);
    expect(lines.map(textOf).at(-1)).toBe('next');
  });

  it('passes bytes on unchanged', async () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0xfe, 0x1b);
    expect([...((await linesOf(`${stamp} `, bytes, '\n'))[0]?.text ?? [])]).toEqual([...bytes]);
  });

  it('is the same however it is cut into chunks', async () => {
    const text = `${stamp} one\n2026-11-22T21:03:06.5Z two\nno time\n${stamp} three\n`;
    const whole = (await linesOf(text)).map(({ seconds, nanos, text: line }) => [
      seconds,
      nanos,
      Buffer.from(line).toString(),
    ]);
    const cuts = fc.uniqueArray(fc.nat(text.length)).map((at) => at.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const chunks = [0, ...at].map((start, index) => text.slice(start, at[index] ?? text.length));
        expect(
          (await linesOf(...chunks)).map(({ seconds, nanos, text: line }) => [
            seconds,
            nanos,
            Buffer.from(line).toString(),
          ]),
        ).toEqual(whole);
      }),
    );
  });
});

describe('a time', () => {
  it('is the same in whichever zone it is written', () => {
    expect(readStamp('2026-11-22T22:03:05.1+01:00')).toEqual(readStamp('2026-11-22T21:03:05.100000000Z'));
  });
  it.for(['', 'hello', '2026-11-22', '2026-11-22T21:03:05', '2026-99-22T21:03:05Z', '2026-11-22T21:03:05.1234567890Z'])(
    '"%s" is not a time',
    (text) => {
      expect(readStamp(text)).toBeUndefined();
    },
  );
});
