import { readFile, rename, writeFile } from 'node:fs/promises';
import type { PartState } from './machine/keeper.ts';
import type { Layout, Settings } from './settings.ts';

/** What the supervisor says of itself, for `up`, `status` and tests. */
export interface SandboxState {
  readonly supervisor: number;
  readonly phase: 'starting' | 'ready' | 'failed' | 'stopping';
  readonly message?: string;
  readonly parts: readonly PartState[];
}

export function readSettings(layout: Layout): Promise<Settings | undefined> {
  return readJson(layout.settings);
}

export function writeSettings(layout: Layout, settings: Settings): Promise<void> {
  return writeJson(layout.settings, settings);
}

export function readState(layout: Layout): Promise<SandboxState | undefined> {
  return readJson(layout.state);
}

export function writeState(layout: Layout, state: SandboxState): Promise<void> {
  return writeJson(layout.state, state);
}

/** A file that is missing or was cut off by a crash counts as not written. */
async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Readers see the old or the new content, never half of it. */
async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value, undefined, 2));
  await rename(`${path}.new`, path);
}
