import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCue } from '../../cue/ts/index.ts';
import { renderAddon, type AddonApplication } from '../../scripts/addon-files.ts';

const renderer = fileURLToPath(new URL('../../scripts/addon-files.ts', import.meta.url));

interface Kept {
  /** A hash of the files that it was rendered from, and of what renders them. */
  readonly key: string;
  readonly application: AddonApplication;
}

/**
 * An assembled addon as it is enabled without parameters. It is kept in a file beside the addon: dozens of test files
 * start a cluster, and CUE would take a second of processor time for each.
 */
export async function renderedAddon(directory: string): Promise<AddonApplication> {
  const path = `${directory}.rendered.json`;
  const key = await keyOf(directory);
  const kept = await readKept(path);
  if (kept?.key === key) return kept.application;
  const cue = await createCue({ version: '0.9.2', deadlineMs: 20_000 });
  const application = await renderAddon(cue, directory).finally(() => cue.close());
  // Others may render it at the same time, and read it.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ key, application } satisfies Kept));
  await rename(draft, path);
  return application;
}

async function readKept(path: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function keyOf(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hash = createHash('sha256');
  for (const file of [renderer, ...files.sort()]) hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}
