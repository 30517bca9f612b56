/** Termination messages as programs write them that nobody has looked at: outputs, or what is wrong in a sentence. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../../kube/testing/fuzz.ts';
import { readOutputs } from './outputs.ts';

const declared = [
  { name: 'version' },
  { name: 'count', type: 'integer' as const, required: false },
  { name: '__proto__', required: false },
  { name: 'constructor', type: 'object' as const, required: false },
];
const piece = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"version"',
  '"__proto__"',
  '"count"',
  '1e999',
  'null',
  '\\u0000',
  '\ud800',
  '\n',
);
const text = fc.oneof(
  fc.json(),
  fc
    .array(fc.oneof(piece, fc.string({ maxLength: 4, unit: 'binary' })), { maxLength: 60 })
    .map((parts) => parts.join('')),
  fc.nat(2_000).map((depth) => '{"version":'.repeat(depth)),
  fc.nat(2_000).map((depth) => `{"version":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  fc
    .dictionary(fc.constantFrom('version', 'count', '__proto__', 'constructor', 'other'), fc.jsonValue())
    .map((value) => JSON.stringify(value)),
);

it('gives only what was declared, of the declared type, or says what is wrong', async () => {
  await fuzz(
    'outputs',
    text,
    (message) => {
      const verdict = readOutputs(declared, message);
      expect(verdict.problem ?? 'fine').toMatch(/\w/);
      if (verdict.problem !== undefined) return;
      const { outputs = {} } = verdict;
      expect(Object.keys(outputs).filter((name) => !declared.some((one) => one.name === name))).toEqual([]);
      if (Object.hasOwn(outputs, 'count')) expect(Number.isInteger(outputs['count'])).toBe(true);
      expect(Object.getPrototypeOf(outputs)).toBe(Object.prototype);
    },
    { usual: 500 },
  );
});
