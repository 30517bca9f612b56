import { resourceType } from '../objects.ts';

/** For tests: a kind that every API server has. */
export const configMaps = resourceType({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});
