import { expect, test } from 'vitest';
import { defaultPolicy, policyOf } from './execution-policy.ts';
import { aTask } from './testing/builders.ts';
import { taskSchema } from './testing/crd-schema.ts';

test('the defaults are those of the CRD', () => {
  const fields = taskSchema.properties?.['spec']?.properties?.['executionPolicy']?.properties ?? {};
  const defaults = Object.entries(fields).flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default] as const]));
  expect(Object.fromEntries(defaults)).toEqual(defaultPolicy);
  expect(Object.keys(fields).sort()).toEqual([...Object.keys(defaultPolicy), 'ttlSecondsAfterFinished'].sort());
});

test('what a Task says goes before the defaults', () => {
  expect(policyOf(aTask().build())).toEqual(defaultPolicy);
  expect(policyOf(aTask().policy({ keepLast: 0, ttlSecondsAfterFinished: 60 }).build())).toEqual({ ...defaultPolicy, keepLast: 0, ttlSecondsAfterFinished: 60 });
});
