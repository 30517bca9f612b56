import { Command } from 'commander';
import type { Io } from '../io.ts';
import { version } from '../session.ts';

export function versionCommand({ out }: Io): Command {
  return new Command('version')
    .description('the version of this program')
    .action(() => out.write(`task-runs ${version}\n`));
}
