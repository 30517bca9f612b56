import { describe, expect, test } from 'vitest';
import { readOutputs } from './outputs.ts';

type Declared = Parameters<typeof readOutputs>[0];

const version = { name: 'version' };
const count = { name: 'count', type: 'integer' } as const;
const optional = { name: 'note', required: false };

describe('outputs are read from', () => {
  test.each<[Declared, string | undefined, Readonly<Record<string, unknown>>]>([
    [[version], '{"version":"1.2"}', { version: '1.2' }],
    [[version], ' {"version":"1.2"}\n', { version: '1.2' }],
    [[version], '{"version":""}', { version: '' }],
    [[version, count], '{"count":3,"version":"1.2"}', { version: '1.2', count: 3 }],
    // What nobody declared is left out.
    [[version], '{"version":"1.2","secret":"x"}', { version: '1.2' }],
    [[optional], '{}', {}],
    [[optional], undefined, {}],
    [[optional], '', {}],
    [[version, optional], '{"version":"1.2","note":"n"}', { version: '1.2', note: 'n' }],
  ])('%o: %s', (declared, text, outputs) => expect(readOutputs(declared, text)).toEqual({ outputs }));
});

describe('outputs of type', () => {
  const values = {
    string: '"a"',
    integer: '1',
    number: '1.5',
    boolean: 'true',
    object: '{"a":1}',
    array: '[1]',
    null: 'null',
  };
  const types = ['string', 'integer', 'number', 'boolean', 'object', 'array'] as const;
  test.each(types.flatMap((type) => Object.entries(values).map(([actual, text]) => [type, actual, text] as const)))(
    '%s: a value of type %s',
    (type, actual, text) => {
      const { problem } = readOutputs([{ name: 'value', type }], `{"value":${text}}`);
      const fits = actual === type || (type === 'number' && actual === 'integer');
      expect(problem).toBe(fits ? undefined : `output value must be of type ${type}, not ${actual}`);
    },
  );
});

describe('what is wrong is said in a sentence:', () => {
  const file = 'the termination message (/dev/termination-log)';
  const remedy = 'write one such as {"version": ...}, 4096 bytes at most';
  test.each<[Declared, string | undefined, string]>([
    [[version], undefined, `the run wrote no outputs to ${file}; version must be there`],
    [[version, count, optional], '', `the run wrote no outputs to ${file}; version, count must be there`],
    [[version], '{}', 'output version is missing'],
    [[version, count], '{"count":"3"}', 'output version is missing; output count must be of type integer, not string'],
    [
      [count],
      '{"count":12345678901234567890}',
      'output count is a number with too many digits to be kept exactly: write it in quotes',
    ],
    [[optional], '{"note":1}', 'output note must be of type string, not integer'],
    [[version], '{"__proto__":{"version":"1"}}', 'output version is missing'],
    [[{ name: 'toString' }], '{}', 'output toString is missing'],
    [[version], 'done', `${file} is no JSON object: "done"; ${remedy}`],
    [[version], '["1.2"]', `${file} is no JSON object: "[\\"1.2\\"]"; ${remedy}`],
    [[version], 'null', `${file} is no JSON object: "null"; ${remedy}`],
    // As the kubelet cuts it.
    [
      [version],
      `{"version":"${'x'.repeat(60)}`,
      `${file} is no JSON object: "{\\"version\\":\\"${'x'.repeat(28)}"...; ${remedy}`,
    ],
  ])('%o: %s', (declared, text, problem) => expect(readOutputs(declared, text)).toEqual({ problem }));
});
