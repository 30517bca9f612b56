import { expect, test } from 'vitest';
import { policyOf } from '../model/execution-policy.ts';
import { aTask } from '../testing/builders.ts';
import { isHealthy } from './healthy-when.ts';

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Idle'] as const;

test.each([
  ['Succeeded, by default', {}, ['Succeeded', 'Idle']],
  ['Started', { healthyWhen: 'Started' }, ['Running', 'Succeeded', 'Idle']],
  ['Succeeded, where no deployment starts a run', { trigger: 'Manual' }, phases],
] as const)('with healthyWhen %s', (_what, policy, healthy) => {
  const complete = policyOf(aTask().policy(policy).build());
  expect(phases.filter((phase) => isHealthy(phase, complete))).toEqual(healthy);
});
