import { stringify } from 'yaml';
import type { JsonObject } from '../../cue/ts/index.ts';
import { objectsOf, type AddonApplication } from '../addon-files.ts';

/** What others need to be there first stands first. */
const order = ['CustomResourceDefinition', 'ServiceAccount', 'ClusterRole', 'Role'];

/**
 * The addon's objects for `kubectl apply --server-side`, where addons cannot be enabled.
 * @returns `cluster`: CRDs, rights, admission policies, the Deployment; `kubevela`: the definitions and the topology
 *   rules, which only a cluster with KubeVela takes
 */
export function manifestsOf(addon: AddonApplication): { readonly cluster: string; readonly kubevela: string } {
  const rank = ({ kind }: JsonObject): number => (order.indexOf(String(kind)) + order.length + 1) % (order.length + 1);
  const cluster = ['task-runs-resources', 'task-runs-controller'].flatMap((component) => [
    ...objectsOf(addon, component),
  ]);
  return {
    cluster: documents(cluster.sort((a, b) => rank(a) - rank(b))),
    kubevela: documents(objectsOf(addon, 'task-runs-definition')),
  };
}

function documents(objects: readonly JsonObject[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n');
}
