import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { broken, currentSchemas, type KeptSchemas, type Schema } from '../../scripts/release/schemas.ts';

const folder = new URL('released/', import.meta.url);
const released = (await readdir(fileURLToPath(folder))).sort();

const int32 = (field: string): string => `Task v1alpha1.spec.${field}: maximum was Infinity, and is 2147483647`;

/** What was narrowed all the same, and why nobody could rely on it. */
const accepted = new Set([
  // A Job takes no larger number, so such a Task never had a run: the API server says so now.
  int32('executionPolicy.ttlSecondsAfterFinished'),
  ...['parallelism', 'completions', 'backoffLimit', 'backoffLimitPerIndex', 'maxFailedIndexes'].map((field) =>
    int32(`job.${field}`),
  ),
  // 68 years: the controller's timers count no further.
  int32('job.activeDeadlineSeconds'),
]);

describe.each(released)('what people wrote for %s', (file) => {
  it('is taken by the CRDs of today, and read as before', async () => {
    const before = JSON.parse(await readFile(new URL(file, folder), 'utf8')) as KeptSchemas;
    expect(broken(before, await currentSchemas()).filter((sentence) => !accepted.has(sentence))).toEqual([]);
  });
});

it('knows what has been released', () => {
  expect(released).toContain('0.1.0.json');
});

const column = { name: 'Phase', type: 'string', jsonPath: '.status.phase' };
const versionOf = (schema: Schema, columns = [column]): KeptSchemas => ({ 'Task v1': { columns, schema } });
const object = (properties: Record<string, Schema>, rest: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...rest,
});

describe('a change of a schema', () => {
  const text: Schema = { type: 'string' };
  it.each<[string, Schema, Schema, string[]]>([
    ['a field that is gone', object({ a: text }), object({}), ['Task v1.a is gone']],
    ['another type', object({ a: text }), object({ a: { type: 'integer' } }), ['Task v1.a was string, and is integer']],
    [
      'a number or text that is only a number',
      object({ a: { 'x-kubernetes-int-or-string': true } }),
      object({ a: { type: 'integer' } }),
      ['Task v1.a was a number or text, and is integer'],
    ],
    [
      'a field that became required, in a list',
      object({ list: { type: 'array', items: object({ a: text }) } }),
      object({ list: { type: 'array', items: object({ a: text }, { required: ['a'] }) } }),
      ['Task v1.list[].a is required, and was not'],
    ],
    [
      'a value that is gone, in a map',
      object({ map: { type: 'object', additionalProperties: { type: 'string', enum: ['x', 'y'] } } }),
      object({ map: { type: 'object', additionalProperties: { type: 'string', enum: ['x', 'z'] } } }),
      ['Task v1.map.* no longer takes y'],
    ],
    [
      'values where there was any',
      object({ a: text }),
      object({ a: { type: 'string', enum: ['x'] } }),
      ['Task v1.a takes only x, and took anything'],
    ],
    [
      'limits that are closer',
      object({ a: { type: 'integer', minimum: 0, maximum: 9 } }),
      object({ a: { type: 'integer', minimum: 1, maximum: 8 } }),
      ['Task v1.a: maximum was 9, and is 8', 'Task v1.a: minimum was 0, and is 1'],
    ],
    [
      'an object that is no longer open',
      object({ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
      object({ a: object({}) }),
      ['Task v1.a took fields that nobody named, and no longer does'],
    ],
    [
      'what is wider',
      object({ a: { type: 'integer', maximum: 9 }, b: { type: 'string', enum: ['x'] } }, { required: ['a', 'b'] }),
      object({ a: { type: 'integer', maximum: 10 }, b: { type: 'string', enum: ['x', 'y'] }, c: text }),
      [],
    ],
  ])('%s', (_, before, now, sentences) => {
    expect(broken(versionOf(before), versionOf(now))).toEqual(sentences);
  });

  it('a printer column that is gone, or shows something else', () => {
    const schema = object({});
    expect(broken(versionOf(schema), versionOf(schema, []))).toEqual(['Task v1: the printer column Phase is gone']);
    expect(broken(versionOf(schema), versionOf(schema, [{ ...column, jsonPath: '.status.state' }]))).toEqual([
      'Task v1: the printer column Phase was .status.phase (string), and is .status.state (string)',
    ]);
  });

  it('a version that is gone', () => {
    expect(broken(versionOf(object({})), {})).toEqual(['Task v1 is gone']);
  });
});
