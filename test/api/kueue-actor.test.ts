/**
 * The tests' Kueue is led through what a real one was recorded doing (test/recordings/kueue-0.19.2), and must do the
 * same. Each Job and each Workload goes through the same states in the same order. Left out are
 * - times, uids, managers and generations, which differ each time, and the hash at the end of a Workload's name, which
 * is made of a uid;
 * - the condition PodsReady, which is about pods alone, and which the actor does not keep;
 * - a Job's status, except how it ended: the Job controller writes it, and how far it is when Kueue's next update comes
 * is chance, in the
 *   recording too;
 * - whether the Workload of a Job that is gone loses its finalizer before or after the garbage collector deletes it:
 * they race. The recording cuts messages after 120 characters, so these are compared.
 */
import { readFile } from 'node:fs/promises';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { Informer } from '../../controller/src/kube/informer.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { conditionOf } from '../support/kueue/conditions.ts';
import { stopping, workloads, type ConditionType, type Workload } from '../support/kueue/kinds.ts';
import { startActor, type Kueue } from '../support/kueue/kueue.ts';

interface Template {
  readonly labels?: Record<string, string> | undefined;
  readonly annotations?: Record<string, string> | undefined;
  readonly nodeSelector?: Record<string, string> | undefined;
}

interface Recorded {
  readonly step?: string;
  readonly event: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: 'Job' | 'Workload';
  readonly name: string;
  readonly spec: { suspend?: boolean; template?: Template; active?: boolean; queueName?: string; priority?: number };
  readonly annotations?: Record<string, string> | null;
  readonly finalizers: string[] | null;
  readonly owner?: string[];
  readonly conditions: string[][];
}

/** The states of each object, by kind and name, such as `Job/one`. */
type Histories = Record<string, unknown[]>;

const namespace = 'default';
const seconds = (text: string) => ({ [podAnnotations.duration]: text });
const byTheJobController = /^(batch\.kubernetes\.io\/)?(job-name|controller-uid)$/;

let cluster: Cluster;
let kueue: Kueue;
const seen: Histories = {};

function note(histories: Histories, what: string, state: unknown): void {
  const history = (histories[what] ??= []);
  if (JSON.stringify(history.at(-1)) !== JSON.stringify(state)) history.push(state);
}

const withoutHash = (name: string) => name.replace(/-[0-9a-f]{5}$/, '-#');
const sorted = (entries: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(entries).sort(([a], [b]) => a.localeCompare(b)));

function jobState(
  suspend: boolean,
  isStopping: boolean,
  template: Template,
  finalizers: readonly string[],
  ends: readonly string[],
): unknown {
  const labels = Object.fromEntries(
    Object.entries(template.labels ?? {}).filter(([label]) => !byTheJobController.test(label)),
  );
  const annotations = Object.fromEntries(
    Object.entries(template.annotations ?? {})
      .filter(([name]) => !name.startsWith('sandbox.'))
      .map(([name, value]) => [name, withoutHash(value)]),
  );
  return {
    suspend,
    stopping: isStopping,
    labels: sorted(labels),
    annotations,
    nodeSelector: sorted(template.nodeSelector),
    finalizers,
    ends,
  };
}

function workloadState(
  spec: Pick<Recorded['spec'], 'active' | 'queueName' | 'priority'>,
  finalizers: readonly string[],
  owners: readonly string[],
  conditions: readonly string[][],
): unknown {
  const said = conditions
    .filter(([type]) => type !== 'PodsReady')
    .map(([type = '', status = '', reason = '', message = '']) =>
      [type, status, reason, message.slice(0, 120)].join(' | '),
    );
  const { active, queueName, priority } = spec;
  return {
    active,
    queueName,
    priority,
    owners,
    conditions: said.sort(),
    ...(!said.some((text) => text.includes('OwnerNotFound')) && { finalizers }),
  };
}

const ends = (conditions: readonly (readonly string[])[]) =>
  conditions.filter(([type]) => type !== 'Suspended').map(([type, status, reason]) => `${type} ${status} ${reason}`);

async function recorded(): Promise<Histories> {
  const lines = (await readFile(new URL('../recordings/kueue-0.19.2/updates.jsonl', import.meta.url), 'utf8'))
    .trim()
    .split('\n');
  const histories: Histories = {};
  for (const line of lines.map((text) => JSON.parse(text) as Recorded)) {
    if (line.step === undefined)
      note(histories, `${line.kind}/${withoutHash(line.name)}`, line.event === 'DELETED' ? 'deleted' : stateOf(line));
  }
  return histories;
}

function stateOf({ kind, spec, annotations, finalizers, owner, conditions }: Recorded): unknown {
  if (kind === 'Workload') return workloadState(spec, finalizers ?? [], owner ?? [], conditions);
  return jobState(
    spec.suspend === true,
    annotations?.[stopping] === 'true',
    spec.template ?? {},
    finalizers ?? [],
    ends(conditions),
  );
}

function stateOfJob({ metadata, spec, status }: Stored<Job>): unknown {
  const { metadata: template, spec: pods } = spec?.template ?? {};
  const conditions = (status?.conditions ?? []).map(({ type, status: is, reason = '' }) => [type, is, reason]);
  return jobState(
    spec?.suspend === true,
    metadata.annotations?.[stopping] === 'true',
    { ...template, nodeSelector: pods?.nodeSelector },
    metadata.finalizers ?? [],
    ends(conditions),
  );
}

function stateOfWorkload({ metadata, spec, status }: Stored<Workload>): unknown {
  const owners = (metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind}/${name}`);
  const conditions = (status?.conditions ?? []).map(({ type, status: is, reason, message }) => [
    type,
    is,
    reason,
    message,
  ]);
  return workloadState(spec, metadata.finalizers ?? [], owners, conditions);
}

const create = (
  name: string,
  {
    queue = 'q',
    cpu = '600m',
    annotations = {},
  }: { queue?: string; cpu?: string; annotations?: Record<string, string> } = {},
) =>
  cluster.client.create(jobs, {
    metadata: { name, namespace, labels: { 'kueue.x-k8s.io/queue-name': queue } },
    spec: {
      suspend: true,
      backoffLimit: 0,
      template: {
        metadata: { annotations },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'busybox', resources: { requests: { cpu } } }],
        },
      },
    },
  });

const says = (job: string, type: ConditionType, words: readonly string[]) =>
  eventually(`the Workload of ${job} says ${type}: ${words.join(', ')}`, async () => {
    const workload = await kueue.workloadOf(namespace, job);
    const condition = workload && conditionOf(workload, type);
    if (
      !condition ||
      !words.every((word) => `${condition.status} ${condition.reason} ${condition.message}`.includes(word))
    )
      throw new Error(JSON.stringify(workload?.status));
    return workload;
  });
const isOver = (job: string) =>
  eventually(`the Workload of ${job} is let go`, async () => {
    const workload = await kueue.workloadOf(namespace, job);
    return workload && conditionOf(workload, 'Finished') && (workload.metadata.finalizers ?? []).length === 0;
  });

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated' });
  kueue = await startActor(cluster);
  await kueue.createQueue({ namespace, name: 'q', clusterQueue: 'cq' });
});
afterAll(async () => {
  await kueue?.stop();
  await cluster?.stop();
});

it('does what Kueue 0.19.2 was recorded doing', async () => {
  const ofJobs = new Informer({ client: cluster.client, type: jobs, project: (job) => job });
  const ofWorkloads = new Informer({ client: cluster.client, type: workloads, project: (workload) => workload });
  ofJobs.onEvent(({ type, object }) =>
    note(seen, `Job/${object.metadata.name}`, type === 'deleted' ? 'deleted' : stateOfJob(object)),
  );
  ofWorkloads.onEvent(({ type, object }) =>
    note(
      seen,
      `Workload/${withoutHash(object.metadata.name)}`,
      type === 'deleted' ? 'deleted' : stateOfWorkload(object),
    ),
  );
  await Promise.all([ofJobs.start(), ofWorkloads.start()]);

  await create('one', { annotations: seconds('300ms') });
  await isOver('one');
  await create('two', { annotations: { ...seconds('300ms'), [podAnnotations.exitCode]: '1' } });
  await isOver('two');
  await create('three', { annotations: seconds('600s') });
  await says('three', 'Admitted', ['True']);
  await create('four', { annotations: seconds('300ms') });
  await says('four', 'QuotaReserved', ['Pending']);
  await eventually(
    'three runs',
    async () => (await cluster.client.get(jobs, { namespace, name: 'three' })).status?.active === 1,
  );
  await kueue.stopQueue('cq');
  await says('three', 'QuotaReserved', ['False', 'is inactive']);
  await says('four', 'QuotaReserved', ['False', 'is inactive']);
  await kueue.resumeQueue('cq');
  await isOver('four');
  await says('three', 'Admitted', ['True']);
  await eventually(
    'three runs again',
    async () => (await cluster.client.get(jobs, { namespace, name: 'three' })).status?.active === 1,
  );
  await kueue.deactivate(namespace, 'three');
  await says('three', 'Requeued', ['False', 'Deactivated']);
  await cluster.client.delete(jobs, { namespace, name: 'three' });
  await eventually('its Workload is gone', async () => (await kueue.workloadOf(namespace, 'three')) === undefined);
  await create('five', { queue: 'nope' });
  await says('five', 'QuotaReserved', ['Inadmissible']);
  await create('six', { cpu: '2' });
  const whole = await says('six', 'QuotaReserved', ['Pending']);

  const expected = await recorded();
  await eventually('the last updates were seen', () => Object.keys(seen).length === Object.keys(expected).length);
  await Promise.all([ofJobs.stop(), ofWorkloads.stop()]);
  expect(seen).toEqual(expected);
  // What the recording cuts.
  expect(conditionOf(whole, 'QuotaReserved')?.message).toBe(
    "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor default, previously considered podsets requests (0) + current podset request (2) > maximum capacity (1)",
  );
});
