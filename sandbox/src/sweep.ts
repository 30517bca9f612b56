import { rm } from 'node:fs/promises';
import { endContainers, sweepNode } from './node-host.ts';
import { endAll, ownedProcesses, type OwnedProcess } from './processes.ts';
import type { Layout } from './settings.ts';

const politeMs = 30_000;

/** The parents of running containers; they outlive containerd on purpose, and it finds them again. */
const shim = 'containerd-shim';

/** Ends every process of the sandbox that `up` left or a crash orphaned, the supervisor first. Data and containers stay. */
export async function endProcesses(layout: Layout): Promise<void> {
  const find = (which: (process: OwnedProcess) => boolean) => async (): Promise<number[]> =>
    (await ownedProcesses(layout.dir)).filter(which).map(({ pid }) => pid);
  await endAll(find(({ part }) => part === 'supervisor'), politeMs);
  await endAll(find(({ program }) => program !== shim), 0);
}

/** Ends the sandbox and removes everything of it, but the built programs. Fine when there is nothing. */
export async function removeSandbox(layout: Layout): Promise<void> {
  await endProcesses(layout);
  await endContainers(layout);
  await endAll(async () => (await ownedProcesses(layout.dir)).map(({ pid }) => pid), 0);
  await sweepNode(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
