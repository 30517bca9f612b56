import { basename } from 'node:path';
import { processIo } from './io.ts';
import { runCli } from './program.ts';

// kubectl finds it as kubectl-task, and people call it as `kubectl task`.
const plugin = /^kubectl-(.+?)(\.js)?$/.exec(basename(process.argv[1] ?? ''))?.[1];

process.exitCode = await runCli(
  process.argv.slice(2),
  processIo(),
  plugin === undefined ? 'task-runs' : `kubectl ${plugin}`,
);
