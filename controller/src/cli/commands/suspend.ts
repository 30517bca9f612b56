import { Command } from 'commander';
import { taskArgument } from '../arguments.ts';
import type { Start } from '../session.ts';
import { setSuspend } from '../suspension.ts';

export function suspendCommand(start: Start): Command {
  return new Command('suspend')
    .description("let a task's new runs wait until it is resumed; active runs continue")
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .action((task: string, _options, command: Command) => start(command, (session) => setSuspend(session, task, true)));
}
