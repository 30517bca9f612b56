/** The command line against a real API server, with simulated pods; logs are tested end to end, where pods are real. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { cliOf, startCli, type Cli } from '../support/cli.ts';
import { useControlledCluster } from '../support/controlled-cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Room } from '../support/room.ts';

const controlled = useControlledCluster('cli');
const { openRoom } = controlled;

const byHand = { trigger: 'Manual' as const };
const forever = { duration: '1h' };

async function open(): Promise<{ room: Room; cli: Cli }> {
  const room = await openRoom();
  return { room, cli: cliOf(controlled.cluster.sandbox.kubeconfig, room.namespace) };
}

describe.concurrent('looking', () => {
  it('shows a task under each of its names, its runs and one of them', async () => {
    const { room, cli } = await open();
    await room.finish({ revision: 1 });
    expect((await cli('list')).stdout).toMatch(
      /^TASK +PHASE +ACTIVE +KEPT +NEXT +MESSAGE\napp-mytask +Succeeded +0 +1 +- +mytask-v1 Succeeded/,
    );
    for (const name of ['app-mytask', 'app/mytask', 'mytask'])
      expect((await cli('status', name)).stdout).toMatch(
        /^Task +app-mytask\nComponent +app\/mytask\nPhase +Succeeded\n[^]*\nmytask-v1 +Succeeded/,
      );
    expect((await cli('runs', 'mytask')).stdout).toMatch(
      /\nmytask-v1 +Revision app-v1 +Succeeded +- +\d+s ago +\d+s +1 +yes\n$/,
    );
    expect((await cli('describe', 'mytask-v1')).stdout).toMatch(
      /^Run +mytask-v1\n[^]*\nContainer +mytask \(busybox\)\n[^]*\nJOB [^]*\nmytask-v1 +1 +Succeeded +1 +0[^]*\nPOD [^]*\nmytask-v1-\w+ +Succeeded/,
    );
  });

  it('says of a queued run where it waits, since when and for what, and logs -f waits with it', async () => {
    const { room, cli } = await open();
    const task = await room.deploy({ revision: 1, spec: { queue: { name: 'nightly', priorityClass: 'urgent' } } });
    await room.runWhere(
      'mytask-v1',
      'waits and says why',
      ({ phase, reason }) => phase === 'Queued' && reason === 'KueueNotInstalled',
    );
    expect((await cli('runs', 'mytask')).stdout).toMatch(
      /\nmytask-v1 +Revision app-v1 +Queued +KueueNotInstalled +- +- +1 +yes\n$/,
    );
    expect((await cli('describe', 'mytask-v1')).stdout).toMatch(
      /\nPhase +Queued\nReason +KueueNotInstalled\nMessage +queue nightly: Kueue is not installed[^]*\nQueue +nightly \(priority class urgent\)\nWaits since +\d{4}[^]* nightly +\d+s/,
    );
    const reading = startCli(controlled.cluster.sandbox.kubeconfig, room.namespace, ['logs', '-f', 'mytask-v1']);
    await eventually('logs -f says what it waits for', () =>
      Promise.resolve(
        reading
          .stderr()
          .includes('run mytask-v1 waits (Queued KueueNotInstalled: queue nightly: Kueue is not installed') ||
          undefined,
      ),
    );
    await reading.interrupt();
    await room.admit('mytask-v1');
    await room.finished(task);
    expect((await cli('describe', 'mytask-v1')).stdout).toMatch(
      /\nQueue +nightly \(priority class urgent\)\nWaited +\d+s\n/,
    );
  });

  it('shows programs the resources themselves', async () => {
    const { room, cli } = await open();
    await room.finish({ revision: 1 });
    const list = JSON.parse((await cli('list', '-o', 'json')).stdout) as {
      kind: string;
      items: { metadata: object }[];
    };
    expect(list).toMatchObject({
      kind: 'List',
      items: [
        {
          apiVersion: 'task.oam.dev/v1alpha1',
          kind: 'Task',
          metadata: { name: 'app-mytask' },
          status: { phase: 'Succeeded' },
        },
      ],
    });
    expect(list.items[0]?.metadata).not.toHaveProperty('managedFields');
    expect(parse((await cli('describe', 'mytask-v1', '-o', 'yaml')).stdout)).toMatchObject({
      kind: 'TaskRun',
      status: { phase: 'Succeeded' },
    });
  });

  it('says which name it does not know, or which of several is meant', async () => {
    const { room, cli } = await open();
    expect(await cli('list')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining(`there are no tasks in namespace ${room.namespace}`) as string,
    });
    expect(await cli('status', 'nope')).toMatchObject({
      code: 1,
      stderr: `error: task nope does not exist in namespace ${room.namespace}: see \`task-runs list\`, or -A for all namespaces\n`,
    });
    expect(await cli('list', '-n', 'nowhere')).toMatchObject({
      code: 1,
      stderr: 'error: namespace nowhere does not exist: name another with -n\n',
    });
    expect(await cli('status', '../x')).toMatchObject({ code: 2 });
    await room.deploy({ revision: 1, policy: byHand, application: 'one' });
    await room.deploy({ revision: 1, policy: byHand, application: 'two' });
    expect(await cli('status', 'mytask')).toMatchObject({
      code: 1,
      stderr: 'error: 2 tasks match mytask: write one of one-mytask, two-mytask\n',
    });
    expect(await cli('status', 'two/mytask')).toMatchObject({ code: 0 });
  });

  it('tells whoever has no rights which ones to ask for', async () => {
    const { room } = await open();
    const kubeconfig = join(controlled.cluster.directory, 'nobody.kubeconfig');
    await room.kubectl('create', 'serviceaccount', 'nobody');
    const token = (await room.kubectl('create', 'token', 'nobody')).trim();
    const config = parse(await readFile(controlled.cluster.sandbox.kubeconfig, 'utf8')) as {
      users: { user: object }[];
    };
    await writeFile(
      kubeconfig,
      stringify({ ...config, users: config.users.map((user) => ({ ...user, user: { token } })) }),
    );
    const { code, stderr } = await cliOf(kubeconfig, room.namespace)('list');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^error: you may not list Tasks in namespace ${room.namespace} \\(.*\\): ask for the role task-runs-view to read`,
      ),
    );
  });
});

describe.concurrent('run', () => {
  it('makes a run with args and env of its own, in the name of whoever asks', async () => {
    const { room, cli } = await open();
    await room.deploy({ revision: 1, policy: byHand });
    const { code, stdout } = await cli('run', 'mytask', '--arg=--fast', '--arg', 'b c', '--env', 'MODE=a=b');
    expect(code).toBe(0);
    const [, name = ''] = /^run (mytask-\w{5}) of task app-mytask created\n$/.exec(stdout) ?? [];
    const run = await room.runWhere(name, 'succeeds', ({ phase }) => phase === 'Succeeded');
    expect(run.spec).toMatchObject({ trigger: { type: 'Manual', value: expect.stringMatching(/./) as string } });
    expect((await room.get(jobs, name)).spec?.template.spec?.containers[0]).toMatchObject({
      args: ['--fast', 'b c'],
      env: [{ name: 'MODE', value: 'a=b' }],
    });
  });

  it('--wait ends as the task does, though its log cannot be read', async () => {
    const { room, cli } = await open();
    await room.deploy({ revision: 1, policy: byHand });
    expect(await cli('run', 'mytask', '--wait', '--name', 'good')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^run good of task app-mytask created\n[^]*good Succeeded after \d+s\n$/) as string,
    });
    await room.deploy({ revision: 2, policy: byHand, pods: { duration: '50ms', exitCode: '42' } });
    expect(await cli('run', 'mytask', '--wait', '--name', 'bad')).toMatchObject({
      code: 42,
      stderr: expect.stringMatching(/bad Failed after \d+s: exit code 42 in container mytask/) as string,
    });
    expect(await cli('run', 'mytask', '--name', 'bad')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('already exists') as string,
    });
  });

  it('--wait --timeout ends with 124, and the run continues', async () => {
    const { room, cli } = await open();
    await room.deploy({ revision: 1, policy: byHand, pods: forever });
    expect(await cli('run', 'mytask', '--wait', '--timeout', '1s', '--name', 'long')).toMatchObject({
      code: 124,
      stderr: expect.stringContaining(
        'run long has not ended in time and continues: `task-runs cancel long` cancels it',
      ) as string,
    });
    await room.runWhere('long', 'runs', ({ phase }) => phase === 'Running');
  });
});

describe.concurrent('acting', () => {
  it('cancel ends a run and puts on record who and why, once', async () => {
    const { room, cli } = await open();
    await room.run({ revision: 1, pods: forever });
    expect(await cli('cancel', 'mytask-v1', '--reason', 'wrong table')).toMatchObject({
      code: 0,
      stdout: 'run mytask-v1 is being cancelled\n',
    });
    const { status } = await room.runWhere('mytask-v1', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(status?.message).toMatch(/^\S+: wrong table$/);
    expect(await cli('cancel', 'mytask-v1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has already ended (Cancelled)') as string,
    });
  });

  it('suspend holds a task until resume, and says what may undo it', async () => {
    const { room, cli } = await open();
    await room.deploy({ revision: 1, policy: byHand });
    const suspended = await cli('suspend', 'app/mytask');
    expect(suspended).toMatchObject({
      code: 0,
      stdout: 'task app-mytask is suspended: new runs wait, and active runs continue\n',
    });
    expect(suspended.stderr).toContain('write suspend: true into the properties of component mytask');
    expect((await room.get(tasks, 'app-mytask')).spec.suspend).toBe(true);
    await cli('run', 'mytask', '--name', 'held');
    await room.runWhere('held', 'waits', ({ reason }) => reason === 'Suspended');
    expect((await cli('logs', 'held')).stderr).toMatch(/^error: run held has no pods yet \(Pending Suspended: /);
    expect((await cli('resume', 'mytask')).stdout).toBe('task app-mytask is resumed\n');
    await room.runWhere('held', 'succeeds', ({ phase }) => phase === 'Succeeded');
  });

  it('prune deletes finished runs and what they kept, and never an active one', async () => {
    const { room, cli } = await open();
    await room.finish({ revision: 1 });
    await room.finish({ revision: 2 });
    await room.run({ revision: 3, pods: forever });
    expect(await cli('prune', 'mytask')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--keep 10, --older-than 7d, or both') as string,
    });
    expect(await cli('prune', 'mytask', '--keep', '0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pass --yes') as string,
    });
    expect((await cli('prune', 'mytask', '--keep', '0', '--dry-run')).stdout).toMatch(
      /^RUN [^]*\nmytask-v2 [^]*\nmytask-v1 [^]*\n2 runs would be deleted\n$/,
    );
    expect((await cli('prune', 'mytask', '--older-than', '1h', '--yes')).stdout).toContain('nothing was deleted');
    expect(await room.names(taskRuns)).toEqual(['mytask-v1', 'mytask-v2', 'mytask-v3']);
    expect((await cli('prune', 'mytask', '--keep', '1', '--yes')).stdout).toBe('1 run of task app-mytask deleted\n');
    expect((await cli('prune', 'mytask', '--keep', '0', '--yes')).stdout).toBe('1 run of task app-mytask deleted\n');
    expect(await room.names(taskRuns)).toEqual(['mytask-v3']);
    await eventually('their Jobs are gone', async () => (await room.names(jobs)).join() === 'mytask-v3');
  });

  it('completes names of the cluster for a shell', async () => {
    const { room, cli } = await open();
    await room.finish({ revision: 1 });
    const at = ['--kubeconfig', controlled.cluster.sandbox.kubeconfig, '-n', room.namespace];
    expect((await cli('__complete', '--', ...at, 'status', '')).stdout).toBe('app-mytask\n');
    expect((await cli('__complete', '--', ...at, 'logs', 'my')).stdout).toBe('mytask-v1\n');
  });
});
