/**
 * Bundles the command line into one executable file, dist/cli/task-runs.js. A copy called kubectl-task is kubectl's plugin `task`.
 */
import { chmod } from 'node:fs/promises';
import { bundle } from './bundle.ts';

const outfile = 'dist/cli/task-runs.js';
await bundle({ entry: 'controller/src/cli/main.ts', outfile, shebang: '#!/usr/bin/env node', sourcemap: false, minify: true });
await chmod(outfile, 0o755);
