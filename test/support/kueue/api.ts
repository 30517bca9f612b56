/**
 * Kueue's kinds and account in a test cluster. The schemas are open: what is in them is the business of whoever acts as
 * Kueue.
 */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { isNotFound } from '../../../controller/src/kube/api-error.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import {
  resourceName,
  resourceType,
  type KubeObject,
  type ResourceType,
} from '../../../controller/src/kube/objects.ts';
import type { Kubectl } from '../../../scripts/kubectl.ts';
import { eventually } from '../eventually.ts';
import { kueueKinds, workloads } from './kinds.ts';

const crds = resourceType<KubeObject>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
});
const namespace = 'kueue-system';
const account = 'kueue-controller-manager';
/** Who Kueue is to the API server. */
export const kueueUser = `system:serviceaccount:${namespace}:${account}`;

/** Puts Kueue's kinds into the cluster; resolves once they can be used. */
export async function installKueueKinds(kubectl: Kubectl): Promise<void> {
  await kubectl(['apply', '--server-side', '-f', '-'], {
    input: kueueKinds.map((kind) => stringify(crdOf(kind))).join('---\n'),
  });
  await established(kubectl);
}

/** kubectl waits for none that has no conditions yet. */
export async function established(kubectl: Kubectl): Promise<void> {
  const wait = [
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    ...kueueKinds.map((kind) => `crd/${resourceName(kind)}`),
  ];
  await eventually("Kueue's kinds can be used", async () => (await kubectl(wait)) !== '');
}

function crdOf(kind: ResourceType): object {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { ...open, properties: { spec: open, status: open } } };
  const version = (name: string, storage: boolean) => ({
    name,
    storage,
    served: true,
    schema,
    subresources: { status: {} },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: resourceName(kind) },
    spec: {
      group: kind.group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: { kind: kind.kind, plural: kind.plural, singular: kind.kind.toLowerCase() },
      versions: [version('v1beta2', true), version('v1beta1', false)],
    },
  };
}

/**
 * Removes Kueue's kinds with all of their objects: nobody acts as Kueue any more, so nobody else takes finalizers away.
 */
export async function removeKueueKinds(client: Client): Promise<void> {
  for (const kind of kueueKinds) {
    const name = resourceName(kind);
    await client.delete(crds, { name }).catch(ignoreMissing);
    await eventually(`the CRD ${name} is gone`, async () => {
      if (await client.get(crds, { name }).then(() => false, isNotFound)) return true;
      await releaseAll(client, kind);
      return false;
    });
  }
}

async function releaseAll(client: Client, kind: ResourceType): Promise<void> {
  try {
    for await (const { items } of client.list(kind)) {
      const held = items.filter(({ metadata }) => metadata.finalizers?.length);
      await Promise.all(
        held.map(({ metadata }) =>
          client.patch(kind, metadata, { metadata: { finalizers: null } }).catch(ignoreMissing),
        ),
      );
    }
  } catch (error) {
    ignoreMissing(error); // the kind itself went
  }
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** Every Workload that there is, as namespace/name; empty too while the kind does not exist. */
export async function workloadNames(client: Client): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { items } of client.list(workloads))
      names.push(...items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  } catch (error) {
    ignoreMissing(error);
  }
  return names;
}

/** Kueue's own rights, of those that it needs for Jobs: reading all, and writing Jobs and its own kinds. */
const rules = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['batch'], resources: ['jobs', 'jobs/status', 'jobs/finalizers'], verbs: ['update', 'patch', 'delete'] },
  { apiGroups: ['kueue.x-k8s.io'], resources: ['*'], verbs: ['create', 'update', 'patch', 'delete'] },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'update', 'patch'] },
];

/** Creates Kueue's service account with its rights, and writes a kubeconfig for it that is good for a day. */
export async function writeKueueKubeconfig(kubectl: Kubectl, path: string): Promise<void> {
  const meta = { name: account };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...meta, namespace } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: meta, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: meta,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  ];
  await kubectl(['apply', '--server-side', '-f', '-'], {
    input: objects.map((object) => stringify(object)).join('---\n'),
  });
  const token = (await kubectl(['create', 'token', account, `--namespace=${namespace}`, '--duration=24h'])).trim();
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '--output=json'])) as {
    users: { user: object }[];
  };
  await writeFile(
    path,
    JSON.stringify({ ...config, users: config.users.map((entry) => ({ ...entry, user: { token } })) }),
    { mode: 0o600 },
  );
}
