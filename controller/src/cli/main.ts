import { basename } from 'node:path';
import { processIo } from './io.ts';
import { runCli } from './program.ts';

// As a kubectl plugin the file is named kubectl-task, and people call it `kubectl task`.
const plugin = /^kubectl-(.+?)(\.js|\.exe)?$/.exec(basename(process.argv[1] ?? ''))?.[1];

process.exitCode = await runCli(
  process.argv.slice(2),
  processIo(),
  plugin === undefined ? 'task-runs' : `kubectl ${plugin}`,
);
