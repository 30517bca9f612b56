/** A watch's bytes, cut anywhere, broken off, and made up. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from './testing/fuzz.ts';
import { jsonLines } from './json-lines.ts';

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    yield await Promise.resolve(bytes.subarray(from, cut));
    from = cut;
  }
}

async function readAll(bytes: Uint8Array, cuts: readonly number[]): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const line of jsonLines(inPieces(bytes, cuts))) read.push(line);
  return read;
}

const cuts = fc.array(fc.nat(400), { maxLength: 20 });

it('reads the same lines wherever the bytes are cut, also within a letter, and drops one that broke off', async () => {
  await fuzz(
    'lines of a watch',
    fc.tuple(fc.array(fc.json(), { maxLength: 6 }), cuts, fc.string()),
    async ([lines, where, rest]) => {
      const whole = lines.map((line) => `${line}\n`).join('');
      const bytes = Buffer.from(whole + rest.replaceAll('\n', ''));
      expect(await readAll(bytes, where)).toEqual(lines.map((line) => JSON.parse(line) as unknown));
    },
    { usual: 200 },
  );
});

it('takes any other bytes for a broken stream', async () => {
  await fuzz(
    'bytes of a watch',
    fc.tuple(fc.uint8Array({ maxLength: 400 }), cuts),
    async ([bytes, where]) => {
      await readAll(bytes, where).catch((error: unknown) => expect(error).toBeInstanceOf(SyntaxError));
    },
    { usual: 300 },
  );
});
