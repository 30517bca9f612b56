/** Runs on time and on demand, one at a time, tried again, stopped, with outputs: real pods where there are any. */
import { describe, expect, it } from 'vitest';
import { taskRuns, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import { taskName } from '../../controller/src/domain/policies/task-name.ts';
import type { Stored } from '../../controller/src/kube/objects.ts';
import { jobs, pods } from '../../controller/src/kube/resources.ts';
import { apiVersion } from '../../controller/src/resources/index.ts';
import { podAnnotations } from '../../sandbox/src/programs/kwok-stages.ts';
import { eventually } from '../support/eventually.ts';
import { all, aNamespace, App, client, exits, kubectl, output, place, prints } from './user.ts';

const realPods = place.pods === 'real';

/** A person's TaskRun of an Application's task. */
async function ask({ namespace, name: app, component }: App, name: string, spec: object = {}): Promise<void> {
  const run = {
    apiVersion,
    kind: 'TaskRun',
    metadata: { name, namespace },
    spec: { taskRef: { name: taskName(app, component) }, ...spec },
  };
  await kubectl(['create', '-f', '-'], { input: run });
}

function runWhere({ namespace }: App, name: string, phase: string, seconds = 60): Promise<Stored<TaskRunObject>> {
  return eventually(
    `run ${name} is ${phase}`,
    async () => {
      const run = await client.get(taskRuns, { namespace, name });
      if (run.status?.phase !== phase) throw new Error(JSON.stringify(run.status));
      return run;
    },
    { seconds },
  );
}

const cancel = ({ namespace }: App, name: string, why: string) =>
  kubectl([
    'patch',
    'vrun',
    name,
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { cancel: true, cancelReason: why } }),
  ]);

describe.concurrent('on time', () => {
  it('a task with a schedule is healthy once it is scheduled, and runs at its time', async () => {
    const app = new App(await aNamespace('schedule'));
    await app.deploy({ ...prints('on time'), schedule: { cron: '* * * * *', timeZone: 'Europe/Berlin' } });
    const scheduled = await app.says(/^no run yet · 0 kept · next \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(scheduled.healthy).toBe(true);
    const ran = await app.says(/^mytask-\d{12} Succeeded in \d+s · 1 kept · next /, { seconds: 90 });
    const [name = ''] = /^mytask-\d{12}/.exec(ran.message ?? '') ?? [];
    expect(
      (await client.get(jobs, { namespace: app.namespace, name })).metadata.annotations?.[
        'batch.kubernetes.io/cronjob-scheduled-timestamp'
      ],
    ).toMatch(/\+0[12]:00$/);
    if (realPods) expect(await output(app.namespace, name)).toBe('on time\n');
  });

  it("a cron-task runs as KubeVela's does, as runs with a history", async () => {
    const namespace = await aNamespace('cron');
    const app = new App(namespace);
    await app.deploy({ ...prints('as before'), schedule: '* * * * *' }, { type: 'cron-task' });
    await app.says(/^mytask-\d{12} Succeeded in \d+s · 1 kept · next /, { seconds: 100 });
    expect(await all(jobs, namespace)).toHaveLength(1);
  });
});

describe.concurrent('a mistake', () => {
  const said: readonly [what: string, properties: object, sentence: RegExp][] = [
    [
      'a date that never comes',
      { schedule: { cron: '0 0 31 2 *' } },
      /^the schedule "0 0 31 2 \*" names a day that never comes; fix its day-of-month or month · 0 kept$/,
    ],
    [
      'an unknown zone',
      { schedule: { cron: '@daily', timeZone: 'Mars' } },
      /^schedule\.timeZone "Mars" is not a time zone: write one of the IANA database, such as Europe\/Berlin/,
    ],
  ];
  it.for(said)('is reported in the status, and can be fixed: %s', async ([, properties, sentence]) => {
    const app = new App(await aNamespace('bad-time'));
    await app.deploy({ ...prints('never'), ...properties });
    expect((await app.says(sentence)).healthy).toBe(false);
    await app.deploy({ ...prints('never'), schedule: { cron: '@yearly' } });
    expect((await app.says(/^no run yet · 0 kept · next \d{4}-01-01 00:00 UTC$/)).healthy).toBe(true);
  });

  const refused: readonly [what: string, properties: object, sentence: RegExp][] = [
    [
      'a zone inside the schedule',
      { schedule: { cron: 'TZ=UTC 0 0 * * *' } },
      /a schedule cannot name a time zone: write it into schedule\.timeZone/,
    ],
    [
      'a negative deadline',
      { schedule: { cron: '@daily', startingDeadlineSeconds: -1 } },
      /startingDeadlineSeconds: Invalid value: -1: .*should be greater than or equal to 0/,
    ],
    [
      'a retry without end',
      { retry: { limit: 1000 } },
      /retry\.limit: Invalid value: 1000: .*should be less than or equal to 100/,
    ],
  ];
  it.for(refused)('is refused in a sentence: %s', async ([, properties, sentence]) => {
    const app = new App(await aNamespace('refused'));
    await app.deploy({ ...prints('never'), ...properties });
    await app.step(sentence);
  });
});

describe.concurrent('on demand', () => {
  it('a person runs a task again with another env, and stops it', async () => {
    const app = new App(await aNamespace('demand'));
    const command = {
      cmd: ['sh', '-c', 'echo mode $MODE; sleep $SECONDS_TO_SLEEP'],
      env: [
        { name: 'MODE', value: 'full' },
        { name: 'SECONDS_TO_SLEEP', value: '0' },
      ],
    };
    await app.deploy({ ...prints('', 2), ...command, executionPolicy: { trigger: 'Manual' } });
    await app.says(/^no run yet · 0 kept$/);
    await ask(app, 'dry', { overrides: { env: [{ name: 'MODE', value: 'dry' }] } });
    await runWhere(app, 'dry', 'Succeeded');
    if (realPods) expect(await output(app.namespace, 'dry')).toBe('mode dry\n');
    await app.says(/^dry Succeeded in \d+s · 1 kept$/);
    await app.deploy({ ...prints('', 600), ...command, executionPolicy: { trigger: 'Manual' } });
    await ask(app, 'long', { overrides: { env: [{ name: 'SECONDS_TO_SLEEP', value: '600' }] } });
    await runWhere(app, 'long', 'Running');
    await cancel(app, 'long', 'Ann: enough');
    await runWhere(app, 'long', 'Cancelled');
    await app.says(/^long Cancelled after \d+s: Ann: enough · 1 kept$/);
    await eventually(
      'its pods are gone',
      async () => (await all(pods, app.namespace, 'task.oam.dev/run=long')).length === 0,
    );
  });

  it('who may only run may run and cancel, and change nothing else', async () => {
    const app = new App(await aNamespace('runner'));
    await app.deploy({ ...prints('ran'), executionPolicy: { trigger: 'Manual' } });
    await app.says(/^no run yet/);
    await kubectl([
      'create',
      'rolebinding',
      'runners',
      '--clusterrole=task-runs-run',
      '--user=ann',
      '-n',
      app.namespace,
    ]);
    const asAnn = ['--as=ann', '-n', app.namespace];
    const run = {
      apiVersion,
      kind: 'TaskRun',
      metadata: { name: 'by-ann' },
      spec: { taskRef: { name: 'app-worker-mytask' } },
    };
    await kubectl(['create', '-f', '-', ...asAnn], { input: run });
    await runWhere(app, 'by-ann', 'Succeeded');
    const forged = {
      ...run,
      metadata: { name: 'forged' },
      spec: {
        ...run.spec,
        snapshot: { hash: 'x', template: { spec: { containers: [{ name: 'c', image: 'evil' }] } } },
      },
    };
    await expect(kubectl(['create', '-f', '-', ...asAnn], { input: forged })).rejects.toThrow(/snapshot/);
    await expect(kubectl(['delete', 'vrun', 'by-ann', ...asAnn])).rejects.toThrow(/forbidden/);
  });

  it('a suspended task holds its runs and says so', async () => {
    const app = new App(await aNamespace('suspend'));
    await app.deploy({ ...prints('held'), suspend: true });
    const held = await app.says(
      /^suspended · mytask-v1 Pending: Task app-worker-mytask is suspended; set suspend to false to start the run · 0 kept$/,
    );
    expect(held.healthy).toBe(false);
    await app.deploy({ ...prints('held'), suspend: false });
    await app.says(/^mytask-v2 Succeeded in \d+s · 2 kept$/);
  });
});

// What is waited for lasts until the test ends it: a state of seconds is over on a busy machine before it is read.
describe.concurrent('one at a time', () => {
  it('Replace starts the next run only when the pods of the old one are gone', async () => {
    const app = new App(await aNamespace('replace'));
    const executionPolicy = { concurrencyPolicy: 'Replace' };
    // The first process of a container ignores SIGTERM by default: it ends when it is told to.
    const stubborn = {
      cmd: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.2; done'],
      podSpec: { terminationGracePeriodSeconds: 600 },
    };
    await app.deploy({ ...prints('old', 600), ...stubborn, executionPolicy });
    await app.says(/^mytask-v1 Running/);
    await app.deploy({ ...prints('new'), executionPolicy });
    if (realPods) {
      await app.says(/^mytask-v2 Pending: waits until the pods of mytask-v1 are gone \(concurrencyPolicy: Replace\)/);
      const [old] = await all(pods, app.namespace, 'task.oam.dev/run=mytask-v1');
      await kubectl(['exec', '-n', app.namespace, old?.metadata.name ?? '', '--', 'touch', '/tmp/end']);
    }
    await app.says(/^mytask-v2 Succeeded/);
    expect((await app.runs()).map(({ status }) => [status?.phase, status?.reason])).toEqual([
      ['Cancelled', 'Replaced'],
      ['Succeeded', undefined],
    ]);
  });

  it('Queue runs one after the other', async () => {
    const app = new App(await aNamespace('queue'));
    const executionPolicy = { concurrencyPolicy: 'Queue' };
    await app.deploy({ ...prints('first', 600), executionPolicy });
    await app.says(/^mytask-v1 Running/);
    await app.deploy({ ...prints('second'), executionPolicy });
    await app.says(/^mytask-v2 Queued: waits for mytask-v1 \(concurrencyPolicy: Queue\) · 1 more active/);
    await cancel(app, 'mytask-v1', 'it has been long enough');
    await app.says(/^mytask-v2 Succeeded in \d+s/);
  });

  it('Queue lets a run end by itself before the next one starts', async () => {
    const app = new App(await aNamespace('in-turn'));
    const executionPolicy = { concurrencyPolicy: 'Queue' };
    await app.deploy({ ...prints('first', 6), executionPolicy });
    await app.says(/^mytask-v1 /);
    await app.deploy({ ...prints('second'), executionPolicy });
    await app.says(/^mytask-v2 Succeeded in \d+s · 2 kept$/);
    const [first, second] = await app.jobs();
    expect((second?.metadata.creationTimestamp ?? '') >= (first?.status?.completionTime ?? '-')).toBe(true);
  });

  it('Forbid skips, with the reason', async () => {
    const app = new App(await aNamespace('forbid'));
    const executionPolicy = { concurrencyPolicy: 'Forbid' };
    await app.deploy({ ...prints('first', 600), executionPolicy });
    await app.says(/^mytask-v1 Running/);
    await app.deploy({ ...prints('second'), executionPolicy });
    await app.says(
      /^mytask-v1 Running.* · mytask-v2 Skipped: mytask-v1 is active \(concurrencyPolicy: Forbid\) · 0 kept$/,
    );
  });
});

describe.concurrent('tried again', () => {
  it('a run that failed says when its next attempt starts', async () => {
    const app = new App(await aNamespace('next-attempt'));
    await app.deploy({ ...exits(3), retry: { limit: 2, delaySeconds: 600 } });
    await app.says(
      /^mytask-v1 Pending: attempt 1 of 3 failed: exit code 3 in container mytask \(BackoffLimitExceeded\); the next one starts at \d\d:\d\d:\d\d UTC/,
    );
  });

  it.runIf(realPods)('a run that fails at first succeeds with its second attempt', async () => {
    const app = new App(await aNamespace('retry'));
    const secondOnly = {
      cmd: ['sh', '-c', 'case $HOSTNAME in mytask-v1-r1-*) echo done;; *) exit 3;; esac'],
      backoffLimit: 0,
    };
    await app.deploy({ ...prints(''), ...secondOnly, retry: { limit: 2, delaySeconds: 1 } });
    await app.says(/^mytask-v1 Succeeded in \d+s · 1 kept$/);
    const [run] = await app.runs();
    expect(run?.status?.jobs?.map(({ name, phase }) => [name, phase])).toEqual([
      ['mytask-v1', 'Failed'],
      ['mytask-v1-r1', 'Succeeded'],
    ]);
    expect(await output(app.namespace, 'mytask-v1')).toBe('done\n');
  });

  it('a run that takes too long in all ends', async () => {
    const app = new App(await aNamespace('timeout'));
    await app.deploy({ ...prints('too slow', 600), timeoutSeconds: 20, retry: { limit: 5, delaySeconds: 1 } });
    await app.says(/^mytask-v1 Failed after \d+s: DeadlineExceeded/);
    expect(await app.jobs()).toHaveLength(1);
  });

  it('a podFailurePolicy that says so ends it at once', async () => {
    const app = new App(await aNamespace('policy'));
    const rules = [{ action: 'FailJob', onExitCodes: { containerName: 'mytask', operator: 'In', values: [42] } }];
    await app.deploy({
      ...exits(42),
      backoffLimit: 3,
      podFailurePolicy: { rules },
      retry: { limit: 5, delaySeconds: 1 },
    });
    await app.says(/^mytask-v1 Failed after \d+s: exit code 42 in container mytask \(PodFailurePolicy\)/);
    expect(await app.jobs()).toHaveLength(1);
  });
});

describe.concurrent('outputs', () => {
  const outputs = [{ name: 'rows', type: 'integer' }, { name: 'table' }];
  const writes = (text: string) => ({
    ...prints(''),
    cmd: ['sh', '-c', `echo '${text}' > /dev/termination-log`],
    annotations: { [podAnnotations.duration]: '100ms', [podAnnotations.message]: text },
    outputs,
  });

  it('are kept on record and shown in the details', async () => {
    const app = new App(await aNamespace('outputs'));
    await app.deploy(writes('{"rows": 42, "table": "people"}'));
    const { details } = await app.says(/^mytask-v1 Succeeded/);
    expect(details?.['outputs']).toMatch(/rows=42/);
    expect((await app.runs())[0]?.status?.outputs).toEqual({ rows: 42, table: 'people' });
  });

  it('that are not what the task says fail the run, in a sentence', async () => {
    const app = new App(await aNamespace('wrong-outputs'));
    await app.deploy(writes('{"rows": "many"}'));
    await app.says(
      /^mytask-v1 Failed after \d+s: output rows must be of type integer, not string; output table is missing · 1 kept$/,
    );
  });
});
