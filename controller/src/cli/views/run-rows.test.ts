import { expect, it } from 'vitest';
import { plain } from '../style.ts';
import { renderTable } from '../table.ts';
import { aRun, now } from '../testing/resources.ts';
import { renderRun, runColumns, triggerOf } from './run-rows.ts';

const options = { wide: false, paint: plain, columns: Infinity };
const failed = aRun({
  spec: {
    trigger: { type: 'Revision', value: 'app-worker-v3' },
    overrides: { args: ['--dry-run'] },
    snapshot: { hash: 'h', retry: { limit: 2 }, template: { spec: { containers: [{ name: 'mytask', image: 'busybox', command: ['false'] }] } } },
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
      { name: 'mytask-v3-r1', uid: 'u2', phase: 'Failed', attempt: 1, succeeded: 0, failed: 1, exitCode: 3, exitReason: 'Error' },
    ],
  },
});

it('a history says what asked, how it went and what is left', () => {
  const running = aRun({ name: 'mytask-v4', spec: { trigger: { type: 'Manual', value: 'ann' } }, status: { phase: 'Running', startTime: '2026-11-22T21:09:00Z', jobs: [{ name: 'mytask-v4', uid: 'u' }] } });
  expect(renderTable(runColumns(now, new Set(['mytask-v4'])), [running, failed, aRun({ name: 'new' })], options).split('\n')).toEqual([
    'RUN         TRIGGER                  PHASE     REASON                 STARTED   DURATION   ATTEMPTS   KEPT',
    'mytask-v4   Manual ann               Running   -                      1m ago    1m         1          yes',
    'mytask-v3   Revision app-worker-v3   Failed    BackoffLimitExceeded   10m ago   1m30s      2          no',
    'new         Manual                   Pending   -                      -         -          0          no',
    '',
  ]);
});

it('whoever may not see Jobs is not told that none are kept', () => {
  expect(renderTable(runColumns(now, undefined), [failed], options)).toMatch(/ {3}\?\n$/);
});

it('a schedule asks by its time, and a step by its name', () => {
  expect(triggerOf(aRun({ spec: { trigger: { type: 'Schedule', value: 'cron', scheduledTime: '2026-11-22T01:00:00Z' } } }))).toBe('Schedule 2026-11-22T01:00:00Z');
  expect(triggerOf(aRun({ spec: { trigger: { type: 'WorkflowStep', value: 'app-v1', step: { name: 'migrate', id: 'x' } } } }))).toBe('WorkflowStep migrate');
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

it('a run that nobody looks after says so', () => {
  expect(renderRun(aRun(), [], now, options)).toContain('Message     the controller has not seen it yet\n');
});
