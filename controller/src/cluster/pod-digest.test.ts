import { describe, expect, test } from 'vitest';
import { digestPod, withMountFailure, type RawPod } from './pod-digest.ts';
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
    'that runs says no more',
    { phase: 'Running', containerStatuses: [{ name: 'main', state: {} }] },
    { phase: 'Running' },
  ],
  [
    'that no node fits says so',
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
    `that waits with ${reason}, as all do, has no obstacle`,
    { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting: { reason } } }] },
    { phase: 'Pending' },
  ]),
  [
    'that failed tells how its container ended',
    { phase: 'Failed', containerStatuses: [failed('main', 3, 'Error', '2026-03-20T12:00:05Z')] },
    { phase: 'Failed', failure: { container: 'main', exitCode: 3, reason: 'Error' } },
  ],
  [
    'of many containers tells of the one that failed last',
    {
      phase: 'Failed',
      initContainerStatuses: [failed('init', 1, 'Error', '2026-03-20T12:00:01Z')],
      containerStatuses: [
        failed('first', 2, 'Error', '2026-03-20T12:00:05Z'),
        failed('last', 137, 'OOMKilled', '2026-03-20T12:00:09Z'),
      ],
    },
    { phase: 'Failed', failure: { container: 'last', exitCode: 137, reason: 'OOMKilled' } },
  ],
  [
    'whose container was started again remembers the failure before',
    {
      phase: 'Running',
      containerStatuses: [{ name: 'main', state: {}, lastState: { terminated: { exitCode: 1, reason: 'Error' } } }],
    },
    { phase: 'Running', failure: { container: 'main', exitCode: 1, reason: 'Error' } },
  ],
  [
    'whose container succeeded at last did not fail',
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
    { phase: 'Failed', failure: { container: '', reason: 'Evicted' } },
  ],
];
describe('the digest of a pod', () => {
  for (const [is, status, rest] of rows) test(is, () => expect(digest(status)).toEqual({ metadata: slim, ...rest }));
});

describe('a pod that waits for a volume', () => {
  const pending = aPod().build();
  const failure = { podUid: pending.metadata.uid, message: 'configmap "nothing" not found', seenAt: 1_000_000 };
  test('says which it is, as long as that is said again', () => {
    const waiting = { reason: 'FailedMount', message: failure.message };
    expect(withMountFailure({ ...pending, phase: 'Pending' }, [failure], 1_100_000).waiting).toEqual(waiting);
    expect(withMountFailure({ ...pending, phase: 'Pending' }, [failure], 1_200_000).waiting).toBeUndefined();
  });
  test('says what was said last', () => {
    const passing = { ...failure, message: 'timed out waiting for the condition', seenAt: 900_000 };
    for (const failures of [
      [passing, failure],
      [failure, passing],
    ])
      expect(withMountFailure({ ...pending, phase: 'Pending' }, failures, 1_000_000).waiting?.message).toBe(
        failure.message,
      );
  });
  test('says nothing of it once it runs, or where something else is the matter', () => {
    expect(withMountFailure({ ...pending, phase: 'Running' }, [failure], 1_000_000).waiting).toBeUndefined();
    const other = { reason: 'Unschedulable', message: 'no node fits the pod' };
    expect(withMountFailure({ ...pending, phase: 'Pending', waiting: other }, [failure], 1_000_000).waiting).toBe(
      other,
    );
  });
});
