import { expect, test } from 'vitest';
import { documentsOf, print, printJson, readAll } from './kubectl-yaml.ts';

const read = (text: string) => readAll(text).map(({ value }) => value);

// A commit such as e5, and the folder of `git clone URL .`, were read as numbers, and came out as null.
test('what has no digit before its exponent is a string, as kubectl reads it', () => {
  expect(read('[clone, ., -., ._, e5, E12, "."]')).toEqual([['clone', '.', '-.', '._', 'e5', 'E12', '.']]);
});

test('numbers of all other forms stay numbers', () => {
  const numbers = [0.5, 1, 1000, -50, 493, 1000, 10.5];
  expect(read('[.5, 1., 1e3, -.5e2, 0755, 1_000, 1_0.5]')).toEqual([numbers]);
});

// People write modes as YAML 1.2 has them, and kubectl takes them, though it reads YAML 1.1.
test('an octal number is one in both forms that kubectl takes', () => {
  expect(read('[0o555, 0O17, -0o17, 0555, 0o8, "0o17"]')).toEqual([[0o555, 0o17, -0o17, 0o555, '0o8', '0o17']]);
});

// plan ended with an error of its own.
test('an octal number is an ordinary one where no digits have to be kept', () => {
  expect(documentsOf('[0o755, -0o17]', {}).map((document) => document.toJS() as unknown)).toEqual([[493, -15]]);
});

test('what another program could take for a number is printed in quotes', () => {
  expect(print(['e5', '.', 'plain'])).toBe('- "e5"\n- "."\n- plain\n');
});

test('a number that no float holds is text, bytes are the text that they encode, and sets and ordered maps are ordinary', () => {
  expect(read('[1e400, -1e400, !!binary aGVsbG8=, !!set {a, b}, !!omap [a: 1]]')).toEqual([
    ['1e400', '-1e400', 'hello', { a: null, b: null }, [{ a: 1 }]],
  ]);
});

// They came out as null, or as a word that nobody wrote.
test.each([
  [
    'cpu: .inf',
    'spec.0.cpu is .inf, which JSON cannot hold: write a number, or put it in quotes, at line 3, column 10',
  ],
  [
    'cpu: -.Inf',
    'spec.0.cpu is -.Inf, which JSON cannot hold: write a number, or put it in quotes, at line 3, column 10',
  ],
  [
    'cpu: .nan',
    'spec.0.cpu is .nan, which JSON cannot hold: write a number, or put it in quotes, at line 3, column 10',
  ],
  ['~: a', 'a key of spec.0 is not text: write a word, or put it in quotes, at line 3, column 5'],
  ['[a]: b', 'a key of spec.0 is not text: write a word, or put it in quotes, at line 3, column 5'],
])('what kubectl refuses to send is refused with its place: %s', (line, error) => {
  expect(readAll(`kind: x\nspec:\n  - ${line}\n`)).toEqual([{ value: undefined, error }]);
});

// plan and convert ended with "Maximum call stack size exceeded".
test('a value that stands within itself is refused with its place', () => {
  const error = 'metadata.x.0 is *m, which stands within &m: write the value itself, at line 1, column 19';
  expect(readAll('metadata: &m {x: [*m]}\n')).toEqual([{ value: undefined, error }]);
  expect(read('a: &m {b: 1}\nc: [*m, *m]\n')).toEqual([{ a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] }]);
});

// Strangers write labels, messages and outputs, and people look at them on terminals.
test.each(['\u001b]0;owned\u0007', 'a\n\u001b[2J', '\u009b2J', 'a\u202eb', '\u2066', 'x\u007f\u2028'])(
  'text that wants to move the cursor, or to turn itself around, is printed as escapes: %j',
  (text) => {
    const value = { [text]: [text] };
    for (const printed of [print(value), printJson(value)]) {
      expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
      expect(read(printed)).toEqual([value]);
    }
    expect(JSON.parse(printJson(value))).toEqual(value);
  },
);
