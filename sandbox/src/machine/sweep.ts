import { rm } from 'node:fs/promises';
import { endContainers, sweepNode } from './node-host.ts';
import { endAll, ownedProcesses, type OwnedProcess } from './processes.ts';
import type { Layout } from '../settings.ts';

const politeMs = 30_000;

/** The parents of running containers; they outlive containerd on purpose, and it finds them again. */
const shim = 'containerd-shim';

/**
 * Ends every process of the sandbox that `up` left or a crash orphaned, the supervisor first. Data and containers stay.
 */
export async function endProcesses(layout: Layout): Promise<void> {
  await endAll(
    others(layout, ({ part }) => part === 'supervisor'),
    politeMs,
  );
  await endAll(
    others(layout, ({ program }) => program !== shim),
    0,
  );
}

/** The sandbox's processes but the one that asks: the supervisor, too, may remove the sandbox. */
function others(layout: Layout, which: (process: OwnedProcess) => boolean): () => Promise<number[]> {
  return async () => {
    const found = (await ownedProcesses(layout.dir)).filter((owned) => owned.pid !== process.pid && which(owned));
    return found.map(({ pid }) => pid);
  };
}

/** Ends the sandbox and removes everything of it, but the built programs. Fine when there is nothing. */
export async function removeSandbox(layout: Layout): Promise<void> {
  await endProcesses(layout);
  await endContainers(layout);
  await endAll(
    others(layout, () => true),
    0,
  );
  await sweepNode(layout);
  await rm(layout.dir, { recursive: true, force: true });
}
