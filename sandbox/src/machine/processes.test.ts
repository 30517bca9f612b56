import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endAll, kill, marksOf, ownedProcesses, readEnvironment, supervisorAmong } from './processes.ts';

const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) kill(pid, 'SIGKILL');
});

async function aProcess(marks: Record<string, string>, script = 'exec sleep 100'): Promise<number> {
  const child = spawn('sh', ['-c', script], { env: { ...process.env, ...marks }, stdio: 'ignore' });
  await once(child, 'spawn');
  started.push(child.pid ?? 0);
  return child.pid ?? 0;
}

describe('ownedProcesses', () => {
  it('finds the processes of this directory and no others', async () => {
    const ours = await aProcess(marksOf('/one/sandbox', 'etcd'));
    await aProcess(marksOf('/another/sandbox', 'etcd'));
    await aProcess({});
    await vi.waitFor(async () =>
      expect(await ownedProcesses('/one/sandbox')).toEqual([
        { pid: ours, parent: process.pid, part: 'etcd', program: 'sleep' },
      ]),
    );
  });
});

describe('supervisorAmong', () => {
  it('does not take a child that was just forked for the supervisor, though its process id is lower', () => {
    const supervisor = { pid: 30_000, parent: 1, part: 'supervisor', program: 'node' };
    const forked = { pid: 400, parent: 30_000, part: 'supervisor', program: 'node' };
    const etcd = { pid: 401, parent: 30_000, part: 'etcd', program: 'etcd' };
    expect(supervisorAmong([forked, etcd, supervisor])).toEqual(supervisor);
    expect(supervisorAmong([etcd])).toBeUndefined();
  });
});

describe('endAll', () => {
  it('ends those that listen and those that do not', async () => {
    await aProcess(marksOf('/one/sandbox', 'polite'));
    await aProcess(marksOf('/one/sandbox', 'stubborn'), `trap '' TERM; while :; do sleep 0.05; done`);
    const find = async (): Promise<number[]> => (await ownedProcesses('/one/sandbox')).map(({ pid }) => pid);
    await vi.waitFor(async () => expect((await find()).length).toBeGreaterThanOrEqual(2));
    await endAll(find, 200);
    expect(await find()).toEqual([]);
  });
});

describe('readEnvironment', () => {
  it('splits names from values, which may hold an equals sign', () => {
    expect([...readEnvironment('A=1\0B=x=y\0nothing\0')]).toEqual([
      ['A', '1'],
      ['B', 'x=y'],
    ]);
  });
});
