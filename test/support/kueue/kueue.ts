/** Kueue in a test cluster, whoever acts as it, and what people do with it. */
import { isAlreadyExists } from '../../../controller/src/kube/api-error.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../../../controller/src/kube/objects.ts';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { startKueueActor } from './actor.ts';
import { installKueueKinds, removeKueueKinds, writeKueueKubeconfig } from './api.ts';
import {
  clusterQueues,
  localQueues,
  resourceFlavors,
  workloadPriorityClasses,
  workloads,
  type StopPolicy,
  type Workload,
} from './kinds.ts';

export interface QueueOptions {
  readonly namespace: string;
  readonly name: string;
  readonly clusterQueue: string;
  /** How much of what there is; `{ cpu: 1 }` by default, as recorded. */
  readonly quota?: Readonly<Record<string, string | number>>;
  /** Whether a higher priority drives out a lower one; never by default. */
  readonly preemption?: 'Never' | 'LowerPriority';
}

export interface Kueue {
  readonly kind: 'actor' | 'real';
  /** Creates the LocalQueue, with its ClusterQueue and the flavor `default` where they are not there yet. */
  createQueue(options: QueueOptions): Promise<void>;
  /** Deletes a LocalQueue. */
  deleteQueue(namespace: string, name: string): Promise<void>;
  /** HoldAndDrain: what runs in the ClusterQueue is evicted. */
  stopQueue(clusterQueue: string, policy?: StopPolicy): Promise<void>;
  resumeQueue(clusterQueue: string): Promise<void>;
  createPriorityClass(name: string, value: number): Promise<void>;
  /** The Workload of a Job; undefined where it has none. */
  workloadOf(namespace: string, job: string): Promise<Stored<Workload> | undefined>;
  /** As a person does it. @throws Error where the Job has no Workload */
  deactivate(namespace: string, job: string): Promise<void>;
  activate(namespace: string, job: string): Promise<void>;
  /** As Kueue does it when it gives up on a Workload. @throws Error where the Job has no Workload */
  giveUp(namespace: string, job: string): Promise<void>;
  /**
   * Stops whoever acts as Kueue; its kinds and their objects stay. @throws Error naming what the API server refused it
   */
  stop(): Promise<void>;
  /** Stops, and removes the kinds with all of their objects. */
  remove(): Promise<void>;
}

/** Installs Kueue's kinds, and starts what acts as it. */
export async function startActor(cluster: Cluster): Promise<Kueue> {
  await installKueueKinds(cluster.kubectl);
  const kubeconfig = join(cluster.directory, 'kueue.kubeconfig');
  await writeKueueKubeconfig(cluster.kubectl, kubeconfig);
  const actor = await startKueueActor(kubeconfig);
  return kueueOf('actor', cluster.client, () => actor.stop());
}

/** @param stop ends whoever acts as Kueue; called once */
export function kueueOf(kind: Kueue['kind'], client: Client, stop: () => Promise<void>): Kueue {
  let stopped: Promise<void> | undefined;
  const stopOnce = () => (stopped ??= stop());
  const setActive = async (namespace: string, job: string, active: boolean) => {
    await client.patch(workloads, refTo(await workloadOf(client, namespace, job), namespace, job), {
      spec: { active },
    });
  };
  const setStopPolicy = async (clusterQueue: string, stopPolicy: StopPolicy) =>
    void (await client.patch(clusterQueues, { name: clusterQueue }, { spec: { stopPolicy } }));
  return {
    kind,
    createQueue: (options) => createQueue(client, options),
    deleteQueue: async (namespace, name) => void (await client.delete(localQueues, { namespace, name })),
    stopQueue: (clusterQueue, policy = 'HoldAndDrain') => setStopPolicy(clusterQueue, policy),
    resumeQueue: (clusterQueue) => setStopPolicy(clusterQueue, 'None'),
    createPriorityClass: (name, value) => ensure(client, workloadPriorityClasses, { metadata: { name }, value }),
    workloadOf: (namespace, job) => workloadOf(client, namespace, job),
    deactivate: (namespace, job) => setActive(namespace, job, false),
    activate: (namespace, job) => setActive(namespace, job, true),
    giveUp: (namespace, job) => giveUp(client, namespace, job),
    stop: stopOnce,
    remove: async () => {
      await stopOnce();
      await removeKueueKinds(client);
    },
  };
}

async function createQueue(
  client: Client,
  { namespace, name, clusterQueue, quota = { cpu: 1 }, preemption = 'Never' }: QueueOptions,
): Promise<void> {
  await ensure(client, resourceFlavors, {
    metadata: { name: 'default' },
    spec: { nodeLabels: { 'kubernetes.io/os': 'linux' } },
  });
  const resources = Object.entries(quota).map(([resource, nominalQuota]) => ({ name: resource, nominalQuota }));
  const resourceGroups = [{ coveredResources: Object.keys(quota), flavors: [{ name: 'default', resources }] }];
  await ensure(client, clusterQueues, {
    metadata: { name: clusterQueue },
    spec: { namespaceSelector: {}, resourceGroups, preemption: { withinClusterQueue: preemption } },
  });
  await ensure(client, localQueues, { metadata: { name, namespace }, spec: { clusterQueue } });
}

async function ensure<T extends KubeObject>(client: Client, type: ResourceType<T>, object: T): Promise<void> {
  try {
    await client.create(type, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function workloadOf(client: Client, namespace: string, job: string): Promise<Stored<Workload> | undefined> {
  for await (const { items } of client.list(workloads, { namespace })) {
    const found = items.find(({ metadata }) =>
      metadata.ownerReferences?.some(({ kind, name }) => kind === 'Job' && name === job),
    );
    if (found) return found;
  }
  return undefined;
}

function refTo(
  workload: Stored<Workload> | undefined,
  namespace: string,
  job: string,
): { namespace: string; name: string } {
  if (!workload) throw new Error(`Job ${namespace}/${job} has no Workload: wait until Kueue has made one`);
  return { namespace, name: workload.metadata.name };
}

/** What Kueue's own limits (retries, execution time, admission checks) write; Kueue carries it out itself. */
async function giveUp(client: Client, namespace: string, job: string): Promise<void> {
  const workload = await workloadOf(client, namespace, job);
  const target = {
    type: 'DeactivationTarget',
    status: 'True',
    reason: 'RequeuingLimitExceeded',
    message: 'exceeding the maximum number of re-queuing retries',
    lastTransitionTime: new Date().toISOString(),
  };
  // With the version that was read, since the list is written whole.
  const metadata = { resourceVersion: workload?.metadata.resourceVersion };
  await client.patchStatus(workloads, refTo(workload, namespace, job), {
    metadata,
    status: { conditions: [...(workload?.status?.conditions ?? []), target] },
  });
}
