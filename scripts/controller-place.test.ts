import { describe, expect, it } from 'vitest';
import { controllerPlace } from './controller-place.ts';

describe('the place of the controller', () => {
  it.each([
    ['real', undefined, 'in-cluster'],
    ['real', '', 'in-cluster'],
    ['real', 'beside', 'beside'],
    ['simulated', undefined, 'beside'],
    ['simulated', 'beside', 'beside'],
  ] as const)('with %s nodes and CONTROLLER=%s is %s', (nodes, asked, place) => {
    expect(controllerPlace(nodes, asked)).toBe(place);
  });

  it('is refused where simulated pods would have to run it', () => {
    expect(() => controllerPlace('simulated', 'in-cluster')).toThrow(
      'CONTROLLER=in-cluster needs a real node, and the nodes are: simulated. Run it as root, or write CONTROLLER=beside.',
    );
  });

  it('is refused where it does not exist', () => {
    expect(() => controllerPlace('real', 'outside')).toThrow(
      'CONTROLLER=outside is not a place: write one of in-cluster, beside.',
    );
  });
});
