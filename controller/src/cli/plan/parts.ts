/** The files that rendering needs: CUE as WebAssembly and our definitions. Only `plan` loads them. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getAsset, isSea } from 'node:sea';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { CueModule } from '../../../../cue/ts/index.ts';
import type { Schema } from '../../plan/schema.ts';
import { CliError } from '../errors.ts';

/** dist/cli/definitions.json: the definitions by name, and the schemas of the kinds that they render. */
export interface Definitions {
  readonly components: Readonly<Record<string, string>>;
  readonly traits: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, string>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

export interface Parts {
  readonly cue: CueModule;
  readonly definitions: Definitions;
}

/** Finds the parts. Throws a CliError where files are missing. */
export type LoadParts = () => Promise<Parts>;

/** The files beside the bundled program. */
export const partFiles = { wasm: 'cue.wasm.gz', loader: 'wasm_exec.cjs', definitions: 'definitions.json' } as const;

/**
 * Reads them from inside a single executable, or from beside the program; while that runs from its sources, from where
 * it was built.
 */
export const loadParts: LoadParts = () => {
  if (isSea()) return partsOf((name) => Promise.resolve(Buffer.from(getAsset(name))));
  const program = fileURLToPath(import.meta.url);
  return readParts(program.endsWith('.ts') ? 'dist/cli' : dirname(program));
};

async function partsOf(read: (name: string) => Promise<Buffer>): Promise<Parts> {
  const [wasm, loader, definitions] = await Promise.all([
    read(partFiles.wasm).then((packed) => promisify(gunzip)(packed)),
    read(partFiles.loader),
    read(partFiles.definitions),
  ]);
  return {
    cue: { wasm, loader: loader.toString() },
    definitions: JSON.parse(definitions.toString()) as Definitions,
  };
}

export async function readParts(folder: string): Promise<Parts> {
  try {
    return await partsOf((name) => readFile(join(folder, name)));
  } catch (error) {
    const missing =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${(error as NodeJS.ErrnoException).path ?? folder} is missing`
        : `the files in ${folder} cannot be read (${String(error)})`;
    throw new CliError(
      `${missing}: plan needs ${Object.values(partFiles).join(', ')} in the program's folder; copy them from dist/cli, or build them with npm run build`,
      { cause: error },
    );
  }
}
