import { describe, expect, test } from 'vitest';
import { digestPod, withStartFailure } from './pod-digest.ts';
import type { RawPod, VolumeSpec } from './raw-pod.ts';
import { aPod } from '../domain/testing/builders.ts';

const { metadata } = aPod().build();
const full = { ...metadata, labels: { app: 'x' }, annotations: { big: 'y'.repeat(1000) }, resourceVersion: '7' };
const slim = { ...metadata, resourceVersion: '7' };
const digest = (status?: RawPod['status']) => digestPod({ metadata: full, ...(status && { status }) });
type Containers = NonNullable<NonNullable<RawPod['status']>['containerStatuses']>;
const failed = (name: string, exitCode: number, reason: string, finishedAt: string): Containers[number] => ({
  name,
  state: { terminated: { exitCode, reason, finishedAt } },
});

const rows: readonly [is: string, status: RawPod['status'], rest: object][] = [
  ['that is new is pending', undefined, { phase: 'Pending' }],
  [
    'that runs has nothing more to say',
    { phase: 'Running', containerStatuses: [{ name: 'main', state: {} }] },
    { phase: 'Running' },
  ],
  [
    'that fits on no node says so',
    {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/1 nodes are available:\n1 Insufficient cpu.',
        },
      ],
    },
    { phase: 'Pending', waiting: { reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient cpu.' } },
  ],
  [
    'whose image cannot be pulled says so',
    {
      phase: 'Pending',
      containerStatuses: [
        { name: 'main', state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nope"' } } },
      ],
    },
    { phase: 'Pending', waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nope"' } },
  ],
  [
    'that waits without a message names the container',
    {
      phase: 'Pending',
      containerStatuses: [{ name: 'main', state: { waiting: { reason: 'CreateContainerConfigError' } } }],
    },
    { phase: 'Pending', waiting: { reason: 'CreateContainerConfigError', message: 'container main waits' } },
  ],
  ...['ContainerCreating', 'PodInitializing'].map((reason): [string, RawPod['status'], object] => [
    `that waits with ${reason}, as every pod does, is not blocked`,
    { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting: { reason } } }] },
    { phase: 'Pending' },
  ]),
  [
    'that failed says how its container ended',
    { phase: 'Failed', containerStatuses: [failed('main', 3, 'Error', '2026-03-20T12:00:05Z')] },
    { phase: 'Failed', failure: { container: 'main', exitCode: 3, reason: 'Error' } },
  ],
  [
    'of many containers names the one that failed first: the others follow from it',
    {
      phase: 'Failed',
      containerStatuses: [
        failed('last', 137, 'OOMKilled', '2026-03-20T12:00:09Z'),
        failed('first', 2, 'Error', '2026-03-20T12:00:05Z'),
      ],
    },
    { phase: 'Failed', failure: { container: 'first', exitCode: 2, reason: 'Error' } },
  ],
  [
    'whose container was restarted remembers the failure before',
    {
      phase: 'Running',
      containerStatuses: [{ name: 'main', state: {}, lastState: { terminated: { exitCode: 1, reason: 'Error' } } }],
    },
    { phase: 'Running', failure: { container: 'main', exitCode: 1, reason: 'Error' } },
  ],
  [
    'whose container finally succeeded did not fail',
    {
      phase: 'Succeeded',
      containerStatuses: [
        { name: 'main', state: { terminated: { exitCode: 0 } }, lastState: { terminated: { exitCode: 1 } } },
      ],
    },
    { phase: 'Succeeded' },
  ],
  [
    'that was evicted failed as a whole',
    { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
    { phase: 'Failed', failure: { container: '', reason: 'Evicted', message: 'low on memory' } },
  ],
];
describe('the digest of a pod', () => {
  for (const [is, status, rest] of rows) test(is, () => expect(digest(status)).toEqual({ metadata: slim, ...rest }));
});

describe('a pod that waits for a volume', () => {
  const pending = aPod().build();
  const failure = {
    reason: 'FailedMount' as const,
    podUid: pending.metadata.uid,
    message: 'configmap "nothing" not found',
    seenAt: 1_000_000,
  };
  test('names the volume, as long as the event is repeated', () => {
    const waiting = { reason: 'FailedMount', message: `an event says: ${failure.message}` };
    expect(withStartFailure({ ...pending, phase: 'Pending' }, [failure], 1_100_000).waiting).toEqual(waiting);
    expect(withStartFailure({ ...pending, phase: 'Pending' }, [failure], 1_200_000).waiting).toBeUndefined();
  });
  test('has the message of the last event', () => {
    const passing = { ...failure, message: 'timed out waiting for the condition', seenAt: 900_000 };
    for (const failures of [
      [passing, failure],
      [failure, passing],
    ])
      expect(withStartFailure({ ...pending, phase: 'Pending' }, failures, 1_000_000).waiting?.message).toBe(
        `an event says: ${failure.message}`,
      );
  });
  test('names a disk that another node has for as long as it waits, since that is reported once', () => {
    const message = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a-v1-x7k2p';
    const attach = { ...failure, reason: 'FailedAttachVolume' as const, message };
    const timeout = { ...failure, message: 'Unable to attach or mount volumes: timed out waiting for the condition' };
    const later = { ...timeout, seenAt: 1_900_000 };
    expect(withStartFailure({ ...pending, phase: 'Pending' }, [later, attach], 2_000_000).waiting).toEqual({
      reason: 'FailedAttachVolume',
      message: `an event says: ${message}`,
    });
  });
  test('names the same one of two each time, and another one once the first is there', () => {
    const of = (name: string, seenAt: number) => ({ ...failure, message: `configmap "${name}" not found`, seenAt });
    const says = (...failures: (typeof failure)[]) =>
      withStartFailure({ ...pending, phase: 'Pending' }, failures, 1_100_000).waiting?.message;
    const first = 'an event says: configmap "a" not found';
    expect(says(of('a', 1_000_000), of('b', 1_000_500))).toBe(first);
    expect(says(of('b', 1_060_000), of('a', 1_060_400))).toBe(first);
    expect(says(of('a', 1_000_000), of('b', 1_090_000))).toBe('an event says: configmap "b" not found');
  });
  test('names the network that it cannot get', () => {
    const sandbox = {
      ...failure,
      reason: 'FailedCreatePodSandBox' as const,
      message: 'failed to assign an IP address',
    };
    expect(withStartFailure({ ...pending, phase: 'Pending' }, [sandbox], 1_000_000).waiting).toEqual({
      reason: 'FailedCreatePodSandBox',
      message: 'an event says: failed to assign an IP address',
    });
  });
  test('no longer names it once the pod runs, or has another problem', () => {
    expect(withStartFailure({ ...pending, phase: 'Running' }, [failure], 1_000_000).waiting).toBeUndefined();
    const other = { reason: 'Unschedulable', message: 'no node fits the pod' };
    expect(withStartFailure({ ...pending, phase: 'Pending', waiting: other }, [failure], 1_000_000).waiting).toBe(
      other,
    );
  });
});

const podWith = (spec: RawPod['spec'], status: RawPod['status'], meta: object = {}) =>
  digestPod({ metadata: { ...metadata, ...meta }, ...(spec && { spec }), ...(status && { status }) });

const proxy = { name: 'proxy', restartPolicy: 'Always' };

test('a sidecar that is killed last does not get the blame', () => {
  const digest = podWith(
    { initContainers: [proxy], containers: [{ name: 'import' }] },
    {
      phase: 'Failed',
      initContainerStatuses: [failed('proxy', 137, 'Error', '2026-03-20T12:00:09Z')],
      containerStatuses: [failed('import', 3, 'Error', '2026-03-20T12:00:05Z')],
    },
  );
  expect(digest.failure).toEqual({ container: 'import', exitCode: 3, reason: 'Error' });
});

test('a sidecar that is killed does not make a pod that succeeded fail', () => {
  const digest = podWith(
    { initContainers: [proxy], containers: [{ name: 'import' }] },
    {
      phase: 'Running',
      initContainerStatuses: [failed('proxy', 143, 'Error', '2026-03-20T12:00:09Z')],
      containerStatuses: [{ name: 'import', state: { terminated: { exitCode: 0 } } }],
    },
  );
  expect([digest.failure, digest.waiting, digest.lingering]).toEqual([undefined, undefined, undefined]);
});

const layers =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ';

test.each([
  [
    `${layers}unable to start container process: error during container init: exec: "pyton3": executable file not found in $PATH: unknown`,
    'exec: "pyton3": executable file not found in $PATH',
  ],
  [
    `${layers}unable to start container process: error during container init: exec: "/bin/sh": argument list too long`,
    'exec: "/bin/sh": argument list too long',
  ],
  ['failed to start containerd task "main": context deadline exceeded', 'context deadline exceeded'],
])('a program that cannot be started is named in the words of the runtime: %s', (message, words) => {
  const terminated = { exitCode: 128, reason: 'StartError', message, finishedAt: '2026-03-20T12:00:05Z' };
  const digest = podWith(undefined, { phase: 'Failed', containerStatuses: [{ name: 'job1', state: { terminated } }] });
  expect(digest.failure).toEqual({ container: 'job1', reason: 'StartError', message: words });
});

test('what a program wrote into its termination log is not a message of the cluster', () => {
  const terminated = { exitCode: 3, reason: 'Error', message: '{"token": "hunter2"}' };
  const digest = podWith(undefined, { phase: 'Failed', containerStatuses: [{ name: 'a', state: { terminated } }] });
  expect(digest.failure).toEqual({ container: 'a', exitCode: 3, reason: 'Error' });
});

describe('a program whose author wants the end of its output in the status of its pod', () => {
  const asks = { name: 'load', terminationMessagePolicy: 'FallbackToLogsOnError' };
  const trace = 'Traceback (most recent call last):\n  File "load.py", line 3\nValueError: bad row 7\n\n';
  const volumes: VolumeSpec[] = [
    { name: 'key', secret: { secretName: 'key' } },
    { name: 'both', projected: { sources: [{}, { secret: { name: 's' } }] } },
    { name: 'vault', csi: { driver: 'secrets-store.csi.k8s.io' } },
    { name: 'token', projected: { sources: [{}] } },
    { name: 'data' },
  ];
  const says = (container: object, restartPolicy = 'Never', message = trace) =>
    podWith(
      { restartPolicy, containers: [{ ...asks, ...container }], volumes },
      {
        phase: 'Failed',
        containerStatuses: [{ name: 'load', state: { terminated: { exitCode: 1, reason: 'Error', message } } }],
      },
    ).failure?.message;

  test('is known by its last line', () => {
    const volumeMounts = [{ name: 'data' }, { name: 'token' }];
    expect(says({ volumeMounts })).toBe('its last line: ValueError: bad row 7');
  });
  test('says no more than 200 characters, on one line and without what controls a terminal', () => {
    expect(says({}, 'Never', `\u001b[31m${'y'.repeat(2000)}`)).toMatch(/^its last line: \[31my{195}$/);
  });
  test.each<[what: string, container: object, restartPolicy?: string]>([
    ['does not ask for it', { terminationMessagePolicy: 'File' }],
    ['is started again, and prints another line each time', {}, 'OnFailure'],
    ['has a variable of a Secret, which it may print', { env: [{ name: 'A', valueFrom: { secretKeyRef: {} } }] }],
    ['has all variables of a Secret', { envFrom: [{ secretRef: { name: 's' } }] }],
    ['has files of a Secret', { volumeMounts: [{ name: 'key' }] }],
    ['has files of a Secret and of others', { volumeMounts: [{ name: 'both' }] }],
    ['has files of a vault', { volumeMounts: [{ name: 'vault' }] }],
  ])('keeps it to itself where it %s', (_what, container, restartPolicy) => {
    expect(says(container, restartPolicy)).toBeUndefined();
  });
});

describe('a pod that the kubelet did not let in or ended, as its status says', () => {
  test.each<[what: string, status: RawPod['status'], failure: object]>([
    [
      'because a volume in its memory or on its disk is full',
      {
        reason: 'Evicted',
        message: 'Usage of EmptyDir volume "data" exceeds the limit "10Mi". ',
        containerStatuses: [failed('a', 137, 'Error', '2026-03-20T12:00:05Z')],
      },
      { reason: 'Evicted', message: 'Usage of EmptyDir volume "data" exceeds the limit "10Mi".', killedWith: 137 },
    ],
    [
      'because its node is short of memory, though its program had ended well',
      {
        reason: 'Evicted',
        message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 1Ki. ',
        containerStatuses: [failed('a', 0, 'Completed', '2026-03-20T12:00:05Z')],
      },
      {
        reason: 'Evicted',
        message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 1Ki.',
      },
    ],
    [
      'because its node has no room on its disk, before any container was created',
      { reason: 'Evicted', message: 'Pod was rejected: The node had condition: [DiskPressure]. ' },
      { reason: 'Evicted', message: 'Pod was rejected: The node had condition: [DiskPressure].' },
    ],
    [
      'because another pod was faster',
      { reason: 'OutOfcpu', message: "Node didn't have enough resource: cpu, requested: 4000, used: 3900" },
      { reason: 'OutOfcpu', message: "Node didn't have enough resource: cpu, requested: 4000, used: 3900" },
    ],
    [
      'because the time that the pod itself has was up',
      {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
        containerStatuses: [failed('a', 143, 'Error', '2026-03-20T12:00:05Z')],
      },
      {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
        killedWith: 143,
      },
    ],
  ])('%s', (_what, status, failure) => {
    const spec = { restartPolicy: 'Never', containers: [{ name: 'a' }] };
    expect(podWith(spec, { phase: 'Failed', ...status }).failure).toEqual({ container: '', ...failure });
  });
});

test('a container that cannot be created is reported alike at each attempt', () => {
  const says = (id: string) => {
    const message = `failed to reserve container name "main": name "main" is reserved for "${id.repeat(64)}" of image@sha256:${'e'.repeat(64)}`;
    const waiting = { reason: 'CreateContainerError', message };
    return podWith(undefined, { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting } }] }).waiting;
  };
  expect(says('a')).toEqual(says('b'));
  expect(says('a')?.message).toContain(`is reserved for "…" of image@sha256:${'e'.repeat(64)}`);
});

test('a container that the kubelet lost has no exit code of its program, and the words of the kubelet', () => {
  const message = 'The container could not be located when the pod was terminated';
  const terminated = { exitCode: 137, reason: 'ContainerStatusUnknown', message };
  const digest = podWith(undefined, { phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated } }] });
  expect(digest.failure).toEqual({ container: 'main', reason: 'ContainerStatusUnknown', message });
});

// Met on nodes that started again: the run failed with "Unknown (exit code 255)", as if the program had said so.
test.each([undefined, ''])(
  'a container that the runtime lost has no exit code of its program: message %j',
  (message) => {
    const terminated = { exitCode: 255, reason: 'Unknown', ...(message !== undefined && { message }) };
    const digest = podWith(undefined, {
      phase: 'Failed',
      containerStatuses: [{ name: 'main', state: { terminated } }],
    });
    const told = 'the runtime lost it, as on a node that started again';
    expect(digest.failure).toEqual({ container: 'main', reason: 'Unknown', message: told });
  },
);

test('a pod that failed with an empty reason is explained by its container', () => {
  const digest = podWith(undefined, {
    phase: 'Failed',
    reason: '',
    containerStatuses: [failed('main', 3, 'Error', '2026-03-20T12:00:05Z')],
  });
  expect(digest.failure).toEqual({ container: 'main', exitCode: 3, reason: 'Error' });
});

// A status of a run is read by more people than one of a pod, and is archived.
test.each([
  ['Get "https://user:hunter2@reg/v2/": dial tcp', 'Get "https://…@reg/v2/": dial tcp'],
  ['Head "https://s3/x?X-Amz-Date=1&X-Amz-Signature=ab": 403', 'Head "https://s3/x?…": 403'],
  ['Get "https://reg/v2/a?ns=docker.io": EOF', 'Get "https://reg/v2/a?ns=docker.io": EOF'],
])('passwords and signatures in addresses of registries are left out: %s', (message, told) => {
  const state = { waiting: { reason: 'ErrImagePull', message } };
  const digest = podWith(undefined, { phase: 'Pending', containerStatuses: [{ name: 'main', state }] });
  expect(digest.waiting?.message).toBe(told);
});

test('an evicted pod whose container was killed is evicted, and has no exit code of its program', () => {
  const digest = podWith(undefined, {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod ephemeral local storage usage exceeds the total limit of containers 200Mi. ',
    containerStatuses: [failed('fill', 137, 'Error', '2026-03-20T12:00:05Z')],
  });
  expect(digest.failure).toEqual({
    container: '',
    reason: 'Evicted',
    message: 'Pod ephemeral local storage usage exceeds the total limit of containers 200Mi.',
    killedWith: 137,
  });
});

test.each([
  'PreemptionByScheduler',
  'DeletionByTaintManager',
  'EvictionByEvictionAPI',
  'TerminationByKubelet',
  'DeletionByPodGC',
])('a pod that is a target of a disruption (%s) says so in the words of the cluster', (reason) => {
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message: `${reason} did it` };
  const digest = podWith(undefined, {
    phase: 'Failed',
    conditions: [condition],
    containerStatuses: [failed('main', 143, 'Error', '2026-03-20T12:00:05Z')],
  });
  expect(digest.failure).toEqual({ container: '', reason, message: `${reason} did it`, killedWith: 143 });
});

test('a pod that somebody deletes while it runs has no exit code of its program', () => {
  const gone = { deletionTimestamp: '2026-03-20T12:00:40Z', deletionGracePeriodSeconds: 30 };
  const status = (code: number, finishedAt: string): RawPod['status'] => ({
    phase: 'Failed',
    containerStatuses: [failed('main', code, 'Error', finishedAt)],
  });
  expect(podWith(undefined, status(143, '2026-03-20T12:00:10Z'), gone).failure).toEqual({
    container: '',
    reason: 'PodDeleted',
    message: 'the pod was deleted while it ran',
    killedWith: 143,
  });
  const own = { container: 'main', reason: 'Error' };
  expect(podWith(undefined, status(143, '2026-03-20T12:00:08Z'), gone).failure).toEqual({ ...own, exitCode: 143 });
  expect(podWith(undefined, status(3, '2026-03-20T12:00:12Z'), gone).failure).toEqual({ ...own, exitCode: 3 });
});

test('a restarted program whose pod Kubernetes deletes at the backoffLimit is known by its own last failure', () => {
  const gone = { deletionTimestamp: '2026-03-20T12:00:40Z', deletionGracePeriodSeconds: 30 };
  const lastState = { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2026-03-20T12:00:05Z' } };
  const stopped = failed('main', 143, 'Error', '2026-03-20T12:00:12Z');
  const digest = podWith(undefined, { phase: 'Failed', containerStatuses: [{ ...stopped, lastState }] }, gone);
  expect(digest.failure).toEqual({ container: 'main', exitCode: 3, reason: 'Error' });
});

test('a container that failed is told, though another was stopped when the pod was deleted', () => {
  const gone = { deletionTimestamp: '2026-03-20T12:00:40Z', deletionGracePeriodSeconds: 30 };
  const digest = podWith(
    undefined,
    {
      phase: 'Failed',
      containerStatuses: [
        failed('shipper', 143, 'Error', '2026-03-20T12:00:12Z'),
        failed('import', 3, 'Error', '2026-03-20T12:00:02Z'),
      ],
    },
    gone,
  );
  expect(digest.failure).toEqual({ container: 'import', exitCode: 3, reason: 'Error' });
});

describe('an init container that fails again and again', () => {
  const spec = { initContainers: [{ name: 'wait-db' }], containers: [{ name: 'app' }] };
  const end = { exitCode: 127, reason: 'Error', finishedAt: '2026-03-20T12:00:05Z' };
  const states = {
    waits: { restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: end } },
    runs: { restartCount: 5, state: { running: {} }, lastState: { terminated: end } },
    failed: { restartCount: 4, state: { terminated: end } },
  };
  test.each(Object.entries(states))('is reported alike while it %s', (_, state) => {
    const digest = podWith(spec, { phase: 'Pending', initContainerStatuses: [{ name: 'wait-db', ...state }] });
    const message = 'init container wait-db failed with exit code 127 (5 times)';
    expect(digest.waiting).toEqual({ reason: 'CrashLoopBackOff', message });
  });
  test('names the program that it cannot start', () => {
    const message = `${layers}exec: "/binbash": stat /binbash: no such file or directory: unknown`;
    const terminated = { ...end, exitCode: 128, reason: 'StartError', message };
    const waiting = { reason: 'CrashLoopBackOff' };
    const status = { name: 'wait-db', restartCount: 1, state: { waiting }, lastState: { terminated } };
    expect(podWith(spec, { phase: 'Pending', initContainerStatuses: [status] }).waiting?.message).toBe(
      'init container wait-db failed with exit code 128 (2 times): exec: "/binbash": stat /binbash: no such file or directory',
    );
  });
  test('that finally succeeds does not block the pod', () => {
    const status = { name: 'wait-db', restartCount: 5, state: { terminated: { exitCode: 0 } } };
    expect(podWith(spec, { phase: 'Pending', initContainerStatuses: [status] }).waiting).toBeUndefined();
  });
});

test('a container that is restarted says how it failed, not how long the kubelet waits', () => {
  const lastState = { terminated: { exitCode: 1, reason: 'Error' } };
  const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container=main' } };
  const digest = podWith(undefined, { phase: 'Running', containerStatuses: [{ name: 'main', state, lastState }] });
  expect([digest.waiting, digest.failure]).toEqual([undefined, { container: 'main', exitCode: 1, reason: 'Error' }]);
});

test('a program that failed before its pod was evicted keeps its exit code', () => {
  const status = (finishedAt: string): RawPod['status'] => ({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The node was low on resource: memory.',
    conditions: [
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'TerminationByKubelet',
        lastTransitionTime: '2026-03-20T13:00:00Z',
      },
    ],
    containerStatuses: [
      failed('import', 3, 'Error', finishedAt),
      failed('shipper', 137, 'Error', '2026-03-20T13:00:02Z'),
    ],
  });
  const failureAt = (finishedAt: string, restartPolicy: string) =>
    podWith({ restartPolicy, containers: [{ name: 'import' }, { name: 'shipper' }] }, status(finishedAt)).failure;
  const own = { container: 'import', exitCode: 3, reason: 'Error' };
  expect(failureAt('2026-03-20T12:00:05Z', 'Never')).toEqual(own);
  expect(failureAt('2026-03-20T13:00:01Z', 'Never')?.reason).toBe('Evicted');
  expect(failureAt('2026-03-20T12:59:50Z', 'OnFailure')?.reason).toBe('Evicted');
});

test('a program whose child was killed for its memory and that ended with 0 has not failed', () => {
  const terminated = { exitCode: 0, reason: 'OOMKilled', finishedAt: '2026-03-20T12:00:05Z' };
  const digest = podWith(undefined, {
    phase: 'Succeeded',
    containerStatuses: [{ name: 'main', state: { terminated } }],
  });
  expect(digest.failure).toBeUndefined();
});

describe('a program that is done beside an ordinary container that is not', () => {
  const done = { terminated: { exitCode: 0, finishedAt: '2026-03-20T12:00:05Z' } };
  const spec = { containers: [{ name: 'load' }, { name: 'shipper' }] };
  const status = (load: object, shipper: object): RawPod['status'] => ({
    phase: 'Running',
    containerStatuses: [
      { name: 'shipper', state: shipper },
      { name: 'load', state: load },
    ],
  });
  test('names the container that the pod waits for', () =>
    expect(podWith(spec, status(done, { running: {} })).lingering).toEqual({
      container: 'load',
      waitsFor: ['shipper'],
      since: '2026-03-20T12:00:05Z',
    }));
  test('says how it ended where it failed and is not started again', () => {
    const end = { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2026-03-20T12:00:05Z' } };
    const lingering = (restartPolicy: string, meta = {}) =>
      podWith({ ...spec, restartPolicy }, status(end, { running: {} }), meta).lingering;
    expect(lingering('Never')).toEqual({
      container: 'load',
      ended: 'exit code 3',
      waitsFor: ['shipper'],
      since: '2026-03-20T12:00:05Z',
    });
    expect(lingering('OnFailure')).toBeUndefined();
    expect(lingering('Never', { deletionTimestamp: '2026-03-20T12:00:40Z' })).toBeUndefined();
  });
  test('is nothing to report the other way round, or when both have ended', () => {
    expect(podWith(spec, status({ running: {} }, done)).lingering).toBeUndefined();
    expect(podWith(spec, status(done, done)).lingering).toBeUndefined();
  });
});

describe('a container that the kubelet killed for a probe or a hook, as only an event says', () => {
  const killed = (exitCode: number, reason = 'Error') => ({
    terminated: { exitCode, reason, finishedAt: '2026-03-20T12:00:05Z' },
  });
  const failureOf = (main: object, end = killed(137)) =>
    podWith(
      { containers: [{ name: 'main', ...main }] },
      {
        phase: 'Failed',
        containerStatuses: [{ name: 'main', state: end }],
      },
    ).failure?.message;

  test.each<[string, object, string]>([
    ['its livenessProbe', { livenessProbe: {} }, 'livenessProbe'],
    ['its hook', { lifecycle: { postStart: {} } }, 'postStart hook'],
    ['any of them', { livenessProbe: {}, startupProbe: {} }, 'startupProbe or livenessProbe'],
  ])('may have ended because of %s', (_what, main, its) =>
    expect(failureOf(main)).toBe(`maybe killed because its ${its} failed: see the pod's events`),
  );

  test.each<[string, object, ReturnType<typeof killed>]>([
    ['it has none', { lifecycle: { preStop: {} } }, killed(137)],
    ['it ended by itself', { livenessProbe: {} }, killed(1)],
    ['it was killed for its memory', { livenessProbe: {} }, killed(137, 'OOMKilled')],
  ])('is not reported where %s', (_what, main, end) => expect(failureOf(main, end)).toBeUndefined());

  test('is reported for a sidecar whose startupProbe keeps its pod from starting', () => {
    const sidecar = { name: 'proxy', restartPolicy: 'Always', startupProbe: {} };
    const { waiting } = podWith(
      { containers: [{ name: 'main' }], initContainers: [sidecar] },
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'proxy', restartCount: 2, state: { running: {} }, lastState: killed(137) }],
      },
    );
    expect(waiting?.message).toBe(
      "sidecar proxy failed with exit code 137 (2 times): maybe killed because its startupProbe failed: see the pod's events",
    );
  });
});

describe('a pod whose program has not started', () => {
  const main = [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }];
  const startingOf = (container: Containers[number], restartPolicy?: string) =>
    digestPod({
      metadata: full,
      spec: {
        containers: [{ name: 'main' }],
        initContainers: [{ name: 'first', ...(restartPolicy && { restartPolicy }) }],
      },
      status: { phase: 'Pending', initContainerStatuses: [container], containerStatuses: main },
    }).starting;
  const running = { running: { startedAt: '2026-03-20T12:00:05Z' } };
  const since = '2026-03-20T12:00:05Z';

  test('names the init container that runs', () => {
    const told = { container: 'first', isSidecar: false, since };
    expect(startingOf({ name: 'first', started: true, state: running })).toEqual(told);
    expect(startingOf({ name: 'first', state: { terminated: { exitCode: 0 } } })).toBeUndefined();
  });

  test('names the sidecar that has not passed its startupProbe', () => {
    const told = { container: 'first', isSidecar: true, since };
    expect(startingOf({ name: 'first', started: false, state: running }, 'Always')).toEqual(told);
    expect(startingOf({ name: 'first', started: true, state: running }, 'Always')).toBeUndefined();
  });
});

test('a program that runs does not wait for a sidecar whose image is gone when it is started again', () => {
  const gone = { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "proxy:1"' } };
  const { waiting } = digestPod({
    metadata: full,
    spec: { containers: [{ name: 'main' }], initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] },
    status: {
      phase: 'Running',
      initContainerStatuses: [
        { name: 'proxy', restartCount: 1, state: gone, lastState: { terminated: { exitCode: 1 } } },
      ],
      containerStatuses: [{ name: 'main', state: { running: {} } }],
    },
  });
  expect(waiting).toBeUndefined();
});
