import { Command } from 'commander';
import { taskRuns } from '../../cluster/resource-types.ts';
import { retryProblem } from '../../domain/policies/retry-of.ts';
import { retryRun } from '../../requests/retry-run.ts';
import type { TaskRun } from '../../resources/index.ts';
import { nameArgument } from '../arguments.ts';
import { CliError, exitCodes } from '../errors.ts';
import { findRun, type StoredRun } from '../find.ts';
import { serverOf } from '../run-server.ts';
import type { Session, Start } from '../session.ts';

interface RetryOptions {
  readonly name?: string;
}

export function retryCommand(start: Start): Command {
  return new Command('retry')
    .description('retry a run that failed or was cancelled, in a new run: steps that succeeded do not run again')
    .argument('<run>', "a TaskRun's name", nameArgument)
    .option('--name <name>', "the new run's name, instead of a generated one", nameArgument)
    .action((run: string, _options, command: Command) =>
      start<RetryOptions>(command, (session, options) => retry(session, run, options)),
    );
}

export async function retry(session: Session, name: string, options: RetryOptions): Promise<number> {
  const { client, io } = session;
  const run = await retriable(session, name);
  const problem = retryProblem(name, run as TaskRun);
  if (problem !== undefined) throw new CliError(problem);
  const created = await client.create(taskRuns, retryRun(run, options.name), { fieldManager: 'task-runs-cli' });
  await io.out.write(`run ${created.metadata.name} retries ${name}\n`);
  return exitCodes.ok;
}

/** @throws CliError, also if only the archive has the run: its snapshot is no longer in the cluster */
async function retriable(session: Session, name: string): Promise<StoredRun> {
  try {
    return await findRun(session, name);
  } catch (error) {
    const archived = await serverOf(session)
      ?.run(session.namespace, name)
      .catch(() => undefined);
    if (archived === undefined) throw error;
    throw new CliError(
      `run ${name} is only in the archive, so it cannot be retried: \`${session.program} run ${archived.task}\` runs the task again`,
      { cause: error },
    );
  }
}
