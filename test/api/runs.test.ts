/**
 * Runs that something else than a deployment asks for, and what becomes of those that cannot run at once, against a
 * real API server with simulated nodes: the controller as its own process, with the addon's rights.
 */
import type { Job } from 'kubernetes-types/batch/v1.js';
import { describe, expect, it } from 'vitest';
import { taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { controllerUid, type Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';

const { openRoom } = useControlledCluster('runs');

const container = (job: Stored<Job>) => job.spec?.template.spec?.containers[0];
const forever = { duration: '1h' };
const byHand = { trigger: 'Manual' as const };

describe.concurrent('a TaskRun that a person makes', () => {
  it('runs the task as it is now, with other args and env', async () => {
    const room = await openRoom();
    const task = await room.deploy({ revision: 1, policy: byHand });
    await room.ask('again', { overrides: { args: ['--fast'], env: [{ name: 'MODE', value: 'dry' }] } });
    const run = await room.runWhere('again', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(run.spec).toMatchObject({ trigger: { type: 'Manual' }, snapshot: { generation: 1 } });
    expect(controllerUid(run)).toBe(task.metadata.uid);
    expect(container(await room.get(jobs, 'again'))).toMatchObject({
      command: ['true'],
      args: ['--fast'],
      env: [{ name: 'MODE', value: 'dry' }],
    });
    expect(
      (await room.where(task, 'says so', ({ message }) => message?.startsWith('again Succeeded') === true)).status
        ?.totals,
    ).toMatchObject({ succeeded: 1, kept: 1 });
  });

  it('waits for a Task that is not there yet, and says so', async () => {
    const room = await openRoom();
    await room.ask('early');
    const { status } = await room.runWhere('early', 'is told', ({ reason }) => reason === 'TaskNotFound');
    expect(status).toMatchObject({
      phase: 'Pending',
      message: `there is no Task app-mytask in namespace ${room.namespace}; apply it, or delete this TaskRun`,
    });
    await room.deploy({ revision: 1, policy: byHand });
    await room.runWhere('early', 'succeeds', ({ phase }) => phase === 'Succeeded');
  });

  it('fails where the Task does not allow what it overrides', async () => {
    const room = await openRoom();
    await room.deploy({ revision: 1, policy: { ...byHand, allowedOverrides: ['env'] } });
    await room.ask('bold', { overrides: { args: ['--all'] } });
    const { status } = await room.runWhere('bold', 'fails', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'OverrideNotAllowed',
      message: 'spec.overrides.args: the Task does not allow it (allowedOverrides: env); create a TaskRun without',
    });
    expect(await room.names(jobs)).toEqual([]);
  });

  it('is cancelled by spec.cancel: its pods go, and it stays on record with who and why', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, pods: forever });
    await room.kubectl(
      'patch',
      'taskrun',
      'mytask-v1',
      '--type=merge',
      '-p',
      '{"spec":{"cancel":true,"cancelReason":"wrong data"}}',
    );
    const { status } = await room.runWhere('mytask-v1', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(status).toMatchObject({ reason: 'Cancelled', message: 'wrong data' });
    await eventually(
      'Job and pods are gone',
      async () => (await room.names(jobs)).length + (await room.names(pods)).length === 0,
    );
  });

  it('cannot be cancelled once it has finished, nor be resumed once it is cancelled', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1 });
    const patch = (cancel: boolean) =>
      room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', JSON.stringify({ spec: { cancel } }));
    await expect(patch(true)).rejects.toThrow(
      /the run has finished, so it cannot be cancelled; delete the TaskRun to remove the record/,
    );
    await room.run({ revision: 2, pods: forever });
    await room.kubectl('patch', 'taskrun', 'mytask-v2', '--type=merge', '-p', '{"spec":{"cancel":true}}');
    const { status } = await room.runWhere('mytask-v2', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(status?.message).toBe('cancelled (spec.cancel)');
    await expect(
      room.kubectl('patch', 'taskrun', 'mytask-v2', '--type=merge', '-p', '{"spec":{"cancel":false}}'),
    ).rejects.toThrow(/a cancelled run stays cancelled; create another TaskRun to run again/);
  });

  it('is forgotten with its Job when it is deleted, and does not come back', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1 });
    await room.delete(taskRuns, 'mytask-v1');
    await eventually('the Job is gone', async () => (await room.names(jobs)).length === 0);
    await room.where(task, 'counts none', ({ totals }) => totals?.succeeded === 0);
    expect(await room.runs()).toEqual([]);
  });
});

describe.concurrent('a suspended Task', () => {
  it('holds new runs and says so, lets the active one go on, and starts them when it is resumed', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, pods: { duration: '5s' } });
    await room.deploy({ revision: 2, spec: { suspend: true } });
    await room.ask('by-hand');
    const held = await room.where(
      await room.get(tasks, 'app-mytask'),
      'holds two',
      ({ totals }) => totals?.queued === 2 && totals.succeeded === 1,
    );
    expect(held.status?.message).toMatch(
      /^suspended · (by-hand|mytask-v2) Pending: Task app-mytask is suspended; set suspend to false to start the run · 1 waiting · 1 kept$/,
    );
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
    await room.kubectl('patch', 'task', 'app-mytask', '--type=merge', '-p', '{"spec":{"suspend":false}}');
    await room.runWhere('by-hand', 'succeeds', ({ phase }) => phase === 'Succeeded');
    await room.runWhere('mytask-v2', 'succeeds', ({ phase }) => phase === 'Succeeded');
  });
});

describe.concurrent('while a run is active, concurrencyPolicy', () => {
  const two = async (concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace' | 'Queue') => {
    const room = await openRoom();
    const policy = { concurrencyPolicy };
    await room.run({ revision: 1, policy, pods: { duration: '6s' } });
    const task = await room.deploy({ revision: 2, policy });
    return { room, task };
  };

  it('Allow starts the next', async () => {
    const { room } = await two('Allow');
    await room.runWhere('mytask-v2', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(await room.runs()).toEqual(['mytask-v1 Running', 'mytask-v2 Succeeded']);
  });

  it('Forbid skips the next, on record and with the reason', async () => {
    const { room, task } = await two('Forbid');
    const { status } = await room.where(task, 'has skipped', ({ totals }) => totals?.skipped === 1);
    expect(status?.message).toBe(
      'mytask-v1 Running · mytask-v2 Skipped: mytask-v1 is active (concurrencyPolicy: Forbid) · 0 kept',
    );
    expect(await room.runs()).toEqual(['mytask-v1 Running', 'mytask-v2 Skipped ConcurrencyForbidden']);
    await room.runWhere('mytask-v1', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
  });

  it('Replace ends it, and starts the next once its pods are gone', async () => {
    const { room } = await two('Replace');
    await room.runWhere('mytask-v2', 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(await room.runs()).toEqual(['mytask-v1 Cancelled Replaced', 'mytask-v2 Succeeded']);
    expect(await room.names(jobs)).toEqual(['mytask-v2']);
  });

  it('Queue lets the next wait, and runs each in turn as it was when it was asked for', async () => {
    const { room, task } = await two('Queue');
    await room.where(task, 'queues', ({ phase }) => phase === 'Queued');
    await room.deploy({ revision: 3, command: 'other', policy: { concurrencyPolicy: 'Queue' } });
    expect((await room.runWhere('mytask-v2', 'waits', ({ phase }) => phase === 'Queued')).status?.message).toBe(
      'waits for mytask-v1 (concurrencyPolicy: Queue)',
    );
    await room.runWhere('mytask-v3', 'succeeds', ({ phase }) => phase === 'Succeeded');
    const ran = (await room.list(jobs)).sort(
      (a, b) => Date.parse(a.status?.startTime ?? '') - Date.parse(b.status?.startTime ?? ''),
    );
    expect(ran.map((job) => `${job.metadata.name} ${container(job)?.command?.[0]}`)).toEqual([
      'mytask-v1 true',
      'mytask-v2 true',
      'mytask-v3 other',
    ]);
  });

  it('Queue skips what is more than may wait', async () => {
    const room = await openRoom();
    const policy = { concurrencyPolicy: 'Queue' as const, queueLimit: 1 };
    await room.run({ revision: 1, policy, pods: forever });
    await room.deploy({ revision: 2, policy });
    await room.runWhere('mytask-v2', 'waits', ({ phase }) => phase === 'Queued').catch(() => undefined);
    await room.deploy({ revision: 3, policy });
    const { status } = await room.runWhere('mytask-v3', 'is skipped', ({ phase }) => phase === 'Skipped');
    expect(status).toMatchObject({ reason: 'QueueFull', message: '1 runs wait already (queueLimit: 1)' });
  });
});

describe.concurrent('a run that fails', () => {
  const failing = { duration: '50ms', exitCode: '3' };

  it('is retried as often as retry says, each attempt with a Job of its own', async () => {
    const room = await openRoom();
    const spec = { retry: { limit: 2, delaySeconds: 1, backoff: 'Constant' as const } };
    await room.deploy({ revision: 1, pods: failing, spec });
    const waiting = await room.runWhere(
      'mytask-v1',
      'waits for its next attempt',
      ({ reason }) => reason === 'RetryBackoff',
    );
    expect(waiting.status?.message).toMatch(
      /^attempt \d of 3 failed: exit code 3 in container mytask \(BackoffLimitExceeded\); the next one starts at \d\d:\d\d:\d\d UTC$/,
    );
    const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({ attempts: 3, reason: 'BackoffLimitExceeded' });
    expect(status?.jobs?.map(({ name, phase, exitCode }) => [name, phase, exitCode])).toEqual(
      ['', '-r1', '-r2'].map((suffix) => [`mytask-v1${suffix}`, 'Failed', 3]),
    );
    expect(await room.names(jobs)).toEqual(['mytask-v1', 'mytask-v1-r1', 'mytask-v1-r2']);
  });

  it('can be cancelled while it waits for its next attempt', async () => {
    const room = await openRoom();
    await room.deploy({ revision: 1, pods: failing, spec: { retry: { limit: 5, delaySeconds: 3_600 } } });
    await room.runWhere('mytask-v1', 'waits for its next attempt', ({ reason }) => reason === 'RetryBackoff');
    await room.kubectl('patch', 'taskrun', 'mytask-v1', '--type=merge', '-p', '{"spec":{"cancel":true}}');
    await room.runWhere('mytask-v1', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    await eventually('its Job is gone', async () => (await room.names(jobs)).length === 0);
  });

  it('ends with timeoutSeconds, attempts and all', async () => {
    const room = await openRoom();
    await room.deploy({
      revision: 1,
      pods: forever,
      spec: { timeoutSeconds: 2, retry: { limit: 3, delaySeconds: 1 } },
    });
    const { status } = await room.runWhere('mytask-v1', 'fails', ({ phase }) => phase === 'Failed');
    expect(status).toMatchObject({ reason: 'DeadlineExceeded' });
    expect(await room.names(jobs)).toEqual(['mytask-v1']);
  });
});

describe.concurrent('outputs', () => {
  const outputs = [
    { name: 'rows', type: 'integer' as const },
    { name: 'note', required: false },
  ];

  it('are what the container wrote, on record of run and Task', async () => {
    const room = await openRoom();
    const task = await room.finish({
      revision: 1,
      pods: { message: '{"rows": 42, "secret": "not declared"}' },
      spec: { outputs },
    });
    expect((await room.get(taskRuns, 'mytask-v1')).status?.outputs).toEqual({ rows: 42 });
    expect(task.status?.outputs).toEqual({ rows: 42 });
  });

  it('that are missing or wrong fail the run, with the reason', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1, pods: { message: '{"rows": "many"}' }, spec: { outputs } });
    expect((await room.get(taskRuns, 'mytask-v1')).status).toMatchObject({
      phase: 'Failed',
      reason: 'OutputsInvalid',
      message: 'output rows must be of type integer, not string',
    });
    await room.finish({ revision: 2, spec: { outputs } });
    expect((await room.get(taskRuns, 'mytask-v2')).status?.message).toBe(
      'the run wrote no outputs to the termination message (/dev/termination-log); rows must be there',
    );
  });
});

describe.concurrent('a schedule', () => {
  it('runs the task at each of its times, under names that carry them, and the component is healthy meanwhile', async () => {
    const room = await openRoom();
    const task = await room.deploy({
      revision: 1,
      spec: { schedule: { crons: ['* * * * *'], timeZone: 'Europe/Berlin' } },
    });
    const { status } = await room.where(task, 'is scheduled', ({ nextScheduleTime }) => nextScheduleTime !== undefined);
    expect(status?.message).toMatch(/^no run yet · 0 kept · next \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
    const due = status?.nextScheduleTime ?? '';
    const name = `mytask-${due.replace(/\D/g, '').slice(0, 12)}`;
    const run = await eventually('the run is there', () => room.get(taskRuns, name), { seconds: 65 });
    expect(run.spec.trigger).toMatchObject({ type: 'Schedule', scheduledTime: due });
    const job = await eventually('the Job is there', () => room.get(jobs, name));
    expect(Date.parse(job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '')).toBe(
      Date.parse(due),
    );
    expect(Date.parse(job.metadata.creationTimestamp) - Date.parse(due)).toBeLessThan(5_000);
    await room.where(
      task,
      'says when it was',
      ({ lastScheduleTime, lastSuccessfulTime }) => lastScheduleTime === due && lastSuccessfulTime !== undefined,
    );
  });

  it('that is invalid is reported once, and can be fixed', async () => {
    const room = await openRoom();
    const task = await room.deploy({ revision: 1, spec: { schedule: { crons: ['61 * * * *'] } } });
    const { status } = await room.where(
      task,
      'is stalled',
      ({ conditions }) => conditions?.some(({ reason }) => reason === 'InvalidSchedule') === true,
    );
    expect(status?.message).toContain('61 * * * *');
    await eventually(
      'an event tells it, once',
      async () => (await room.events()).filter((event) => event.startsWith('InvalidSchedule')).length === 1,
    );
    const fixed = await room.deploy({ revision: 2, spec: { schedule: { crons: ['1 * * * *'] } } });
    await room.where(
      fixed,
      'is scheduled',
      ({ nextScheduleTime, conditions }) => nextScheduleTime !== undefined && conditions?.length === 1,
    );
  });

  it.each([
    [{ crons: ['TZ=UTC * * * * *'] }, /write it into schedule\.timeZone/],
    [
      { crons: ['* * * * *'], startingDeadlineSeconds: -1 },
      /schedule\.startingDeadlineSeconds.*should be greater than or equal to 0/,
    ],
  ])('%j is refused by the API server, with the remedy', async (schedule, words) => {
    const room = await openRoom();
    await expect(room.deploy({ revision: 1, spec: { schedule } })).rejects.toThrow(words);
  });
});
