/**
 * Failures are reported within seconds, in one sentence in the Application's status, and fixed by the next deployment.
 */
import { describe, expect, it } from 'vitest';
import { events, jobs } from '../../controller/src/kube/resources.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { eventually } from '../support/eventually.ts';
import { all, aNamespace, App, client, exits, kubectl, place, prints } from './user.ts';

describe.concurrent('a run that fails', () => {
  it('says its exit code, stays on record, and does not stand in the way of the next deployment', async () => {
    const app = new App(await aNamespace('exit'));
    await app.deploy(exits(3));
    const failed = await app.says(
      /^mytask-v1 Failed after \d+s: exit code 3 in container mytask \(BackoffLimitExceeded\) · 1 kept$/,
    );
    expect(failed.healthy).toBe(false);
    expect(failed.details).toMatchObject({
      active: 'none',
      totals: '0 active, 0 succeeded, 1 failed, 0 cancelled, 1 kept',
    });
    expect((await app.status()).status).toBe('runningWorkflow');
    const told = (await all(events, app.namespace)).filter(({ involvedObject }) => involvedObject.kind === 'Task');
    expect(told.map(({ type, message }) => [type, message])).toContainEqual([
      'Warning',
      expect.stringMatching(/mytask-v1 .*exit code 3/),
    ]);
    await app.deploy(prints('fixed'));
    const fixed = await app.says(/^mytask-v2 Succeeded in \d+s · 2 kept$/);
    expect(fixed.healthy).toBe(true);
    expect(fixed.details?.['history']).toMatch(
      /^mytask-v2 Succeeded .*\nmytask-v1 Failed \(BackoffLimitExceeded\) .* kept$/,
    );
  });

  it('says while it tries again what failed', async () => {
    const app = new App(await aNamespace('again'));
    await app.deploy({ ...exits(3), backoffLimit: 4 });
    await app.says(
      /^mytask-v1 (Pending|Running.*): a pod failed with exit code 3 in container mytask; the Job tries again/,
    );
  });

  it('says that it was killed for its memory', async () => {
    const app = new App(await aNamespace('oom'));
    const annotations = {
      [podAnnotations.duration]: '100ms',
      [podAnnotations.exitCode]: '137',
      [podAnnotations.reason]: 'OOMKilled',
    };
    await app.deploy({
      image: 'busybox:1.36',
      cmd: ['tail', '/dev/zero'],
      memory: '32Mi',
      backoffLimit: 0,
      annotations,
    });
    await app.says(
      /^mytask-v1 Failed after \d+s: OOMKilled \(exit code 137\) in container mytask \(BackoffLimitExceeded\)/,
    );
  });

  it('says that its time was up, and is not kept once Kubernetes has deleted its pods', async () => {
    const app = new App(await aNamespace('deadline'));
    await app.deploy({ ...prints('too slow', 60), activeDeadlineSeconds: 20 });
    const { details = {} } = await app.says(/^mytask-v1 Failed after \d+s: DeadlineExceeded.* · 0 kept$/);
    expect(details['totals']).toBe('0 active, 0 succeeded, 1 failed, 0 cancelled, 0 kept');
    expect(details['lastRun']).not.toContain('kept');
    expect(await app.jobs()).toHaveLength(1);
  });

  it('says that its Job was deleted by somebody, and does not run again', async () => {
    const app = new App(await aNamespace('vanished'));
    await app.deploy(prints('never ends', 600));
    await app.says(/^mytask-v1 Running/);
    await client.delete(jobs, { namespace: app.namespace, name: 'mytask-v1' });
    await app.says(/^mytask-v1 Failed after \d+s: Job mytask-v1 was deleted before it finished/);
    expect(await app.jobs()).toEqual([]);
  });
});

describe.concurrent('a run that cannot start', () => {
  it('says that its image cannot be pulled', async () => {
    const app = new App(await aNamespace('image'));
    const annotations = { [podAnnotations.waiting]: 'ImagePullBackOff' };
    await app.deploy({ image: 'registry.invalid/no/such:1', cmd: ['true'], annotations });
    const stuck = await app.says(/^mytask-v1 Pending: (ErrImagePull|ImagePullBackOff): /);
    expect(stuck.healthy).toBe(false);
    await app.deploy(prints('fixed'));
    await app.says(/^mytask-v2 Succeeded in \d+s · 1 more active · 1 kept$/);
  });

  it('says which quota forbids its pods, and starts once it does not', async () => {
    const app = new App(await aNamespace('quota'));
    await kubectl(['create', 'quota', 'tight', '--hard=pods=0', '-n', app.namespace]);
    await eventually(
      'the quota counts',
      async () =>
        (await kubectl(['get', 'quota', 'tight', '-n', app.namespace, '-o', 'jsonpath={.status.hard.pods}'])) === '0',
    );
    await app.deploy(prints('at last'));
    await app.says(/^mytask-v1 Pending: pods cannot be created: .*exceeded quota: tight/);
    await kubectl(['delete', 'quota', 'tight', '-n', app.namespace]);
    await app.says(/^mytask-v1 Succeeded/, { seconds: 120 });
  });

  it('says that its service account is missing, and starts once it is there', async () => {
    const app = new App(await aNamespace('account'));
    await app.deploy({ ...prints('at last'), serviceAccountName: 'runner' });
    await app.says(/^mytask-v1 Pending: pods cannot be created: .*serviceaccount "runner" not found/);
    await kubectl(['create', 'serviceaccount', 'runner', '-n', app.namespace]);
    await app.says(/^mytask-v1 Succeeded/, { seconds: 120 });
  });

  it.runIf(place.pods === 'real')('says which volume there is not, and starts once there is', async () => {
    const app = new App(await aNamespace('volume'));
    await app.deploy({
      ...prints('mounted'),
      volumes: [{ name: 'config', mountPath: '/config', type: 'configMap', cmName: 'nothing' }],
    });
    await app.says(
      /^mytask-v1 Pending: FailedMount: an event says: MountVolume.SetUp failed for volume "config" : configmap "nothing" not found/,
    );
    await kubectl(['create', 'configmap', 'nothing', '-n', app.namespace, '--from-literal=a=b']);
    await app.succeeded(1, 150);
  });

  it("whose name is that of somebody else's Job gets another and leaves that alone", async () => {
    const app = new App(await aNamespace('taken'));
    await kubectl(['create', 'job', 'mytask-v1', '--image=busybox:1.36', '-n', app.namespace, '--', 'true']);
    const before = await client.get(jobs, { namespace: app.namespace, name: 'mytask-v1' });
    await app.deploy(prints('mine'));
    await app.says(/^mytask-v1(-[0-9a-f]{5})? Succeeded/);
    expect((await app.jobs()).map(({ metadata }) => metadata.name).sort()).toEqual([
      'mytask-v1',
      expect.stringMatching(/^mytask-v1-[0-9a-f]{5}$/),
    ]);
    expect(await client.get(jobs, { namespace: app.namespace, name: 'mytask-v1' })).toMatchObject({
      metadata: { uid: before.metadata.uid, generation: 1 },
    });
  });

  it('says what the API server refuses in its Job', async () => {
    const app = new App(await aNamespace('refused'));
    await app.deploy({ ...prints('never'), podSpec: { hostname: 'Not_A_Name' } });
    await app.says(
      /^mytask-v1 Failed: Job mytask-v1 was refused: .*spec\.template\.spec\.hostname: Invalid value: "Not_A_Name"/,
    );
    await app.deploy(prints('fixed'));
    await app.says(/^mytask-v2 Succeeded/);
  });
});

describe.runIf(place.pods === 'real').concurrent('a pod says who failed, or what it waits for', () => {
  const image = 'busybox:1.36';
  const script = (text: string) => ['sh', '-c', text];
  const fails = { image, cmd: script('echo bad row; exit 3'), backoffLimit: 0 };
  const sleeps = { image, command: script('trap "" TERM; while :; do sleep 1; done') };
  const cases: readonly [what: string, properties: object, sentence: RegExp][] = [
    [
      'a sidecar that is killed last does not get the blame',
      {
        ...fails,
        podSpec: {
          terminationGracePeriodSeconds: 2,
          initContainers: [{ ...sleeps, name: 'proxy', restartPolicy: 'Always' }],
        },
      },
      /^mytask-v1 Failed after \d+s: exit code 3 in container mytask \(BackoffLimitExceeded\) · 1 kept$/,
    ],
    [
      'a program that does not exist is named in the words of the runtime',
      { image, cmd: ['no-such-program'], backoffLimit: 0 },
      /^mytask-v1 Failed after \d+s: StartError in container mytask: exec: "no-such-program": executable file not found in \$PATH/,
    ],
    [
      'a second container that runs on is named',
      {
        ...prints('done'),
        podSpec: { terminationGracePeriodSeconds: 1, containers: [{ ...sleeps, name: 'shipper' }] },
      },
      /^mytask-v1 Running.*: container mytask has ended with 0, the pod waits for container shipper/,
    ],
    [
      'an init container that fails is named',
      {
        ...prints('never'),
        backoffLimit: 0,
        podSpec: { initContainers: [{ image, name: 'wait-db', command: fails.cmd }] },
      },
      /^mytask-v1 Failed after \d+s: exit code 3 in init container wait-db/,
    ],
    [
      'an init container that fails again and again is named while it does',
      {
        ...prints('never'),
        restart: 'OnFailure',
        podSpec: { initContainers: [{ image, name: 'wait-db', command: script('exit 3') }] },
      },
      /^mytask-v1 Pending: .*init container wait-db failed with exit code 3/,
    ],
    [
      'a program tells its last line where its author asks for that',
      { ...fails, podSpec: { containers: [{ name: 'mytask', terminationMessagePolicy: 'FallbackToLogsOnError' }] } },
      /^mytask-v1 Failed after \d+s: exit code 3 in container mytask.*its last line: bad row/,
    ],
  ];
  it.for(cases)('%s', async ([, properties, sentence]) => {
    const app = new App(await aNamespace('pod'));
    await app.deploy({ ...properties });
    await app.says(sentence);
  });
});

describe.concurrent('a mistake in the Application', () => {
  const mistakes: readonly [what: string, properties: object, sentence: RegExp][] = [
    [
      'a misspelt field of executionPolicy',
      { executionPolicy: { keeplast: 3 } },
      /executionPolicy\.keeplast: field not allowed/,
    ],
    ['a misspelt parameter', { backofflimit: 3 }, /backofflimit: field not allowed/],
    [
      'a negative keepLast',
      { executionPolicy: { keepLast: -1 } },
      /spec\.executionPolicy\.keepLast: Invalid value: -1: .*should be greater than or equal to 0/,
    ],
    [
      'a keepLast in words',
      { executionPolicy: { keepLast: 'three' } },
      /executionPolicy\.keepLast: conflicting values .*"three"/,
    ],
    [
      'a nameSuffix in the wrong case',
      { executionPolicy: { nameSuffix: 'revision' } },
      /spec\.executionPolicy\.nameSuffix: Unsupported value: "revision": supported values: "Revision", "Timestamp", "UUID"/,
    ],
    ['an image that is a number', { image: 3 }, /image: conflicting values .*3/],
    [
      'a restart that Jobs do not have',
      { restart: 'Always' },
      /spec\.template\.spec\.restartPolicy: .*cannot have restartPolicy Always: write Never .* or OnFailure/,
    ],
  ];
  it.for(mistakes)('is refused in a sentence: %s', async ([, mistake, sentence]) => {
    const app = new App(await aNamespace('mistake'));
    await app.deploy({ ...prints('never'), ...mistake });
    await app.step(sentence);
    expect(await app.runs()).toEqual([]);
  });

  it('is fixed by the next deployment', async () => {
    const app = new App(await aNamespace('fixed'));
    await app.deploy({ ...prints('never'), executionPolicy: { keepLast: 'three' } });
    await app.step(/keepLast/);
    await app.deploy({ ...prints('fixed'), executionPolicy: { keepLast: 3 } });
    await app.says(/^mytask-v2 Succeeded/);
  });
});
