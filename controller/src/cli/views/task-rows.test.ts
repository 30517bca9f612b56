import { expect, it } from 'vitest';
import { plain } from '../style.ts';
import { renderTable } from '../table.ts';
import { aTask, now } from '../testing/resources.ts';
import { changeLine, renderTask, taskColumns } from './task-rows.ts';

const options = { wide: false, paint: plain, columns: Infinity };
const nightly = aTask({
  name: 'app-worker-nightly',
  spec: { schedule: { crons: ['0 2 * * *'], timeZone: 'Europe/Berlin' } },
  status: {
    phase: 'Failed',
    message: 'nightly-202611220100 Failed after 3s: exit code 3 in container nightly (BackoffLimitExceeded)',
    totals: { active: 0, failed: 1, kept: 1 },
    nextScheduleTime: '2026-11-23T01:00:00Z',
    missedSchedules: 2,
    lastRuns: [
      {
        name: 'nightly-202611220100',
        phase: 'Failed',
        reason: 'BackoffLimitExceeded',
        startTime: '2026-11-22T01:00:00Z',
        completionTime: '2026-11-22T01:00:03Z',
        duration: '3s',
        kept: true,
      },
    ],
  },
});

it('a list says what each task is doing, and when it is due', () => {
  const held = aTask({
    name: 'app-worker-held',
    spec: { suspend: true },
    status: { phase: 'Idle', nextScheduleTime: '2026-11-23T01:00:00Z' },
  });
  expect(renderTable(taskColumns(now, false), [nightly, held, aTask()], options).split('\n')).toEqual([
    'TASK                 PHASE    ACTIVE   KEPT   NEXT        MESSAGE',
    'app-worker-nightly   Failed   0        1      in 3h50m    nightly-202611220100 Failed after 3s: exit code 3 in container nightly (BackoffLimitExceeded)',
    'app-worker-held      Idle     0        0      suspended   -',
    'app-worker-mytask    -        0        0      -           -',
    '',
  ]);
});

it('a wide list in all namespaces says more', () => {
  const [head, row] = renderTable(taskColumns(now, true), [nightly], { ...options, wide: true })
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(head).toEqual([
    'NAMESPACE',
    'TASK',
    'COMPONENT',
    'PHASE',
    'ACTIVE',
    'KEPT',
    'SCHEDULE',
    'NEXT',
    'LAST SUCCESS',
    'AGE',
    'MESSAGE',
  ]);
  expect(row?.slice(0, 10)).toEqual([
    'prod',
    'app-worker-nightly',
    'app-worker/mytask',
    'Failed',
    '0',
    '1',
    '0 2 * * * Europe/Berlin',
    'in 3h50m',
    '-',
    '1h',
  ]);
});

it('a task says why, and what ran before', () => {
  expect(renderTask(nightly, now, options)).toBe(`\
Task        app-worker-nightly
Component   app-worker/mytask
Phase       Failed
Message     nightly-202611220100 Failed after 3s: exit code 3 in container nightly (BackoffLimitExceeded)
Schedule    0 2 * * * Europe/Berlin
Next        2026-11-23T01:00:00Z (in 3h50m)
Missed      2 times of the schedule
Policy      trigger Manual, concurrencyPolicy Allow, keepLast 3, keepLastFailed 3
Totals      0 active, 0 queued, 0 succeeded, 1 failed, 0 cancelled, 0 skipped, 1 kept

RUN                    PHASE    REASON                 STARTED      DURATION   KEPT   MESSAGE
nightly-202611220100   Failed   BackoffLimitExceeded   20h10m ago   3s         yes    -
`);
});

it('a task says in which queue its runs wait', () => {
  expect(
    renderTask(
      aTask({ spec: { queue: { name: 'nightly', priorityClass: 'urgent' }, queueTimeoutSeconds: 3600 } }),
      now,
      options,
    ),
  ).toContain('\nQueue       nightly (priority class urgent), for 1h at most\n');
});

it('a task says what its executionPolicy has beside the defaults', () => {
  const executionPolicy = { keepLast: 0, historyLimit: 50, unique: false, ttlSecondsAfterFinished: 60 };
  const overridden = { ...executionPolicy, allowedOverrides: ['env' as const, 'references' as const] };
  expect(renderTask(aTask({ spec: { executionPolicy: overridden } }), now, options)).toContain(
    '\nPolicy      trigger Revision, concurrencyPolicy Allow, keepLast 0, keepLastFailed 3, unique false, allowedOverrides [env references], ttlSecondsAfterFinished 60\n',
  );
});

it('a task that no controller has seen says so', () => {
  expect(renderTask(aTask(), now, options)).toContain('Message     no controller has seen it yet\n');
});

it('a change is a line', () => {
  expect(changeLine(nightly, now, plain)).toBe(
    '2026-11-22T21:10:00.000Z Failed nightly-202611220100 Failed after 3s: exit code 3 in container nightly (BackoffLimitExceeded)\n',
  );
});
