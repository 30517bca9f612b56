import { describe, expect, test } from 'vitest';
import { joinName, labelValue, maxNameLength, nameWithHash } from './names.ts';

const long = (length: number) => 'a'.repeat(length);

describe('joinName', () => {
  const rows: readonly [prefix: string, suffix: string, name: string][] = [
    ['mytask', 'v3', 'mytask-v3'],
    ['mytask', '', 'mytask'],
    ['My_Task.two', 'v3', 'my-task-two-v3'],
    ['-mytask-', 'v3', 'mytask-v3'],
    ['...', 'v3', 'task-v3'],
    [long(60), 'v3', `${long(60)}-v3`],
    [long(61), 'v3', `${long(54)}-35d5f-v3`],
    [long(63), '', long(63)],
    [`${long(53)}-${long(20)}`, 'v3', `${long(53)}-98f9c-v3`],
  ];
  for (const [prefix, suffix, name] of rows) {
    test(`of ${prefix} and "${suffix}" is ${name}`, () => expect(joinName(prefix, suffix)).toBe(name));
  }

  for (const length of [63, 253]) {
    test(`fits a prefix of ${length} characters into a label, and tells it from one that differs at its end`, () => {
      const [one, two] = [joinName(`${long(length - 1)}x`, 'v3'), joinName(`${long(length - 1)}y`, 'v3')];
      expect([one.length, two.length]).toEqual([maxNameLength, maxNameLength]);
      expect(one).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
      expect(one).not.toBe(two);
      expect(one.endsWith('-v3')).toBe(true);
    });
  }
});

test('a suffix that leaves the prefix no room is cut, and names that differ stay apart', () => {
  const pairs = [
    ['mytask-v1', long(63)],
    ['mytask-v2', long(63)],
    ['mytask-v1', `${long(62)}b`],
    [long(63), long(57)],
    ['mytask-v1', long(55)],
  ] as const;
  const names = pairs.map(([prefix, suffix]) => joinName(prefix, suffix));
  for (const name of names) {
    expect(name.length).toBeLessThanOrEqual(maxNameLength);
    expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  }
  expect(new Set(names).size).toBe(names.length);
});

test('nameWithHash gives the same other name for the same identity', () => {
  expect(nameWithHash('mytask-v3', 'task-uid/7')).toBe('mytask-v3-c3737');
  expect(nameWithHash('mytask-v3', 'task-uid/8')).not.toBe(nameWithHash('mytask-v3', 'task-uid/7'));
  expect(nameWithHash(long(63), 'task-uid/7')).toHaveLength(maxNameLength);
});

describe('labelValue', () => {
  test('is the name where it fits', () => expect(labelValue(`a.${long(61)}`)).toBe(`a.${long(61)}`));
  test('is cut and hashed where the name has 253 characters', () => {
    expect(labelValue(long(253))).toMatch(/^a{57}-[0-9a-f]{5}$/);
    expect(labelValue(`${long(252)}x`)).not.toBe(labelValue(`${long(252)}y`));
  });
});
