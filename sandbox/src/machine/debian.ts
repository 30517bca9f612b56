import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../progress.ts';
import { Refusal } from '../refusal.ts';
import { cacheDirectory } from '../settings.ts';
import { exists } from '../exists.ts';

const run = promisify(execFile);

/**
 * Takes one program out of a Debian package without installing it.
 * @param path where the program is in the package
 * @returns the directory that it is in now, under its own name
 * @throws Refusal when the package cannot be downloaded
 */
export async function debianProgram(packageName: string, path: string, progress: Progress): Promise<string> {
  const directory = join(cacheDirectory, 'bin', `debian-${packageName}`);
  const program = basename(path);
  if (await exists(join(directory, program))) return directory;
  await mkdir(join(cacheDirectory, 'bin'), { recursive: true });
  const step = progress.begin(`downloading Debian's ${packageName}`);
  const scratch = await mkdtemp(`${directory}.`);
  try {
    await extract(packageName, scratch);
    await mkdir(directory, { recursive: true });
    await copyFile(join(scratch, 'content', path), join(scratch, program));
    await rename(join(scratch, program), join(directory, program));
    step.end('done');
    return directory;
  } catch (error) {
    step.end('failed');
    throw refusal(packageName, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function extract(packageName: string, scratch: string): Promise<void> {
  // As root, apt would download as the user _apt, who may not write here.
  await run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', packageName], { cwd: scratch });
  const file = (await readdir(scratch)).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded nothing');
  await run('dpkg-deb', ['--extract', file, 'content'], { cwd: scratch });
}

function refusal(packageName: string, error: unknown): Refusal {
  const reason = error instanceof Error ? error.message.trim() : String(error);
  return new Refusal(
    `Real nodes need ${packageName} from Debian's or Ubuntu's packages, which cannot be had: run apt-get update and try again, or choose --nodes simulated (${reason}).`,
  );
}
