import { Refusal } from '../sandbox/src/refusal.ts';
import type { Nodes } from '../sandbox/src/settings.ts';

/** `in-cluster`: a pod of the addon's Deployment, as people run it; `beside`: a process on this machine. */
export const controllerPlaces = ['in-cluster', 'beside'] as const;
export type ControllerPlace = (typeof controllerPlaces)[number];

/**
 * Where the controller of a sandbox runs: where the variable CONTROLLER says, else in the cluster if its pods are real.
 * @throws Refusal when there is no such place, or when simulated pods would have to run a controller
 */
export function controllerPlace(nodes: Nodes, asked = process.env['CONTROLLER']): ControllerPlace {
  if (!asked) return nodes === 'real' ? 'in-cluster' : 'beside';
  const place = controllerPlaces.find((known) => known === asked);
  if (place === undefined)
    throw new Refusal(`CONTROLLER=${asked} is not a place: write one of ${controllerPlaces.join(', ')}.`);
  if (place === 'in-cluster' && nodes !== 'real')
    throw new Refusal(
      `CONTROLLER=in-cluster needs a real node, and the nodes are: ${nodes}. Run it as root, or write CONTROLLER=beside.`,
    );
  return place;
}
