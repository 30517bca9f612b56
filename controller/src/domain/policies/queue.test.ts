import { describe, expect, test } from 'vitest';
import { queueLabelsOf, startsSuspended } from '../manifest/queue-labels.ts';
import { noQueueing, type Queueing, type Workload } from '../model/kueue.ts';
import type { JobCondition } from '../model/objects.ts';
import { type PartView, partsOf } from '../model/view.ts';
import { after, aJob, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { classify } from '../view/classify.ts';
import { nextQueueLook, queueVerdict } from './queue.ts';

const spec = { queue: { name: 'q', priorityClass: 'high' }, queueTimeoutSeconds: 60 };
const run = aRun(aTask().spec(spec));
const job = { ...aJob(run).spec({ suspend: true }).build(), queue: 'q' };
const viewOf = (one: typeof run): PartView => {
  const [view] = classify(
    aState()
      .runs(one)
      .cluster({ jobs: [job] })
      .build(),
  ).runs.flatMap(partsOf);
  if (!view) throw new Error('no run');
  return view;
};
const view = viewOf(run);
const kueue = (changes: Partial<Queueing> = {}): Queueing => ({
  ...noQueueing,
  installed: true,
  priorityClasses: new Set(['high']),
  ...changes,
});
const withWorkload = (active: boolean, ...conditions: JobCondition[]) => {
  const workload: Workload = { metadata: { ...job.metadata, name: 'job-mytask' }, active, conditions };
  return kueue({ workloads: new Map([[job.metadata.uid, workload]]) });
};
const evicted = (reason: string): JobCondition => ({
  type: 'Evicted',
  status: 'True',
  reason,
  message: 'The workload is deactivated',
});

const target: JobCondition = {
  type: 'DeactivationTarget',
  status: 'True',
  reason: 'MaximumExecutionTimeExceeded',
  message: 'exceeding the maximum execution time',
};
const admitted: JobCondition = {
  type: 'Admitted',
  status: 'True',
  reason: 'Admitted',
  message: '',
  lastTransitionTime: rfc3339(5),
};

test('a Job is created suspended, with the labels of its queue, only where it has one', () => {
  expect(queueLabelsOf({ queue: { name: 'q', priorityClass: 'high' } })).toEqual({
    'kueue.x-k8s.io/queue-name': 'q',
    'kueue.x-k8s.io/priority-class': 'high',
  });
  expect(startsSuspended({ queue: { name: 'q' } })).toEqual({ suspend: true });
  expect([queueLabelsOf(), startsSuspended()]).toEqual([{}, {}]);
});

describe('a Job that waits', () => {
  test.each<[is: string, queueing: Queueing, seconds: number, phase: string, reason: string]>([
    ['without Kueue', kueue({ installed: false }), 5, 'Queued', 'KueueNotInstalled'],
    ['while nobody knows', noQueueing, 20, 'Queued', 'Pending'],
    ['for its Workload', kueue(), 9, 'Queued', 'Pending'],
    ['for a Workload that does not come', kueue(), 10, 'Queued', 'NoWorkload'],
    ['for a priority class', kueue({ priorityClasses: new Set() }), 5, 'Queued', 'PriorityClassNotFound'],
    ['after a person deactivated it', withWorkload(false, evicted('Deactivated')), 5, 'Queued', 'Deactivated'],
    ['while Kueue, which deactivates it, has not said so yet', withWorkload(false, target), 5, 'Queued', 'Pending'],
    [
      'after Kueue gave it up while it was being evicted',
      withWorkload(false, target, evicted('Preempted')),
      5,
      'Failed',
      'DeactivatedDueToMaximumExecutionTimeExceeded',
    ],
    [
      'after Kueue finally could not start it',
      withWorkload(true, { type: 'Finished', status: 'True', reason: 'FailedToStart', message: 'conflict for key' }),
      5,
      'Failed',
      'FailedToStart',
    ],
    [
      'after Kueue gave it up',
      withWorkload(false, evicted('DeactivatedDueToRequeuingLimitExceeded')),
      5,
      'Failed',
      'DeactivatedDueToRequeuingLimitExceeded',
    ],
    ['for almost its time', withWorkload(true), 59, 'Queued', 'Pending'],
    ['for all its time', withWorkload(true), 60, 'Failed', 'QueueTimeout'],
  ])('%s', (_, queueing, seconds, phase, reason) =>
    expect(queueVerdict(view, job, queueing, after(seconds))).toMatchObject({ phase, reason }),
  );

  test('for what nobody may read is reported with who has to fix it', () => {
    const { reason, message } = queueVerdict(
      view,
      job,
      { ...noQueueing, forbidden: 'workloads.kueue.x-k8s.io' },
      after(5),
    );
    expect([reason, message]).toEqual([
      'Pending',
      'waits in queue q; what for is not known, for the controller may not list workloads.kueue.x-k8s.io: give it the ClusterRole that comes with the addon',
    ]);
  });

  test('and is admitted keeps its words until it has started, or should have', () => {
    const words = { reason: 'Pending', message: 'waits for 600m cpu in cq' };
    const recorded = {
      phase: 'Queued' as const,
      ...words,
      jobs: [{ name: job.metadata.name, uid: job.metadata.uid, phase: 'Queued' as const }],
    };
    const [told, patient] = [
      viewOf(run.status(recorded)),
      viewOf(aRun(aTask().spec({ queue: spec.queue })).status(recorded)),
    ];
    const queueing = withWorkload(true, { type: 'QuotaReserved', status: 'True' }, admitted);
    expect(queueVerdict(patient, job, queueing, after(64))).toEqual({ phase: 'Queued', ...words });
    expect(queueVerdict(patient, job, queueing, after(65))).toMatchObject({
      phase: 'Queued',
      reason: 'NotStarted',
      message:
        "is admitted, and Kueue has not started Job mytask-v1: see Kueue's log, and whether the addon's parameter queueControllers names its account",
    });
    expect(queueVerdict(told, job, queueing, after(65)).message).toMatch(
      /^was not started within 1m \(queueTimeoutSeconds: 60\): is admitted, and/,
    );
  });

  test('and is evicted while it has its admission still is not one that Kueue has not started', () => {
    const queueing = withWorkload(true, { type: 'QuotaReserved', status: 'True' }, admitted, evicted('Preempted'));
    expect(queueVerdict(view, job, queueing, after(59))).toEqual({
      phase: 'Queued',
      reason: 'Pending',
      message: 'evicted (Preempted), waits in queue q',
    });
  });

  test('is looked at when Kueue should have it, and when its time is over', () => {
    expect(nextQueueLook(view, kueue())).toEqual([after(60).getTime(), after(10).getTime()]);
    expect(nextQueueLook(view, withWorkload(true))).toEqual([after(60).getTime()]);
    expect(nextQueueLook(view, withWorkload(true, admitted))).toEqual([after(60).getTime(), after(65).getTime()]);
  });
});
