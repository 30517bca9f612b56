import { kill } from '../../sandbox/src/machine/processes.ts';
import type { Sandbox } from '../../sandbox/src/sandbox.ts';
import { eventually } from './eventually.ts';

type Part = Awaited<ReturnType<Sandbox['state']>>['parts'][number];

/** @throws Error where the sandbox has no such program */
export async function partOf(sandbox: Pick<Sandbox, 'state'>, name: string): Promise<Part> {
  const part = (await sandbox.state()).parts.find((one) => one.name === name);
  if (part === undefined) throw new Error(`the sandbox has no ${name}`);
  return part;
}

/**
 * Kills programs of a sandbox with SIGKILL, all at once, and waits until it is ready with new ones. Until the
 * supervisor has seen a death, a sandbox counts as ready with what was killed.
 * @throws Error where one has no process at the moment, or does not come back
 */
export async function killParts(sandbox: Sandbox, ...names: readonly string[]): Promise<void> {
  const before = await Promise.all(names.map((name) => partOf(sandbox, name)));
  for (const { name, pid } of before) {
    // Never a pid that is not there: kill(-1) would end every process of this machine.
    if (pid === undefined) throw new Error(`${name} has no process at the moment`);
    kill(pid, 'SIGKILL');
  }
  for (const { name, restarts } of before)
    await eventually(`${name} starts again`, async () => (await partOf(sandbox, name)).restarts > restarts);
  await sandbox.ready();
}
