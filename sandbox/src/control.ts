import { spawn } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill, marksOf, ownedProcesses, supervisorAmong } from './machine/processes.ts';
import { repository, type Layout, type Settings } from './settings.ts';
import { readState, writeSettings, type SandboxState } from './state.ts';

const main = join(import.meta.dirname, 'main.ts');
const readyWithinMs = 180_000;
const pollMs = 100;

/** @returns the process id of the sandbox's living supervisor */
export async function findSupervisor(layout: Layout): Promise<number | undefined> {
  return supervisorAmong(await ownedProcesses(layout.dir))?.pid;
}

/**
 * Starts the supervisor; nothing of the sandbox may run.
 * @param ofParent the sandbox ends when this process does; else it stays
 */
export async function startSupervisor(layout: Layout, settings: Settings, ofParent: boolean): Promise<void> {
  await mkdir(layout.logs, { recursive: true });
  await rm(layout.state, { force: true });
  await writeSettings(layout, settings);
  const log = await open(join(layout.logs, 'supervisor.log'), 'a');
  try {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, 'supervise', layout.dir, ...(ofParent ? ['--of-parent'] : [])],
      {
        cwd: repository,
        detached: true,
        stdio: ['ignore', log.fd, log.fd, ...(ofParent ? (['ipc'] as const) : [])],
        env: { ...process.env, ...marksOf(layout.dir, 'supervisor') },
      },
    );
    child.channel?.unref();
    child.unref();
  } finally {
    await log.close();
  }
}

/**
 * Waits until every part is ready, and ends the pauses before restarts meanwhile.
 * @throws Error with what failed last, when the supervisor gives up, is gone, or takes too long
 */
export async function becomesReady(layout: Layout): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  const supervisor = await findSupervisor(layout);
  for (;;) {
    // Asked before its last words are read, so that they are not missed.
    const lives = supervisor !== undefined && (await findSupervisor(layout)) === supervisor;
    const state = await readState(layout);
    if (state !== undefined) {
      if (await isReady(layout, state)) return;
      if (state.phase === 'failed') throw new Error(state.message);
    }
    if (!lives) throw new Error(`the supervisor has ended; see ${layout.logs}/supervisor.log`);
    if (Date.now() > deadline) throw new Error(describeUnready(state));
    if (state?.phase === 'ready') kill(supervisor, 'SIGUSR1');
    await sleep(pollMs);
  }
}

/** Whether all parts are ready, and living: the supervisor learns of a death a moment later than we may ask. */
export async function isReady(layout: Layout, state: SandboxState): Promise<boolean> {
  if (state.phase !== 'ready' || state.parts.some((part) => part.phase !== 'ready')) return false;
  const living = new Set((await ownedProcesses(layout.dir)).map(({ pid }) => pid));
  return state.parts.every(({ pid }) => pid !== undefined && living.has(pid));
}

function describeUnready(state: SandboxState | undefined): string {
  const unready = state?.parts.filter((part) => part.phase !== 'ready') ?? [];
  const parts = unready.map(
    (part) => `${part.name} is ${part.phase}${part.lastError === undefined ? '' : ` (${part.lastError})`}`,
  );
  return `the sandbox is not ready after ${readyWithinMs / 1000} s: ${parts.join('; ') || 'the supervisor says nothing'}`;
}
