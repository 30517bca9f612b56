import { expect, test } from 'vitest';
import { Place } from './place.ts';
import { podTemplateProblems } from './pod.ts';

const beside = { volumes: [], isWhole: true };
const withAddress = (ip: string) =>
  podTemplateProblems(new Place({ spec: { hostAliases: [{ ip, hostnames: ['db'] }] } }), beside);

test.each(['10.0.0.1', '::1', 'fe80::1', '::ffff:10.0.0.1'])('%s is an address', (ip) =>
  expect(withAddress(ip)).toEqual([]),
);

test.each(['10.0.0', '10.0.0.256', 'a:b', 'db'])('%s is not an address', (ip) =>
  expect(withAddress(ip)).toHaveLength(1),
);

test('an address of a million colons does not keep a plan busy for minutes', () =>
  expect(withAddress(`1${':'.repeat(1_000_000)}!`)).toHaveLength(1));
