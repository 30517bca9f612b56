import { Command, CommanderError } from 'commander';
import { nameArgument } from './arguments.ts';
import { cancelCommand } from './commands/cancel.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { convertCommand } from './commands/convert.ts';
import { describeCommand } from './commands/describe.ts';
import { diffCommand } from './commands/diff.ts';
import { topCommand } from './commands/top.ts';
import { uiCommand } from './commands/ui.ts';
import { listCommand } from './commands/list.ts';
import { logsCommand } from './commands/logs.ts';
import { planCommand } from './commands/plan.ts';
import { pruneCommand } from './commands/prune.ts';
import { resumeCommand } from './commands/resume.ts';
import { retryCommand } from './commands/retry.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { statusCommand } from './commands/status.ts';
import { suspendCommand } from './commands/suspend.ts';
import { versionCommand } from './commands/version.ts';
import { exitCodes, explain } from './errors.ts';
import type { Io } from './io.ts';
import { loadParts as loadInstalledParts, type LoadParts } from './plan/parts.ts';
import { openSession, version, type Start, type StartOffline } from './session.ts';
import { remark } from './remark.ts';

const exitCodesHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 124 timed out, 130 interrupted; run --wait: the task's own; plan --detailed-exitcode: 3 if a run would start.`;

/** What the commands are made with. */
export interface ProgramParts {
  /** The name that the program was called by: `task-runs`, or `kubectl task`. */
  readonly name: string;
  readonly start: Start;
  readonly startOffline: StartOffline;
  readonly loadParts: LoadParts;
  /** For what commander itself prints: help and wrong usage. */
  readonly io: Io;
}

/**
 * Runs one command line.
 *
 * @param args without the program's own name
 * @param loadParts where `plan` and `convert` have CUE and the definitions from; beside the program when left out
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  io: Io,
  name: string,
  loadParts: LoadParts = loadInstalledParts,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const start: Start = async (command, work) => {
    const options = command.optsWithGlobals<never>();
    const session = await openSession(io, name, options);
    try {
      exitCode = await work(session, options);
    } finally {
      await session.client.close();
    }
  };
  const startOffline: StartOffline = async (work) => {
    exitCode = await work(io);
  };
  try {
    await createProgram({ name, start, startOffline, loadParts, io }).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { sentence, exitCode: code } = explain(error);
    if (sentence !== '') await remark(io, 'red', 'error:', sentence);
    return code;
  }
}

/** All commands, with their options and help. */
export function createProgram({ name, start, startOffline, loadParts, io }: ProgramParts): Command {
  const program = new Command(name)
    .description(
      'Tasks and their runs: what ran, why a run failed or waits, what it printed; and run, cancel, suspend and prune.',
    )
    .version(version)
    .option('--kubeconfig <path>', 'the kubeconfig to use; KUBECONFIG, or ~/.kube/config, when left out')
    .option('--context <name>', 'the context of the kubeconfig')
    .option(
      '--server <url>',
      "the controller's REST API, for what is only in the archive; TASK_RUNS_SERVER when left out",
    )
    .option('-n, --namespace <namespace>', "the namespace; the context's own when left out", nameArgument)
    .addHelpText('after', exitCodesHelp)
    .configureHelp({ showGlobalOptions: true });
  const commands = [
    listCommand,
    statusCommand,
    runsCommand,
    describeCommand,
    logsCommand,
    runCommand,
    retryCommand,
    cancelCommand,
    suspendCommand,
    resumeCommand,
    pruneCommand,
    diffCommand,
    topCommand,
    uiCommand,
  ];
  for (const create of commands) program.addCommand(create(start));
  program
    .addCommand(planCommand(start, startOffline, loadParts))
    .addCommand(convertCommand(startOffline, loadParts))
    .addCommand(versionCommand(startOffline))
    .addCommand(completionCommand(startOffline))
    .addCommand(completeCommand(startOffline, name), { hidden: true });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureHelp({ showGlobalOptions: true });
    command.configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
    });
  }
  return program;
}
