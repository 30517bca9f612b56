import { join } from 'node:path';
import { build } from './build.ts';
import { componentsOf } from '../components.ts';
import { debianProgram, debianProgramWithLibraries } from '../machine/debian.ts';
import type { Progress } from '../progress.ts';
import type { Settings } from '../settings.ts';

/** The directories of the programs, one a component (see components.ts) or Debian package. */
export type Programs = Readonly<Record<string, string>>;

/**
 * Gets every program that such a sandbox needs, from the cache where it is there.
 * @throws Refusal when that is impossible on this machine
 */
export async function providePrograms(
  settings: Pick<Settings, 'nodes' | 'kubernetes'>,
  progress: Progress,
): Promise<Programs> {
  const built = await build(componentsOf(settings), progress);
  if (settings.nodes !== 'real') return built;
  return {
    ...built,
    runc: await debianProgram('runc', 'usr/sbin/runc', progress),
    nft: await debianProgramWithLibraries('nftables', 'usr/sbin/nft', progress),
    busybox: await debianProgram('busybox-static', 'bin/busybox', progress),
  };
}

/** @throws Error when the component was not provided: then the caller forgot to ask for it */
export function programOf(programs: Programs, component: string, name: string): string {
  const directory = programs[component];
  if (directory === undefined) throw new Error(`${component} was not provided, but ${name} is needed`);
  return join(directory, name);
}
