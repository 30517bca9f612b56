import { describe, expect, test } from 'vitest';
import type { Snapshot, TaskRun } from '../../resources/index.ts';
import type { Node } from '../model/objects.ts';
import { tolerates, type Toleration } from '../pods/tolerations.ts';
import { mostAtOnce } from '../policies/max-parallel.ts';
import { aRun } from '../testing/builders.ts';
import { nodeSteps } from './nodes.ts';

const node = (labels: Record<string, string>, taints?: Node['taints']): Node => ({
  metadata: { name: 'n', labels },
  ...(taints && { taints }),
});
const run = (podSpec: object, nodes: Snapshot['nodes'] = {}): TaskRun =>
  aRun()
    .spec({ snapshot: { hash: '', template: { spec: podSpec }, nodes } })
    .build();
const fits = (podSpec: object, one: Node) => nodeSteps(run(podSpec), [one]).length === 1;
const requires = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (operator: string, values?: string[]) =>
  requires({ matchExpressions: [{ key: 'zone', operator, ...(values && { values }) }] });

describe('a node fits pods', () => {
  test.each<[string, object, boolean, boolean]>([
    ['nodeSelector', { nodeSelector: { zone: 'a' } }, true, false],
    ['In', expression('In', ['a', 'b']), true, false],
    ['NotIn', expression('NotIn', ['a']), false, true],
    ['Exists', expression('Exists'), true, false],
    ['DoesNotExist', expression('DoesNotExist'), false, true],
    [
      'one of several terms',
      requires(
        { matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] },
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
      ),
      true,
      true,
    ],
    ['a term that says nothing', requires({}), false, false],
    ['an operator that there is not', expression('Like', ['a']), false, false],
    ['nothing', {}, true, true],
  ])('with %s: in zone a %o, in none %o', (_what, podSpec, inZone, inNone) => {
    expect([fits(podSpec, node({ zone: 'a' })), fits(podSpec, node({}))]).toEqual([inZone, inNone]);
  });

  test.each<[string, string, boolean]>([
    ['Gt', '3', true],
    ['Gt', '4', false],
    ['Lt', '5', true],
    ['Lt', '4', false],
  ])('with a label of 4 that is to be %s %s: %o', (operator, value, isSo) => {
    expect(fits(expression(operator, [value]), node({ zone: '4' }))).toBe(isSo);
    expect(fits(expression(operator, [value]), node({}))).toBe(false);
  });
});

describe('a taint', () => {
  const taint = { key: 'gpu', value: 'a100', effect: 'NoSchedule' };
  test.each<[string, Toleration[], boolean]>([
    ['none', [], false],
    ['its key and value', [{ key: 'gpu', value: 'a100' }], true],
    ['its key and another value', [{ key: 'gpu', value: 't4' }], false],
    ['its key, whatever the value', [{ key: 'gpu', operator: 'Exists' }], true],
    ['every taint', [{ operator: 'Exists' }], true],
    ['another effect', [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }], false],
    ['another key', [{ key: 'ssd', operator: 'Exists' }], false],
  ])('that the pods tolerate as %s lets them in: %o', (_what, tolerations, isSo) => {
    expect(tolerates(tolerations, taint)).toBe(isSo);
  });
  test('that only asks to be avoided keeps nobody off', () => {
    expect(tolerates([], { ...taint, effect: 'PreferNoSchedule' })).toBe(true);
  });
});

test.each<[string | number | undefined, number, number]>([
  [undefined, 5, Infinity],
  [2, 5, 2],
  ['3', 5, 3],
  ['10%', 5, 1],
  ['50%', 5, 3],
  ['100%', 5, 5],
  ['10%', 1000, 100],
])('maxParallel %s of %i is %i', (maxParallel, count, most) => {
  expect(mostAtOnce(maxParallel === undefined ? {} : { maxParallel }, count)).toBe(most);
});
