/** What the commands decide without a cluster; test/api and test/e2e test what they do in one. */
import { describe, expect, it } from 'vitest';
import { contradiction } from '../suspension.ts';
import { aRun, aTask, now } from '../testing/resources.ts';
import { currentOf, missingLine, waitingLine, withoutPods } from './logs.ts';
import { outcomeLine, taskExitCode } from './run.ts';
import { withoutPods as runsWithoutPods } from './runs.ts';
import { cancelReason } from '../../requests/cancel-reason.ts';
import { manualRun } from '../../requests/manual-run.ts';
import { prunable } from '../../requests/prune-runs.ts';

const ended = (name: string, completionTime: string) => aRun({ name, status: { phase: 'Succeeded', completionTime } });
const day = 86_400_000;

describe('prune', () => {
  const active = aRun({ name: 'active', status: { phase: 'Running' } });
  const unseen = aRun({ name: 'unseen' });
  const runs = [
    unseen,
    active,
    ended('today', '2026-11-22T12:00:00Z'),
    ended('last-week', '2026-11-15T12:00:00Z'),
    ended('last-month', '2026-10-15T12:00:00Z'),
  ];

  it.for<[options: { keep?: number; olderThan?: number }, names: readonly string[]]>([
    [{ keep: 0 }, ['today', 'last-week', 'last-month']],
    [{ keep: 1 }, ['last-week', 'last-month']],
    [{ keep: 9 }, []],
    [{ olderThan: 7 * day }, ['last-week', 'last-month']],
    [{ olderThan: 30 * day }, ['last-month']],
    [{ keep: 2, olderThan: 7 * day }, ['last-month']],
  ])('with %o deletes %o, and never an active run', ([options, names]) => {
    expect(prunable(runs, options, now).map(({ metadata }) => metadata.name)).toEqual(names);
  });
});

describe('run', () => {
  it('asks for a run without overrides unless some are given', () => {
    expect(manualRun(aTask(), {}, undefined)).toEqual({
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata: { namespace: 'prod', generateName: 'mytask-' },
      spec: { taskRef: { name: 'app-worker-mytask' }, trigger: { type: 'Manual' } },
    });
  });

  it('says who asks, and what the run overrides', () => {
    const { metadata, spec } = manualRun(
      aTask(),
      { name: 'again', args: ['--fast'], env: [{ name: 'A', value: '1' }] },
      'ann',
    );
    expect(metadata).toEqual({ namespace: 'prod', name: 'again' });
    expect(spec).toMatchObject({
      trigger: { type: 'Manual', value: 'ann' },
      overrides: { args: ['--fast'], env: [{ name: 'A', value: '1' }] },
    });
  });

  it.for<[phase: 'Succeeded' | 'Failed' | 'Cancelled', exitCode: number | undefined, code: number]>([
    ['Succeeded', undefined, 0],
    ['Succeeded', 3, 0], // a pod failed, and the next one did not
    ['Failed', 3, 3],
    ['Failed', 137, 137],
    ['Failed', undefined, 1],
    ['Failed', 0, 1],
    ['Failed', -1, 1],
    ['Failed', 3_221_225_477, 1],
    ['Cancelled', 143, 1],
  ])('--wait: %s with %s exits with %d', ([phase, exitCode, code]) => {
    const job = { name: 'j', uid: 'u', ...(exitCode !== undefined && { exitCode }) };
    expect(taskExitCode({ status: { phase, jobs: [{ name: 'first', uid: 'u0', exitCode: 9 }, job] } })).toBe(code);
  });

  it('says in one line how it ended', () => {
    expect(
      outcomeLine(aRun({ status: { phase: 'Failed', duration: '3s', message: 'exit code 3\nin container' } }), now),
    ).toBe('mytask-v3 Failed after 3s: exit code 3 in container');
  });
});

describe('cancel records', () => {
  it.for<[person: string | undefined, reason: string | undefined, text: string]>([
    ['ann', 'wrong table', 'ann: wrong table'],
    ['ann', undefined, 'cancelled by ann'],
    [undefined, 'wrong table', 'wrong table'],
    [undefined, undefined, 'cancelled by a person'],
  ])('by %s with reason %s: %s', ([person, reason, text]) => expect(cancelReason(person, reason)).toBe(text));
});

describe('suspend', () => {
  const rendered = (spec: object) =>
    aTask({ annotations: { 'app.oam.dev/last-applied-configuration': JSON.stringify({ spec }) } });

  it('stays when the Application does not set it, or says the same', () => {
    expect([contradiction(rendered({}), true), contradiction(rendered({ suspend: true }), true)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(contradiction({ metadata: { ...aTask().metadata, labels: {} } }, true)).toBeUndefined();
  });

  it('says that KubeVela reverts it when the Application says otherwise, and what to do', () => {
    expect(contradiction(rendered({ suspend: false }), true)).toBe(
      'but Application app-worker says suspend: false, and KubeVela reverts it within minutes: write suspend: true into the properties of component mytask and deploy it',
    );
  });

  it('also warns when nobody can know what the Application says', () => {
    const remarks = [aTask(), aTask({ annotations: { 'app.oam.dev/last-applied-configuration': '{' } })].map((task) =>
      contradiction(task, false),
    );
    expect(remarks).toEqual(
      Array(2).fill(
        'if Application app-worker says suspend: true, KubeVela reverts it; in that case write suspend: false into the properties of component mytask and deploy it',
      ),
    );
  });
});

describe('logs', () => {
  const jobs = [{ name: 'j', uid: 'u' }];
  const started = aRun({ name: 'started', status: { phase: 'Succeeded', jobs } });

  it('are those of the newest run that started, or else of the newest run', () => {
    const waiting = aRun({ name: 'waiting', status: { phase: 'Queued' } });
    const suspended = aRun({ name: 'suspended', status: { phase: 'Queued', jobs } });
    const unadmitted = aRun({
      name: 'unadmitted',
      status: { phase: 'Failed', reason: 'QueueTimeout', jobs: [{ ...jobs[0], queuedTime: '2026-11-22T20:00:00Z' }] },
    });
    expect(currentOf([waiting, suspended, unadmitted, started])).toBe(started);
    expect(currentOf([waiting])).toBe(waiting);
    expect(currentOf([])).toBeUndefined();
  });

  it('name the runs whose pods are gone, up to a limit', () => {
    const runs = Array.from({ length: 12 }, (_, index) =>
      aRun({ name: `r${index}`, status: { phase: 'Succeeded', jobs } }),
    );
    expect(missingLine([...runs, aRun({ name: 'skipped', status: { phase: 'Skipped' } })], new Set(['r0']))).toBe(
      'not shown, because their pods are gone: r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 and 1 more',
    );
    expect(missingLine([started], new Set(['started']))).toBeUndefined();
  });

  it.for([
    [
      aRun({ status: { phase: 'Pending', reason: 'Suspended', message: 'Task x is suspended' } }),
      /^run mytask-v3 has no pods yet \(Pending Suspended: Task x is suspended\): wait for it with -f$/,
    ],
    [
      aRun({ status: { phase: 'Skipped', reason: 'QueueFull' } }),
      /^run mytask-v3 never had pods \(Skipped QueueFull\)$/,
    ],
    [
      aRun({ status: { phase: 'Queued', reason: 'Pending', message: 'waits for 600m cpu in cq', jobs } }),
      /^run mytask-v3 has no pods yet \(Queued Pending: waits for 600m cpu in cq\): wait for it with -f$/,
    ],
    [
      aRun({
        status: {
          phase: 'Failed',
          reason: 'QueueTimeout',
          jobs: [{ name: 'j', uid: 'u', queuedTime: '2026-11-22T20:00:00Z' }],
        },
      }),
      /^run mytask-v3 never had pods \(Failed QueueTimeout\)$/,
    ],
    [
      aRun({ status: { phase: 'Failed', reason: 'JobDeleted', jobs } }),
      /^run mytask-v3 no longer has pods, and its log was deleted with them \(Failed JobDeleted\); executionPolicy.keepLast/,
    ],
  ] as const)('say what is known of a run without pods', ([run, sentence]) =>
    expect(withoutPods(run)).toMatch(sentence),
  );

  it.for([
    [
      { phase: 'Queued', reason: 'Pending', message: 'waits for 600m cpu in cq' },
      'run mytask-v3 waits (Queued Pending: waits for 600m cpu in cq)',
    ],
    [
      { phase: 'Pending', reason: 'Suspended', message: 'Task x is\u001bsuspended' },
      'run mytask-v3 waits (Pending Suspended: Task x is suspended)',
    ],
    [{ phase: 'Pending' }, undefined],
    [{ phase: 'Running', reason: 'PodFailed' }, undefined],
    [{ phase: 'Failed', reason: 'QueueTimeout' }, undefined],
  ] as const)('that follow a run with %o say: %s', ([status, line]) =>
    expect(waitingLine(aRun({ status }))).toBe(line),
  );
});

describe('runs', () => {
  const labelled = (uid: string, run: string, job?: string) => ({
    metadata: {
      name: uid,
      uid,
      resourceVersion: '1',
      creationTimestamp: now.toISOString(),
      labels: { 'task.oam.dev/run': run },
      ...(job && { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job, uid: job, controller: true }] }),
    },
  });

  it('still have no log where the pod of somebody’s own Job has the label of the run', () => {
    const failed = [labelled('job-1', 'mytask-v1'), labelled('job-2', 'mytask-v2')];
    const there = [labelled('pod-1', 'mytask-v1', 'job-of-somebody'), labelled('pod-2', 'mytask-v2', 'job-2')];
    expect([...runsWithoutPods(failed, there)]).toEqual(['mytask-v1']);
  });
});
