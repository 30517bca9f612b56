/**
 * Bundles the command line into the folder dist/cli: an executable file, task-runs.js, its parts, and what `plan`
 * renders with. A link to it called kubectl-task is kubectl's plugin `task`.
 */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { partFiles } from '../controller/src/cli/plan/parts.ts';
import { bundle } from './bundle.ts';
import { writeBundledPackages } from './bundled-packages.ts';
import { partsOfSources } from './plan-parts.ts';

const outfile = 'dist/cli/task-runs.js';
// Parts of an earlier build have other names.
await rm('dist/cli', { recursive: true, force: true });
const files = await bundle({
  entry: 'controller/src/cli/main.ts',
  outfile,
  shebang: '#!/usr/bin/env node',
  sourcemap: false,
  minify: true,
  parts: true,
});
await chmod(outfile, 0o755);
await writeBundledPackages('cli', files);

const { cue: loadCue, definitions } = await partsOfSources();
const cue = await loadCue();
// A quarter of the size; unpacking takes a tenth of a second.
await writeFile(`dist/cli/${partFiles.wasm}`, await promisify(gzip)(cue.wasm, { level: 9 }));
await writeFile(`dist/cli/${partFiles.loader}`, cue.loader);
await writeFile(`dist/cli/${partFiles.definitions}`, JSON.stringify(definitions));
