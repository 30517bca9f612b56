import { rm } from 'node:fs/promises';
import { sweepNode } from './node-host.ts';
import { endAll, ownedProcesses } from './processes.ts';
import type { Layout } from './settings.ts';

const politeMs = 30_000;

/** Ends every process of the sandbox that `up` left or a crash orphaned, the supervisor first. Data stays. */
export async function endProcesses(layout: Layout): Promise<void> {
  const find = async (supervisor: boolean): Promise<number[]> =>
    (await ownedProcesses(layout.dir)).filter(({ part }) => !supervisor || part === 'supervisor').map(({ pid }) => pid);
  await endAll(() => find(true), politeMs);
  await endAll(() => find(false), 0);
}

/** Ends the sandbox and removes everything of it, but the built programs. Fine when there is nothing. */
export async function removeSandbox(layout: Layout): Promise<void> {
  await endProcesses(layout);
  await sweepNode(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
