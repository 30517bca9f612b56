/** A lock between processes of this machine, as a file with the holder's process id. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../exists.ts';

/**
 * Works while nobody else holds the lock; that of a dead process is taken over.
 * @param onWait called once if somebody else holds it
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  if (!(await tryLock(path))) {
    onWait?.();
    do await sleep(500);
    while (!(await tryLock(path)));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  const claim = `${path}.${randomUUID()}`;
  await writeFile(claim, String(process.pid));
  try {
    // A link appears with its content, so that nobody reads a lock without an owner.
    await link(claim, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = await readFile(path, 'utf8').catch(() => 'gone');
    if (!(await exists(`/proc/${owner}`))) await rm(path, { force: true });
    return false;
  } finally {
    await rm(claim, { force: true });
  }
}
