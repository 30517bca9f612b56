/**
 * What the controller does, against a real API server with simulated nodes: as its own process, with the addon's
 * rights.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from 'kubernetes-types/batch/v1.js';
import { describe, expect, it } from 'vitest';
import { taskRuns, tasks, type TaskObject } from '../../controller/src/cluster/resource-types.ts';
import { controllerUid, type KubeObject, type Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { callsOf } from '../support/calls.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';

const controlled = useControlledCluster('room');
const { openRoom } = controlled;

const forever = { duration: '1h' };

describe.concurrent('a deployment', () => {
  it('becomes a run with a Job of its own, owned all the way and labelled', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1 });
    const [run, job] = [await room.get(taskRuns, 'mytask-v1'), await room.get(jobs, 'mytask-v1')];
    expect([controllerUid(run), controllerUid(job)]).toEqual([task.metadata.uid, run.metadata.uid]);
    const labels = {
      'task.oam.dev/task': 'app-mytask',
      'task.oam.dev/run': 'mytask-v1',
      'app.oam.dev/name': 'app',
      'app.oam.dev/component': 'mytask',
    };
    expect(job.metadata.labels).toMatchObject(labels);
    expect((await room.list(pods))[0]?.metadata.labels).toMatchObject(labels);
    expect(task.status).toMatchObject({
      phase: 'Succeeded',
      totals: { active: 0, succeeded: 1, kept: 1 },
      observedTrigger: { appRevision: 'app-v1', run: 'mytask-v1' },
    });
    expect(task.status?.message).toMatch(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
  });

  it.each([
    ['Revision', /^mytask-v1$/, /^mytask-v2$/],
    ['Timestamp', /^mytask-\d{12}$/, /^mytask-\d{12}(-[0-9a-f]{5})?$/],
    ['UUID', /^mytask-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/, /^mytask-[0-9a-f-]{36}$/],
  ] as const)('is named by nameSuffix %s', async (nameSuffix, first, second) => {
    const room = await openRoom();
    const one = await room.finish({ revision: 1, policy: { nameSuffix } });
    const two = await room.finish({ revision: 2, policy: { nameSuffix } });
    expect(one.status?.observedTrigger?.run).toMatch(first);
    expect(two.status?.observedTrigger?.run).toMatch(second);
    expect(await room.names(jobs)).toEqual([one, two].map(({ status }) => status?.observedTrigger?.run).sort());
  });

  it('runs once for each of five within a second', async () => {
    const room = await openRoom();
    const began = Date.now();
    for (const revision of [1, 2, 3, 4, 5])
      await room.deploy({ revision, command: `command-${revision}`, policy: { keepLast: 5 } });
    const took = Date.now() - began;
    const last = await room.get(tasks, 'app-mytask');
    await room.finished(last);
    expect(await room.runs(), `deployed within ${took} ms`).toEqual(
      [1, 2, 3, 4, 5].map((revision) => `mytask-v${revision} Succeeded`),
    );
    const commands = (await room.list(jobs)).map(
      ({ metadata, spec }) => `${metadata.name} ${spec?.template.spec?.containers[0]?.command?.[0]}`,
    );
    expect(commands.sort()).toEqual([1, 2, 3, 4, 5].map((revision) => `mytask-v${revision} command-${revision}`));
  });

  it('of an older revision, or of a revision whose name came back, runs under a name with a hash', async () => {
    const room = await openRoom();
    for (const [revision, command] of [
      [1, 'one'],
      [2, 'two'],
      [1, 'one'],
      [2, 'other'],
    ] as const)
      await room.finish({ revision, command, policy: { keepLast: 9 } });
    const runs = (await room.list(taskRuns)).sort(
      (a, b) => (a.spec.trigger?.generation ?? 0) - (b.spec.trigger?.generation ?? 0),
    );
    expect(runs.map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{5}$/, '-#'))).toEqual([
      'mytask-v1',
      'mytask-v2',
      'mytask-v1-#',
      'mytask-v2-#',
    ]);
    expect(await room.names(jobs)).toEqual(runs.map(({ metadata }) => metadata.name).sort());
  });

  it('of two Applications with a component of the same name runs once for each', async () => {
    const room = await openRoom();
    const [one, two] = [
      await room.finish({ application: 'one', revision: 1 }),
      await room.finish({ application: 'two', revision: 1 }),
    ];
    expect(one.status?.observedTrigger?.run).toBe('mytask-v1');
    expect(two.status?.observedTrigger?.run).toMatch(/^mytask-v1-[0-9a-f]{5}$/);
    expect([one, two].map(({ status }) => status?.phase)).toEqual(['Succeeded', 'Succeeded']);
  });

  it('with trigger Change runs only when what runs changed', async () => {
    const room = await openRoom();
    const policy = { trigger: 'Change' } as const;
    await room.finish({ revision: 1, command: 'one', policy });
    const same = await room.finish({ revision: 2, command: 'one', policy });
    expect(same.status?.observedTrigger).toMatchObject({ appRevision: 'app-v2', run: 'mytask-v1' });
    await room.finish({ revision: 3, command: 'two', policy });
    expect(await room.runs()).toEqual(['mytask-v1 Succeeded', 'mytask-v3 Succeeded']);
  });

  it('with trigger Manual runs nothing and is healthy', async () => {
    const room = await openRoom();
    const task = await room.where(
      await room.deploy({ revision: 1, policy: { trigger: 'Manual' } }),
      'is idle',
      ({ phase }) => phase === 'Idle',
    );
    expect(task.status?.conditions).toEqual([expect.objectContaining({ type: 'Ready', status: 'True' })]);
    expect(await room.runs()).toEqual([]);
  });
});

describe.concurrent('what is kept', () => {
  it('is keepLast successful runs, keepLastFailed failed ones, and historyLimit records', async () => {
    const room = await openRoom();
    const policy = { keepLast: 2, keepLastFailed: 1, historyLimit: 3 };
    for (const [index, exitCode] of ['0', '0', '0', '1', '1'].entries())
      await room.finish({ revision: index + 1, policy, pods: { exitCode } });
    await eventually('the rest goes', async () => {
      expect(await room.names(jobs)).toEqual(['mytask-v2', 'mytask-v3', 'mytask-v5']);
      expect(await room.runs()).toEqual([
        'mytask-v2 Succeeded',
        'mytask-v3 Succeeded',
        'mytask-v4 Failed BackoffLimitExceeded',
        'mytask-v5 Failed BackoffLimitExceeded',
      ]);
      return true;
    });
    const { status } = await room.get(tasks, 'app-mytask');
    expect(status?.lastRuns?.map(({ name, kept }) => `${name} ${kept}`)).toEqual([
      'mytask-v5 true',
      'mytask-v4 false',
      'mytask-v3 true',
      'mytask-v2 true',
    ]);
    await eventually('pods go with their Jobs', async () => (await room.list(pods)).length === 3);
  });

  it('goes by age with ttlSecondsAfterFinished, and stays on record', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1, policy: { ttlSecondsAfterFinished: 2 } });
    await room.where(task, 'keeps nothing', ({ totals }) => totals?.kept === 0);
    expect([await room.names(jobs), await room.runs()]).toEqual([[], ['mytask-v1 Succeeded']]);
    const { startTime, completionTime, jobs: [job] = [] } = (await room.get(taskRuns, 'mytask-v1')).status ?? {};
    expect([startTime, completionTime, job?.succeeded]).toEqual([expect.any(String), expect.any(String), 1]);
  });

  it('is one Job under one name with unique: false, replaced when what runs changed', async () => {
    const room = await openRoom();
    const policy = { unique: false };
    await room.run({ revision: 1, command: 'one', pods: forever, policy });
    const before = await room.get(jobs, 'mytask');
    await room.finish({ revision: 2, command: 'two', policy });
    const after = await room.get(jobs, 'mytask');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(await room.runs()).toEqual(['mytask-v1 Cancelled Replaced', 'mytask-v2 Succeeded']);
    await room.finish({ revision: 3, command: 'two', policy });
    expect((await room.get(jobs, 'mytask')).metadata.uid).toBe(after.metadata.uid);
    expect(await room.names(jobs)).toEqual(['mytask']);
  });
});

describe.concurrent('healthyWhen', () => {
  const ready = ({ conditions = [] }: NonNullable<TaskObject['status']>) =>
    conditions.find(({ type }) => type === 'Ready')?.status;

  it('Started is Ready while the run goes on', async () => {
    const room = await openRoom();
    const task = await room.run({ revision: 1, pods: forever, policy: { healthyWhen: 'Started' } });
    expect(ready(task.status ?? {})).toBe('True');
    await room.delete(tasks, 'app-mytask'); // what runs is not at rest, and a test below wants all at rest
  });

  it('Succeeded is Ready when the run has succeeded', async () => {
    const room = await openRoom();
    const task = await room.run({ revision: 1, pods: { duration: '4s' } });
    expect(ready(task.status ?? {})).toBe('False');
    expect(ready((await room.finished(task)).status ?? {})).toBe('True');
  });
});

describe.concurrent('when somebody deletes', () => {
  it('the Job of an active run, the run failed with JobDeleted and is not started again', async () => {
    const room = await openRoom();
    const task = await room.run({ revision: 1, pods: forever });
    await room.delete(jobs, 'mytask-v1');
    const after = await room.where(task, 'has failed', ({ phase }) => phase === 'Failed');
    expect(after.status?.message).toMatch(
      /^mytask-v1 Failed after \d+s: Job mytask-v1 was deleted before it finished, so its outcome is unknown; deploy again, or create a TaskRun, to run again · 0 kept$/,
    );
    await room.finish({ revision: 2 });
    expect(await room.runs()).toEqual(['mytask-v1 Failed JobDeleted', 'mytask-v2 Succeeded']);
    expect(await room.names(jobs)).toEqual(['mytask-v2']);
  });

  it('the TaskRun of a finished run, it is forgotten and not run again', async () => {
    const room = await openRoom();
    const task = await room.finish({ revision: 1 });
    await room.delete(taskRuns, 'mytask-v1');
    const after = await room.where(task, 'has forgotten it', ({ totals }) => totals?.succeeded === 0);
    expect(after.status).toMatchObject({ phase: 'Succeeded', message: 'mytask-v1 is no longer on record · 0 kept' });
    await eventually(
      'its Job and pods go',
      async () => (await room.list(jobs)).length + (await room.list(pods)).length === 0,
    );
    expect(await room.runs()).toEqual([]);
  });

  it('the TaskRun of an active run, its Job goes and it is not run again', async () => {
    const room = await openRoom();
    const task = await room.run({ revision: 1, pods: forever });
    await room.delete(taskRuns, 'mytask-v1');
    await room.where(task, 'is cancelled', ({ phase }) => phase === 'Cancelled');
    await eventually(
      'its Job and pods go',
      async () => (await room.list(jobs)).length + (await room.list(pods)).length === 0,
    );
    expect(await room.runs()).toEqual([]);
  });

  it('the Task of an active run, everything goes', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, pods: forever });
    await room.delete(tasks, 'app-mytask');
    await eventually(
      'nothing is left',
      async () =>
        (await room.list(taskRuns)).length + (await room.list(jobs)).length + (await room.list(pods)).length === 0,
    );
    await room.finish({ revision: 1 });
    expect(await room.runs(), 'a new Task of the same name starts fresh').toEqual(['mytask-v1 Succeeded']);
  });
});

describe.concurrent('kubectl', () => {
  it('get vtask,vrun reads well', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1 });
    await room.finish({ revision: 2, pods: { exitCode: '3' } });
    const [task = '', run = ''] = (await room.kubectl('get', 'vtask,vrun')).split('\n\n');
    expect(task).toMatch(/^NAME\s+PHASE\s+/);
    expect(task).toMatch(/task\.task\.oam\.dev\/app-mytask\s+Failed\s/);
    expect(run).toMatch(/taskrun\.task\.oam\.dev\/mytask-v1\s+app-mytask\s+app-v1\s+Succeeded\s/);
    expect(run).toMatch(/taskrun\.task\.oam\.dev\/mytask-v2\s+app-mytask\s+app-v2\s+Failed\s+BackoffLimitExceeded\s/);
  });

  it('describe vtask tells what happened', async () => {
    const room = await openRoom();
    await room.finish({ revision: 1 });
    await room.finish({ revision: 2, pods: { exitCode: '3' } });
    const text = await eventually('both events', async () => {
      const described = await room.kubectl('describe', 'vtask', 'app-mytask');
      return /mytask-v2 Failed/.test(described.split('Events:')[1] ?? '') && described;
    });
    expect(text).toMatch(/Normal\s+Succeeded\s+\S+\s+task-runs\s+mytask-v1 Succeeded after \d+s/);
    expect(text).toMatch(
      /Warning\s+BackoffLimitExceeded\s+\S+\s+task-runs\s+mytask-v2 Failed after \d+s: exit code 3 in container mytask \(BackoffLimitExceeded\)/,
    );
  });

  it('wait --for=condition=Complete and =Failed works on a run', async () => {
    const room = await openRoom();
    await room.deploy({ revision: 1 });
    await eventually('the run is there', async () => (await room.names(taskRuns)).length === 1);
    await room.kubectl('wait', '--for=condition=Complete', 'vrun/mytask-v1', '--timeout=60s');
    await room.deploy({ revision: 2, pods: { exitCode: '1' } });
    await eventually('the run is there', async () => (await room.names(taskRuns)).length === 2);
    await room.kubectl('wait', '--for=condition=Failed', 'vrun/mytask-v2', '--timeout=60s');
  });
});

describe('the controller', () => {
  it('makes no call while all is at rest', async () => {
    await eventually('no key waits', async () => {
      const before = await callsOf(controlled.controller);
      await delay(1_000);
      return JSON.stringify(await callsOf(controlled.controller)) === JSON.stringify(before);
    });
    const before = await callsOf(controlled.controller);
    await delay(10_000); // the length of time is what is tested
    expect(await callsOf(controlled.controller)).toEqual(before);
  });

  it('that starts again adopts what runs and what has ended meanwhile', async () => {
    const room = await openRoom();
    await room.run({ revision: 1, component: 'long', pods: forever });
    await room.run({ revision: 1, component: 'short', pods: { duration: '4s' } });
    const before = (await room.list(jobs)).map(uid);
    await controlled.killController();
    await eventually('the short one ends', async () => isComplete(await room.get(jobs, 'short-v1')));
    await controlled.startController();
    await room.finished(await room.get(tasks, 'app-short'));
    expect(await room.runs()).toEqual(['long-v1 Running', 'short-v1 Succeeded']);
    expect((await room.list(jobs)).map(uid)).toEqual(before);
  });

  it('that starts again puts on record what was deployed and replaced meanwhile', async () => {
    const room = await openRoom();
    const policy = { concurrencyPolicy: 'Forbid' as const };
    await room.finish({ revision: 1, policy });
    await controlled.killController();
    for (const revision of [2, 3, 4]) await room.deploy({ revision, policy });
    await controlled.startController();
    const task = await room.finished(await room.get(tasks, 'app-mytask'));
    expect(await room.runs()).toEqual([
      'mytask-v1 Succeeded',
      'mytask-v4 Succeeded',
      expect.stringMatching(/^mytask-v4-\w+ Skipped Superseded$/),
    ]);
    expect(task.status?.message).toMatch(/^mytask-v4 Succeeded in \d+s · 2 deployments before it not seen · 2 kept$/);
    const record = (await room.list(taskRuns)).find(({ status }) => status?.phase === 'Skipped');
    expect(record?.status?.message).toBe(
      'no controller saw 2 deployments between app-v1 and app-v4, so nothing of that ran; deploy it again to run it',
    );
    await eventually('the event', async () =>
      /Warning\s+Superseded/.test(await room.kubectl('describe', 'vtask', 'app-mytask')),
    );
  });

  it('goes on after the API server was killed', async () => {
    const room = await openRoom();
    const running = await room.run({ revision: 1, component: 'running', pods: { duration: '6s' } });
    const { parts } = await controlled.cluster.sandbox.state();
    const pid = parts.find(({ name }) => name === 'kube-apiserver')?.pid;
    if (pid === undefined) throw new Error(`no kube-apiserver among ${parts.map(({ name }) => name).join(', ')}`);
    process.kill(pid, 'SIGKILL');
    await eventually('it is back', () => room.deploy({ revision: 1, component: 'next' }), { seconds: 90 });
    await room.finished(await room.get(tasks, 'app-next'));
    await room.finished(running);
    expect(await room.runs()).toEqual(['next-v1 Succeeded', 'running-v1 Succeeded']);
    expect(controlled.controller.lines.filter(({ level }) => level === 'fatal')).toEqual([]);
  });
});

const uid = ({ metadata }: Stored<KubeObject>): string => metadata.uid;
const isComplete = ({ status }: Stored<Job>): boolean =>
  status?.conditions?.some(({ type }) => type === 'Complete') ?? false;
