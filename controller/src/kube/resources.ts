import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { Event, Namespace, Node, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import { resourceType } from './objects.ts';

/** The built-in kinds that the controller touches. */
export const jobs = resourceType<Job>({ group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true });
export const pods = resourceType<Pod>({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true });
export const events = resourceType<Event>({
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
});
export const leases = resourceType<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
});
export const namespaces = resourceType<Namespace>({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
});
export const persistentVolumeClaims = resourceType<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  namespaced: true,
});
export const nodes = resourceType<Node>({ group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false });
