import fc from 'fast-check';
import { Ajv } from 'ajv';
import { describe, expect, it, test } from 'vitest';
import { taskSchema } from '../domain/testing/crd-schema.ts';
import { admitBySchema, type Schema } from './schema.ts';

const schema = taskSchema as Schema;
const admit = (spec: object) => admitBySchema(schema, JSON.parse(JSON.stringify({ spec: { template: {}, ...spec } })));

describe("the API server's answer by the schema", () => {
  it.for<[spec: object, problem: string]>([
    [{ executionPolicy: { keepLast: -1 } }, 'spec.executionPolicy.keepLast is -1: write 0 to 1000'],
    [
      { executionPolicy: { concurrencyPolicy: 'Never' } },
      'spec.executionPolicy.concurrencyPolicy is "Never": write one of Allow, Forbid, Replace, Queue',
    ],
    [
      { executionPolicy: { keepLast: 1.5 } },
      'spec.executionPolicy.keepLast must be an integer, not 1.5: write a whole number',
    ],
    [{ timeoutSeconds: 0 }, 'spec.timeoutSeconds is 0: write 1 or more'],
    [{ schedule: { crons: [] } }, 'spec.schedule.crons has 0 elements: write 1 to 20'],
    [{ schedule: { timeZone: 'UTC' } }, 'spec.schedule lacks crons: write it'],
    [{ schedule: { crons: ['@daily', '@daily'] } }, 'spec.schedule.crons has "@daily" twice: write it once'],
    [
      { template: undefined, steps: [{ name: 'A', template: {} }] },
      'spec.steps.0.name is "A": write "a" (lower-case letters, digits and dashes, no dash first or last)',
    ],
    [{ outputs: [{ name: 'a' }, { name: 'a' }] }, 'spec.outputs has "a" twice: write it once'],
    [{ items: [{}] }, 'spec.items.0 has 0 fields: write 1 to 20'],
    [{ items: [{ a: 1 }], matrix: { a: [1] } }, 'spec is refused: write items or matrix, not both'],
    [
      { items: [{ a: 1 }], maxParallel: '0%' },
      'spec.maxParallel is refused: maxParallel is a number from 1 on, or a share from 1% to 100%',
    ],
    [{ maxParallel: true, items: [{ a: 1 }] }, 'spec.maxParallel must be a number or a string, not true'],
  ])('%o is refused', ([spec, problem]) =>
    expect(admit(spec).problems.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([problem]),
  );

  test('fills in defaults, and drops what the schema does not name', () => {
    expect(admit({ retry: { limit: 2, other: 1 }, template: { spec: { any: 'thing' } } }).value).toMatchObject({
      spec: {
        retry: { limit: 2, delaySeconds: 10, backoff: 'Exponential' },
        suspend: false,
        executionPolicy: { unique: true, keepLast: 3, allowedOverrides: ['args', 'env'] },
        template: { spec: { any: 'thing' } },
      },
    });
    expect(admit({ retry: { limit: 2, other: 1 } }).value).not.toHaveProperty('spec.retry.other');
  });

  test("is the same as a complete validator's", () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(taskSchema);
    const values = fc.oneof(
      fc.integer({ min: -2, max: 2000 }),
      fc.string({ maxLength: 4 }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('Allow', 'Revision', 'Queue'),
      fc.array(fc.string({ maxLength: 3 }), { maxLength: 3, minLength: 1 }).map((list) => [...new Set(list)]),
    );
    const fields = fc.dictionary(
      fc.constantFrom(
        'keepLast',
        'historyLimit',
        'trigger',
        'concurrencyPolicy',
        'unique',
        'crons',
        'timeZone',
        'limit',
        'backoff',
      ),
      values,
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('executionPolicy', 'schedule', 'retry', 'timeoutSeconds', 'suspend'),
          fc.oneof(fields, values),
        ),
        (spec) => {
          const object = { spec: { template: {}, ...spec } };
          expect(admitBySchema(schema, object).problems.length === 0).toBe(validate(object));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
