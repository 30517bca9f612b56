/** Commands that go on until Ctrl-C, and those that change a run under way, as people type them. */
import { request as httpRequest } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunPage } from '../../controller/src/api/schemas.ts';
import type { TaskFigures } from '../../controller/src/cli/commands/top.ts';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { openConsole } from '../console/browser.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { cliOf, startCli, type Cli, type RunningCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { aNamespace, App, client, kubectl, place, prints, tokenOfAdmin } from './user.ts';

const running = new Set<RunningCli>();
// After all: tests run beside each other.
afterAll(async () => {
  for (const one of running) await one.interrupt();
});

interface Scene {
  readonly app: App;
  readonly cli: Cli;
  /** Starts a command that goes on. */
  readonly start: (...args: readonly string[]) => RunningCli;
}

/** A task that runs by hand, and the command line of somebody who may do all in its namespace, with the REST API. */
async function scene(topic: string, script: string): Promise<Scene> {
  const app = new App(await aNamespace(topic));
  const { namespace } = app;
  await app.deploy({
    ...prints(''),
    cmd: ['sh', '-c', script],
    backoffLimit: 0,
    executionPolicy: { trigger: 'Manual' },
  });
  await eventually('the task is there', () => app.task());
  const environment = {
    TASK_RUNS_SERVER: `http://127.0.0.1:${place.apiPort}`,
    TASK_RUNS_TOKEN: await tokenOfAdmin(namespace),
  };
  const start = (...args: readonly string[]): RunningCli => {
    const one = startCli(place.kubeconfig, namespace, args, environment);
    running.add(one);
    return one;
  };
  return { app, start, cli: cliOf(place.kubeconfig, namespace, environment) };
}

/** What a browser at the console's address gets; nothing is followed. */
async function get(address: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(address, { headers, redirect: 'manual' });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Node does not find a name below localhost by itself, as browsers do. */
const onThisMachine = (address: string) => `http://127.0.0.1:${new URL(address).port}`;

/** The same with a Host of one's own, which fetch does not send. */
function statusAs(host: string, address: string, authorization: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(address, { headers: { host, authorization } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe.runIf(place.pods === 'real')('task-runs ui', () => {
  it('prints an address that opens the console and the API for whoever has its key, and for nobody else, until Ctrl-C', async () => {
    const { app, cli, start } = await scene('ui', 'for i in 1 2 3; do echo line $i; sleep 1; done');
    const ui = start('ui');
    const address = await eventually(
      'the address',
      () => /^http:\/\/[0-9a-f]{16}\.localhost:\d+\/#key=\S+(?=\n)/.exec(ui.stdout())?.[0],
    );
    await expect
      .poll(() => ui.stderr())
      .toMatch(/^the console is at this address, only for this machine, until Ctrl-C\n.*\n$/);
    const origin = onThisMachine(address);
    const runs = `${origin}/api/v1/namespaces/${app.namespace}/runs`;
    expect((await get(origin)).status).toBe(200);
    for (const closed of [runs, `${runs}?key=guessed`]) expect((await get(closed)).status).toBe(401);
    const authorization = `Bearer ${new URL(address).hash.slice('#key='.length)}`;
    const page = await get(origin, { authorization });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(await statusAs('elsewhere.example', origin, authorization)).toBe(403);

    await cli('run', 'mytask', '--name', 'one');
    const listed = await get(runs, { authorization });
    expect(listed, listed.text).toMatchObject({ status: 200 });
    expect((JSON.parse(listed.text) as RunPage).items.map(({ name }) => name)).toEqual(['one']);
    expect((await get(`${runs}/one/logs?follow=true`, { authorization })).text).toMatch(
      /^(one\/one-\w+ )?line 1\n.*line 2\n.*line 3\n$/,
    );

    running.delete(ui);
    expect(await ui.interrupt()).toBe(0);
    await expect(get(origin, { authorization })).rejects.toThrow();
  });

  it('ends at Ctrl-C also while a log is followed through it', async () => {
    const { app, cli, start } = await scene('ui-follow', 'echo begin; sleep 60');
    await cli('run', 'mytask', '--name', 'long');
    const ui = start('ui');
    const address = await eventually('the address', () => /^http:\S+(?=\n)/.exec(ui.stdout())?.[0]);
    const authorization = `Bearer ${new URL(address).hash.slice('#key='.length)}`;
    const response = await fetch(
      `${onThisMachine(address)}/api/v1/namespaces/${app.namespace}/runs/long/logs?follow=true`,
      { headers: { authorization } },
    );
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('begin');
    running.delete(ui);
    expect(await ui.interrupt()).toBe(0);
  });

  it('says what is missing if the REST API is not named', async () => {
    const { app } = await scene('ui-alone', 'echo');
    expect(await cliOf(place.kubeconfig, app.namespace)('ui')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('name it with --server or TASK_RUNS_SERVER') as string,
    });
  });
});

describe.runIf(place.pods === 'real')('task-runs', { concurrent: true }, () => {
  it('resume lets a flow go on that paused after a failure, and says what to do about one that has ended', async () => {
    const app = new App(await aNamespace('resume'));
    const step = (name: string, script: string, rest: object = {}) => ({
      name,
      image: 'busybox:1.36',
      cmd: ['sh', '-c', script],
      backoffLimit: 0,
      ...rest,
    });
    const steps = [
      step('breaks', 'exit 3'),
      step('slow', 'sleep 3'),
      step('after', 'echo goes on', { dependsOn: ['slow'] }),
    ];
    await app.deploy({ steps, failurePolicy: 'Pause', executionPolicy: { trigger: 'Manual' } }, { type: 'task-flow' });
    await eventually('the task is there', () => app.task());
    const cli = cliOf(place.kubeconfig, app.namespace);
    await cli('run', 'mytask', '--name', 'flow');
    const phases = async (): Promise<Record<string, string | undefined>> => {
      const { status } = await client.get(taskRuns, { namespace: app.namespace, name: 'flow' });
      return {
        run: status?.phase,
        reason: status?.reason,
        ...Object.fromEntries((status?.jobs ?? []).map(({ step: name = '', phase }) => [name, phase])),
      };
    };
    await eventually('it pauses', async () => {
      const now = await phases();
      if (now['breaks'] !== 'Failed' || now['slow'] !== 'Succeeded' || now['reason'] !== 'Paused')
        throw new Error(JSON.stringify(now));
      return true;
    });
    expect((await phases())['after']).not.toBe('Succeeded');
    expect(await cli('resume', 'flow')).toMatchObject({ code: 0, stdout: 'run flow continues\n' });
    await eventually('it ends', async () => {
      const now = await phases();
      if (now['run'] !== 'Failed' || now['after'] !== 'Succeeded') throw new Error(JSON.stringify(now));
      return true;
    });
    const { code, stderr } = await cli('resume', 'flow');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: run flow has already ended \(Failed\): `task-runs retry flow` retries it\n$/),
    ]);
  });

  it('status --watch prints a line for a change, and ends at Ctrl-C', async () => {
    const { cli, start } = await scene('watch', 'sleep 2');
    const watching = start('status', 'mytask', '--watch');
    await eventually('the first line', () => watching.stdout().includes('\n'));
    const before = watching.stdout();
    await cli('run', 'mytask', '--name', 'one');
    await eventually('the run is there', () => /one/.test(watching.stdout().slice(before.length)));
    running.delete(watching);
    expect(await watching.interrupt()).toBe(130);
    await expect.poll(() => watching.stderr()).toBe('');
  });

  it('logs -f goes on, line by line, when the node begins a new file of the log', async () => {
    // With their times more than 10 MiB, at which kubelets begin a new file. The API then has no other.
    const many = 300_000;
    const ticks = 'i=0; until [ -e /tmp/end ]; do i=$((i + 1)); echo tick $i; sleep 0.1; done';
    const script = `echo 0; until [ -e /tmp/begin ]; do sleep 0.1; done; seq 1 ${many}; ${ticks}`;
    const { app, cli, start } = await scene('rotated', script);
    const ofRun = ['-n', app.namespace, '-l', 'task.oam.dev/run=loud'];
    await cli('run', 'mytask', '--name', 'loud');
    const following = start('logs', 'loud', '-f');
    await eventually('it follows', () => following.stdout() === '0\n');
    const pod = await kubectl(['get', 'pods', ...ofRun, '-o', 'jsonpath={.items[0].metadata.name}']);
    const touch = (file: string) => kubectl(['exec', '-n', app.namespace, pod, '--', 'touch', file]);
    await touch('/tmp/begin');
    await eventually(
      'the node has begun a new file',
      async () => !(await kubectl(['logs', ...ofRun, '--tail=-1', '--limit-bytes=2'])).startsWith('0\n'),
    );
    await touch('/tmp/end');
    expect([await following.ended(), following.stderr()]).toEqual([0, '']);
    const lines = following.stdout().trimEnd().split('\n');
    const after = lines.slice(many + 1);
    expect(lines.slice(0, many + 1).findIndex((line, index) => line !== String(index))).toBe(-1);
    expect(after).toEqual(after.map((_, index) => `tick ${index + 1}`));
    expect(after.length).toBeGreaterThan(0);
  });

  it('top tells which tasks fail and take long, with the REST API and without', async () => {
    const { app, cli } = await scene('top', 'exit ${CODE:-0}');
    await cli('run', 'mytask', '--name', 'good', '--wait');
    await cli('run', 'mytask', '--name', 'bad', '--wait', '--env', 'CODE=4');
    for (const one of [cli, cliOf(place.kubeconfig, app.namespace)]) {
      const [figures] = JSON.parse((await one('top', '-o', 'json')).stdout) as TaskFigures[];
      expect(figures).toMatchObject({
        task: 'app-worker-mytask',
        runs: 2,
        failed: 1,
        longest: expect.any(Number) as number,
      });
      expect((await one('top')).stdout).toMatch(
        /^TASK +RUNS +FAILED +MEDIAN +P95 +LONGEST +LATEST START +LONGEST WAIT *\napp-worker-mytask +2 +1 \(50%\) +\d/,
      );
    }
  });
});

describe.runIf(place.pods === 'real')('the console, opened by task-runs ui', () => {
  it('shows what a run prints while it runs, finds a line in it, and retries a failed run', async () => {
    const { app, start } = await scene(
      'ui-console',
      'echo counting orders; sleep 4; echo REPORT_TO is not set; exit 78',
    );
    const browser = await launchChromium(await chromiumPath());
    try {
      const ui = start('ui');
      const address = await eventually('the address', () => /^http:\S+(?=\n)/.exec(ui.stdout())?.[0]);
      const { origin, hash } = new URL(address);
      const { page, open, close } = await openConsole(browser, origin, hash, { complaints: /status of 403/ });
      await open(`#/namespaces/${app.namespace}/tasks/app-worker-mytask`);
      await page.getByRole('button', { name: 'Run…' }).click();
      await page.getByRole('textbox', { name: 'Name of the run' }).fill('tonight');
      await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
      await page.getByRole('heading', { level: 1, name: 'tonight' }).waitFor();
      await page.getByRole('link', { name: 'Logs', exact: true }).click();
      await page.getByText('counting orders').waitFor();
      await page.getByRole('main').getByText('Failed', { exact: true }).first().waitFor();
      await page.getByRole('searchbox').fill('report_to');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByText('REPORT_TO is not set').waitFor();
      expect(await page.getByText('counting orders').count()).toBe(0);
      await page.getByRole('button', { name: 'Retry…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
      await page.getByRole('heading', { level: 1, name: /^mytask-/ }).waitFor();
      await close();
    } finally {
      await browser.close();
    }
  });
});
