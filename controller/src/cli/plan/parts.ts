/** The files that `plan` needs: CUE as WebAssembly and our definitions. `convert` needs the schemas among them. */
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
  /** Unpacks CUE, which takes longer than all else. Throws a CliError where files are missing. */
  readonly cue: () => Promise<CueModule>;
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
  if (isSea()) return partsOf(async (name, decode) => decode(Buffer.from(getAsset(name))));
  const program = fileURLToPath(import.meta.url);
  return readParts(program.endsWith('.ts') ? 'dist/cli' : dirname(program));
};

/** Reads a part by its file's name, and decodes it. */
type ReadPart = <T>(name: string, decode: (bytes: Buffer) => T | Promise<T>) => Promise<T>;

const text = (bytes: Buffer): string => bytes.toString();

async function partsOf(read: ReadPart): Promise<Parts> {
  return {
    cue: async () => ({
      wasm: await read(partFiles.wasm, (bytes) => promisify(gunzip)(bytes)),
      loader: await read(partFiles.loader, text),
    }),
    definitions: await read(partFiles.definitions, (bytes) => JSON.parse(text(bytes)) as Definitions),
  };
}

/** The parts that are files in a folder. */
export function readParts(folder: string): Promise<Parts> {
  return partsOf((name, decode) => readPart(folder, name, decode));
}

/** @throws CliError that says which file is missing, or cannot be read */
async function readPart<T>(folder: string, name: string, decode: (bytes: Buffer) => T | Promise<T>): Promise<T> {
  try {
    return await decode(await readFile(join(folder, name)));
  } catch (error) {
    const missing =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${(error as NodeJS.ErrnoException).path ?? folder} is missing`
        : `${join(folder, name)} cannot be read (${String(error)})`;
    throw new CliError(
      `${missing}: plan and convert need ${Object.values(partFiles).join(', ')} in the program's folder; copy them from dist/cli, or build them with npm run build`,
      { cause: error },
    );
  }
}
