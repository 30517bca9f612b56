import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { taskRuns } from '../../cluster/resource-types.ts';
import { manualRun } from '../../requests/manual-run.ts';
import {
  waitArgument,
  envArgument,
  nameArgument,
  taskArgument,
  textsArgument,
  type EnvVariable,
} from '../arguments.ts';
import { CliError, exitCodes, TimedOut, UsageError } from '../errors.ts';
import { findTask, type StoredRun } from '../find.ts';
import { Interrupted } from '../io.ts';
import { printRun } from '../logs/print-run.ts';
import { elapsed } from '../moments.ts';
import { whoAmI } from '../person.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { printable } from '../text.ts';

interface RunOptions {
  readonly arg?: readonly string[];
  readonly env?: readonly EnvVariable[];
  readonly name?: string;
  readonly wait?: boolean;
  /** In milliseconds. */
  readonly timeout?: number;
}

export function runCommand(start: Start): Command {
  return new Command('run')
    .description('run a task now')
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .option(
      '--arg <text>',
      "replaces the container's args, only in this run; repeat it for each argument (--arg=--flag if it starts with a dash)",
      textsArgument,
    )
    .option('--env <name=value>', 'an environment variable, only for this run; repeat it for each', envArgument)
    .option('--name <name>', "the run's name, instead of a generated one", nameArgument)
    .option('--wait', "print the run's logs, and exit with its exit code once it has ended")
    .option('--timeout <duration>', 'with --wait: exit with 124 after this time; the run continues', waitArgument)
    .action((task: string, _options, command: Command) =>
      start<RunOptions>(command, (session, options) => run(session, task, options)),
    );
}

export async function run(session: Session, text: string, options: RunOptions): Promise<number> {
  const { client, io } = session;
  if (options.timeout !== undefined && options.wait !== true)
    throw new UsageError('--timeout limits --wait: add --wait, or leave out --timeout');
  const task = await findTask(session, text);
  const created = await client.create(
    taskRuns,
    manualRun(task, { ...options, args: options.arg }, await whoAmI(client)),
    { fieldManager: 'task-runs-cli' },
  );
  const sink = options.wait === true ? io.err : io.out;
  await sink.write(`run ${created.metadata.name} of task ${task.metadata.name} created\n`);
  return options.wait === true ? waitFor(session, created, options.timeout) : exitCodes.ok;
}

async function waitFor(session: Session, created: StoredRun, timeout: number | undefined): Promise<number> {
  const { io, program } = session;
  const { name } = created.metadata;
  const deadline = new AbortController();
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(
          () =>
            deadline.abort(
              new TimedOut(`run ${name} has not ended in time and continues: \`${program} cancel ${name}\` cancels it`),
            ),
          timeout,
        );
  const signal = AbortSignal.any([io.interrupted, deadline.signal]);
  const ended = new AbortController();
  try {
    const finished = await printRun(session, created, {}, signal, progress(session, ended));
    await io.err.write(`${outcomeLine(finished, io.now())}\n`);
    return taskExitCode(finished);
  } catch (error) {
    if (error instanceof Interrupted)
      await io.err.write(
        `run ${name} continues: \`${program} logs -f ${name}\` shows it, \`${program} cancel ${name}\` cancels it\n`,
      );
    throw error instanceof Error ? error : new CliError(String(error));
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

const longUnseenMs = 10_000;

/** Says on a terminal what the run waits for. Says everywhere, once, if no controller has seen the run. */
function progress({ io }: Session, ended: AbortController): (run: StoredRun) => Promise<void> {
  const paint = paintFor(io, io.err);
  let last = '';
  let seen = false;
  void delay(longUnseenMs, undefined, { signal: ended.signal }).then(
    () =>
      seen
        ? undefined
        : io.err.write(
            'no controller has seen the run yet: is it running? (kubectl get deployment task-runs -n vela-system)\n',
          ),
    () => undefined, // it has ended
  );
  return async ({ metadata: { name }, status }) => {
    seen ||= status?.phase !== undefined;
    const { phase = 'Pending', message } = status ?? {};
    const line = `${name} ${phase}${message === undefined ? '' : `: ${printable(message)}`}`;
    if (line === last || !io.err.terminal || status?.completionTime !== undefined) return;
    last = line;
    await io.err.write(`${paint('dim', line)}\n`);
  };
}

/** `mytask-x7k2p Failed after 3s: exit code 3 in container mytask`. */
export function outcomeLine({ metadata: { name }, status = {} }: StoredRun, now: Date): string {
  const { phase = '', message } = status;
  const took = elapsed(status, now);
  return `${name} ${phase}${took === '' ? '' : ` after ${took}`}${message === undefined ? '' : `: ${printable(message)}`}`;
}

/** The container's own exit code if it failed with one; 0 only for success. */
export function taskExitCode({ status = {} }: Pick<StoredRun, 'status'>): number {
  if (status.phase === 'Succeeded') return exitCodes.ok;
  const exitCode = status.phase === 'Failed' ? status.jobs?.at(-1)?.exitCode : undefined;
  return exitCode === undefined || exitCode < 1 || exitCode > 255 ? exitCodes.failed : exitCode;
}
