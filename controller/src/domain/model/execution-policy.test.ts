import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultPolicy, policyOf } from './execution-policy.ts';
import { aTask } from '../testing/builders.ts';
import { taskSchema } from '../testing/crd-schema.ts';
import { policy as ofDeployments } from '../testing/deployment-story.ts';
import { policy as ofRuns } from '../testing/run-story.ts';

const deployed = { ...defaultPolicy, trigger: 'Revision', healthyWhen: 'Succeeded' };
const fields = taskSchema.properties?.['spec']?.properties?.['executionPolicy']?.properties ?? {};

test('the defaults are those of the CRD', () => {
  const defaults = Object.entries(fields).flatMap(([name, field]) =>
    field.default === undefined ? [] : [[name, field.default] as const],
  );
  expect(Object.fromEntries(defaults)).toEqual(defaultPolicy);
  expect(Object.keys(fields).sort()).toEqual([...Object.keys(deployed), 'ttlSecondsAfterFinished'].sort());
});

test('what a Task says goes before the defaults', () => {
  expect(policyOf(aTask().build())).toEqual(deployed);
  expect(policyOf(aTask().policy({ keepLast: 0, ttlSecondsAfterFinished: 60 }).build())).toEqual({
    ...deployed,
    keepLast: 0,
    ttlSecondsAfterFinished: 60,
  });
});

test('a scheduled Task runs on deployment only where that is written out', () => {
  const scheduled = aTask().build();
  const withSchedule = { ...scheduled, spec: { ...scheduled.spec, schedule: { crons: ['@daily'] } } };
  expect(policyOf(withSchedule).trigger).toBe('Manual');
  expect(
    policyOf({ ...withSchedule, spec: { ...withSchedule.spec, executionPolicy: { trigger: 'Revision' } } }).trigger,
  ).toBe('Revision');
});

test('made-up stories set each field', () => {
  const policies = fc.sample(fc.oneof(ofDeployments, ofRuns), { numRuns: 300, seed: 7 });
  expect([...new Set(policies.flatMap((policy) => Object.keys(policy)))].sort()).toEqual(Object.keys(fields).sort());
});
