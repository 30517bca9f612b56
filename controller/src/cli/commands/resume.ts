import { Command } from 'commander';
import { taskArgument } from '../arguments.ts';
import type { Start } from '../session.ts';
import { setSuspend } from '../suspension.ts';

export function resumeCommand(start: Start): Command {
  return new Command('resume')
    .description("let a suspended task's runs start again")
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .action((task: string, _options, command: Command) => start(command, (session) => setSuspend(session, task, false)));
}
