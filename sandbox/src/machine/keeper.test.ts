import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keep, pauseAfter, type Keeper, type PartState } from './keeper.ts';
import { kill } from './processes.ts';
import type { Program } from './process.ts';

let directory: string;
let keeper: Keeper | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-keeper-'));
});

afterEach(async () => {
  await keeper?.stop();
  keeper = undefined;
  await rm(directory, { recursive: true, force: true });
});

function aProgram(script: string): Program {
  return {
    name: 'example',
    command: 'sh',
    args: ['-c', script],
    ready: () => access(join(directory, 'up')),
    startWithinMs: 10_000,
    stopWithinMs: 300,
  };
}

async function kept(script: string): Promise<Keeper> {
  const signal = new AbortController().signal;
  const options = { logFile: join(directory, 'log'), marks: {}, dieWithParent: false, signal };
  keeper = await keep(aProgram(script), options, () => undefined);
  return keeper;
}

const until = (check: (state: PartState) => boolean): Promise<PartState> =>
  vi.waitFor(
    () => {
      const state = keeper?.state();
      if (state === undefined || !check(state)) throw new Error(`it is ${JSON.stringify(state)}`);
      return state;
    },
    { timeout: 10_000, interval: 10 },
  );

describe('pauseAfter', () => {
  it('doubles from 0.2 s up to 10 s', () => {
    expect([1, 2, 3, 6, 7, 100].map(pauseAfter)).toEqual([200, 400, 800, 6400, 10_000, 10_000]);
  });
});

describe('keep', () => {
  it('starts a killed program again, as another process', async () => {
    const first = (await kept(`touch ${directory}/up; exec sleep 100`)).state();
    kill(first.pid ?? 0, 'SIGKILL');
    const again = await until((state) => state.phase === 'ready' && state.pid !== first.pid);
    expect(again).toMatchObject({ name: 'example', restarts: 1 });
    expect(again.lastError).toContain('example was ended by SIGKILL');
  });

  it('throws when the first start fails', async () => {
    await expect(kept('exit 4')).rejects.toThrow('example exited with code 4');
  });

  it('keeps trying while later starts fail, and says why', async () => {
    const broken = join(directory, 'broken');
    const { pid } = (
      await kept(`[ ! -e ${broken} ] || { echo not again; exit 5; }; touch ${directory}/up; exec sleep 100`)
    ).state();
    await writeFile(broken, '');
    kill(pid ?? 0, 'SIGKILL');
    const state = await until(({ restarts, phase }) => restarts >= 2 && phase === 'waiting');
    expect(state.lastError).toContain('exited with code 5');
    expect(state.lastError).toContain('not again');
  });

  it('stops permanently', async () => {
    const running = await kept(`touch ${directory}/up; exec sleep 100`);
    const pid = running.state().pid ?? 0;
    await running.stop();
    expect(running.state()).toEqual({ name: 'example', phase: 'stopped', restarts: 0 });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
