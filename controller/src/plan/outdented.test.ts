import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAll } from './kubectl-yaml.ts';
import { indented } from './outdented.ts';

const read = (text: string) => readAll(text).map(({ value, error }) => error ?? value);

describe('kubectl reads, though it stands too far to the left', () => {
  test.each<[string, string, unknown]>([
    ['a quoted text', 'a:\n  b: "foo\nbar"\n  c: 1\n', { a: { b: 'foo bar', c: 1 } }],
    ['its empty lines', "a:\n  b: 'foo\n\nbar ''baz''\n'\n", { a: { b: "foo\nbar 'baz' " } }],
    ['an escaped quote', 'a: "x\\"\ny\\\\"\nb: 1\n', { a: 'x" y\\', b: 1 }],
    ['an escaped line break', 'a: "x\\\ny"\n', { a: 'xy' }],
    ['Windows line ends', 'a:\r\n  b: "foo\r\nbar"\r\n', { a: { b: 'foo bar' } }],
    ['a list', 'a:\n  b: [1,\n2,\n 3\n]\nc: 1\n', { a: { b: [1, 2, 3] }, c: 1 }],
    ['JSON', 'a:\n  b: {\n"x": [1,\n2], "y": "p\nq"}\nc: [z]\n', { a: { b: { x: [1, 2], y: 'p q' } }, c: ['z'] }],
    ['several of them', "- 'a\nb'\n- ['c\nd', \n'e\nf']\n", ['a b', ['c d', 'e f']]],
  ])('%s', (_what, text, value) => expect(read(text)).toEqual([value]));
});

test('a quoted text in the head of a block, which cannot be moved, is looked at once and not for seconds', () => {
  const before = process.cpuUsage();
  expect(read('|<<: "">o):')).toEqual([expect.stringContaining('Block scalar header includes extra characters')]);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
});

test('the program of a Job that somebody pasted between quotes is read as kubectl reads it', () => {
  const job = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      containers:
        - name: main
          image: psql:1
          command: [psql, -c, "
UPDATE shop
SET price = 'it''s 1';
"]
`;
  const [found] = readAll(job);
  expect(found).toMatchObject({
    value: {
      spec: {
        template: { spec: { containers: [{ command: ['psql', '-c', " UPDATE shop SET price = 'it''s 1'; "] }] } },
      },
    },
  });
});

describe('kubectl refuses, too, and so it stays an error', () => {
  test.each([
    ['a quote that is never closed', 'a:\n  b: "foo\n'],
    ['a document that begins within quotes', 'a:\n  b: "foo\n---\nbar"\n'],
    ['a document that begins within brackets', 'a:\n  b: [1,\n---\n2]\n'],
    ['brackets that are never closed', 'a:\n  b: [1,\n'],
  ])('%s', (_what, text) => expect(readAll(text)[0]?.error).toMatch(/./));
});

test('what is in order stays as it is, and lines stay where they are', () => {
  const text = 'a: |\n  "x\n  [\nb: "it\'s"\nc: \'"\' # "\nd: {e: ["f"]}\n';
  expect(indented(text)).toBe(text);
  const piece = fc.constantFrom(
    'a: ',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '\n',
    '  ',
    '\\',
    '- ',
    '---\n',
    'x',
    '#',
    '|\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const made = pieces.join('');
      const words = (one: string) => one.replaceAll(' ', '');
      expect(words(indented(made))).toBe(words(made));
    }),
  );
});

test('a file that would be searched for ever is an error, as before', () => {
  const text = `a:\n  b: [\n${'1,\n'.repeat(20_000)}2]\n`;
  expect(indented(text)).toBe(text);
});
