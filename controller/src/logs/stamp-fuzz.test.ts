import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../kube/testing/fuzz.ts';
import { LineSource, readStamp } from './line-source.ts';

const piece = fc.constantFrom('2026-03-20T12:00:00', '9999-99-99T99:99:99', '.1', '.', 'Z', '+99:99', ' ', '\n', '\r');
const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 30 }).map((parts) => parts.join(''));

it('takes whole numbers or nothing from any text in place of a time', async () => {
  await fuzz(
    'times of log lines',
    text,
    (stamp) => {
      const { seconds, nanos } = readStamp(stamp) ?? { seconds: 0, nanos: 0 };
      expect([Number.isInteger(seconds), Number.isInteger(nanos)]).toEqual([true, true]);
    },
    { usual: 200 },
  );
});

it('reads any bytes as lines with a time, however they are cut', async () => {
  await fuzz(
    'log lines',
    fc.array(text, { maxLength: 8 }),
    async (parts) => {
      const chunks = (async function* () {
        await Promise.resolve();
        for (const part of parts) yield Buffer.from(part);
      })();
      const source = new LineSource(chunks, '');
      while (await source.more()) {
        for (let line = source.peek(); line !== undefined; line = source.peek()) {
          expect([Number.isInteger(line.seconds), line.text.includes(10)]).toEqual([true, false]);
          source.shift();
        }
      }
    },
    { usual: 200 },
  );
});
