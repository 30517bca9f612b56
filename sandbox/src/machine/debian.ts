import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../progress.ts';
import { Refusal } from '../refusal.ts';
import { cacheDirectory } from '../settings.ts';
import { exists } from '../exists.ts';
import { onPath } from './requirements.ts';

const run = promisify(execFile);

/**
 * Takes one program out of a Debian package without installing it.
 * @param path where the program is in the package
 * @returns the directory that it is in now, under its own name
 * @throws Refusal when the package cannot be downloaded
 */
export function debianProgram(packageName: string, path: string, progress: Progress): Promise<string> {
  return takeProgram(packageName, path, progress, async (scratch) => {
    // As root, apt would download as the user _apt, who may not write here.
    await run('apt-get', ['download', '-q', ...asRoot, packageName], { cwd: scratch });
  });
}

/**
 * The same for a program with libraries: those that this machine lacks are beside it, for LD_LIBRARY_PATH. A machine
 * that has the program keeps its own.
 */
export async function debianProgramWithLibraries(
  packageName: string,
  path: string,
  progress: Progress,
): Promise<string> {
  const installed = await onPath(basename(path));
  if (installed !== undefined) return dirname(installed);
  return takeProgram(packageName, path, progress, async (scratch) => {
    await mkdir(join(scratch, 'partial'));
    const here = ['-o', `Dir::Cache::archives=${scratch}`, '-o', 'Debug::NoLocking=true'];
    const args = ['install', '--download-only', '--no-install-recommends', '--yes', '-q', ...asRoot, ...here];
    await run('apt-get', [...args, packageName]);
  });
}

const asRoot = ['-o', 'APT::Sandbox::User=root'];

/** @param download puts the packages into a directory */
async function takeProgram(
  packageName: string,
  path: string,
  progress: Progress,
  download: (scratch: string) => Promise<void>,
): Promise<string> {
  const directory = join(cacheDirectory, 'bin', `debian-${packageName}`);
  const program = basename(path);
  if (await exists(join(directory, program))) return directory;
  await mkdir(join(cacheDirectory, 'bin'), { recursive: true });
  const step = progress.begin(`downloading Debian's ${packageName}`);
  const scratch = await mkdtemp(`${directory}.`);
  try {
    await download(scratch);
    await extract(scratch);
    await mkdir(directory, { recursive: true });
    for (const library of await librariesIn(join(scratch, 'content'))) {
      await copyFile(library, join(directory, basename(library)));
    }
    // The program last: with it, all is there.
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

/** Unpacks all packages of a directory into its `content`. */
async function extract(scratch: string): Promise<void> {
  const files = (await readdir(scratch)).filter((entry) => entry.endsWith('.deb'));
  if (files.length === 0) throw new Error('apt-get downloaded nothing');
  for (const file of files) await run('dpkg-deb', ['--extract', file, 'content'], { cwd: scratch });
}

/** Links among them are followed when they are copied. */
async function librariesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true });
  return entries.filter((entry) => /\.so[.\d]*$/.test(entry)).map((entry) => join(directory, entry));
}

function refusal(packageName: string, error: unknown): Refusal {
  const reason = error instanceof Error ? error.message.trim() : String(error);
  return new Refusal(
    `Real nodes need ${packageName} from Debian's or Ubuntu's packages, which cannot be had: run apt-get update and try again, or choose --nodes simulated (${reason}).`,
  );
}
