import { Command } from 'commander';
import { taskRuns } from '../../cluster/resource-types.ts';
import { isFinished } from '../../domain/model/phase.ts';
import { cancelReason } from '../../requests/cancel-reason.ts';
import { nameArgument } from '../arguments.ts';
import { CliError, exitCodes } from '../errors.ts';
import { findRun } from '../find.ts';
import { whoAmI } from '../person.ts';
import type { Session, Start } from '../session.ts';

interface CancelOptions {
  readonly reason?: string;
}

export function cancelCommand(start: Start): Command {
  return new Command('cancel')
    .description('cancel a run: its Jobs and pods are deleted, its record stays')
    .argument('<run>', "a TaskRun's name", nameArgument)
    .option('--reason <text>', 'why, for the record; your name is added')
    .action((run: string, _options, command: Command) =>
      start<CancelOptions>(command, (session, options) => cancel(session, run, options)),
    );
}

export async function cancel(session: Session, name: string, { reason }: CancelOptions): Promise<number> {
  const { client, io, namespace, program } = session;
  const { status } = await findRun(session, name);
  if (isFinished(status?.phase))
    throw new CliError(
      `run ${name} has already ended (${status?.phase ?? ''}), so there is nothing to cancel: \`${program} describe ${name}\` shows how it ended`,
    );
  await client.patch(
    taskRuns,
    { namespace, name },
    { spec: { cancel: true, cancelReason: cancelReason(await whoAmI(client), reason) } },
    { fieldManager: 'task-runs-cli' },
  );
  await io.out.write(`run ${name} is being cancelled\n`);
  return exitCodes.ok;
}
