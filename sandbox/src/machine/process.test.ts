import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start, type Program, type StartOptions } from './process.ts';

let directory: string;
let options: StartOptions;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-process-'));
  options = {
    logFile: join(directory, 'log'),
    marks: { MARK: 'ours' },
    dieWithParent: false,
    signal: new AbortController().signal,
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A shell script as a program; `ready` resolves unless given. */
function aProgram(script: string, change: Partial<Program> = {}): Program {
  const ready = (): Promise<void> => Promise.resolve();
  return {
    name: 'example',
    command: 'sh',
    args: ['-c', script],
    ready,
    startWithinMs: 10_000,
    stopWithinMs: 300,
    ...change,
  };
}

const never = (): Promise<void> => Promise.reject(new Error('nobody answers'));

describe('start', () => {
  it('reports a program that exits at once with its exit code and last lines', async () => {
    const starting = start(aProgram('echo one; echo two >&2; exit 7', { ready: never }), options);
    await expect(starting).rejects.toThrow(
      `example exited with code 7; the last lines of ${options.logFile}:\n  one\n  two`,
    );
  });

  it('does not take a program for ready that has exited, whatever its port answers', async () => {
    const late = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
    await expect(start(aProgram('exit 3', { ready: late }), options)).rejects.toThrow('example exited with code 3');
  });

  it('says why a program is not ready in time, and stops it', async () => {
    const starting = start(
      aProgram(`echo $$ > ${directory}/pid; exec sleep 100`, { ready: never, startWithinMs: 300 }),
      options,
    );
    await expect(starting).rejects.toThrow('example is not ready after 0.3 s: nobody answers');
    const pid = Number(await readFile(join(directory, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('says that a program is not there', async () => {
    await expect(start(aProgram('', { command: '/nowhere/at-all' }), options)).rejects.toThrow(
      'example could not be started: spawn /nowhere/at-all ENOENT',
    );
  });

  it('kills a program that ignores SIGTERM when its time to stop is over', async () => {
    const marker = join(directory, 'trapped');
    const ready = async (): Promise<void> => void (await readFile(marker));
    const running = await start(
      aProgram(`trap '' TERM; touch ${marker}; while :; do sleep 0.05; done`, { ready }),
      options,
    );
    await running.stop();
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  /** While a process replaces its program (exec), the kernel shows an empty environment for a moment. */
  async function environmentOf(pid: number): Promise<string> {
    for (;;) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      if (environment !== '') return environment;
    }
  }

  it('prepares before, marks the process, and settles after it is ready', async () => {
    const steps: string[] = [];
    const step = (name: string) => (): Promise<void> => Promise.resolve(void steps.push(name));
    const program = aProgram('exec sleep 100', {
      prepare: step('prepare'),
      ready: step('ready'),
      settle: step('settle'),
    });
    const running = await start(program, options);
    const environment = await environmentOf(running.pid);
    await running.stop();
    expect(steps).toEqual(['prepare', 'ready', 'settle']);
    expect(environment.split('\0')).toContain('MARK=ours');
  });

  it('gives up waiting when it is told to', async () => {
    const signal = AbortSignal.timeout(200);
    const starting = start(aProgram('exec sleep 100', { ready: never }), { ...options, signal });
    await expect(starting).rejects.toThrow('example was stopped before it was ready');
  });
});
