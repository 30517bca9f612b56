import { describe, expect, test } from 'vitest';
import { FlowWorld } from '../testing/flow-world.ts';

const template = { spec: { containers: [{ name: 'main', image: 'busybox' }] } };
const nodeOf = (template: object) => /"values":\["([^"]+)"\]/.exec(JSON.stringify(template))?.[1];

describe('steps on one node', () => {
  const steps = ['one', 'two', 'three'].map((name) => ({ name, template }));
  const begun = () => new FlowWorld(steps, { globals: { sameNode: true } }).join('node-a').reconcile();
  const started = (world: FlowWorld) =>
    world.created.map(({ manifest }) => [manifest.metadata.name, nodeOf(manifest.spec['template'] as object)]);

  test('wait for the first one, which goes anywhere', () => {
    expect(started(begun())).toEqual([['mytask-v1-one', undefined]]);
  });

  test('go where it was, also when it has succeeded before anybody saw where its pod ran', () => {
    const world = begun().advance(1).finish('mytask-v1-one').reconcile();
    expect(world.run?.status?.nodeName).toBe('node-a');
    expect(started(world)).toEqual([
      ['mytask-v1-one', undefined],
      ['mytask-v1-two', 'node-a'],
      ['mytask-v1-three', 'node-a'],
    ]);
  });

  test('go where the second one is, if the first has failed without a pod', () => {
    const world = begun().advance(1).finish('mytask-v1-one', 'Failed').reconcile();
    expect(world.phases).toContain('one Failed');
    expect(started(world).length).toBeGreaterThan(1);
  });
});
