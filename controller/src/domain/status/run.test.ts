import { describe, expect, test } from 'vitest';
import { classify } from '../view/classify.ts';
import { runStatus } from './run.ts';
import { after, aJob, aPod, aRefusal, aRun, aState, aTask, rfc3339 } from '../testing/builders.ts';
import { mustBeValid } from '../testing/crd-schema.ts';
import type { ContainerFailure } from '../model/objects.ts';
import type { Task, TaskRunStatus } from '../../resources/index.ts';

type StateBuilder = ReturnType<typeof aState>;
type JobBuilder = ReturnType<typeof aJob>;

/** The status, 40 seconds after noon, of the run with that name; checked to be one that the API server takes. */
function statusOf(state: StateBuilder, name = 'mytask-v1'): TaskRunStatus {
  const view = classify(state.build());
  const run = view.runs.find((other) => other.name === name);
  if (!run) throw new Error(`no run ${name}`);
  const status = runStatus(run, view, after(40));
  mustBeValid.taskRunStatus(status);
  return status;
}

const run = aRun();
const withJob = (job: JobBuilder, of = run) => aState().runs(of).jobs(job);
const summary = { name: 'mytask-v1', uid: 'mytask-v1-job-uid' };
const exit1OnRecord = { exitCode: 1, exitReason: 'Error', lastFailure: 'exit code 1 in container mytask' };
const pending = (rest: TaskRunStatus = {}): TaskRunStatus => ({
  phase: 'Pending',
  jobs: [{ ...summary, phase: 'Pending' }],
  ...rest,
});
const running = (rest: TaskRunStatus = {}): TaskRunStatus => ({
  phase: 'Running',
  startTime: rfc3339(1),
  jobs: [{ ...summary, phase: 'Running' }],
  ...rest,
});
const failedWith = (reason: string, message: string, at: number) => ({
  reason,
  message,
  completionTime: rfc3339(at),
  conditions: [{ type: 'Failed', status: 'True' as const, reason, message, lastTransitionTime: rfc3339(at) }],
});

describe('an unfinished run', () => {
  const exit1 = { container: 'mytask', exitCode: 1, reason: 'Error' };
  const kept = 'ErrImagePull: pull access denied';
  const rows: readonly [is: string, state: StateBuilder, status: TaskRunStatus][] = [
    ['without a Job is pending', aState().runs(run), { phase: 'Pending' }],
    ['with a new Job is pending, and names the Job', withJob(aJob()), pending()],
    [
      'whose Job has no ready pod is pending',
      withJob(aJob().status({ startTime: rfc3339(1), active: 1 })),
      pending({ startTime: rfc3339(1) }),
    ],
    ['with a ready pod runs', withJob(aJob().running(1)), running()],
    [
      'with a pod that is not ready yet but runs, runs',
      withJob(aJob().status({ startTime: rfc3339(1), active: 1 })).pods(aPod().phase('Running')),
      running(),
    ],
    [
      'whose pod runs before its Job says since when is still pending',
      withJob(aJob()).pods(aPod().phase('Running')),
      pending(),
    ],
    ['with a pod that has succeeded runs', withJob(aJob().status({ startTime: rfc3339(1), succeeded: 1 })), running()],
    [
      'that ran stays running between two pods',
      withJob(aJob().status({ startTime: rfc3339(1) }), aRun().running(1)),
      running(),
    ],
    [
      'whose Job is suspended says so, though it ran before',
      withJob(aJob().spec({ suspend: true }), aRun().running(1)),
      pending({ reason: 'Suspended', message: 'the Job is suspended' }),
    ],
    [
      'that no node fits says so',
      withJob(aJob()).pods(aPod().waiting('Unschedulable', '0/1 nodes are available: 1 Insufficient cpu.')),
      pending({ reason: 'Unschedulable', message: 'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.' }),
    ],
    [
      'whose image cannot be pulled says so',
      withJob(aJob()).pods(aPod().waiting('ImagePullBackOff', 'Back-off pulling image "nope"')),
      pending({ reason: 'ImagePullBackOff', message: 'ImagePullBackOff: Back-off pulling image "nope"' }),
    ],
    [
      'whose image cannot be pulled stays with the word that it had first',
      withJob(aJob(), run.status({ phase: 'Pending', reason: 'ErrImagePull', message: kept })).pods(
        aPod().waiting('ImagePullBackOff', 'Back-off'),
      ),
      pending({ reason: 'ErrImagePull', message: kept }),
    ],
    [
      'with a failed pod says how it ended, and that the Job goes on',
      withJob(aJob().running(1).status({ failed: 1 })).pods(aPod().failed(exit1)),
      running({
        reason: 'PodFailed',
        message: 'a pod failed with exit code 1 in container mytask; the Job tries again',
        jobs: [{ ...summary, phase: 'Running', ...exit1OnRecord }],
      }),
    ],
    [
      'with more failed pods tells their number and the last',
      withJob(aJob().running(1).status({ failed: 3 })).pods(
        aPod().failed(exit1),
        aPod().createdAt(9).failed({ container: 'mytask', exitCode: 137, reason: 'OOMKilled' }),
      ),
      running({
        reason: 'PodFailed',
        message: '3 pods failed, the last with OOMKilled (exit code 137) in container mytask; the Job tries again',
        jobs: [
          {
            ...summary,
            phase: 'Running',
            exitCode: 137,
            exitReason: 'OOMKilled',
            lastFailure: 'OOMKilled (exit code 137) in container mytask',
          },
        ],
      }),
    ],
    [
      'with an evicted pod says so',
      withJob(aJob().running(1).status({ failed: 1 })).pods(aPod().failed({ container: '', reason: 'Evicted' })),
      running({
        reason: 'PodFailed',
        message: 'a pod failed with Evicted; the Job tries again',
        jobs: [{ ...summary, phase: 'Running', exitReason: 'Evicted', lastFailure: 'Evicted' }],
      }),
    ],
    [
      'whose last pod failed does not claim that the Job tries again',
      withJob(aJob().spec({ backoffLimit: 0 }).running(1)).pods(aPod().failed(exit1)),
      running({ jobs: [{ ...summary, phase: 'Running', ...exit1OnRecord }] }),
    ],
    [
      'whose Job was refused says why, and waits',
      aState().runs(run).refusals(aRefusal()),
      { phase: 'Pending', reason: aRefusal().reason, message: aRefusal().message },
    ],
  ];
  for (const [is, state, status] of rows) test(is, () => expect(statusOf(state)).toEqual(status));

  const refusals: readonly [text: string, reason: string, message: string][] = [
    [
      'Error creating: pods "x" is forbidden: exceeded quota: pods',
      'QuotaExceeded',
      'pods cannot be created: an event says: pods "x" is forbidden: exceeded quota: pods',
    ],
    [
      'Error creating: pods "x" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
      'ServiceAccountNotFound',
      'pods cannot be created: an event says: pods "x" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    ],
    [
      'Error creating: admission webhook "w" denied the request',
      'FailedCreate',
      'pods cannot be created: an event says: admission webhook "w" denied the request',
    ],
    [
      'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'FailedCreate',
      'pods cannot be created: write the securityContext that this namespace asks for into podSpec, and deploy it again; an event says: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    ],
    [
      'Error creating: pods "x" is forbidden: maximum memory usage per Container is 10Mi, but limit is 1Gi',
      'FailedCreate',
      'pods cannot be created: write cpu and memory within the limits of this namespace, and deploy it again; an event says: pods "x" is forbidden: maximum memory usage per Container is 10Mi, but limit is 1Gi',
    ],
  ];
  for (const [text, reason, message] of refusals) {
    const podRefusal = { jobUid: summary.uid, message: text, seenAt: after(2).getTime() };
    test(`whose pods are refused says ${reason}`, () =>
      expect(statusOf(withJob(aJob()).podRefusal(podRefusal))).toEqual(pending({ reason, message })));
    test(`says ${reason} no more once it has its pods`, () =>
      expect(statusOf(withJob(aJob().running(1)).podRefusal(podRefusal))).toEqual(running()));
  }
  test('forgets an event that anybody may have written once a pod came after it', () => {
    const pod = aPod().createdAt(3);
    const podRefusal = { jobUid: summary.uid, message: 'FORGED: call 555', seenAt: after(2).getTime() };
    const status = statusOf(
      withJob(aJob().spec({ parallelism: 3 }))
        .podRefusal(podRefusal)
        .pods(pod),
    );
    expect(JSON.stringify(status)).not.toContain('FORGED');
  });
  test('with some of its pods refused says so', () => {
    const job = aJob().spec({ parallelism: 3 }).running(1);
    const status = statusOf(
      withJob(job).podRefusal({ jobUid: summary.uid, message: 'exceeded quota: pods', seenAt: 0 }),
    );
    expect(status).toEqual(
      running({ reason: 'QuotaExceeded', message: 'pods cannot be created: an event says: exceeded quota: pods' }),
    );
  });
});

describe('a run that ends', () => {
  const oom = { container: 'mytask', exitCode: 137, reason: 'OOMKilled' };
  const jobs = (phase: string, rest: object) => ({ jobs: [{ ...summary, phase, ...rest }] });

  test('succeeds with its Job', () => {
    expect(statusOf(withJob(aJob().running(1).complete(32)))).toEqual({
      phase: 'Succeeded',
      startTime: rfc3339(1),
      completionTime: rfc3339(32),
      duration: '31s',
      ...jobs('Succeeded', { succeeded: 1, failed: 0 }),
      conditions: [
        { type: 'Complete', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: rfc3339(32) },
      ],
    });
  });
  test('fails with the words of its container where that is known', () => {
    expect(statusOf(withJob(aJob().running(1).failed(4)).pods(aPod().failed(oom)))).toEqual({
      phase: 'Failed',
      startTime: rfc3339(1),
      duration: '3s',
      ...jobs('Failed', { succeeded: 0, failed: 1, exitCode: 137, exitReason: 'OOMKilled' }),
      ...failedWith('BackoffLimitExceeded', 'OOMKilled (exit code 137) in container mytask (BackoffLimitExceeded)', 4),
    });
  });
  test('fails with the words of its Job otherwise', () => {
    expect(
      statusOf(
        withJob(aJob().running(1).failed(31, 'DeadlineExceeded', 'Job was active longer than specified deadline')),
      ),
    ).toEqual({
      phase: 'Failed',
      startTime: rfc3339(1),
      duration: '30s',
      ...jobs('Failed', { succeeded: 0, failed: 1 }),
      ...failedWith('DeadlineExceeded', 'DeadlineExceeded: Job was active longer than specified deadline', 31),
    });
  });
  test.each<[is: string, failure: ContainerFailure, message: string]>([
    [
      'an eviction, in the words of the cluster',
      { container: '', reason: 'Evicted', message: 'Pod ephemeral local storage usage exceeds 200Mi', killedWith: 137 },
      'Evicted: Pod ephemeral local storage usage exceeds 200Mi (exit code 137) (BackoffLimitExceeded)',
    ],
    [
      'a preemption, in the words of the cluster',
      { container: '', reason: 'PreemptionByScheduler', message: 'preempting for a higher priority', killedWith: 143 },
      'PreemptionByScheduler: preempting for a higher priority (exit code 143) (BackoffLimitExceeded)',
    ],
    [
      'a program that does not exist, by its name',
      { container: 'mytask', reason: 'StartError', message: 'exec: "pyton3": executable file not found in $PATH' },
      'StartError in container mytask: exec: "pyton3": executable file not found in $PATH (BackoffLimitExceeded)',
    ],
    [
      'an init container as one',
      { container: 'wait-db', init: true, exitCode: 1, reason: 'Error' },
      'exit code 1 in init container wait-db (BackoffLimitExceeded)',
    ],
  ])('names %s', (_, failure, message) => {
    const { message: said, jobs: rows } = statusOf(withJob(aJob().running(1).failed(4)).pods(aPod().failed(failure)));
    expect([said, rows?.[0]?.exitCode, rows?.[0]?.exitReason]).toEqual([message, failure.exitCode, failure.reason]);
  });
  test('after a time-out says why nothing had started', () => {
    const obstacle = 'ImagePullBackOff: Back-off pulling image "nope:1"';
    const waited = aRun(aTask().spec({ timeoutSeconds: 60 })).status({
      phase: 'Pending',
      reason: 'ImagePullBackOff',
      message: obstacle,
    });
    const late = 'Job was active longer than specified deadline';
    const { reason, message } = statusOf(withJob(aJob().failed(61, 'DeadlineExceeded', late), waited));
    expect([reason, message]).toEqual(['DeadlineExceeded', `not started within 60s: ${obstacle}`]);
  });
  test('whose pods Kubernetes deletes at its deadline names the deadline, not the deletion', () => {
    const deleted = {
      container: '',
      reason: 'PodDeleted',
      message: 'the pod was deleted while it ran',
      killedWith: 143,
    };
    const late = 'Job was active longer than specified deadline';
    const timedOut = aJob().running(1).failed(31, 'DeadlineExceeded', late);
    // The kubelet's clock may be behind: the stop then seems to have come before the deletion.
    for (const failure of [deleted, { container: 'mytask', reason: 'Error', exitCode: 137 }])
      expect(statusOf(withJob(timedOut).pods(aPod().failed(failure))).message).toBe(`DeadlineExceeded: ${late}`);
  });
  test('whose program failed by itself, and then ran out of time, names the failure', () => {
    const timedOut = aJob().running(1).failed(31, 'DeadlineExceeded', 'Job was active longer than specified deadline');
    const own = aPod().failed({ container: 'mytask', reason: 'Error', exitCode: 3 });
    expect(statusOf(withJob(timedOut).pods(own)).message).toBe('exit code 3 in container mytask (DeadlineExceeded)');
  });
  test('runs on while its pod waits for an ordinary container beside a program that is done, and says so', () => {
    const lingering = { container: 'load', waitsFor: ['shipper'], since: rfc3339(9) };
    const status = statusOf(
      withJob(aJob().running(1)).pods({ build: () => ({ ...aPod().phase('Running').build(), lingering }) }),
    );
    expect([status.phase, status.reason, status.message?.split(';')[0]]).toEqual([
      'Running',
      'WaitsForContainer',
      'container load has ended with 0, the pod waits for container shipper',
    ]);
  });
  test('is of the pod that failed, not of those that Kubernetes deleted because of it', () => {
    const failed = aPod().failed({ container: 'mytask', exitCode: 42, reason: 'Error' });
    const deleted = { container: '', reason: 'PodDeleted', message: 'the pod was deleted while it ran' };
    const rule = 'Container mytask for pod default/other failed with exit code 42 matching FailJob rule at index 0';
    for (const job of [aJob().running(1).failed(4), aJob().running(1).failed(4, 'PodFailurePolicy', rule)]) {
      const { message, jobs: rows } = statusOf(withJob(job).pods(aPod().createdAt(2).failed(deleted), failed));
      expect([message?.split(' (')[0], rows?.[0]?.exitCode]).toEqual(['exit code 42 in container mytask', 42]);
    }
  });
  test('names the container that a rule of podFailurePolicy matched, though another one failed before it', () => {
    const { metadata } = aPod().build();
    const rule = (pod: string) =>
      `Container mytask for pod default/${pod} failed with exit code 42 matching FailJob rule at index 0`;
    const failure = { container: 'proxy', exitCode: 1, reason: 'Error' };
    const { message, jobs: rows } = statusOf(
      withJob(aJob().running(1).failed(4, 'PodFailurePolicy', rule(metadata.name))).pods(aPod().failed(failure)),
    );
    expect([message, rows?.[0]?.exitCode]).toEqual(['exit code 42 in container mytask (PodFailurePolicy)', 42]);
  });
  test('names the indexes that failed, and why one of them did', () => {
    const podOf = (index: number, at: number, exitCode: number) => {
      const pod = aPod().createdAt(at).failed({ container: 'mytask', exitCode, reason: 'Error' }).build();
      const name = `mytask-v1-${index}-x7k2p`;
      return { build: () => ({ ...pod, metadata: { ...pod.metadata, name, uid: `${name}${at}` } }) };
    };
    const job = aJob()
      .running(1)
      .failed(9, 'FailedIndexes', 'Job has failed indexes')
      .status({ failedIndexes: '1,4-6' });
    // Index 2 failed last, and succeeded when it was tried again.
    const { message } = statusOf(withJob(job).pods(podOf(5, 2, 3), podOf(2, 4, 7)));
    expect(message).toBe('exit code 3 in container mytask; failed indexes: 1,4-6 (FailedIndexes)');
    expect(statusOf(withJob(job)).message).toBe('FailedIndexes: Job has failed indexes; failed indexes: 1,4-6');
  });
  test('whose pods are gone when its Job has failed keeps what the record has of them', () => {
    const failed = 'a pod failed with exit code 3 in container mytask; the Job tries again';
    const row = { ...summary, phase: 'Running', exitCode: 3, exitReason: 'Error' };
    const saying = (status: TaskRunStatus) =>
      aRun()
        .running(1)
        .status({ phase: 'Running', startTime: rfc3339(1), jobs: [row], ...status });
    const ended = aJob().running(1).failed(9);
    const jobs = [{ ...row, lastFailure: 'exit code 3 in container mytask' }];
    const onRecord = saying({ reason: 'PodFailed', message: failed, jobs });
    const { message, jobs: rows } = statusOf(withJob(ended, onRecord));
    expect(message).toBe('exit code 3 in container mytask (BackoffLimitExceeded)');
    expect(rows?.[0]).toMatchObject({ phase: 'Failed', exitCode: 3, exitReason: 'Error' });
    expect(rows?.[0]).not.toHaveProperty('lastFailure');
    expect(statusOf(withJob(ended, saying({}))).message).toBe('exit code 3 (BackoffLimitExceeded)');
    const about = { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded' }] };
    const deleting = withJob(aJob().running(1).status(about), onRecord);
    expect(statusOf(deleting.pods(aPod().failed({ container: 'mytask', exitCode: 3, reason: 'Error' }))).message).toBe(
      'a pod failed with exit code 3 in container mytask',
    );
  });
  test('that succeeds after its program was restarted has no exit code on record', () => {
    const row = { ...summary, phase: 'Running', exitCode: 3, exitReason: 'Error' };
    const failed = aRun()
      .running(1)
      .status({ phase: 'Running', startTime: rfc3339(1), jobs: [row] });
    const { phase, message, jobs: rows } = statusOf(withJob(aJob().running(1).complete(9), failed));
    expect([phase, message, rows]).toEqual([
      'Succeeded',
      undefined,
      [{ ...summary, phase: 'Succeeded', succeeded: 1, failed: 0 }],
    ]);
  });
  test.each([
    [137, 'DeadlineExceeded: Job was active longer than specified deadline'],
    [3, 'exit code 3 (DeadlineExceeded)'],
  ])('after a time-out with exit code %d on record says "%s"', (exitCode, sentence) => {
    const row = { ...summary, phase: 'Running', exitCode, exitReason: 'Error' };
    const stopped = aRun()
      .running(1)
      .status({ phase: 'Running', startTime: rfc3339(1), jobs: [row] });
    const late = 'Job was active longer than specified deadline';
    expect(statusOf(withJob(aJob().running(1).failed(61, 'DeadlineExceeded', late), stopped)).message).toBe(sentence);
  });
  test('after a time-out says what its pods waited for', () => {
    const waits = 'container load has ended with 0, the pod waits for container shipper';
    const waited = aRun().running(1).status({ phase: 'Running', reason: 'WaitsForContainer', message: waits });
    const late = 'Job was active longer than specified deadline';
    expect(statusOf(withJob(aJob().running(1).failed(61, 'DeadlineExceeded', late), waited)).message).toBe(
      `DeadlineExceeded: ${waits}`,
    );
  });
  test('does not claim that its Job tries again while a program that failed waits for another container', () => {
    const failure = { container: 'load', exitCode: 3, reason: 'Error' };
    const lingering = { container: 'load', ended: 'exit code 3', waitsFor: ['shipper'], since: rfc3339(9) };
    const { reason, message } = statusOf(
      withJob(aJob().running(1)).pods({ build: () => ({ ...aPod().phase('Running').build(), failure, lingering }) }),
    );
    expect([reason, message?.split(';')[0]]).toEqual([
      'WaitsForContainer',
      'container load has ended with exit code 3, the pod waits for container shipper',
    ]);
  });
  test('whose program failed and cannot be started again says why it cannot', () => {
    const job = aJob(run).running(1);
    const restarted = (reason: string, message: string) => ({
      build: () => ({
        ...aPod(job).phase('Running').waiting(reason, message).build(),
        failure: { container: 'main', exitCode: 1, reason: 'Error' },
      }),
    });
    const said = (pod: ReturnType<typeof restarted>) => {
      const { phase, reason, message } = statusOf(withJob(job).pods(pod));
      return [phase, reason, message];
    };
    expect(said(restarted('ImagePullBackOff', 'Back-off pulling image "a:1"'))).toEqual([
      'Running',
      'ImagePullBackOff',
      'ImagePullBackOff: Back-off pulling image "a:1"',
    ]);
    expect(said(restarted('CreateContainerConfigError', 'secret "x" not found'))[1]).toBe('CreateContainerConfigError');
  });

  test('whose other indexes are ended because it has succeeded does not say that they failed', () => {
    const job = aJob(run)
      .running(1)
      .status({ succeeded: 1, conditions: [{ type: 'SuccessCriteriaMet', status: 'True' }] });
    const ended = aPod(job).failed({
      container: '',
      reason: 'PodDeleted',
      message: 'the pod was deleted while it ran',
    });
    expect(statusOf(withJob(job).pods(ended))).toEqual(running());
    const [row] = statusOf(withJob(aJob(run).running(1).complete(30)).pods(ended)).jobs ?? [];
    expect([row?.phase, row?.exitCode, row?.exitReason]).toEqual(['Succeeded', undefined, undefined]);
  });

  test('is still running while its Job only says that it will fail', () => {
    const conditions = [{ type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded' }];
    expect(statusOf(withJob(aJob().running(1).status({ conditions })))).toEqual(running());
  });
  test('fails at once where its Job is finally refused', () => {
    const refusal = aRefusal({
      final: true,
      reason: 'Invalid',
      message: 'Job mytask-v1 was refused: image is required',
    });
    expect(statusOf(aState().runs(run).refusals(refusal))).toEqual({
      phase: 'Failed',
      ...failedWith('Invalid', refusal.message, 40),
    });
  });
  test('says in a line why its Job is refused, however long what the API server quotes is', () => {
    const refusal = aRefusal({
      final: true,
      reason: 'Invalid',
      message: `env name "${'x'.repeat(40_000)}" is invalid`,
    });
    const { message = '', conditions } = statusOf(aState().runs(run).refusals(refusal));
    expect([message.length, conditions?.[0]?.message]).toEqual([400, message]);
  });
  test('keeps the outcome of a Job that somebody deleted after it was finished', () => {
    const status = statusOf(
      aState().runs(aRun().running(1)).deletedJobs(aJob().running(1).complete(32)).gone(summary.uid),
    );
    expect(status).toEqual(statusOf(withJob(aJob().running(1).complete(32))));
  });
  test('waits for the live answer before its missing Job is called deleted', () => {
    expect(statusOf(aState().runs(aRun().running(1)).deletedJobs(aJob().running(1)))).toMatchObject({
      phase: 'Pending',
    });
  });

  const deleted =
    'Job mytask-v1 was deleted before it finished, so its outcome is unknown; deploy again, or create a TaskRun, to run again';
  test('fails where somebody deleted its Job', () => {
    expect(statusOf(aState().runs(aRun().running(1)).deletedJobs(aJob().running(1)).gone(summary.uid))).toEqual({
      phase: 'Failed',
      startTime: rfc3339(1),
      duration: '39s',
      ...jobs('Failed', { succeeded: 0, failed: 0 }),
      ...failedWith('JobDeleted', deleted, 40),
    });
  });
  test('keeps its start and the name of its Job on record where that was deleted unseen', () => {
    expect(statusOf(aState().runs(aRun().running(1)).gone(summary.uid))).toEqual({
      phase: 'Failed',
      startTime: rfc3339(1),
      duration: '39s',
      ...jobs('Failed', {}),
      ...failedWith('JobDeleted', deleted, 40),
    });
  });
  test('never says anything else', () => {
    const finished = aRun().finished('Failed');
    expect(statusOf(withJob(aJob().running(1).complete(32), finished))).toEqual(finished.build().status);
  });
});

describe('a run that another replaces', () => {
  const newer = aTask().revision('app-worker-v2').policy({ unique: false });
  const runs = [aRun().sharing('mytask').running(1), aRun(newer).sharing('mytask')] as const;
  const cancelled = failedWith('Replaced', 'replaced by mytask-v2', 40);

  test('is cancelled while it runs', () => {
    expect(
      statusOf(
        aState(newer)
          .runs(...runs)
          .jobs(aJob(runs[0]).running(1)),
      ),
    ).toEqual({
      phase: 'Cancelled',
      startTime: rfc3339(1),
      duration: '39s',
      jobs: [{ name: 'mytask', uid: summary.uid, phase: 'Cancelled', succeeded: 0, failed: 0 }],
      ...cancelled,
    });
  });
  test('is cancelled before it had a Job', () => {
    expect(statusOf(aState(newer).runs(aRun().sharing('mytask'), runs[1]))).toEqual({
      phase: 'Cancelled',
      ...cancelled,
    });
  });
  test('keeps the outcome that its Job had', () => {
    expect(
      statusOf(
        aState(newer)
          .runs(...runs)
          .jobs(aJob(runs[0]).running(1).complete(32)),
      ),
    ).toMatchObject({ phase: 'Succeeded', duration: '31s' });
  });
});

test('a flow that a person cancels before its first Job has their reason on record, though its items are invalid', () => {
  const invalid = aTask().spec({ suspend: true, items: [{ name: 'a' }, { name: 'a' }] });
  const cancelled = aRun(invalid).spec({ cancel: true, cancelReason: 'wrong version' });
  expect(statusOf(aState(invalid).runs(cancelled))).toMatchObject({
    phase: 'Cancelled',
    reason: 'Cancelled',
    message: 'wrong version',
  });
});

test.each<Partial<Task['spec']>>([{ suspend: true }, { executionPolicy: { concurrencyPolicy: 'Queue' } }])(
  'a flow whose items are invalid fails at once, though %j holds it',
  (spec) => {
    const invalid = aTask()
      .revision('app-worker-v2')
      .spec({ ...spec, items: [{ name: 'a' }, { name: 'a' }] });
    const state = aState(invalid).runs(run.running(1), aRun(invalid)).jobs(aJob().running(1));
    expect(statusOf(state, 'mytask-v2')).toMatchObject({ phase: 'Failed', reason: 'InvalidFlow' });
  },
);
