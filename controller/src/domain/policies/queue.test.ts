import { describe, expect, test } from 'vitest';
import { classify } from '../classify.ts';
import { noQueueing, type Queueing, type Workload } from '../queueing.ts';
import type { JobCondition } from '../state.ts';
import { after, rfc3339, aJob, aRun, aState, aTask } from '../testing/builders.ts';
import { nextQueueLook, queueLabelsOf, queueVerdict, startsSuspended } from './queue.ts';

const run = aRun(aTask().spec({ queue: { name: 'q', priorityClass: 'high' }, queueTimeoutSeconds: 60 }));
const job = { ...aJob(run).spec({ suspend: true }).build(), queue: 'q' };
const view = classify(aState().runs(run).with({ jobs: [job] }).build()).runs[0];
if (!view) throw new Error('no run');
const kueue = (changes: Partial<Queueing> = {}): Queueing => ({ ...noQueueing, installed: true, priorityClasses: new Set(['high']), ...changes });
const withWorkload = (active: boolean, ...conditions: JobCondition[]) => {
  const workload: Workload = { metadata: { ...job.metadata, name: 'job-mytask' }, active, conditions };
  return kueue({ workloads: new Map([[job.metadata.uid, workload]]) });
};
const evicted = (reason: string): JobCondition => ({ type: 'Evicted', status: 'True', reason, message: 'The workload is deactivated' });

const admitted: JobCondition = { type: 'Admitted', status: 'True', reason: 'Admitted', message: '', lastTransitionTime: rfc3339(5) };

test('a Job is created suspended, with the labels of its queue, only where it has one', () => {
  expect(queueLabelsOf({ queue: { name: 'q', priorityClass: 'high' } })).toEqual({ 'kueue.x-k8s.io/queue-name': 'q', 'kueue.x-k8s.io/priority-class': 'high' });
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
    ['after Kueue gave it up', withWorkload(false, evicted('DeactivatedDueToRequeuingLimitExceeded')), 5, 'Failed', 'DeactivatedDueToRequeuingLimitExceeded'],
    ['for almost its time', withWorkload(true), 59, 'Queued', 'Pending'],
    ['for all its time', withWorkload(true), 60, 'Failed', 'QueueTimeout'],
  ])('%s', (_, queueing, seconds, phase, reason) => expect(queueVerdict(view, job, queueing, after(seconds))).toMatchObject({ phase, reason }));

  test('for what nobody may read is told of with who has to mend it', () => {
    const { reason, message } = queueVerdict(view, job, { ...noQueueing, forbidden: 'workloads.kueue.x-k8s.io' }, after(5));
    expect([reason, message]).toEqual(['Pending', 'waits in queue q; what for is not known, for the controller may not list workloads.kueue.x-k8s.io: give it the ClusterRole that comes with the addon']);
  });

  test('and is admitted keeps its words until it has started, or should have', () => {
    const words = { reason: 'Pending', message: 'waits for 600m cpu in cq' };
    const recorded = run.status({ phase: 'Queued', ...words, jobs: [{ name: job.metadata.name, uid: job.metadata.uid, phase: 'Queued' }] });
    const [told] = classify(aState().runs(recorded).with({ jobs: [job] }).build()).runs;
    if (!told) throw new Error('no run');
    const queueing = withWorkload(true, { type: 'QuotaReserved', status: 'True' }, admitted);
    expect(queueVerdict(told, job, queueing, after(14))).toEqual({ phase: 'Queued', ...words });
    expect(queueVerdict(told, job, queueing, after(15)).message).toBe('is admitted from queue q and about to start');
  });

  test('is looked at when Kueue should have it, and when its time is over', () => {
    expect(nextQueueLook(view, kueue())).toEqual([after(60).getTime(), after(10).getTime()]);
    expect(nextQueueLook(view, withWorkload(true))).toEqual([after(60).getTime(), 0]);
    expect(nextQueueLook(view, withWorkload(true, admitted))).toEqual([after(60).getTime(), after(15).getTime()]);
  });
});
