/**
 * Whatever is wrong is told in one sentence in the Task's status, as a condition and as an event; nothing crashes,
 * nobody is flooded with retries, and once it is fixed, everything continues by itself.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskObject } from '../../controller/src/cluster/resource-types.ts';
import { namesOf, nameWithHash } from '../../controller/src/domain/lang/names.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { startRender, type CueRender } from '../../controller/src/cli/plan/cue-render.ts';
import { partsOfSources } from '../../scripts/plan-parts.ts';
import { goodJobs, refusedJobs } from '../support/refused-jobs.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { startApiProxy, type ApiProxy } from '../support/api-proxy.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { taskOf } from '../support/deploy.ts';
import { eventually } from '../support/eventually.ts';
import { Room } from '../support/room.ts';

const controllerUser = 'system:serviceaccount:vela-system:task-runs';

let cluster: Cluster;
let proxy: ApiProxy;
let controller: ControllerProcess;
let count = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated' });
  proxy = await startApiProxy(cluster.controllerKubeconfig, join(cluster.directory, 'proxy.kubeconfig'));
  controller = await startController(proxy.kubeconfig);
});
afterAll(async () => {
  await controller?.stop();
  await proxy?.close();
  await cluster?.stop();
});

const openRoom = (): Promise<Room> => Room.open(cluster, `bad-${(count += 1)}`);

/** What the controller has changed, or tried to, in the room. */
const callsIn = ({ namespace }: Room, what = ''): number =>
  proxy.calls.filter((call) => call.namespace === namespace && call.what.startsWith(what)).length;

/** Waits until the Task tells the trouble everywhere where people look. */
async function tells(
  room: Room,
  task: Stored<TaskObject>,
  trouble: { phase: string; reason: string; message: RegExp },
): Promise<void> {
  const { status } = await room.where(
    task,
    `reports ${trouble.reason}`,
    ({ message = '', phase }) => trouble.message.test(message) && phase === trouble.phase,
  );
  expect(status?.message).not.toContain('\n');
  // A run that has ended stalls nobody: its reason is that of Ready.
  const type = trouble.phase === 'Pending' ? 'Stalled' : 'Ready';
  const condition = status?.conditions?.find((one) => one.type === type);
  expect(condition).toMatchObject({ reason: trouble.reason, status: type === 'Stalled' ? 'True' : 'False' });
  await eventually(`an event ${trouble.reason}`, async () => {
    const told = (await room.events()).filter(
      (event) => event.startsWith(`${trouble.reason}: `) && trouble.message.test(event),
    );
    expect(told, 'told once').toHaveLength(1);
    return true;
  });
}

/** Nothing is stalled any more, and the run has succeeded. */
async function recovers(room: Room, task: Stored<TaskObject>): Promise<void> {
  const { status } = await room.where(task, 'has succeeded', ({ phase }) => phase === 'Succeeded');
  expect(status?.conditions).toEqual([expect.objectContaining({ type: 'Ready', status: 'True' })]);
}

describe.concurrent('a Task that breaks the schema is refused by the API server, with what is allowed', () => {
  it.each([
    [
      'keepLast -1',
      { keepLast: -1 },
      /spec\.executionPolicy\.keepLast: Invalid value: -1: .*should be greater than or equal to 0/,
    ],
    [
      'keepLast "three"',
      { keepLast: 'three' },
      /spec\.executionPolicy\.keepLast: Invalid value: "string": .*must be of type integer/,
    ],
    [
      'nameSuffix "revision"',
      { nameSuffix: 'revision' },
      /spec\.executionPolicy\.nameSuffix: Unsupported value: "revision": supported values: "Revision", "Timestamp", "UUID"/,
    ],
    ['a field that does not exist', { keepLst: 3 }, /unknown field "spec\.executionPolicy\.keepLst"/],
  ])('%s', async (_what, policy, message) => {
    const room = await openRoom();
    await expect(room.deploy({ revision: 1, policy: policy as never })).rejects.toThrow(message);
    expect(await room.names(tasks)).toEqual([]);
  });
});

describe.concurrent(
  'pods that would restart for ever are refused by the API server, with what to write instead',
  () => {
    const podSpec = { restartPolicy: 'Always' };
    it.each([
      ['of a task', { podSpec }, /spec\.template\.spec\.restartPolicy: /],
      ['of a step', { steps: [{ name: 'one', podSpec }] }, /spec\.steps\[0\]\.template\.spec\.restartPolicy: /],
    ])('%s', async (_what, deployment, path) => {
      const room = await openRoom();
      // Up to Kubernetes 1.34 the API server quotes the type in place of the value.
      const words = /Invalid value: "(string|Always)": the pods of a Job cannot have restartPolicy Always: write Never/;
      const refusal = new RegExp(path.source + words.source);
      await expect(room.deploy({ revision: 1, ...deployment })).rejects.toThrow(refusal);
      expect(await room.names(tasks)).toEqual([]);
    });
  },
);

describe.concurrent(
  'a Job that cannot be is refused by the API server with its Task, with what to write instead',
  () => {
    const podFailurePolicy = { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }] };
    it.each([
      [
        'whose failure policy meets pods that restart',
        { job: { podFailurePolicy }, podSpec: { restartPolicy: 'OnFailure' } },
        'podFailurePolicy looks at pods that ended, and with restart policy OnFailure they are started again: write Never',
      ],
      [
        'whose failed indexes are more than there are',
        { job: { completionMode: 'Indexed' as const, completions: 3, backoffLimitPerIndex: 1, maxFailedIndexes: 4 } },
        'maxFailedIndexes is more than there are indexes: write completions or less',
      ],
      [
        'whose indexes are too many for a limit each',
        { job: { completionMode: 'Indexed' as const, completions: 100_001, backoffLimitPerIndex: 1 } },
        'above 100000 completions an Indexed Job with backoffLimitPerIndex needs maxFailedIndexes and parallelism of 10000',
      ],
      [
        'whose controller has no domain',
        { job: { managedBy: 'kueue' } },
        'managedBy is DOMAIN/NAME, such as kueue.x-k8s.io/multikueue',
      ],
    ])('%s', async (_what, deployment, message) => {
      const room = await openRoom();
      await expect(room.deploy({ revision: 1, ...deployment })).rejects.toThrow(message);
      expect(await room.names(tasks)).toEqual([]);
    });
  },
);

describe.concurrent('a queue that cannot be is refused by the API server, with what to write instead', () => {
  it.each([
    [
      'in another namespace',
      { queue: { name: 'infra/team-a' } },
      /a queue of another namespace cannot be used, so leave the namespace out/,
    ],
    [
      'with a name that is not a label value',
      { queue: { name: 'Team_A-' } },
      /queue\.name is the name of a LocalQueue: lower-case letters, digits, - and \., 63 characters at most/,
    ],
    [
      'with a name that is too long',
      { queue: { name: 'a'.repeat(64) } },
      /spec\.queue\.name: Too long: may not be more than 63/,
    ],
    [
      'that admits together',
      { queue: { name: 'team-a', admitTogether: true } },
      /queue\.admitTogether cannot be true yet/,
    ],
    [
      'without a name, with a time limit',
      { queueTimeoutSeconds: 60 },
      /queueTimeoutSeconds limits the wait in a queue, but there is no queue/,
    ],
    ['with a misspelt field', { queue: { name: 'team-a', priority: 'high' } }, /unknown field "spec\.queue\.priority"/],
  ])('%s', async (_what, spec, message) => {
    const room = await openRoom();
    await expect(room.deploy({ revision: 1, spec })).rejects.toThrow(message);
    expect(await room.names(tasks)).toEqual([]);
  });
});

describe.concurrent('what the API server would refuse in a Job is told at the deployment, though nothing runs', () => {
  const container = { name: 'main', image: 'busybox' };
  const containers = (change: object) => ({ podSpec: { containers: [{ ...container, ...change }] } });
  it.each<[what: string, said: object, message: RegExp]>([
    [
      'a misspelt field',
      containers({ resource: {} }),
      /unknown field "spec\.template\.spec\.containers\[0\]\.resource"/,
    ],
    [
      'a misspelt field of the pod',
      { podSpec: { imagePullsecrets: [] } },
      /unknown field "spec\.template\.spec\.imagePullsecrets"/,
    ],
    ['a quantity', containers({ resources: { limits: { memory: '1 GB' } } }), /quantities must match/],
    [
      'more requested than the limit',
      containers({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      /containers\[0\]\.resources\.requests: Invalid value: "2": must be less than or equal to cpu limit of 1/,
    ],
    ['a name of a variable', containers({ env: [{ name: 'A=B', value: '1' }] }), /containers\[0\]\.env\[0\]\.name/],
    [
      'a volume that is not there',
      containers({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
      /volumeMounts\[0\]\.name: Not found: "x"/,
    ],
    [
      'two mounts at one path',
      {
        podSpec: {
          volumes: [{ name: 'x', emptyDir: {} }],
          containers: [
            {
              ...container,
              volumeMounts: [
                { name: 'x', mountPath: '/x' },
                { name: 'x', mountPath: '/x' },
              ],
            },
          ],
        },
      },
      /volumeMounts\[1\]\.mountPath: Invalid value: "\/x": must be unique/,
    ],
    [
      'two containers of one name',
      { podSpec: { containers: [container, container] } },
      /containers\[1\]\.name: Duplicate value: "main"/,
    ],
    [
      'no number of indexes',
      { job: { completionMode: 'Indexed', parallelism: 2 } },
      /spec\.completions: Required value/,
    ],
  ])('%s', async (_what, said, message) => {
    const room = await openRoom();
    const policy = { trigger: 'Manual' } as const;
    const task = await room.deploy({ revision: 1, policy, ...said });
    const { status } = await room.where(task, 'says so', (told) => message.test(told.message ?? ''));
    expect(status?.message).toMatch(
      /^no run yet · the Job of each run would be refused: .*; fix the Application and deploy it again/,
    );
    expect(status?.conditions).toMatchObject([
      { type: 'Ready', status: 'False' },
      { type: 'Stalled', status: 'True', reason: 'Invalid' },
      { type: 'Valid', status: 'False', reason: 'Invalid' },
    ]);
    const next = await room.deploy({ revision: 2, policy });
    await room.where(
      next,
      'is ready',
      ({ conditions }) => conditions?.length === 1 && conditions[0]?.status === 'True',
    );
    expect([await room.names(jobs), callsIn(room, 'POST jobs')]).toEqual([[], 0]);
  });

  it('a step whose turn has not come', async () => {
    const room = await openRoom();
    const steps = [
      { name: 'build', pods: { duration: '1h' } },
      { name: 'test', dependsOn: ['build'], podSpec: { hostNetwrk: true } },
    ];
    const { status } = await room.where(await room.deploy({ revision: 1, steps }), 'says so', ({ message = '' }) =>
      message.includes('hostNetwrk'),
    );
    expect(status?.message).toMatch(/^mytask-v1 (Pending|Running).* · the Job of step test would be refused: /);
    await recovers(room, await room.deploy({ revision: 2, policy: { concurrencyPolicy: 'Replace' } }));
  });
});

describe('a plan and the API server are of one mind', () => {
  let render: CueRender;
  beforeAll(async () => {
    render = await startRender(partsOfSources);
  });
  afterAll(() => render?.close());

  /** What the API server answers to the Job of a task with these properties; undefined where it takes it. */
  async function answerTo(properties: object): Promise<string | undefined> {
    const parameter = { image: 'busybox', ...properties };
    const context = { name: 'main', appName: 'shop', appRevision: 'shop-v1', namespace: 'default' };
    const rendering = await render.component('task', { parameter, context });
    if (!('object' in rendering)) throw new Error(JSON.stringify(rendering));
    const { job, template } = rendering.object.spec;
    const manifest = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'main', namespace: 'default' },
      spec: { ...job, template },
    };
    return cluster.client.create(jobs, manifest as never, { dryRun: true }).then(
      () => undefined,
      (error: Error) => error.message,
    );
  }

  it.each([...refusedJobs])('about %s', async (_what, { properties, refusal }) => {
    const answer = await answerTo(properties);
    if (refusal) expect(answer).toMatch(refusal);
    else expect(answer).toBeUndefined();
  });

  it.each([...goodJobs])('about %s', async (_what, properties) => {
    expect(await answerTo(properties)).toBeUndefined();
  });
});

describe.concurrent('a template that the API server refuses in a Job', () => {
  it.each([
    ['with an unknown field', { hostNetwrk: true }, 'Invalid', /unknown field "spec\.template\.spec\.hostNetwrk"/],
    [
      'with an invalid value',
      { dnsPolicy: 'Clusterfirst' },
      'Invalid',
      /spec\.template\.spec\.dnsPolicy: Unsupported value: "Clusterfirst"/,
    ],
    ['without containers', { containers: [] }, 'Invalid', /spec\.template\.spec\.containers: Required value/],
    ['with a value of the wrong type', { activeDeadlineSeconds: 'soon' }, 'Invalid', /activeDeadlineSeconds/],
  ])('%s fails the run at once, and the next deployment runs', async (_what, podSpec, reason, message) => {
    const room = await openRoom();
    await tells(room, await room.deploy({ revision: 1, podSpec }), { phase: 'Failed', reason, message });
    expect(callsIn(room, 'POST jobs'), 'the same object is refused for ever, so it is sent once').toBe(1);
    await recovers(room, await room.deploy({ revision: 2 }));
    expect(callsIn(room, 'POST jobs')).toBe(2);
  });

  const container = { name: 'main', image: 'busybox' };
  it.each<[what: string, podSpec: object, message: RegExp]>([
    ['a word that is a number', { containers: [{ ...container, args: ['--port', 8080] }] }, /containers.*args/],
    ['a command that is one text', { containers: [{ ...container, command: 'sleep 5' }] }, /containers.*command/],
    ['tolerations that are not a list', { tolerations: { key: 'a' } }, /tolerations/],
  ])('with %s fails a run of several Jobs, too, and the next deployment runs', async (_what, podSpec, message) => {
    const room = await openRoom();
    const of = { nodes: {} };
    const task = await room.deploy({ revision: 1, podSpec: podSpec as Record<string, unknown>, spec: of });
    await room.where(task, 'says so', (told) => told.phase === 'Failed' && message.test(told.message ?? ''));
    await recovers(room, await room.deploy({ revision: 2, spec: of }));
  });
});

/**
 * Waits for the third attempt, and holds their number against the time that they took: pauses of 2, 4, 8, ... seconds.
 */
async function triesCalmly(room: Room, what: string, began: number): Promise<void> {
  await eventually(`the third ${what}`, () => callsIn(room, what) >= 3);
  const most = 2 + Math.log2(1 + (Date.now() - began) / 2_000);
  expect(callsIn(room, what)).toBeLessThanOrEqual(most);
  expect(callsIn(room, 'PATCH tasks'), 'the same trouble is written once').toBeLessThanOrEqual(3);
  expect(callsIn(room, 'PATCH taskruns')).toBeLessThanOrEqual(2);
}

/** The Job controller tries again and again, and the controller does not say it again each time. */
async function staysCalm(room: Room): Promise<void> {
  const before = callsIn(room);
  await eventually(
    'the Job controller tries again',
    async () => (await room.kubectl('get', 'events', '--field-selector=reason=FailedCreate')).split('\n').length > 3,
  );
  expect(callsIn(room) - before, 'what the Job controller says again is not written again').toBeLessThanOrEqual(1);
}

const quota = (hard: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'little' },
  spec: { hard },
});

/** A quota refuses only after the quota controller has counted for the first time. */
async function withQuota(room: Room, hard: Record<string, string>): Promise<void> {
  await room.apply(quota(hard));
  // Kubernetes counts objects of a CRD only once it has found the CRD, which takes longer in a young cluster.
  await eventually(
    'the quota counts',
    async () => {
      const used = JSON.parse(
        await room.kubectl('get', 'resourcequota', 'little', '-o', 'jsonpath={.status.used}'),
      ) as object;
      return Object.keys(hard).every((resource) => resource in used);
    },
    { seconds: 330 },
  );
}

const raise = (room: Room, hard: Record<string, string>) =>
  room.kubectl('patch', 'resourcequota', 'little', '--type=merge', '-p', JSON.stringify({ spec: { hard } }));

/** An admission policy that lets the controller create no Job in this room. */
async function forbidJobs({ namespace }: Room): Promise<() => Promise<unknown>> {
  const name = `no-jobs-${namespace}`;
  const group = { apiVersion: 'admissionregistration.k8s.io/v1' };
  const policy = {
    ...group,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }],
      },
      validations: [
        {
          expression: `request.userInfo.username != '${controllerUser}'`,
          message: 'the security team wants no Jobs here',
        },
      ],
    },
  };
  const binding = {
    ...group,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  };
  for (const object of [policy, binding]) await cluster.kubectl(['create', '-f', '-'], { input: object });
  const probe = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'probe', namespace },
    spec: { template: taskOf({ namespace, revision: 1 }).spec.template },
  };
  await eventually('the policy holds', () =>
    cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: probe, as: controllerUser }).then(
      () => false,
      () => true,
    ),
  );
  return () => cluster.kubectl(['delete', 'validatingadmissionpolicybinding', name]);
}

describe.concurrent('what passes is waited for:', () => {
  it('a quota that forbids Jobs', async () => {
    const room = await openRoom();
    await withQuota(room, { 'count/jobs.batch': '0' });
    const began = Date.now();
    const task = await room.deploy({ revision: 1 });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'QuotaExceeded',
      message:
        /Job mytask-v1 was refused: .*exceeded quota: little, requested: count\/jobs\.batch=1, used: count\/jobs\.batch=0, limited: count\/jobs\.batch=0/,
    });
    await triesCalmly(room, 'POST jobs', began);
    await raise(room, { 'count/jobs.batch': '1' });
    await recovers(room, task);
  });

  it('a quota that forbids pods', async () => {
    const room = await openRoom();
    await withQuota(room, { 'count/pods': '0' });
    const task = await room.deploy({ revision: 1 });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'QuotaExceeded',
      message: /mytask-v1.*: pods cannot be created: .*exceeded quota: little/,
    });
    await staysCalm(room);
    await raise(room, { 'count/pods': '5' });
    await recovers(room, task);
  });

  it('a quota that forbids TaskRuns', async () => {
    const room = await openRoom();
    await withQuota(room, { 'count/taskruns.task.oam.dev': '0' });
    const began = Date.now();
    const task = await room.deploy({ revision: 1 });
    const { status } = await room.where(task, 'says so', ({ message = '' }) => /exceeded quota: little/.test(message));
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Stalled', status: 'True' }));
    await triesCalmly(room, 'POST taskruns', began);
    await raise(room, { 'count/taskruns.task.oam.dev': '5' });
    await recovers(room, task);
  }, 600_000);

  it('a namespace whose pods must be restricted', async () => {
    const room = await openRoom();
    const label = 'pod-security.kubernetes.io/enforce';
    await cluster.kubectl(['label', 'namespace', room.namespace, `${label}=restricted`]);
    const task = await room.deploy({ revision: 1 });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'FailedCreate',
      message:
        /mytask-v1.*: pods cannot be created: write the securityContext that this namespace asks for into podSpec, and deploy it again; an event says: .*violates PodSecurity "restricted:latest": /,
    });
    await staysCalm(room);
    await cluster.kubectl(['label', 'namespace', room.namespace, `${label}-`]);
    await recovers(room, task);
  });

  it('a LimitRange that the pods exceed', async () => {
    const room = await openRoom();
    const limits = [{ type: 'Container', max: { memory: '10Mi' } }];
    await room.apply({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'small' }, spec: { limits } });
    const resources = { limits: { memory: '1Gi' } };
    const containers = [{ name: 'mytask', image: 'busybox', command: ['true'], resources }];
    const task = await room.deploy({ revision: 1, podSpec: { containers } });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'FailedCreate',
      message:
        /mytask-v1.*: pods cannot be created: write cpu and memory within the limits of this namespace, and deploy it again; an event says: .*maximum memory usage per Container is 10Mi/,
    });
    await staysCalm(room);
    await room.kubectl('delete', 'limitrange', 'small');
    await recovers(room, task);
  });

  it('a service account that does not exist', async () => {
    const room = await openRoom();
    const task = await room.deploy({ revision: 1, podSpec: { serviceAccountName: 'robot' } });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'ServiceAccountNotFound',
      message: /mytask-v1.*: pods cannot be created: .*serviceaccount "robot" not found/,
    });
    await room.kubectl('create', 'serviceaccount', 'robot');
    await recovers(room, task);
  });

  it('an image that cannot be pulled', async () => {
    const room = await openRoom();
    const task = await room.deploy({ revision: 1, pods: { waiting: 'ImagePullBackOff' } });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'ImagePullBackOff',
      message: /mytask-v1.*: ImagePullBackOff: /,
    });
    await room.kubectl('annotate', 'pods', '--all', `${podAnnotations.waiting}-`);
    await recovers(room, task);
  });

  it("somebody's admission policy that denies Jobs", async () => {
    const room = await openRoom();
    const allow = await forbidJobs(room);
    const began = Date.now();
    const task = await room.deploy({ revision: 1 });
    await tells(room, task, {
      phase: 'Pending',
      reason: 'Forbidden',
      message: /Job mytask-v1 was refused: .*the security team wants no Jobs here/,
    });
    await triesCalmly(room, 'POST jobs', began);
    await allow();
    await recovers(room, task);
  });
});

const somebodysJob = (name: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    suspend: true,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'other' }] } },
  },
});

describe.concurrent('a name that is taken', () => {
  it("by somebody else's Job is left alone, and another taken", async () => {
    const room = await openRoom();
    await room.apply(somebodysJob('mytask-v1'));
    const { metadata: before } = await eventually('the Job controller has written its status', async () => {
      const job = await room.get(jobs, 'mytask-v1');
      return job.status?.conditions && job;
    });
    await recovers(room, await room.deploy({ revision: 1 }));
    const run = await room.get(taskRuns, 'mytask-v1');
    expect(await room.names(jobs)).toEqual(['mytask-v1', nameWithHash('mytask-v1', run.metadata.uid)]);
    expect((await room.get(jobs, 'mytask-v1')).metadata).toEqual(before);
  });

  it("by somebody else's TaskRun is left alone, and another taken", async () => {
    const room = await openRoom();
    await room.apply({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: { name: 'mytask-v1' },
      spec: { taskRef: { name: 'another' } },
    });
    const { metadata: before } = await room.runWhere(
      'mytask-v1',
      'is told that its own Task is missing',
      ({ reason }) => reason === 'TaskNotFound',
    );
    const task = await room.deploy({ revision: 1 });
    await recovers(room, task);
    expect(await room.names(taskRuns)).toEqual(['mytask-v1', expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/)]);
    expect((await room.get(taskRuns, 'mytask-v1')).metadata).toEqual(before);
  });

  it('together with all others is told, and the last one is retried until it is free', async () => {
    const room = await openRoom();
    // The other names come of the run's UID, so the Job must wait until that is known.
    const allow = await forbidJobs(room);
    const task = await room.deploy({ revision: 1 });
    const run = await eventually('the run', () => room.get(taskRuns, 'mytask-v1'));
    const taken = namesOf('mytask-v1', run.metadata.uid);
    await Promise.all(taken.map((name) => room.apply(somebodysJob(name))));
    await allow();
    await tells(room, task, {
      phase: 'Pending',
      reason: 'AlreadyExists',
      message: new RegExp(`"${taken.at(-1)}" already exists`),
    });
    // The one that the condition names.
    const free = taken.at(-1) ?? '';
    await room.delete(jobs, free);
    await recovers(room, task);
    expect((await room.get(jobs, free)).metadata.labels).toMatchObject({ 'task.oam.dev/run': 'mytask-v1' });
    expect(await room.names(jobs)).toEqual([...taken].sort());
  });
});

describe.concurrent('what somebody changes behind our back', () => {
  it('a status that was wiped is written again', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1 });
    const { status: runStatus } = await room.get(taskRuns, 'mytask-v1');
    await room.record(taskRuns, 'mytask-v1', null);
    await eventually('the outcome is back', async () => {
      expect((await room.get(taskRuns, 'mytask-v1')).status).toEqual(runStatus);
      return true;
    });
    await room.record(tasks, 'app-mytask', null);
    const after = await room.where(task, 'is back', ({ phase }) => phase === 'Succeeded');
    expect(after.status?.message).toBe(task.status?.message);
    expect(callsIn(room, 'POST'), 'one run, one Job and its event').toBeLessThanOrEqual(4);
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
  });

  it('an invalid status is refused', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, pods: { duration: '1h' } });
    await expect(room.record(taskRuns, 'mytask-v1', { phase: 'Great' })).rejects.toThrow('Unsupported value: "Great"');
  });

  it('a status that calls an active run finished is believed of the controller alone, and its Job neither patched nor run twice', async () => {
    const room = await openRoom();
    const task = await room.run({ revision: 1, pods: { duration: '1h' } });
    const finished = room.patchStatus(taskRuns, 'mytask-v1', { phase: 'Succeeded' });
    await expect(finished).rejects.toThrow('only the task-runs controller may write the status');
    await room.record(taskRuns, 'mytask-v1', { phase: 'Succeeded' });
    await room.where(task, 'believes it', ({ phase }) => phase === 'Succeeded');
    await room.finish({ revision: 2, policy: { keepLast: 1 } });
    await eventually('its Job goes as any other', async () => (await room.names(jobs)).join() === 'mytask-v2');
  });

  it('a namespace that is deleted takes all with it, and the controller leaves it at that', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, pods: { duration: '1h' } });
    const before = callsIn(room);
    await cluster.kubectl(['delete', 'namespace', room.namespace, '--timeout=60s']);
    expect([await room.names(jobs), await room.names(pods), await room.names(taskRuns)]).toEqual([[], [], []]);
    expect(callsIn(room) - before).toBeLessThanOrEqual(10);
  });
});

it('nothing of this crashed the controller, or was an error to it', () => {
  expect(controller.lines.filter(({ level }) => level === 'fatal' || level === 'error')).toEqual([]);
});
