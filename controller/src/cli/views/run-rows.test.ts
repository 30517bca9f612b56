import { describe, expect, it } from 'vitest';
import { plain } from '../style.ts';
import { renderTable } from '../table.ts';
import { aRun, now } from '../testing/resources.ts';
import { renderRun, runColumns, triggerOf } from './run-rows.ts';

const options = { wide: false, paint: plain, columns: Infinity };
const failed = aRun({
  spec: {
    trigger: { type: 'Revision', value: 'app-worker-v3' },
    overrides: { args: ['--dry-run'] },
    snapshot: {
      hash: 'h',
      retry: { limit: 2 },
      template: { spec: { containers: [{ name: 'mytask', image: 'busybox', command: ['false'] }] } },
    },
  },
  status: {
    phase: 'Failed',
    reason: 'BackoffLimitExceeded',
    message: 'exit code 3 in container mytask (BackoffLimitExceeded)',
    startTime: '2026-11-22T21:00:00Z',
    completionTime: '2026-11-22T21:01:30Z',
    duration: '1m30s',
    attempts: 2,
    jobs: [
      { name: 'mytask-v3', uid: 'u1', phase: 'Failed', succeeded: 0, failed: 1, exitCode: 3, exitReason: 'Error' },
      {
        name: 'mytask-v3-r1',
        uid: 'u2',
        phase: 'Failed',
        attempt: 1,
        succeeded: 0,
        failed: 1,
        exitCode: 3,
        exitReason: 'Error',
      },
    ],
  },
});

it('a history says what asked for each run, how it went and what is left', () => {
  const running = aRun({
    name: 'mytask-v4',
    spec: { trigger: { type: 'Manual', value: 'ann' } },
    status: { phase: 'Running', startTime: '2026-11-22T21:09:00Z', jobs: [{ name: 'mytask-v4', uid: 'u' }] },
  });
  expect(
    renderTable(runColumns(now, new Set(['mytask-v4'])), [running, failed, aRun({ name: 'new' })], options).split('\n'),
  ).toEqual([
    'RUN         TRIGGER                  PHASE     REASON                 STARTED   DURATION   ATTEMPTS   KEPT',
    'mytask-v4   Manual ann               Running   -                      1m ago    1m         1          yes',
    'mytask-v3   Revision app-worker-v3   Failed    BackoffLimitExceeded   10m ago   1m30s      2          no',
    'new         Manual                   Pending   -                      -         -          0          no',
    '',
  ]);
});

it('a person who may not list Jobs does not read that none are kept', () => {
  expect(renderTable(runColumns(now, undefined), [failed], options)).toMatch(/ {3}\?\n$/);
  const name = new Set([failed.metadata.name]);
  expect(renderTable(runColumns(now, name, name), [failed], options)).toMatch(/ no log\n$/);
});

it('a schedule asks by its time, and a step by its name', () => {
  expect(
    triggerOf(aRun({ spec: { trigger: { type: 'Schedule', value: 'cron', scheduledTime: '2026-11-22T01:00:00Z' } } })),
  ).toBe('Schedule 2026-11-22T01:00:00Z');
  expect(
    triggerOf(
      aRun({ spec: { trigger: { type: 'WorkflowStep', value: 'app-v1', step: { name: 'migrate', id: 'x' } } } }),
    ),
  ).toBe('WorkflowStep migrate');
});

it('a run says what ran and how each attempt went', () => {
  expect(renderRun(failed, [], now, options)).toBe(`\
Run         mytask-v3
Task        app-worker-mytask
Trigger     Revision app-worker-v3
Phase       Failed
Reason      BackoffLimitExceeded
Message     exit code 3 in container mytask (BackoffLimitExceeded)
Asked for   2026-11-22T20:10:00Z (1h ago)
Started     2026-11-22T21:00:00Z (10m ago)
Completed   2026-11-22T21:01:30Z (8m30s ago)
Duration    1m30s
Attempts    2 of at most 3
Container   mytask (busybox)
  command   ["false"]
Overrides   {"args":["--dry-run"]}

JOB            ATTEMPT   PHASE    SUCCEEDED   FAILED   EXIT   REASON
mytask-v3      1         Failed   0           1        3      Error
mytask-v3-r1   2         Failed   0           1        3      Error
`);
});

it('a run that no controller has seen says so', () => {
  expect(renderRun(aRun(), [], now, options)).toContain('Message     no controller has seen it yet\n');
});

describe('a run in a queue', () => {
  const nightly = {
    hash: 'h',
    template: {},
    queue: { name: 'nightly', priorityClass: 'urgent' },
    queueTimeoutSeconds: 3600,
  };
  const scheduled = { type: 'Schedule', value: 'cron', scheduledTime: '2026-11-22T20:00:00Z' } as const;
  const waiting = aRun({
    spec: { trigger: scheduled, snapshot: nightly },
    status: {
      phase: 'Queued',
      reason: 'Pending',
      message: 'waits for 600m cpu in cq',
      jobs: [{ name: 'mytask-v3', uid: 'u', phase: 'Queued', queuedTime: '2026-11-22T20:10:01Z' }],
    },
  });

  it('says where it waits, since when and for what', () => {
    expect(renderRun(waiting, [], now, options)).toBe(`\
Run           mytask-v3
Task          app-worker-mytask
Trigger       Schedule 2026-11-22T20:00:00Z
Phase         Queued
Reason        Pending
Message       waits for 600m cpu in cq
Asked for     2026-11-22T20:10:00Z (1h ago)
Queue         nightly (priority class urgent)
Waits since   2026-11-22T20:10:01Z (59m59s ago), for 1h at most
Due           2026-11-22T20:00:00Z · queued 20:10:01 · waits for 59m59s in queue nightly
Attempts      1 of at most 1

JOB         ATTEMPT   PHASE    SUCCEEDED   FAILED   EXIT   QUEUE     WAITED   REASON
mytask-v3   1         Queued   -           -        -      nightly   59m59s   -
`);
  });

  it('shows when it was due, queued and started once it runs', () => {
    const text = renderRun(
      aRun({
        spec: { trigger: scheduled, snapshot: nightly },
        status: {
          phase: 'Running',
          startTime: '2026-11-22T20:12:41Z',
          jobs: [{ name: 'mytask-v3', uid: 'u', phase: 'Running', waitedSeconds: 760 }],
        },
      }),
      [],
      now,
      options,
    );
    expect(text).toContain(
      '\nWaited      12m40s\nDue         2026-11-22T20:00:00Z · queued 20:00:01 · started 20:12:41 after 12m40s in queue nightly\n',
    );
    expect(text).toMatch(/\nmytask-v3 .* nightly +12m40s/);
  });

  it('that was due the day before has full times, and one without a queue only its start', () => {
    const late = { ...scheduled, scheduledTime: '2026-11-21T23:59:00Z' };
    expect(
      renderRun(
        aRun({ spec: { trigger: late }, status: { phase: 'Running', startTime: '2026-11-22T00:00:05Z' } }),
        [],
        now,
        options,
      ),
    ).toContain('\nDue         2026-11-21T23:59:00Z · started 2026-11-22T00:00:05Z\n');
  });

  it('that was never admitted has waited to its end', () => {
    const status = {
      phase: 'Failed',
      reason: 'QueueTimeout',
      completionTime: '2026-11-22T21:00:01Z',
      jobs: [{ name: 'mytask-v3', uid: 'u', phase: 'Failed', queuedTime: '2026-11-22T20:00:01Z' }],
    } as const;
    const text = renderRun(
      aRun({ spec: { trigger: scheduled, snapshot: nightly }, status: { ...status, jobs: [...status.jobs] } }),
      [],
      now,
      options,
    );
    expect(text).toContain(
      '\nWaited      1h\nDue         2026-11-22T20:00:00Z · queued 20:00:01 · waited for 1h in queue nightly\n',
    );
  });

  it('shows its wait in a wide history', () => {
    const [head = '', row = ''] = renderTable(runColumns(now, undefined), [waiting], { ...options, wide: true }).split(
      '\n',
    );
    expect(row.slice(head.indexOf('WAITED')).trim()).toMatch(/^59m59s .* waits for 600m cpu in cq$/);
  });

  it('says for each step in which queue it waits', () => {
    const snapshot = {
      hash: 'h',
      queue: { name: 'slow' },
      steps: [{ name: 'a', queue: { name: 'fast' } }, { name: 'b' }],
    };
    const text = renderRun(
      aRun({
        spec: { snapshot },
        status: {
          phase: 'Running',
          startTime: '2026-11-22T21:00:00Z',
          jobs: [
            { step: 'a', phase: 'Running', waitedSeconds: 5 },
            {
              step: 'b',
              phase: 'Queued',
              reason: 'Inadmissible',
              message: 'queue slow does not exist',
              queuedTime: '2026-11-22T21:09:00Z',
            },
          ],
        },
      }),
      [],
      now,
      options,
    );
    expect(text).toContain('\nQueue         fast, slow\n');
    expect(text).toContain('\nWaited        5s, the longest of its steps\n');
    expect(text).toContain('\nb  Queued: queue slow does not exist\n');
    expect(text).toMatch(/\na +1 +Running.* fast +5s +-\nb +1 +Queued.* slow +1m +Inadmissible\n/);
  });
});
