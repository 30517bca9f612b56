import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { listen } from '../../controller/src/http/listen.ts';
import { isNotFound } from '../../controller/src/kube/api-error.ts';
import type { DeleteOptions, PatchOptions, WriteOptions } from '../../controller/src/kube/client.ts';
import {
  resourceType,
  type KubeObject,
  type ResourceType,
  type Stored as StoredObject,
} from '../../controller/src/kube/objects.ts';
import { listAll } from '../../controller/src/kube/list-all.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { createCue } from '../../cue/ts/index.ts';
import { ServedTypes } from '../../sandbox/src/kubevela/served-types.ts';
import { objectsOf, renderAddon } from '../../scripts/addon-files.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { kueueUser, writeKueueKubeconfig } from '../support/kueue/api.ts';
import { typeOf, type Manifest } from '../support/manifest.ts';
import { openPeople, type People } from '../support/people.ts';

const addon = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));
const kueue = kueueUser;
const jobController = 'system:serviceaccount:kube-system:job-controller';
const garbageCollector = 'system:serviceaccount:kube-system:generic-garbage-collector';

interface Job {
  metadata: { labels: Record<string, string>; finalizers?: string[] };
  spec: {
    suspend?: boolean;
    ttlSecondsAfterFinished?: number;
    template: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec: { nodeSelector?: Record<string, string>; tolerations?: unknown[] };
    };
  };
  status?: { active?: number; succeeded?: number; conditions?: { type: string; status: string }[] };
}

type Stored = StoredObject<KubeObject & { status?: { phase?: string } }>;

const replicaSets = resourceType({
  group: 'apps',
  version: 'v1',
  plural: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
});
const webhooks = resourceType({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
});

let cluster: Cluster;
let people: People;
let types: ServedTypes;
/** A new name for each test, so that none sees another's Job. */
let name: string;
let number = 0;
/** The Task of most runs, without `controller`. */
let owner: { apiVersion: string; kind: string; name: string; uid: string };

const applyAs = async (as: string | undefined, object: Manifest, options: PatchOptions = {}) => {
  const { namespace, name: its = '' } = (object as KubeObject).metadata ?? {};
  const how = { type: 'apply', fieldManager: 'kubectl', ...options } as const;
  return people.as(as).patch(await typeOf(types, object), { namespace, name: its }, object, how);
};
const apply = (object: Manifest) => applyAs(undefined, object);
/** As the controller makes it: nobody else may make a Job of a run. */
const applyJob = (object: Manifest) => applyAs(controller, object);
const create = async (as: string | undefined, object: Manifest, options: WriteOptions = {}) =>
  people.as(as).create(await typeOf(types, object), object, options);
const at = (other = name) => ({ namespace: 'work', name: other });
const patchAs = (as: string | undefined, type: ResourceType, patch: unknown, options: PatchOptions = {}) =>
  people.as(as).patch(type, at(), patch, options);
const get = (type: ResourceType, other = name) => people.as(undefined).get(type, at(other)) as Promise<Stored>;
const podsOf = async (madeFor: string): Promise<readonly string[]> => {
  const made = { namespace: 'work', labelSelector: `job-name=${madeFor}` };
  return (await listAll(people.as(undefined), pods, made)).map(({ metadata }) => metadata.name);
};
const no = () => false;
const isGone = (type: ResourceType, other = name) =>
  eventually(`${type.kind} ${other} is gone`, () => get(type, other).then(no, isNotFound));
const remove = (as: string | undefined, type: ResourceType, options: DeleteOptions = {}) =>
  people.as(as).delete(type, at(), options);
const job = () => people.as(undefined).get(jobs, at()) as Promise<KubeObject> as Promise<Job & KubeObject>;

const aJob = (spec: Record<string, unknown> = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'work', labels: { 'task.oam.dev/task': 'app-mytask', 'task.oam.dev/run': 'mytask-v1' } },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }, ...spec },
});
const suspended = { suspend: true };

const aRun = (spec: Record<string, unknown> = {}) => ({
  apiVersion: 'task.oam.dev/v1alpha1',
  kind: 'TaskRun',
  metadata: { name, namespace: 'work', labels: { 'task.oam.dev/task': 'app-mytask' } },
  spec: { taskRef: { name: 'app-mytask' }, ...spec },
});
const aConfigMap = () => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: at() });
const aTask = () => ({
  apiVersion: 'task.oam.dev/v1alpha1',
  kind: 'Task',
  metadata: { name, namespace: 'work' },
  spec: { template: snapshot.template },
});
const controller = 'system:serviceaccount:vela-system:task-runs';
const users = ['editor', 'runner', 'viewer', controller, kueue, jobController, garbageCollector];
const snapshot = {
  hash: 'abc',
  template: { spec: { containers: [{ name: 'main', image: 'busybox' }] } },
  job: { parallelism: 1 },
};

const everyone = [
  { who: 'the cluster admin', as: undefined },
  { who: 'a namespace editor', as: 'editor' },
  { who: "the addon's own controller, were it allowed to", as: 'system:serviceaccount:vela-system:task-runs' },
];

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated' });
  const { kubectl, directory, sandbox } = cluster;
  people = await openPeople(sandbox.kubeconfig, { users, directory });
  types = new ServedTypes(cluster.client);
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'work' } });
  // Everyone below may change Jobs as far as roles go: what stops them is the policy.
  await writeKueueKubeconfig(kubectl, join(directory, 'kueue.kubeconfig'));
  for (const user of ['editor', 'system:serviceaccount:vela-system:task-runs']) {
    await kubectl([
      'create',
      'rolebinding',
      user.replaceAll(':', '-'),
      '--clusterrole=edit',
      `--user=${user}`,
      '-n',
      'work',
    ]);
  }
  // These may do as much as the addon's roles and Kubernetes' own, which it adds to.
  await eventually('the roles are aggregated', async () =>
    (await kubectl(['get', 'clusterrole', 'edit', '-o', 'json'])).includes('taskruns'),
  );
  await kubectl([
    'create',
    'clusterrole',
    'status-writer',
    '--verb=get,update,patch',
    '--resource=tasks.task.oam.dev/status,taskruns.task.oam.dev/status',
  ]);
  await kubectl([
    'create',
    'rolebinding',
    'status-writer',
    '--clusterrole=status-writer',
    '--user=editor',
    `--user=${controller}`,
    '-n',
    'work',
  ]);
  for (const role of ['run', 'view'])
    await kubectl([
      'create',
      'rolebinding',
      `${role}er`,
      `--clusterrole=task-runs-${role}`,
      `--user=${role === 'run' ? 'runner' : 'viewer'}`,
      '-n',
      'work',
    ]);
  name = 'app-mytask';
  owner = {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'Task',
    name,
    uid: (await create(undefined, aTask())).metadata.uid,
  };
  name = 'first';
  await applyJob(aJob(suspended));
  // A policy holds a moment after it was written.
  await eventually('the policy holds', () =>
    patchAs(undefined, jobs, { spec: { parallelism: 2 } }, { dryRun: true }).then(
      () => false,
      () => true,
    ),
  );
});
afterAll(async () => {
  await people?.close();
  await cluster?.stop();
});
beforeEach(() => {
  number += 1;
  name = `mytask-${number}`;
});

/** Kubernetes keeps an object as long as it does not know whether an owner is there. */
const ghost = { apiVersion: 'example.org/v1', kind: 'Ghost', name: 'a', uid: '00000000-0000-0000-0000-000000000004' };
const keepsIt = 'a further owner would keep this when its run or Task is deleted';

describe("a run's Job", () => {
  it.each(everyone)('cannot be changed by $who, who is told what to do instead', async ({ as }) => {
    await applyJob(aJob(suspended));
    const refusal = `Job work/${name} is the run mytask-v1 of a Task and its spec cannot change: change the Application and deploy it again`;
    for (const spec of [
      { parallelism: 2 },
      { suspend: false },
      { backoffLimit: 1 },
      { activeDeadlineSeconds: 1 },
      { ttlSecondsAfterFinished: 1 },
      { template: { spec: { nodeSelector: { disk: 'ssd' } } } },
    ]) {
      await expect(patchAs(as, jobs, { spec }), JSON.stringify(spec)).rejects.toThrow(refusal);
    }
  });

  it.each(everyone)('keeps the labels that say whose run it is, whatever $who tries', async ({ as }) => {
    const { metadata, ...rest } = aJob(suspended);
    await applyJob({
      ...rest,
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, 'task.oam.dev/attempt': '1', 'task.oam.dev/step': 'build' },
      },
    });
    const refusal = 'the labels task.oam.dev/task, run, attempt and step identify the run and cannot change';
    await expect(patchAs(as, jobs, { metadata: { labels: { 'task.oam.dev/run': null } } })).rejects.toThrow(refusal);
    await expect(patchAs(as, jobs, { metadata: { labels: { 'task.oam.dev/task': 'other' } } })).rejects.toThrow(
      refusal,
    );
    for (const label of ['attempt', 'step'])
      await expect(patchAs(as, jobs, { metadata: { labels: { [`task.oam.dev/${label}`]: null } } })).rejects.toThrow(
        refusal,
      );
    await expect(patchAs(as, jobs, { metadata: { labels: null } })).rejects.toThrow(refusal);
    await expect(
      patchAs(as, jobs, { metadata: { labels: { 'task.oam.dev/run': null } }, spec: { parallelism: 3 } }),
    ).rejects.toThrow('cannot change');
  });

  it('may be given labels and annotations of other names, and be deleted', async () => {
    await applyJob(aJob(suspended));
    await patchAs('editor', jobs, { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } });
    expect((await job()).metadata.labels).toMatchObject({ team: 'a', 'task.oam.dev/run': 'mytask-v1' });
    await remove('editor', jobs);
    await isGone(jobs);
  });

  it('runs to its end: the Job controller writes its status and finalizers', async () => {
    await applyJob(aJob());
    await eventually(
      'the Job is complete',
      async () =>
        (await job()).status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') ?? false,
    );
    expect((await job()).status?.succeeded).toBe(1);
    await people.as(jobController).replaceStatus(jobs, await people.as(undefined).get(jobs, at()));
    await patchAs(jobController, jobs, { metadata: { finalizers: ['foregroundDeletion'] } });
    await patchAs(jobController, jobs, { metadata: { finalizers: null } });
  });

  it('ignores Jobs that do not belong to runs', async () => {
    await apply({ ...aJob(suspended), metadata: { name, namespace: 'work', labels: { app: 'other' } } });
    await patchAs('editor', jobs, { spec: { parallelism: 2, suspend: false } });
    expect((await job()).spec.suspend).toBe(false);
  });
});

describe('a cluster whose webhook puts a TTL into every Job', () => {
  let uninstall: () => Promise<void>;
  const ttl = async () => (await job()).spec.ttlSecondsAfterFinished;

  // Each test's Job is older than the webhook, as in a cluster where somebody adds one.
  beforeEach(async () => {
    await applyJob(aJob(suspended));
    await patchAs('editor', jobs, { metadata: { finalizers: ['example.org/hook'] } });
    uninstall = await installTtlWebhook();
  });
  afterEach(() => uninstall());

  it('lets Kueue start and stop what waits', async () => {
    await patchAs(kueue, jobs, {
      spec: { suspend: false, template: { spec: { nodeSelector: { 'kubernetes.io/os': 'linux' } } } },
    });
    expect([(await job()).spec.suspend, await ttl()]).toEqual([false, 86_400]);
    await patchAs(kueue, jobs, { spec: { suspend: true } });
    expect((await job()).spec.suspend).toBe(true);
  });

  it('lets the garbage collector finish a deletion in the foreground, and others remove their finalizers', async () => {
    await remove(undefined, jobs, { propagationPolicy: 'Foreground' });
    await eventually(
      'only the other finalizer is left',
      async () => (await job()).metadata.finalizers?.join() === 'example.org/hook',
    );
    await patchAs('editor', jobs, { metadata: { finalizers: null } });
    await expect(job()).rejects.toThrow('not found');
  });

  it('lets the garbage collector take away an owner that is gone', async () => {
    await patchAs(garbageCollector, jobs, { metadata: { ownerReferences: [], finalizers: null } });
    expect(await ttl()).toBe(86_400);
  });

  it.each([
    ['a namespace editor', 'editor', { ttlSecondsAfterFinished: 1 }],
    ['Kueue', kueue, { parallelism: 2 }],
    ['the garbage collector', garbageCollector, { parallelism: 2 }],
    ['the garbage collector', garbageCollector, { suspend: false }],
    ['the garbage collector', garbageCollector, { template: { spec: { nodeSelector: { disk: 'ssd' } } } }],
  ])('still lets %s change nothing else', async (_who, as, spec) => {
    await expect(patchAs(as, jobs, { spec })).rejects.toThrow(/cannot change|may change nothing else/);
  });
});

/** Puts `ttlSecondsAfterFinished` into each Job that is created or updated; resolves once the API server asks it. */
async function installTtlWebhook(): Promise<() => Promise<void>> {
  const pki = (file: string) => readFile(join(cluster.sandbox.dir, 'pki', file));
  const patch = [{ op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 86_400 }];
  const server = createServer(
    { cert: await pki('apiserver.crt'), key: await pki('apiserver.key') },
    (request, reply) => {
      void json(request).then((review) => {
        const { uid } = (review as { request: { uid: string } }).request;
        const response = { uid, allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) };
        reply.setHeader('content-type', 'application/json');
        reply.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
      });
    },
  );
  const listening = await listen(server, { host: '127.0.0.1', port: 0 });
  await apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'ttl' },
    webhooks: [
      {
        name: 'ttl.example.org',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        clientConfig: {
          url: `https://127.0.0.1:${listening.port}/`,
          caBundle: (await pki('kubernetes-ca.crt')).toString('base64'),
        },
        rules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['jobs'] }],
      },
    ],
  });
  const probe = { ...aJob(suspended), metadata: { name: 'probe', namespace: 'work' } };
  const probed = async () => JSON.stringify(await create(undefined, probe, { dryRun: true }));
  await eventually('the webhook is asked', async () => (await probed()).includes('86400'));
  return async () => {
    await people.as(undefined).delete(webhooks, { name: 'ttl' });
    await listening.close();
    await eventually('the webhook is no longer asked', async () => !(await probed()).includes('86400'));
  };
}

describe('Kueue', () => {
  const admission = {
    suspend: false,
    template: {
      metadata: { labels: { 'kueue.x-k8s.io/podset': 'main' }, annotations: { 'kueue.x-k8s.io/workload': 'job-one' } },
      spec: { nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ key: 'spot', operator: 'Exists' }] },
    },
  };
  // Nowhere to run, so that the Job stays active while it is evicted.
  const waiting = (template: object = {}) =>
    aJob({ ...suspended, template: { spec: { ...aJob().spec.template.spec, schedulerName: 'nobody' }, ...template } });
  /** The addon's parameter queuePodKeys. */
  async function allow(queuePodKeys: string[]): Promise<void> {
    const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
    const application = await renderAddon(cue, addon, { queuePodKeys }).finally(() => cue.close());
    const policy = objectsOf(application, 'task-runs-controller').find(
      ({ kind, metadata }) =>
        kind === 'ValidatingAdmissionPolicy' && (metadata as { name: string }).name === 'jobs.task-runs',
    );
    await applyAs(undefined, policy as unknown as Manifest, { force: true });
  }
  const refusal =
    /a queue may suspend it and, while it is suspended, choose its nodes and give its pods the labels and annotations that queuePodKeys of the addon allows, and may change nothing else/;

  /** Kueue tries again, too: since Kubernetes 1.36 the template may change only once the Job counts no active pods. */
  const patchStopped = (patch: object) => eventually('the stopped Job is changed', () => patchAs(kueue, jobs, patch));

  interface Recorded {
    readonly kind?: string;
    readonly name: string;
    readonly event: string;
    readonly spec: { suspend: boolean; template: { labels?: object; annotations?: object; nodeSelector?: object } };
    readonly annotations: Record<string, string> | null;
    readonly status?: { startTime?: string };
  }

  /** The updates that Kueue made of each Job, in order. */
  async function recordedUpdates(): Promise<
    { job: string; suspend: boolean; template: object; annotations: object; resetsStartTime: boolean }[]
  > {
    const lines = (await readFile(new URL('../recordings/kueue-0.19.2/updates.jsonl', import.meta.url), 'utf8'))
      .trim()
      .split('\n');
    const known = new Map<string, string>();
    const updates = [];
    for (const { kind, event, name: recorded, spec, annotations, status } of lines.map(
      (line) => JSON.parse(line) as Recorded,
    )) {
      if (kind !== 'Job' || event === 'DELETED') continue;
      const { labels, annotations: ofPods, nodeSelector } = spec.template;
      const update = {
        suspend: spec.suspend,
        template: { metadata: { labels, annotations: ofPods }, spec: { nodeSelector } },
        annotations: annotations ?? {},
      };
      const state = JSON.stringify(update);
      if (known.has(recorded) && known.get(recorded) !== state)
        updates.push({ job: recorded, ...update, resetsStartTime: status?.startTime === undefined && spec.suspend });
      known.set(recorded, state);
    }
    return updates;
  }

  it('makes every update that it was recorded making', async () => {
    const updates = await recordedUpdates();
    // Four admissions and one more after an eviction, and two evictions of two updates each.
    expect(updates.map(({ job: recorded }) => recorded)).toEqual([
      'one',
      'two',
      'three',
      'three',
      'three',
      'four',
      'three',
      'three',
      'three',
    ]);
    const made = name;
    for (const recorded of ['one', 'two', 'three', 'four']) {
      name = `${made}-${recorded}`;
      await applyJob(waiting());
      for (const { suspend, template, annotations, resetsStartTime } of updates.filter(
        (update) => update.job === recorded,
      )) {
        if (resetsStartTime) await patchAs(kueue, jobs, { status: { startTime: null } }, { subresource: 'status' });
        const { labels = {} } = (await job()).spec.template.metadata ?? {};
        const { metadata, spec } = template as {
          metadata: { labels: Record<string, string>; annotations?: object };
          spec: { nodeSelector?: object };
        };
        // A merge patch leaves what it does not name; the labels of the Job controller are of this Job.
        const gone = Object.keys(labels)
          .filter((label) => label.startsWith('kueue.x-k8s.io/') && !(label in metadata.labels))
          .map((label) => [label, null]);
        const set = Object.entries(metadata.labels).filter(([label]) => label.startsWith('kueue.x-k8s.io/'));
        const pods = {
          metadata: {
            labels: Object.fromEntries([...gone, ...set]) as object,
            annotations: metadata.annotations ?? null,
          },
          spec: { nodeSelector: spec.nodeSelector ?? null },
        };
        await patchStopped({
          metadata: { annotations: { 'kueue.x-k8s.io/stopping': null, ...annotations } },
          spec: { suspend, template: pods },
        });
        if (!suspend) await eventually('it runs', async () => (await job()).status?.active === 1);
      }
    }
  });

  it('takes back what it put into the template of a Job that it stops', async () => {
    await applyJob(waiting());
    await patchAs(kueue, jobs, { spec: admission });
    await eventually('it runs', async () => (await job()).status?.active === 1);
    await patchAs(kueue, jobs, {
      metadata: { annotations: { 'kueue.x-k8s.io/stopping': 'true' } },
      spec: { suspend: true },
    });
    await patchAs(kueue, jobs, { status: { startTime: null } }, { subresource: 'status' });
    await patchStopped({
      metadata: { annotations: null },
      spec: {
        template: {
          metadata: { labels: { 'kueue.x-k8s.io/podset': null }, annotations: null },
          spec: { nodeSelector: null, tolerations: null },
        },
      },
    });
    const { spec } = await job();
    expect([
      spec.template.spec.nodeSelector,
      spec.template.spec.tolerations,
      spec.template.metadata?.annotations,
    ]).toEqual([undefined, undefined, undefined]);
  });

  it('starts a Job of many labels, environment variables and containers, within what a policy may cost', async () => {
    const many = <T>(make: (index: number) => T): T[] => Array.from({ length: 100 }, (_, index) => make(index));
    const keys = (prefix: string) => Object.fromEntries(many((index) => [`${prefix}-${index}`, 'x'.repeat(50)]));
    const containers = many((index) => index)
      .slice(0, 20)
      .map((index) => ({
        name: `c${index}`,
        image: 'busybox',
        env: many((at) => ({ name: `E${at}`, value: 'x'.repeat(100) })),
      }));
    await applyJob(
      waiting({
        metadata: { labels: keys('label'), annotations: keys('annotation') },
        spec: { restartPolicy: 'Never', schedulerName: 'nobody', containers },
      }),
    );
    await patchAs(kueue, jobs, { spec: admission });
    expect((await job()).spec.suspend).toBe(false);
  });

  it('may put what an admission check needs onto pods where the addon says so, but never whose pods they are', async () => {
    await allow(['kueue.x-k8s.io/', 'autoscaling.x-k8s.io/', 'task.oam.dev/']);
    try {
      await applyJob(waiting({ metadata: { labels: { 'task.oam.dev/run': 'mytask-v1' } } }));
      const annotations = { 'autoscaling.x-k8s.io/consume-provisioning-request': 'one' };
      await eventually('the policy is in force', () =>
        patchAs(kueue, jobs, { spec: { template: { metadata: { annotations } } } }),
      );
      await expect(
        patchAs(kueue, jobs, { spec: { template: { metadata: { labels: { 'task.oam.dev/run': 'other' } } } } }),
      ).rejects.toThrow(refusal);
      await patchAs(kueue, jobs, { spec: { suspend: false } });
      expect((await job()).spec.template.metadata).toMatchObject({
        labels: { 'task.oam.dev/run': 'mytask-v1' },
        annotations,
      });
    } finally {
      await allow(['kueue.x-k8s.io/']);
    }
  });

  it('lifts a gate of scheduling, and sets one', async () => {
    await applyJob(waiting());
    await patchAs(kueue, jobs, {
      spec: { template: { spec: { schedulingGates: [{ name: 'kueue.x-k8s.io/topology' }] } } },
    });
    await patchAs(kueue, jobs, { spec: { suspend: false, template: { spec: { schedulingGates: null } } } });
  });

  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
      },
    },
  };
  it.each([
    ['parallelism', { parallelism: 2 }],
    ['backoffLimit', { backoffLimit: 1 }],
    ['activeDeadlineSeconds', { activeDeadlineSeconds: 5 }],
    ['the affinity', { template: { spec: { affinity } } }],
    ["a label of the pods that is not Kueue's", { template: { metadata: { labels: { team: 'b' } } } }],
    ['whose pods they are', { template: { metadata: { labels: { 'task.oam.dev/run': 'other' } } } }],
    ['whose pods they are, by taking it away', { template: { metadata: { labels: { 'task.oam.dev/run': null } } } }],
    [
      "a label of a domain that only looks like Kueue's",
      { template: { metadata: { labels: { 'kueue.x-k8s.io.example.org/podset': 'main' } } } },
    ],
    ["an annotation of the pods that is not Kueue's", { template: { metadata: { annotations: { note: 'b' } } } }],
    ['an annotation of the pods, by taking it away', { template: { metadata: { annotations: { checksum: null } } } }],
  ])('may not change %s, not even while the Job is suspended', async (_what, spec) => {
    await applyJob(
      waiting({ metadata: { labels: { 'task.oam.dev/run': 'mytask-v1', team: 'a' }, annotations: { checksum: '1' } } }),
    );
    await expect(patchAs(kueue, jobs, { spec })).rejects.toThrow(refusal);
    await expect(patchAs(kueue, jobs, { spec: { suspend: false, ...spec } })).rejects.toThrow(refusal);
  });

  it.each([
    ['completions', { completions: 2 }],
    ['an image', { template: { spec: { containers: [{ name: 'main', image: 'other' }] } } }],
    ['the account that the pods have', { template: { spec: { serviceAccountName: 'other' } } }],
  ])('may not change %s, which no Job may', async (_what, spec) => {
    await applyJob(waiting());
    await expect(patchAs(kueue, jobs, { spec })).rejects.toThrow('field is immutable');
    await expect(patchAs(kueue, jobs, { spec: { suspend: false, ...spec } })).rejects.toThrow('field is immutable');
  });

  it('may not choose nodes once the Job is started, nor label its pods', async () => {
    await applyJob(waiting());
    await patchAs(kueue, jobs, { spec: { suspend: false } });
    for (const template of [
      { spec: { nodeSelector: { disk: 'ssd' } } },
      { metadata: { labels: { 'kueue.x-k8s.io/podset': 'other' } } },
    ]) {
      await expect(patchAs(kueue, jobs, { spec: { template } })).rejects.toThrow('field is immutable');
      await expect(patchAs(kueue, jobs, { spec: { suspend: true, template } })).rejects.toThrow(
        /may change nothing else|field is immutable/,
      );
    }
  });

  it.each([...everyone, { who: 'the Job controller', as: jobController }])(
    'is the only one that starts or stops a Job: $who may not',
    async ({ as }) => {
      await applyJob(waiting());
      await expect(patchAs(as, jobs, { spec: admission })).rejects.toThrow(/its spec cannot change|cannot patch/);
      await patchAs(kueue, jobs, { spec: { suspend: false } });
      await expect(patchAs(as, jobs, { spec: { suspend: true } })).rejects.toThrow(
        /its spec cannot change|cannot patch/,
      );
    },
  );

  it('lets somebody move a Job that waits to another queue, and none that runs', async () => {
    const { metadata, ...rest } = waiting();
    await applyJob({
      ...rest,
      metadata: { ...metadata, labels: { ...metadata.labels, 'kueue.x-k8s.io/queue-name': 'q' } },
    });
    const moveTo = (queue: string | null) =>
      patchAs('editor', jobs, { metadata: { labels: { 'kueue.x-k8s.io/queue-name': queue } } });
    await moveTo('other');
    await patchAs(kueue, jobs, { spec: admission });
    const stays =
      'a Job can change its queue only while it is suspended: change spec.queue of the Task for its next run';
    await expect(moveTo('q')).rejects.toThrow(stays);
    await expect(moveTo(null)).rejects.toThrow(stays);
    expect((await job()).metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'other' });
  });

  it('has no label of a queue put onto a Job that runs without one', async () => {
    await applyJob(aJob({ template: waiting().spec.template }));
    await expect(
      patchAs('editor', jobs, { metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'q' } } }),
    ).rejects.toThrow('a Job can change its queue only while it is suspended');
  });
});

describe('a TaskRun', () => {
  const owned = (ownerReferences: unknown[]) => ({ ...aRun(), metadata: { ...aRun().metadata, ownerReferences } });
  const runs = () => get(taskRuns);
  const people = [
    { who: 'the cluster admin', as: undefined },
    { who: 'somebody who may only run tasks', as: 'runner' },
    { who: 'a namespace editor', as: 'editor' },
  ];

  it.each(people)(
    'may be created by $who, for a run now or for a step of a workflow, and be cancelled',
    async ({ as }) => {
      await create(as, aRun({ overrides: { args: ['--now'] } }));
      await patchAs(as, taskRuns, { spec: { cancel: true, cancelReason: 'no longer needed' } });
      for (const [index, trigger] of [
        { type: 'Manual' },
        { type: 'WorkflowStep', step: { name: 'migrate', id: 'a1' } },
        { type: 'WorkflowStep', value: 'app-v1#a1', step: { name: 'migrate', id: 'a1' } },
      ].entries()) {
        const run = aRun({ trigger });
        await create(as, { ...run, metadata: { ...run.metadata, name: `${name}-${index}` } });
      }
    },
  );

  it.each(people)('runs what its Task says, whoever created it: $who cannot say what', async ({ as }) => {
    await expect(create(as, aRun({ snapshot }))).rejects.toThrow(
      'only the controller may write spec.snapshot; it is copied from the Task: leave it out, and write args and env for this run into spec.overrides',
    );
    await expect(create(as, aRun({ jobName: 'other' }))).rejects.toThrow(
      'only the controller may write spec.jobName; the controller names Jobs: leave it out, and name the TaskRun itself instead',
    );
    await create(as, aRun());
    await expect(patchAs(as, taskRuns, { spec: { snapshot } })).rejects.toThrow(
      'only the controller may write spec.snapshot',
    );
    await expect(patchAs(as, taskRuns, { spec: { jobName: 'other' } })).rejects.toThrow(
      'only the controller may write spec.jobName',
    );
  });

  it.each(people)(
    'asks in its own name: $who cannot pretend to be a deployment, the clock or the controller',
    async ({ as }) => {
      const refusal = 'leave it out, or write type: Manual';
      const step = { name: 'migrate', id: 'a1' };
      for (const trigger of [
        { type: 'Revision' },
        { type: 'Schedule', scheduledTime: '2026-03-20T12:30:00Z' },
        { type: 'Manual', generation: 3 },
        { type: 'Manual', revisionHash: 'a' },
        { type: 'Manual', scheduledTime: '2026-03-20T12:30:00Z' },
        { type: 'Manual', step },
        { type: 'WorkflowStep' },
        { type: 'WorkflowStep', step, generation: 3 },
      ]) {
        await expect(create(as, aRun({ trigger })), JSON.stringify(trigger)).rejects.toThrow(refusal);
      }
      await expect(create(as, owned([{ ...owner, controller: true }]))).rejects.toThrow(
        'only the controller makes the Task the owner of a run, and takes nothing back: leave owners with controller: true out of metadata.ownerReferences, as they were, and name the Task in spec.taskRef',
      );
      await create(as, owned([owner]));
      await expect(patchAs(as, taskRuns, { spec: { trigger: { type: 'Revision' } } })).rejects.toThrow(refusal);
      await expect(
        patchAs(as, taskRuns, { metadata: { ownerReferences: [{ ...owner, controller: true }] } }),
      ).rejects.toThrow('only the controller makes the Task the owner of a run');
      await patchAs(as, taskRuns, { spec: { trigger: { type: 'Manual' } } });
    },
  );

  it('is made a run of its Task by the controller, once', async () => {
    await create('runner', aRun());
    const adopted = {
      metadata: { ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }] },
      spec: { trigger: { type: 'Manual' }, jobName: 'other', snapshot },
    };
    await patchAs(controller, taskRuns, adopted);
    await expect(patchAs('editor', taskRuns, { spec: { snapshot: null } })).rejects.toThrow('cannot change');
    await patchAs('runner', taskRuns, { spec: { cancel: true } });
    await patchAs('editor', taskRuns, { metadata: { annotations: { note: 'b' } } });
  });

  it('is created by the controller for a deployment or the clock', async () => {
    await create(controller, {
      ...owned([{ ...owner, controller: true }]),
      spec: {
        ...aRun().spec,
        snapshot,
        jobName: 'other',
        trigger: { type: 'Schedule', scheduledTime: '2026-03-20T12:30:00Z', generation: 2 },
      },
    });
  });

  it.each(everyone)('cannot be changed by $who, deep inside the pod template neither', async ({ as }) => {
    await create(controller, aRun({ snapshot }));
    await expect(
      patchAs(as, taskRuns, { spec: { snapshot: { template: { spec: { nodeName: 'a' } } } } }),
    ).rejects.toThrow('spec.snapshot is what ran and cannot change; create another TaskRun for another run');
    await expect(patchAs(as, taskRuns, { spec: { snapshot: { job: { parallelism: 2 } } } })).rejects.toThrow(
      'cannot change',
    );
    await expect(patchAs(as, taskRuns, { spec: { jobName: 'other' } })).rejects.toThrow('cannot change');
    await expect(patchAs(as, taskRuns, { spec: { taskRef: { name: 'other' } } })).rejects.toThrow('cannot change');
    await expect(patchAs(as, taskRuns, { metadata: { labels: { 'task.oam.dev/task': null } } })).rejects.toThrow(
      'cannot change',
    );
  });

  it('may be annotated and deleted by an editor, and not be deleted by somebody who may only run tasks', async () => {
    await create(controller, aRun({ snapshot }));
    await patchAs('editor', taskRuns, { metadata: { annotations: { note: 'b' } } });
    await expect(remove('runner', taskRuns)).rejects.toThrow('cannot delete resource "taskruns"');
    await expect(create('viewer', aRun())).rejects.toThrow('cannot create resource "taskruns"');
    await expect(create('runner', aTask())).rejects.toThrow('cannot create resource "tasks"');
    await remove('editor', taskRuns);
    await isGone(taskRuns);
  });

  /**
   * It reads changes in order, and what it does not know yet it takes for nobody's: one made later whose owner is gone
   * is removed.
   */
  async function garbageCollectorKnows(): Promise<void> {
    const later = owned([{ ...owner, name, uid: '00000000-0000-0000-0000-000000000000', controller: true }]);
    const { metadata } = await create(controller, {
      ...later,
      metadata: { ...later.metadata, name: undefined, generateName: `${name}-` },
    });
    await isGone(taskRuns, metadata.name);
  }

  it('does not stay when its Task is deleted, because somebody who may only run tasks wants it to', async () => {
    const own = { ...owner, controller: true };
    await create(controller, owned([own]));
    for (const further of [ghost, { ...owner, kind: 'TaskRun', uid: '00000000-0000-0000-0000-000000000005' }])
      await expect(patchAs('runner', taskRuns, { metadata: { ownerReferences: [own, further] } })).rejects.toThrow(
        keepsIt,
      );
    const held = { metadata: { finalizers: ['example.org/stays'] } };
    const refusal = 'only who may delete TaskRuns may add one: leave metadata.finalizers as it is';
    await expect(patchAs('runner', taskRuns, held)).rejects.toThrow(refusal);
    await expect(
      create('runner', { ...aRun(), metadata: { ...aRun().metadata, name: `${name}-2`, ...held.metadata } }),
    ).rejects.toThrow(refusal);
    await patchAs('editor', taskRuns, held);
    await patchAs('runner', taskRuns, { metadata: { annotations: { note: 'b' } } });
    await patchAs('editor', taskRuns, { metadata: { finalizers: null } });
  });

  it("is left to Kubernetes' garbage collector", async () => {
    const task = await create(undefined, aTask());
    await create(
      controller,
      owned([{ ...owner, name, uid: task.metadata.uid, controller: true, blockOwnerDeletion: true }]),
    );
    await garbageCollectorKnows();
    await remove(undefined, tasks, { propagationPolicy: 'Orphan' });
    await isGone(tasks);
    expect((await runs()).metadata.ownerReferences).toBeUndefined();
    const other = await create(undefined, aTask());
    await patchAs(controller, taskRuns, {
      metadata: {
        ownerReferences: [{ ...owner, name, uid: other.metadata.uid, controller: true, blockOwnerDeletion: true }],
      },
    });
    await garbageCollectorKnows();
    await remove(undefined, tasks, { propagationPolicy: 'Foreground' });
    await isGone(tasks);
    await expect(runs()).rejects.toThrow('not found');
  });
});

describe('what belongs to a run', () => {
  const runOwner = (changes: object = {}) => ({
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'TaskRun',
    name: 'mytask-v1',
    uid: '00000000-0000-0000-0000-000000000001',
    controller: true,
    ...changes,
  });
  const claimed = (metadata: object) => ({ ...aJob(suspended), metadata: { name, namespace: 'work', ...metadata } });
  const people = [
    { who: 'the cluster admin', as: undefined },
    { who: 'a namespace editor', as: 'editor' },
  ];
  const refusal = 'only the controller makes the Jobs and volumes of runs';

  it.each(people)('cannot be a Job that $who made, to write the history of a run', async ({ as }) => {
    for (const metadata of [
      { labels: { 'task.oam.dev/run': 'mytask-v1' } },
      { labels: { 'task.oam.dev/task': 'app-mytask' } },
      { labels: { 'task.oam.dev/step': 'build' } },
      { ownerReferences: [runOwner()] },
      { ownerReferences: [runOwner({ apiVersion: 'task.oam.dev/v9' })] },
      { labels: { 'task.oam.dev/run': 'mytask-v1' }, ownerReferences: [runOwner()] },
    ])
      await expect(create(as, claimed(metadata)), JSON.stringify(metadata)).rejects.toThrow(refusal);
    await apply(claimed({ labels: { app: 'other' } }));
    await expect(patchAs(as, jobs, { metadata: { labels: { 'task.oam.dev/run': 'mytask-v1' } } })).rejects.toThrow(
      'the labels task.oam.dev/task, run, attempt and step identify the run and cannot change',
    );
    await expect(patchAs(as, jobs, { metadata: { ownerReferences: [runOwner()] } })).rejects.toThrow(
      'metadata.ownerReferences says which run this belongs to',
    );
  });

  it.each(people)('stays the Job of its run, so that a cancel ends it, whatever $who tries', async ({ as }) => {
    const { metadata, ...rest } = aJob(suspended);
    // An owner that exists, for else the garbage collector is faster.
    const configMap = await create(undefined, aConfigMap());
    const { uid } = configMap.metadata;
    const own = { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true, blockOwnerDeletion: false };
    await applyJob({ ...rest, metadata: { ...metadata, ownerReferences: [own] } });
    for (const ownerReferences of [
      null,
      [],
      [{ ...own, controller: false }],
      [{ ...own, uid: '00000000-0000-0000-0000-000000000002' }],
      [runOwner()],
    ])
      await expect(
        patchAs(as, jobs, { metadata: { ownerReferences } }),
        JSON.stringify(ownerReferences),
      ).rejects.toThrow('metadata.ownerReferences says which run this belongs to');
    // As the garbage collector does for --cascade=orphan.
    await patchAs('system:serviceaccount:kube-system:generic-garbage-collector', jobs, {
      metadata: { ownerReferences: null },
    });
  });

  it.each(people)('is not kept by $who when its run is deleted: nobody adds an owner', async ({ as }) => {
    const configMap = await create(undefined, aConfigMap());
    const own = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: configMap.metadata.uid };
    const { metadata, ...rest } = aJob(suspended);
    await applyJob({ ...rest, metadata: { ...metadata, ownerReferences: [{ ...own, controller: true }] } });
    for (const further of [{ ...runOwner({ controller: false }) }, ghost])
      await expect(
        patchAs(as, jobs, { metadata: { ownerReferences: [{ ...own, controller: true }, further] } }),
      ).rejects.toThrow(keepsIt);
  });

  it.each(people)('cannot be a volume that $who made', async ({ as }) => {
    const claim = (metadata: object) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'work', ...metadata },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    for (const metadata of [
      { labels: { 'task.oam.dev/run': 'mytask-v1' } },
      { ownerReferences: [{ ...owner, controller: true }] },
    ])
      await expect(create(as, claim(metadata))).rejects.toThrow(refusal);
    await create(as, claim({ labels: { app: 'other' } }));
  });

  it.each(people)(
    'cannot be a pod that $who made or whose image they changed, to put lines into a log',
    async ({ as }) => {
      const pod = (metadata: object = {}) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'work', labels: { 'task.oam.dev/run': 'mytask-v1' }, ...metadata },
        spec: { ...aJob().spec.template.spec, schedulerName: 'nobody' },
      });
      const job = { apiVersion: 'batch/v1', kind: 'Job', name, controller: true };
      for (const metadata of [{}, { ownerReferences: [{ ...job, uid: '00000000-0000-0000-0000-000000000003' }] }])
        await expect(create(as, pod(metadata))).rejects.toThrow('only Kubernetes makes the pods of a run, for its Job');
      await applyJob(
        aJob({
          template: {
            metadata: { labels: { 'task.oam.dev/run': 'mytask-v1' } },
            spec: { ...aJob().spec.template.spec, schedulerName: 'nobody' },
          },
        }),
      );
      const madeFor = name;
      name = await eventually('the pod is there', async () => (await podsOf(madeFor))[0]);
      const made = (await get(pods)) as Stored & { spec: { containers: object[] } };
      const containers = made.spec.containers.map((container) => ({ ...container, image: 'ubuntu' }));
      await expect(patchAs(as, pods, { spec: { containers } })).rejects.toThrow(
        "the images of a run's pod are on record and cannot change",
      );
      await expect(patchAs(as, pods, { metadata: { labels: { 'task.oam.dev/run': 'other' } } })).rejects.toThrow(
        'identify the run and cannot change',
      );
      await expect(patchAs(as, pods, { metadata: { ownerReferences: null } })).rejects.toThrow(
        'metadata.ownerReferences says which run this belongs to',
      );
      const [jobOwner] = (await get(pods)).metadata.ownerReferences as object[];
      await expect(patchAs(as, pods, { metadata: { ownerReferences: [jobOwner, ghost] } })).rejects.toThrow(keepsIt);
      await patchAs(as, pods, { metadata: { annotations: { note: 'b' } } });
      await remove(as, pods);
    },
  );

  it('cannot end by a pod that a namespace editor made, nor go on in one that the Job was made to let go', async () => {
    const counted = 'by the label batch.kubernetes.io/controller-uid a Job knows its pods';
    const spec = { ...aJob().spec.template.spec, schedulerName: 'nobody' };
    const ofRun = { metadata: { labels: { 'task.oam.dev/run': 'mytask-v1' } }, spec };
    await applyJob(aJob({ template: ofRun }));
    const [madeFor, as] = [name, 'editor'];
    const own = await eventually('the pod is there', async () => (await podsOf(madeFor))[0]);
    const { uid } = (await get(jobs, madeFor)).metadata;
    const label = { 'batch.kubernetes.io/controller-uid': uid };
    const jobOwner = { apiVersion: 'batch/v1', kind: 'Job', name: madeFor, uid, controller: true };
    name = `${madeFor}-forged`;
    const pod = (metadata: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'work', ...metadata },
      spec,
    });
    for (const metadata of [{ labels: label }, { labels: label, ownerReferences: [jobOwner] }])
      await expect(create(as, pod(metadata))).rejects.toThrow(counted);
    await create(as, pod({}));
    await expect(patchAs(as, pods, { metadata: { labels: label, ownerReferences: [jobOwner] } })).rejects.toThrow(
      counted,
    );
    const template = { metadata: { labels: { ...label, app: name } }, spec: { containers: spec.containers } };
    const selector = { matchLabels: { app: name } };
    const metadata = { name, namespace: 'work' };
    await create(as, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata,
      spec: { replicas: 1, selector, template },
    });
    await eventually('the ReplicaSet gets no pod', async () =>
      JSON.stringify(await get(replicaSets)).includes(counted),
    );
    name = own;
    for (const value of [null, '00000000-0000-0000-0000-000000000003'])
      await expect(
        patchAs(as, pods, { metadata: { labels: { 'batch.kubernetes.io/controller-uid': value } } }),
      ).rejects.toThrow(counted);
    await remove(as, pods);
    const another = await eventually('the Job has another pod', async () =>
      (await podsOf(madeFor)).find((one) => one !== own),
    );
    expect(another).toMatch(madeFor);
  });
});

describe('who asked for a run', () => {
  const labelled = (labels: object) => ({ ...aRun(), metadata: { name, namespace: 'work', labels } });

  it('is the person who asked: nobody writes the name of another', async () => {
    for (const trigger of [
      { type: 'Manual', value: 'cluster-admin' },
      { type: 'Manual', value: 'runner ' },
      { type: 'WorkflowStep', value: 'forged', step: { name: 'migrate', id: 'a1' } },
      { type: 'WorkflowStep', value: 'cluster-admin: approved#a1', step: { name: 'migrate', id: 'a1' } },
      { type: 'WorkflowStep', value: 'cluster-admin#a1', step: { name: 'migrate', id: 'a1' } },
    ])
      await expect(create('runner', aRun({ trigger })), JSON.stringify(trigger)).rejects.toThrow(
        'spec.trigger.value says who asked for the run: leave it out, or write runner',
      );
    await create('runner', aRun({ trigger: { type: 'Manual', value: 'runner' } }));
    for (const cancelReason of [
      'cluster-admin: wrong table',
      'cancelled by cluster-admin',
      'a person: runner',
      'Cancelled by cluster-admin',
      ' canceled  BY cluster-admin',
      'cancelled\u00a0by cluster-admin',
      '\u200bcancelled by\u2003cluster-admin',
      'cluster-admin\uff1a wrong table',
      'cluster-admin\u2236 wrong table',
      'cluster-admin\u0589 wrong table',
      'cluster-admin\ua4fd wrong table',
    ])
      await expect(patchAs('runner', taskRuns, { spec: { cancel: true, cancelReason } })).rejects.toThrow(
        'spec.cancelReason names who cancels in front of a colon: write runner there',
      );
    await patchAs('runner', taskRuns, { spec: { cancel: true, cancelReason: 'runner: wrong table' } });
  });

  it('is not somebody else because letters look alike, or a line seems to end', async () => {
    await create('runner', aRun());
    for (const cancelReason of [
      '\u0441ancelled by cluster-admin', // Cyrillic
      'cancell\u0435d by cluster-admin',
      'can\u200bcelled by cluster-admin',
      'runner: no\ncancelled by cluster-admin',
      'runner: no\u2028cancelled by cluster-admin',
      'runner: \u202enimda-retsulc yb dellecnac',
      'runner: \u001b[2Kcancelled by cluster-admin',
      '\uff43ancelled by cluster-admin',
      '\u{1d41c}ancelled by cluster-admin',
      '\u3164cancelled by cluster-admin',
    ])
      await expect(
        patchAs('runner', taskRuns, { spec: { cancel: true, cancelReason } }),
        JSON.stringify(cancelReason),
      ).rejects.toThrow('spec.cancelReason must be one line that reads as it is written');
    for (const cancelReason of [
      'Таблица не та',
      '誤ったテーブル',
      'λάθος πίνακας',
      'die falsche Tabelle, siehe #7 № 3 (40 ℃) 🙂',
    ])
      await patchAs('runner', taskRuns, { spec: { cancel: true, cancelReason } });
  });

  it('is not the author of the Application, for whom KubeVela may act, and not KubeVela: a step is named', async () => {
    // With authentication turned on, KubeVela impersonates the author, who then has to be allowed to run tasks.
    const step = { name: 'migrate', id: 'a1' };
    const of = (run: string, trigger: object) => ({
      ...aRun({ trigger }),
      metadata: { name: `${name}-${run}`, namespace: 'work' },
    });
    for (const author of ['runner', undefined]) {
      const value = 'app-v1#a1';
      const asked = of(author ?? 'vela', { type: 'WorkflowStep', value, step });
      await create(author, asked);
      const stored = (await get(taskRuns, asked.metadata.name)) as unknown as {
        spec: { trigger: object };
      };
      expect(stored.spec.trigger).toEqual({ type: 'WorkflowStep', value, step });
    }
    // Whoever it acts for is who asks: no other name can be written, also not KubeVela's.
    await expect(
      create('runner', of('other', { type: 'Manual', value: 'system:serviceaccount:vela-system:kubevela-vela-core' })),
    ).rejects.toThrow('spec.trigger.value says who asked for the run: leave it out, or write runner');
    await create('runner', of('own', { type: 'Manual', value: 'runner' }));
  });

  it('is said for somebody else by who may impersonate them', async () => {
    await create(undefined, aRun());
    await patchAs(undefined, taskRuns, { spec: { cancel: true, cancelReason: 'ann: wrong table' } });
  });

  it('and of which Application it is, is not for them to say', async () => {
    const refusal = 'a run has the labels app.oam.dev/name, namespace and component of its Task';
    for (const labels of [
      { 'app.oam.dev/name': 'victim' },
      { 'app.oam.dev/name': 'app', 'app.oam.dev/namespace': 'other' },
      { 'app.oam.dev/component': 'other' },
    ])
      await expect(create('runner', labelled(labels)), JSON.stringify(labels)).rejects.toThrow(refusal);
    await expect(create('runner', labelled({ 'task.oam.dev/task': 'other' }))).rejects.toThrow(
      'the label task.oam.dev/task of a run is the name of its Task',
    );
    // As KubeVela labels what a step applies.
    await create('runner', labelled({ 'app.oam.dev/name': 'app', 'app.oam.dev/component': 'mytask' }));
    await patchAs(controller, taskRuns, { metadata: { ownerReferences: [{ ...owner, controller: true }] } });
    await expect(
      patchAs('runner', taskRuns, { metadata: { labels: { 'app.oam.dev/name': 'victim' } } }),
    ).rejects.toThrow(refusal);
  });

  it('becomes the addon when KubeVela lets go of a run, and nobody else', async () => {
    const labels = { 'app.oam.dev/name': 'app', 'app.oam.dev/namespace': 'work', 'app.oam.dev/component': 'mytask' };
    const toAddon = { 'app.oam.dev/name': 'addon-task-runs', 'app.oam.dev/namespace': 'vela-system' };
    const release = (changes: object) => patchAs(undefined, taskRuns, { metadata: { labels: changes } });
    await create(undefined, labelled(labels));
    await patchAs(controller, taskRuns, { metadata: { ownerReferences: [{ ...owner, controller: true }] } });
    await expect(release(toAddon)).rejects.toThrow('a run has the labels app.oam.dev/name, namespace and component');
    // As run-task has KubeVela apply it.
    await patchAs(undefined, taskRuns, {
      metadata: { annotations: { 'app.oam.dev/shared-by': 'work/app,vela-system/addon-task-runs' } },
    });
    for (const other of [
      { ...toAddon, 'app.oam.dev/name': 'victim' },
      { ...toAddon, 'app.oam.dev/component': 'other' },
    ])
      await expect(release(other)).rejects.toThrow('a run has the labels app.oam.dev/name, namespace and component');
    // Whoever may run tasks may write the annotation, and then the labels: not without a right to the Application.
    await patchAs('runner', taskRuns, {
      metadata: { annotations: { 'app.oam.dev/shared-by': 'vela-system/addon-task-runs' } },
    });
    await expect(patchAs('runner', taskRuns, { metadata: { labels: toAddon } })).rejects.toThrow(
      'a run has the labels app.oam.dev/name, namespace and component',
    );
    await release(toAddon);
  });

  it('may be in another namespace for who may change it there, as KubeVela may', async () => {
    const elsewhere = labelled({ 'app.oam.dev/name': 'app', 'app.oam.dev/namespace': 'hub' });
    await expect(create('runner', elsewhere)).rejects.toThrow('a run has the labels app.oam.dev/name');
    await create(undefined, elsewhere);
  });

  it('and whose run it is, stays: nobody takes its Task off, to stop the Task', async () => {
    await create(controller, {
      ...aRun({ snapshot }),
      metadata: { ...aRun().metadata, ownerReferences: [{ ...owner, controller: true }] },
    });
    for (const ownerReferences of [
      null,
      [{ ...owner, controller: false }],
      [{ ...owner, controller: true, name: 'other' }],
    ])
      await expect(patchAs('runner', taskRuns, { metadata: { ownerReferences } })).rejects.toThrow(
        'only the controller makes the Task the owner of a run, and takes nothing back',
      );
    const evil = { ...owner, apiVersion: 'task.oam.dev.evil/v1', controller: true };
    name = `${name}-ghost`;
    await expect(
      create('runner', { ...aRun(), metadata: { ...aRun().metadata, ownerReferences: [evil] } }),
    ).rejects.toThrow('only the controller makes the Task the owner of a run');
  });
});

describe('a status', () => {
  it.each(everyone.slice(0, 2))('cannot be written by $who, and says what to do instead', async ({ as }) => {
    await create(undefined, aTask());
    await create(undefined, { ...aRun(), status: { phase: 'Succeeded' } });
    for (const type of [taskRuns, tasks]) {
      expect((await get(type)).status?.phase).not.toBe('Succeeded');
      await expect(patchAs(as, type, { status: { phase: 'Succeeded' } }, { subresource: 'status' })).rejects.toThrow(
        'to cancel a run set its spec.cancel to true, to forget it delete the TaskRun, to run again create a TaskRun',
      );
      await patchAs(controller, type, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
    }
  });
});
