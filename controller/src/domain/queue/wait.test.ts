import { describe, expect, test } from 'vitest';
import type { JobRow } from '../../resources/index.ts';
import type { Job } from '../model/objects.ts';
import { aJob, aRun, rfc3339 } from '../testing/builders.ts';
import { queuedSince, waitOf, waitsOver } from './wait.ts';

const { uid } = aJob().build().metadata;
const runWith = (row: Partial<JobRow>) =>
  aRun()
    .status({ phase: 'Queued', jobs: [{ name: 'mytask-v1', uid, ...row }] })
    .build();
const suspended = (status: 'True' | 'False', seconds: number) =>
  aJob().status({ conditions: [{ type: 'Suspended', status, lastTransitionTime: rfc3339(seconds) }] });
const waiting = (job = aJob()): Job => ({ ...job.spec({ suspend: true }).build(), queue: 'q' });
const started = (seconds: number): Job => ({ ...aJob().running(seconds).build(), queue: 'q' });

describe('a Job in a queue', () => {
  test.each<[is: string, row: Partial<JobRow>, job: Job, wait: object]>([
    ['that is new waits since its creation', {}, waiting(), { queuedTime: rfc3339(0) }],
    [
      'that is being evicted waits since nobody knows when',
      { waitedSeconds: 5 },
      waiting(suspended('False', 5)),
      { waitedSeconds: 5 },
    ],
    [
      'that was evicted waits since it was suspended',
      { waitedSeconds: 5 },
      waiting(suspended('True', 60)),
      { queuedTime: rfc3339(60), waitedSeconds: 5 },
    ],
    [
      'that starts has its wait counted',
      { queuedTime: rfc3339(60), waitedSeconds: 5 },
      started(70),
      { waitedSeconds: 15 },
    ],
    ['that started has its wait counted once', { waitedSeconds: 15 }, started(70), { waitedSeconds: 15 }],
    ['that was never seen waiting waited since its creation', {}, started(7), { waitedSeconds: 7 }],
  ])('%s', (_, row, job, wait) => expect(waitOf(runWith(row), job)).toEqual(wait));

  test('whose start and eviction nobody saw waits since the eviction, so that queueTimeoutSeconds is not over early', () => {
    const [run, job] = [runWith({ queuedTime: rfc3339(0) }), waiting(suspended('True', 600))];
    expect(queuedSince(run, job)).toBe(rfc3339(600));
    expect(waitOf(run, job)).toEqual({ queuedTime: rfc3339(600) });
  });

  test('that was admitted before it was ever said to be suspended, and is being evicted, does not wait since its creation', () => {
    const job = waiting(aJob().meta({ generation: 3 }));
    expect([queuedSince(runWith({ waitedSeconds: 0 }), job), waitOf(runWith({ waitedSeconds: 0 }), job)]).toEqual([
      undefined,
      { waitedSeconds: 0 },
    ]);
  });
});

test('a wait that is over is told once', () => {
  const [before, after] = [runWith({ waitedSeconds: 5 }), runWith({ waitedSeconds: 15 })].map(
    ({ status = {} }) => status,
  );
  expect(waitsOver(before, after ?? {})).toEqual([10]);
  expect(waitsOver(after, after ?? {})).toEqual([]);
});
