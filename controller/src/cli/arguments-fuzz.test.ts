/** What people type: a value, or a sentence that says what to write, and never a path to something else. */
import fc from 'fast-check';
import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { fuzz } from '../kube/testing/fuzz.ts';
import { countArgument, durationArgument, envArgument, nameArgument, taskArgument } from './arguments.ts';

const piece = fc.constantFrom(
  '1',
  '9'.repeat(9),
  '9'.repeat(40),
  's',
  'm',
  'h',
  'd',
  'w',
  '-',
  '+',
  '.',
  '..',
  '/',
  '%2f',
  '=',
  'a',
  'A',
  ' ',
  '\n',
  '٣',
  '\u0000',
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  fc.nat(400).map((length) => 'a'.repeat(length)),
);

/** undefined where it was refused with a sentence. */
function read<T>(parse: (text: string) => T, given: string): T | undefined {
  try {
    return parse(given);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toMatch(/^[A-Z].*\.$/);
    return undefined;
  }
}

it('reads any text or refuses it in a sentence', async () => {
  await fuzz(
    'arguments',
    text,
    (given) => {
      for (const parse of [durationArgument, countArgument]) {
        const value = read(parse, given) ?? 0;
        expect([Number.isSafeInteger(value), value >= 0]).toEqual([true, true]);
      }
      for (const parse of [nameArgument, taskArgument])
        expect(read(parse, given) ?? 'a').toMatch(/^[a-z0-9][-a-z0-9.]*(\/[a-z0-9][-a-z0-9.]*)?$/);
      const [variable] = read(envArgument, given) ?? [];
      if (variable) expect(`${variable.name}=${variable.value}`).toBe(given);
    },
    { usual: 500 },
  );
});
