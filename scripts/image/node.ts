/** The Node of the image: the one of npm's package for that kind of machine, as package-lock.json has it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import lock from '../../package-lock.json' with { type: 'json' };
import { withLock } from '../../sandbox/src/build/lock.ts';
import { architectures, type Architecture } from './architecture.ts';
import { exists } from '../../sandbox/src/exists.ts';

const run = promisify(execFile);

export interface NodePackage {
  readonly name: string;
  readonly version: string;
  readonly program: Buffer;
  readonly license: Buffer;
}

/**
 * @param cache where what was downloaded is kept
 * @throws Error when npm does not have what package-lock.json says
 */
export async function nodePackage(architecture: Architecture, cache: string): Promise<NodePackage> {
  const name = `node-linux-${architectures[architecture].npm}` as const;
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const directory = join(cache, `${name}-${version}`);
  // Two images that are built at once need it downloaded once.
  await withLock(`${directory}.downloading`, async () => {
    if (!(await exists(directory))) await download(`${name}@${version}`, integrity, directory);
  });
  const read = (file: string): Promise<Buffer> => readFile(join(directory, 'package', file));
  return { name, version, program: await read('bin/node'), license: await read('LICENSE') };
}

async function download(spec: string, integrity: string, directory: string): Promise<void> {
  const scratch = await mkdtemp(`${directory}.`);
  try {
    const { stdout } = await run('npm', ['pack', spec, '--json', '--loglevel=error'], { cwd: scratch });
    const [{ filename } = { filename: '' }] = JSON.parse(stdout) as { filename: string }[];
    const archive = join(scratch, filename);
    const hash = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (hash !== integrity) throw new Error(`npm's ${spec} is not the one of package-lock.json: ${hash}`);
    await run('tar', ['--extract', '--gzip', '--file', archive, 'package/bin/node', 'package/LICENSE'], {
      cwd: scratch,
    });
    await rename(scratch, directory);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
