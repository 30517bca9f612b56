/** The command line where pods are real: what they print, and how they exit. */
import { describe, expect, it } from 'vitest';
import { cliOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { aNamespace, App, kubectl, place, prints } from './user.ts';

const says = (text: string) => ({ ...prints(''), cmd: ['sh', '-c', text], backoffLimit: 0 });

/** A task that only runs by hand. */
async function aTask(topic: string, text: string): Promise<{ app: App; cli: ReturnType<typeof cliOf> }> {
  const app = new App(await aNamespace(topic));
  await app.deploy({ ...says(text), executionPolicy: { trigger: 'Manual' } });
  await eventually('the task is there', () => app.task());
  return { app, cli: cliOf(place.kubeconfig, app.namespace) };
}

describe.runIf(place.pods === 'real')('the command line', { concurrent: true }, () => {
  it('run --wait prints what the task prints and exits as it does', async () => {
    const { cli } = await aTask('cli-wait', 'echo begin $WORD; sleep 2; echo end; exit ${CODE:-0}');
    const good = await cli('run', 'mytask', '--env', 'WORD=hello', '--wait', '--name', 'good');
    expect(good).toMatchObject({ code: 0, stdout: 'begin hello\nend\n' });
    expect(good.stderr).toMatch(/^run good of task app-worker-mytask created\ngood Succeeded after \d+s\n$/);
    expect(await cli('run', 'mytask', '--env', 'CODE=42', '--wait')).toMatchObject({
      code: 42,
      stdout: 'begin\nend\n',
    });
  });

  it('logs shows a run, the newest, those that failed, and all in the order of time', async () => {
    const { app, cli } = await aTask('cli-logs', 'for i in 1 2 3; do echo $WORD $i; sleep 0.7; done; exit ${CODE:-0}');
    await Promise.all([
      cli('run', 'mytask', '--env', 'WORD=one', '--wait', '--name', 'one'),
      cli('run', 'mytask', '--env', 'WORD=two', '--env', 'CODE=3', '--wait', '--name', 'two'),
    ]);
    expect((await cli('logs', 'one')).stdout).toBe('one 1\none 2\none 3\n');
    expect((await cli('logs', 'one', '--tail', '1')).stdout).toBe('one 3\n');
    expect((await cli('logs', 'mytask', '--failed')).stdout).toBe('two 1\ntwo 2\ntwo 3\n');
    const merged = (await cli('logs', 'mytask', '--all-runs')).stdout.trim().split('\n');
    expect(merged.filter((line) => line.startsWith('one/one-')).map((line) => line.slice(-1))).toEqual(['1', '2', '3']);
    expect(merged.filter((line) => line.startsWith('two/two-')).map((line) => line.slice(-1))).toEqual(['1', '2', '3']);
    expect(merged).toEqual(await byKubelet(app.namespace, merged));
  });

  it('logs -f follows a run to its end, and says where there are no pods any more', async () => {
    const { app, cli } = await aTask('cli-follow', 'for i in 1 2 3; do echo line $i; sleep 1; done');
    await cli('run', 'mytask', '--name', 'first');
    expect(await cli('logs', '-f', 'first')).toMatchObject({ code: 0, stdout: 'line 1\nline 2\nline 3\n' });
    await kubectl(['delete', 'job', 'first', '-n', app.namespace, '--wait=true', '--cascade=foreground']);
    expect(await cli('logs', 'first')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run first no longer has pods') as string,
    });
  });
});

/** The same lines by the times that the kubelet gave them. */
async function byKubelet(namespace: string, lines: readonly string[]): Promise<string[]> {
  const pods = [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))];
  const logs = await Promise.all(
    pods.map(async (prefix) =>
      (await kubectl(['logs', prefix.split('/')[1] ?? '', '-n', namespace, '--timestamps']))
        .trim()
        .split('\n')
        .map((line) => ({
          at: line.slice(0, line.indexOf(' ')),
          text: `${prefix} ${line.slice(line.indexOf(' ') + 1)}`,
        })),
    ),
  );
  return logs
    .flat()
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ text }) => text);
}
