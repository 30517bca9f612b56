import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../resources/index.ts';
import { itemsProblem, stepsOf } from './items.ts';

const snapshot = (more: Partial<Snapshot>): Snapshot => ({
  hash: '',
  template: { spec: { containers: [{ args: ['$(item.os)'] }] } },
  ...more,
});
const names = (more: Partial<Snapshot>) => stepsOf(snapshot(more))?.map(({ name }) => name);

describe('items', () => {
  test('are steps that depend on nothing, all of one template', () => {
    const of = snapshot({
      items: [{ os: 'linux' }],
      job: { backoffLimit: 0 },
      retry: { limit: 1 },
      outputs: [{ name: 'rows' }, { name: 'all', valueFrom: 'items.outputs.rows' }],
    });
    expect(stepsOf(of)).toEqual([
      {
        name: 'item-0',
        template: of.template,
        job: of.job,
        retry: of.retry,
        outputs: [{ name: 'rows' }],
        item: { os: 'linux' },
      },
    ]);
    expect(stepsOf(of)).toBe(stepsOf(of));
  });
  test.each<[string, Partial<Snapshot>, string[] | undefined]>([
    ['their number', { items: [{ os: 'linux' }, { os: 'linux' }] }, ['item-0', 'item-1']],
    [
      'their name, where it can be one',
      {
        items: [
          { os: 'a', name: 'first' },
          { os: 'b', name: 'Second!' },
          { os: 'c', name: 'first-r1' },
        ],
      },
      ['first', 'item-1', 'item-2'],
    ],
    [
      'the values of a matrix',
      { matrix: { os: ['linux', 'mac'], bits: [32, 64] } },
      ['linux-32', 'linux-64', 'mac-32', 'mac-64'],
    ],
    ['nothing, of one Job', {}, undefined],
  ])('are called after %s', (_what, more, expected) => expect(names(more)).toEqual(expected));
});

test.each<[string, Partial<Snapshot>, string | undefined]>([
  ['right', { items: [{ os: 'linux' }] }, undefined],
  [
    'called the same',
    {
      items: [
        { os: 'a', name: 'x' },
        { os: 'b', name: 'x' },
      ],
    },
    'two items are called x: give each a name of its own, or none',
  ],
  [
    'a number that loses digits',
    { items: [{ id: '12345678901234567890' }, { id: Number('12345678901234567890') }] },
    'id of item item-1 is a number with too many digits to be kept exactly: write it in quotes',
  ],
  [
    'without a value that is asked for',
    { items: [{ os: 'a' }, { arch: 'b' }] },
    'item item-1 has no value os, which $(item.os) asks for: it has arch',
  ],
  [
    'too many',
    {
      matrix: Object.fromEntries(
        ['os', 'b', 'c'].map((key) => [key, Array.from({ length: 11 }, (_, index) => `v${index}`)]),
      ),
    },
    'the matrix makes 1331 items, and a run has 1000 at most: take values out, or split it into several tasks',
  ],
  ['none', {}, undefined],
])('items that are %s', (_what, more, problem) => expect(itemsProblem(snapshot(more))).toBe(problem));
