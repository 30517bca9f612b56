import type { ClusterRoleBinding } from 'kubernetes-types/rbac/v1.js';
import {
  kueueGroup,
  kueueTypes,
  type LocalQueueObject,
  type WorkloadObject,
} from '../controller/src/cluster/kueue-types.ts';
import type { TaskObject } from '../controller/src/cluster/resource-types.ts';
import type { Client } from '../controller/src/kube/client.ts';
import { resourceType, type KubeObject, type Stored } from '../controller/src/kube/objects.ts';
import { eventually } from '../test/support/eventually.ts';
import { withController, type Bench } from './bench.ts';
import { componentOf, createNamespace, forAll, jobs, renamed, taskRuns, tasks } from './objects.ts';
import { percentile, row, type Row } from './report.ts';
import { Seen } from './seen.ts';

const afterAnother = 100;
const atOnce = 300;
/** Updates in flight when all are admitted at once. */
const admitters = 20;
const patience = 120;
const queue = 'queue';
const clusterQueue = 'cluster-queue';
/** The account that the admission policy lets start Jobs. */
const kueueAccount = { namespace: 'kueue-system', name: 'kueue-controller-manager' };
const { workloads, localQueues } = kueueTypes('v1beta2');
const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true } as const;
const serviceAccounts = resourceType({ ...accounts, kind: 'ServiceAccount' });
const tokenRequests = resourceType<TokenRequest>({ ...accounts, kind: 'TokenRequest' });
const clusterRoleBindings = resourceType<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
});
const crds = resourceType<
  KubeObject & {
    readonly spec: object;
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
});

/**
 * From the update with which Kueue starts a Job until a watch sees that the run is no longer Queued; the benchmark
 * plays Kueue.
 */
export async function queueAdmission(bench: Bench): Promise<Row[]> {
  const { namespace, client, render } = bench;
  await installKinds(client);
  const kueue = await becomeKueue(bench);
  const localQueue: LocalQueueObject = {
    apiVersion: `${kueueGroup}/v1beta2`,
    kind: 'LocalQueue',
    metadata: { namespace, name: queue },
    spec: { clusterQueue },
  };
  await client.create(localQueues, localQueue);
  const template = await render({ namespace, name: 'template', seconds: 5, parameter: { queue: { name: queue } } });
  const some = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => renamed(template, `${prefix}-${index}`));
  return withController(bench, async () => {
    const single = await delays(bench, kueue, some('single', afterAnother), 1);
    const burst = await delays(bench, kueue, some('burst', atOnce), admitters);
    return [
      ...rowsOf(`${afterAnother} runs admitted one after another`, single),
      ...rowsOf(`${atOnce} runs admitted at once`, burst),
    ];
  });
}

/** In milliseconds from the update. */
interface Delay {
  readonly run: number;
  readonly job: number;
}

function rowsOf(what: string, delays: readonly Delay[]): Row[] {
  const figure = (name: string, share: number, aim: number | null) =>
    row({
      name: `${what}, until the phase shows it, ${name}`,
      value: percentile(
        delays.map(({ run }) => run),
        share,
      ),
      limit: percentile(
        delays.map(({ job }) => job),
        share,
      ),
      unit: 'ms',
      peer: "from the same update until the Job's own watch event",
      aim,
    });
  return [figure('p50', 0.5, null), figure('p99', 0.99, 200)];
}

/**
 * Deploys the Tasks, waits until all of their runs are Queued, and admits so many at a time. One at a time, each waits
 * for the phase of the one before.
 */
async function delays(bench: Bench, kueue: Client, all: readonly TaskObject[], atATime: number): Promise<Delay[]> {
  const { client, namespace } = bench;
  const queued = new Set<string>();
  const runs = await Seen.of(client, taskRuns, namespace, ({ metadata: { name }, status }) => {
    if (status?.phase === 'Queued') queued.add(name);
    return queued.has(name) ? `${name} ${status?.phase === 'Queued' ? 'waits' : 'has left'}` : undefined;
  });
  const started = await Seen.of(client, jobs, namespace, ({ metadata, spec }) =>
    spec?.suspend === false ? metadata.name : undefined,
  );
  await forAll(all, admitters, (task) => client.create(tasks, task));
  const waiting: Waiting[] = [];
  await forAll(all, admitters, async (task) => {
    const waits = await takeUp(bench, kueue, `${componentOf(task)}-v1`);
    await runs.at(`${waits.name} waits`, patience);
    waiting.push(waits);
  });
  const began = new Map<string, number>();
  await forAll(waiting, atATime, async ({ name, workload }) => {
    await kueue.patchStatus(workloads, workload.metadata, { status: { conditions: [reserved(true), admitted] } });
    began.set(name, performance.now());
    await kueue.patch(jobs, { namespace, name }, startOf(workload.metadata.name));
    if (atATime === 1) await runs.at(`${name} has left`, patience);
  });
  const measured = await Promise.all(
    [...began].map(async ([name, at]) => ({
      run: (await runs.at(`${name} has left`, patience)) - at,
      job: (await started.at(name, patience)) - at,
    })),
  );
  runs.stop();
  started.stop();
  return measured;
}

interface Waiting {
  /** The name of the run and its Job. */
  readonly name: string;
  readonly workload: Stored<WorkloadObject>;
}

/** What Kueue does with a Job that it cannot start yet: a Workload of it that says why. */
async function takeUp({ client, namespace }: Bench, kueue: Client, name: string): Promise<Waiting> {
  const { metadata } = await eventually(`Job ${name}`, () => client.get(jobs, { namespace, name }), {
    everyMs: 50,
    seconds: patience,
  });
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const wanted: WorkloadObject = {
    apiVersion: `${kueueGroup}/v1beta2`,
    kind: 'Workload',
    metadata: { namespace, name: `job-${name}`, ownerReferences: [owner] },
    spec: { active: true, queueName: queue },
  };
  const workload = await kueue.create(workloads, wanted);
  await kueue.patchStatus(workloads, workload.metadata, { status: { conditions: [reserved(false)] } });
  return { name, workload };
}

const at = () => ({ lastTransitionTime: new Date().toISOString() });
const admitted = { type: 'Admitted', status: 'True', reason: 'Admitted', message: 'The workload is admitted', ...at() };

function reserved(yes: boolean) {
  const said = yes
    ? { status: 'True', reason: 'QuotaReserved', message: `Quota reserved in ClusterQueue ${clusterQueue}` }
    : {
        status: 'False',
        reason: 'Pending',
        message:
          "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor default, 100m more needed",
      };
  return { type: 'QuotaReserved', ...said, ...at() };
}

/** As Kueue starts a Job, in one update. */
function startOf(workload: string): object {
  const labels = {
    [`${kueueGroup}/cluster-queue-name`]: clusterQueue,
    [`${kueueGroup}/local-queue-name`]: queue,
    [`${kueueGroup}/podset`]: 'main',
  };
  const metadata = { labels, annotations: { [`${kueueGroup}/workload`]: workload } };
  return { spec: { suspend: false, template: { metadata, spec: { nodeSelector: { 'kubernetes.io/os': 'linux' } } } } };
}

interface TokenRequest extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly token: string };
}

/** A client with Kueue's account, which may do anything here. */
async function becomeKueue({ client, asController }: Bench): Promise<Client> {
  const { namespace, name } = kueueAccount;
  await createNamespace(client, namespace);
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: kueueAccount });
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const binding: ClusterRoleBinding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: role,
    subjects: [{ kind: 'ServiceAccount', ...kueueAccount }],
  };
  await client.create(clusterRoleBindings, binding);
  const { status } = await client.createAt(
    tokenRequests,
    { namespace, name, subresource: 'token' },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  );
  return asController.as(status?.token ?? '');
}

/** The kinds of Kueue that the controller reads, with open schemas. They stay. */
async function installKinds(client: Client): Promise<void> {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const all = Object.values(kueueTypes('v1beta2'));
  for (const { plural, kind, group, version, namespaced } of all) {
    const served = {
      name: version,
      served: true,
      storage: true,
      subresources: { status: {} },
      schema: { openAPIV3Schema: open },
    };
    const spec = {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, kind, singular: kind.toLowerCase() },
      versions: [served],
    };
    // Kubernetes reserves *.k8s.io, except for groups that name their review.
    const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/kueue' };
    await client.create(crds, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}`, annotations },
      spec,
    });
  }
  await eventually("Kueue's kinds are served", async () => {
    const found = await Promise.all(all.map(({ plural, group }) => client.get(crds, { name: `${plural}.${group}` })));
    return found.every(({ status }) =>
      status?.conditions?.some(({ type, status: holds }) => type === 'Established' && holds === 'True'),
    );
  });
}
