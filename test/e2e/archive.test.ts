/** What runs printed, where pods are real: live, archived, across runs; and the command line over it. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { LogLine, Problem, RunDetail, RunPage } from '../../controller/src/api/schemas.ts';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { cliOf, type Cli } from '../support/cli.ts';
import { forwardToApi } from '../../scripts/port-forward.ts';
import { eventually } from '../support/eventually.ts';
import { restOf, type Ask } from '../support/rest.ts';
import { aNamespace, App, client, isArchived, kubectl, place, prints, tokenOfAdmin } from './user.ts';

interface Scene {
  readonly app: App;
  readonly ask: Ask;
  readonly token: string;
  readonly cli: Cli;
  readonly at: string;
}

/** A task that runs by hand, and somebody who may do all in its namespace. */
async function scene(topic: string, script: string, executionPolicy: object = {}): Promise<Scene> {
  const app = new App(await aNamespace(topic));
  const { namespace } = app;
  await app.deploy({
    ...prints(''),
    cmd: ['sh', '-c', script],
    backoffLimit: 0,
    executionPolicy: { trigger: 'Manual', ...executionPolicy },
  });
  await eventually('the task is there', () => app.task());
  const token = await tokenOfAdmin(namespace);
  const cli = cliOf(place.kubeconfig, namespace, {
    TASK_RUNS_SERVER: `http://127.0.0.1:${place.apiPort}`,
    TASK_RUNS_TOKEN: token,
  });
  return { app, ask: restOf(place.apiPort, token), token, cli, at: `/namespaces/${namespace}` };
}

const linesOf = (text: string): LogLine[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);

/** The TaskRun and its pods go, once the archive has what there is of the run. */
async function forget({ app, ask, at }: Scene, name: string): Promise<void> {
  await isArchived(ask, `${at}/runs/${name}`);
  await client.delete(taskRuns, { namespace: app.namespace, name });
  await eventually(`the pods of ${name} are gone`, async () => {
    const pods = await kubectl(['get', 'pods', '-n', app.namespace, '-l', `task.oam.dev/run=${name}`, '-o', 'name']);
    if (pods !== '') throw new Error(pods);
    return true;
  });
}

describe.runIf(place.pods === 'real')('logs', { concurrent: true }, () => {
  it('of a run are the same before and after it is gone, as text, as JSON and on the command line', async () => {
    const here = await scene('logs-archive', 'for i in 1 2 3; do echo $WORD $i; sleep 0.2; done; exit ${CODE:-0}');
    const { ask, cli, at } = here;
    expect((await cli('run', 'mytask', '--env', 'WORD=one', '--name', 'one', '--env', 'CODE=3', '--wait')).code).toBe(
      3,
    );
    const live = await ask(`${at}/runs/one/logs`);
    expect(live.text).toMatch(/^one\/one-\w+ one 1\none\/one-\w+ one 2\none\/one-\w+ one 3\n$/);
    await forget(here, 'one');
    expect((await ask(`${at}/runs/one/logs`)).text).toBe(live.text);
    const lines = linesOf((await ask(`${at}/runs/one/logs?format=ndjson&search=ONE%202`)).text);
    expect(lines).toEqual([
      {
        time: expect.stringMatching(/^2\d{3}-.*\.\d{9}Z$/) as string,
        run: 'one',
        pod: expect.stringMatching(/^one-/) as string,
        container: 'mytask',
        line: 'one 2',
      },
    ]);
    expect(linesOf((await ask(`${at}/runs/one/logs?format=ndjson&tail=1`)).text).map(({ line }) => line)).toEqual([
      'one 3',
    ]);
    expect(
      linesOf((await ask(`${at}/runs/one/logs?format=ndjson&since=${lines[0]?.time.slice(0, 23) ?? ''}Z`)).text).map(
        ({ line }) => line,
      ),
    ).toEqual(['one 2', 'one 3']);
    expect((await cli('logs', 'one')).stdout).toBe(live.text);
    expect((await cli('describe', 'one')).stdout).toMatch(
      /^Run +one\n[^]*\nPhase +Failed\n[^]*\nArchived +yes: the TaskRun was deleted\n[^]*\none-\w+ +mytask +\d+ +-\n/,
    );
    expect((await cli('runs', 'mytask', '-o', 'wide')).stdout).toMatch(/\none +Manual \S+ +Failed [^]* archived +3 /);
    expect((await cli('runs', 'mytask', '--failed')).stdout).toMatch(/\none +Manual/);
    expect(await cli('retry', 'one')).toMatchObject({
      code: 1,
      stderr:
        'error: run one is only in the archive, so it cannot be retried: `task-runs run app-worker-mytask` runs the task again\n',
    });
    expect(await cli('logs', 'nothing')).toMatchObject({
      code: 1,
      stderr: `error: run nothing does not exist in namespace ${here.app.namespace} or in the archive\n`,
    });
  });

  it('across runs are merged in the order of time, whether live or archived', async () => {
    const here = await scene('logs-merge', 'for i in 1 2 3; do echo $WORD $i; sleep 0.7; done');
    const { ask, cli, at } = here;
    await Promise.all(
      ['one', 'two'].map((word) => cli('run', 'mytask', '--env', `WORD=${word}`, '--wait', '--name', word)),
    );
    await forget(here, 'one');
    const lines = linesOf((await ask(`${at}/tasks/app-worker-mytask/logs?format=ndjson`)).text);
    expect(lines.map(({ time }) => time)).toEqual([...lines.map(({ time }) => time)].sort());
    expect(lines.map(({ line }) => line).sort()).toEqual(['one 1', 'one 2', 'one 3', 'two 1', 'two 2', 'two 3']);
    expect((await cli('logs', 'mytask', '--all-runs', '--search', 'two')).stdout.trim().split('\n')).toHaveLength(3);
    expect((await cli('top', 'mytask', '-o', 'json')).stdout).toContain('"runs": 2');
  });

  it('of a run that goes on are followed to its end', async () => {
    const { ask, cli, at } = await scene('logs-follow', 'for i in 1 2 3; do echo line $i; sleep 1; done');
    await cli('run', 'mytask', '--name', 'first');
    const { text } = await ask(`${at}/runs/first/logs?follow=true&format=ndjson`);
    expect(linesOf(text).map(({ line }) => line)).toEqual(['line 1', 'line 2', 'line 3']);
  });

  it('are taken before a policy prunes what has them', async () => {
    const here = await scene('logs-prune', 'echo precious', { keepLast: 0, historyLimit: 1 });
    const { ask, cli, at } = here;
    for (const name of ['one', 'two', 'three']) await cli('run', 'mytask', '--name', name, '--wait');
    await eventually('the oldest is in the archive alone', async () => {
      const { items } = (await ask(`${at}/runs`)).json as RunPage;
      if (items.length !== 3 || !items.some(({ name, archived }) => name === 'one' && archived))
        throw new Error(JSON.stringify(items));
      return true;
    });
    for (const name of ['one', 'two']) expect((await ask(`${at}/runs/${name}/logs`)).text).toMatch(/precious\n$/);
  });

  it('with anything in them come as they were printed, and are cut where they are too long', async () => {
    const here = await scene(
      'logs-wild',
      `printf '\\033[31mred\\033[0m <script>alert(1)</script> \\000\\377\\n'; head -c 400000 /dev/zero | tr '\\0' x; echo; i=0; while [ $i -lt 30000 ]; do echo "line $i of a log that is longer than what the archive keeps of it"; i=$((i+1)); done`,
    );
    const { ask, cli, at } = here;
    await cli('run', 'mytask', '--name', 'wild', '--wait');
    const [first, ...rest] = linesOf((await ask(`${at}/runs/wild/logs?format=ndjson`)).text);
    expect(first?.line).toBe('\u001b[31mred\u001b[0m <script>alert(1)</script> \u0000\ufffd');
    expect(rest.at(-1)?.line).toBe('line 29999 of a log that is longer than what the archive keeps of it');
    await forget(here, 'wild');
    const [remark, ...archived] = linesOf((await ask(`${at}/runs/wild/logs?format=ndjson`)).text);
    expect(remark).toMatchObject({
      pod: '',
      line: expect.stringMatching(
        /^the first \d+ bytes of pod wild-\w+ are left out: the archive keeps the end of a log$/,
      ) as string,
    });
    expect(archived.at(-1)?.line).toBe('line 29999 of a log that is longer than what the archive keeps of it');
    const { logs } = (await ask(`${at}/runs/wild`)).json as RunDetail;
    expect(logs[0]?.bytes).toBeLessThanOrEqual(1024 ** 2);
  });

  it('are not read by a thousand at once, nor for ever by one who does not read', async () => {
    const { ask, token, cli, at } = await scene(
      'logs-many',
      'yes a line of a log that goes on and on | head -c 50000000; sleep 20',
    );
    await cli('run', 'mytask', '--name', 'endless');
    await eventually('it prints', async () => {
      const { status } = await ask(`${at}/runs/endless/logs?tail=1`);
      if (status !== 200) throw new Error(String(status));
      return true;
    });
    // They take the headers and no byte more, and what they do not take stops all others behind the same port-forward.
    const theirs = place.controller === 'in-cluster' ? await forwardToApi(place.kubectl, place.kubeconfig) : undefined;
    const deaf = Array.from({ length: 5 }, () =>
      request(`http://127.0.0.1:${theirs?.port ?? place.apiPort}/api/v1${at}/runs/endless/logs?follow=true`, {
        headers: { authorization: `Bearer ${token}` },
      })
        .on('error', () => undefined)
        .on('response', (answer) => answer.pause()),
    );
    deaf.forEach((one) => one.end());
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => codeOf(`${at}/runs/endless/logs?tail=1`, token)),
    );
    deaf.forEach((one) => one.destroy());
    theirs?.stop();
    expect(new Set(answers)).toEqual(new Set(['read', 'TooManyStreams']));
    expect((await ask(`${at}/runs/endless`)).status).toBe(200);
  });
});

/**
 * By a plain request, which waits for as long as it takes to be let in. Where the machine is busy, its headers may take
 * longer than the server waits for them (408): then it asks again, as HTTP lets a client do.
 */
async function codeOf(path: string, token: string): Promise<string> {
  for (;;) {
    const { status, body } = await plainAnswer(path, token);
    if (status === 200) return 'read';
    if (status !== 408) return (JSON.parse(body) as Problem).error.code;
  }
}

function plainAnswer(path: string, token: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      `http://127.0.0.1:${place.apiPort}/api/v1${path}`,
      { headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

describe.runIf(place.pods === 'real')('two runs', () => {
  it('are compared: what ran, how it went, what came out', async () => {
    const { cli } = await scene('diff', 'echo $WORD; exit ${CODE:-0}');
    await cli('run', 'mytask', '--name', 'good', '--wait');
    await cli('run', 'mytask', '--name', 'bad', '--wait', '--env', 'CODE=4');
    const { stdout } = await cli('diff', 'good', 'bad');
    expect(stdout).toMatch(
      /^- good\n\+ bad\n\nHow it went\n[^]*\+ exitCode: 4\n[^]*- phase: Succeeded\n\+ phase: Failed\n/,
    );
    expect(stdout).toMatch(
      /\nWhat ran\n\+ template\.spec\.containers\[mytask\]\.env\[CODE\]\.name: CODE\n[^]*\nOutputs: the same\n/,
    );
    expect(stdout).toMatch(/\nOverrides\n\+ env\[CODE\]\.name: CODE\n/);
  });
});
