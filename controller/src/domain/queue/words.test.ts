import { expect, test } from 'vitest';
import type { Workload } from '../model/kueue.ts';
import type { JobCondition } from '../model/objects.ts';
import { aJob } from '../testing/builders.ts';
import { type Place, wordsOf } from './words.ts';

const place: Place = { queue: 'q', namespace: 'default', clusterQueue: 'cq' };
const workload = (...conditions: JobCondition[]): Workload => ({
  metadata: aJob().build().metadata,
  active: true,
  requests: { cpu: '600m', memory: '2Gi' },
  conditions,
});
const refused = (message: string, reason = 'Pending'): JobCondition => ({
  type: 'QuotaReserved',
  status: 'False',
  reason,
  message,
});
const noFlavor = "couldn't assign flavors to pod set main: ";
const tooMuch = (resource: string, flavor: string, asked: string, most: string) =>
  `insufficient quota for ${resource} in flavor ${flavor}, previously considered podsets requests (0) + current podset request (${asked}) > maximum capacity (${most})`;
const full = (resource: string, flavor = 'default') =>
  `insufficient unused quota for ${resource} in flavor ${flavor}, 200m more needed`;

test.each<[is: string, condition: JobCondition, reason: string, message: string]>([
  ['full', refused(noFlavor + full('cpu')), 'Pending', 'waits for 600m cpu in cq'],
  [
    'full in two resources',
    refused(`${noFlavor}${full('cpu')}, ${full('memory')}`),
    'Pending',
    'waits for 600m cpu and 2Gi memory in cq',
  ],
  [
    'never large enough',
    refused(noFlavor + tooMuch('cpu', 'default', '2', '1')),
    'ExceedsMaxQuota',
    'asks for 2 cpu, and cq never has more than 1: ask for less, or have its quota raised',
  ],
  [
    'not there',
    refused("LocalQueue nope doesn't exist", 'Inadmissible'),
    'Inadmissible',
    'queue nope does not exist: create a LocalQueue of that name in namespace default, or name another one in queue.name',
  ],
  [
    'stopped',
    refused('ClusterQueue cq is inactive', 'Inadmissible'),
    'Inadmissible',
    'ClusterQueue cq is stopped or not ready; the run starts once it admits again',
  ],
  [
    'stopped, in a Kueue that tells the reasons apart',
    refused('ClusterQueue cq is inactive', 'Suspended'),
    'Inadmissible',
    'ClusterQueue cq is stopped or not ready; the run starts once it admits again',
  ],
  ['refusing in words not known here', refused('the moon is full'), 'Pending', 'waits in queue q: the moon is full'],
])('a Job whose queue is %s', (_, condition, reason, message) =>
  expect(wordsOf(workload(condition), place)).toEqual({ reason, message }),
);

test('a Workload of which nothing is said waits', () =>
  expect(wordsOf(workload(), place)).toEqual({ reason: 'Pending', message: 'waits in queue q' }));

test('an evicted Job says what took its place away', () => {
  const evicted: JobCondition = { type: 'Evicted', status: 'True', reason: 'Preempted', message: '' };
  expect(wordsOf(workload(evicted, refused(noFlavor + full('cpu'))), place).message).toBe(
    'evicted (Preempted), waits for 600m cpu in cq',
  );
});

test('a queue that was stopped under a Job is named as what evicted it', () => {
  const evicted: JobCondition = {
    type: 'Evicted',
    status: 'True',
    reason: 'ClusterQueueStopped',
    message: 'The ClusterQueue is stopped',
  };
  const { message } = wordsOf(workload(evicted, refused('ClusterQueue cq is inactive', 'Inadmissible')), place);
  expect(message).toBe(
    'evicted (ClusterQueueStopped), ClusterQueue cq is stopped or not ready; the run starts once it admits again',
  );
});

test('one flavor that is too small is not given up while another is only full', () => {
  const message = `${noFlavor}${tooMuch('cpu', 'small', '2', '1')}, ${full('cpu', 'large')}`;
  expect(wordsOf(workload(refused(message)), place)).toEqual({
    reason: 'Pending',
    message: 'waits for 600m cpu in cq',
  });
});

test('a flavor that is too small in one resource is not given up while another is only full in another one', () => {
  const message = `${noFlavor}${tooMuch('cpu', 'small', '4', '2')}, ${full('memory', 'large')}`;
  expect(wordsOf(workload(refused(message)), place)).toEqual({
    reason: 'Pending',
    message: 'waits for 2Gi memory in cq',
  });
});

test('a flavor that is full and too small at once is too small', () => {
  const message = `${noFlavor}${tooMuch('cpu', 'default', '4', '2')}, ${full('memory')}`;
  expect(wordsOf(workload(refused(message)), place).reason).toBe('ExceedsMaxQuota');
});

test('a Job that has its quota again after an eviction is not told what was so before', () => {
  const reserved: JobCondition = { type: 'QuotaReserved', status: 'True' };
  const stale: JobCondition = {
    type: 'Admitted',
    status: 'False',
    reason: 'NoReservationUnsatisfiedChecks',
    message: 'The workload has no reservation and not all checks ready',
  };
  expect(wordsOf(workload(reserved, stale), place).message).toBe(
    'has its quota in queue q and waits for admission checks',
  );
});

test('of two resources that are too much, the numbers are those of the one that is named', () => {
  const message = `${noFlavor}${tooMuch('cpu', 'default', '2', '1')}, ${tooMuch('memory', 'default', '4Gi', '1Gi')}`;
  expect(wordsOf(workload(refused(message)), place).message).toContain('asks for 2 cpu, and cq never has more than 1:');
});
