/**
 * Bundles the command line into one executable file, dist/cli/task-runs.js, with what `plan` renders with beside it. A
 * link called kubectl-task is kubectl's plugin `task`; a copy is, too, but plans only with the other files beside it.
 */
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { partFiles } from '../controller/src/cli/plan/parts.ts';
import { bundle } from './bundle.ts';
import { partsOfSources } from './plan-parts.ts';

const outfile = 'dist/cli/task-runs.js';
await bundle({
  entry: 'controller/src/cli/main.ts',
  outfile,
  shebang: '#!/usr/bin/env node',
  sourcemap: false,
  minify: true,
});
await chmod(outfile, 0o755);

const { cue, definitions } = await partsOfSources();
// A quarter of the size; unpacking takes a tenth of a second.
await writeFile(`dist/cli/${partFiles.wasm}`, await promisify(gzip)(cue.wasm, { level: 9 }));
await copyFile(cue.loader, `dist/cli/${partFiles.loader}`);
await writeFile(`dist/cli/${partFiles.definitions}`, JSON.stringify(definitions));
