import { Command } from 'commander';
import { deleteRuns, prunable } from '../../requests/prune-runs.ts';
import { countArgument, durationArgument, taskArgument } from '../arguments.ts';
import { CliError, exitCodes, UsageError } from '../errors.ts';
import { findTask, runsOf } from '../find.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderTable } from '../table.ts';
import { runColumns } from '../views/run-rows.ts';

interface PruneOptions {
  readonly keep?: number;
  /** In milliseconds. */
  readonly olderThan?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function pruneCommand(start: Start): Command {
  return new Command('prune')
    .description('delete finished runs with their Jobs, pods and logs; never an active run')
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .option('--keep <count>', 'keep this many of the newest finished runs', countArgument)
    .option('--older-than <duration>', 'keep runs that ended within this time, such as 7d', durationArgument)
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'do not ask')
    .action((task: string, _options, command: Command) =>
      start<PruneOptions>(command, (session, options) => prune(session, task, options)),
    );
}

export async function prune(session: Session, text: string, options: PruneOptions): Promise<number> {
  const { client, io } = session;
  if (options.keep === undefined && options.olderThan === undefined)
    throw new UsageError(
      'say which runs to delete: --keep 10, --older-than 7d, or both; --keep 0 deletes all finished runs',
    );
  const task = await findTask(session, text);
  const doomed = prunable(await runsOf(client, task), options, io.now());
  if (doomed.length === 0) {
    await io.out.write(`task ${task.metadata.name} has no such runs: nothing was deleted\n`);
    return exitCodes.ok;
  }
  const table = renderTable(
    runColumns(io.now(), undefined).filter(({ title }) => title !== 'KEPT'),
    doomed,
    { wide: false, paint: paintFor(io, io.out), columns: io.out.columns },
  );
  if (options.dryRun === true) {
    await io.out.write(`${table}${runCount(doomed.length)} would be deleted\n`);
    return exitCodes.ok;
  }
  await confirm(session, doomed.length, table, options.yes === true);
  const deleted = await deleteRuns(client, doomed);
  await io.out.write(`${runCount(deleted.length)} of task ${task.metadata.name} deleted\n`);
  return exitCodes.ok;
}

async function confirm({ io }: Session, count: number, table: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.interactive)
    throw new UsageError(
      'the deletion cannot be confirmed without a terminal: pass --yes, or look first with --dry-run',
    );
  await io.err.write(table);
  const answer = await io.ask(`Delete ${runCount(count)} with Jobs, pods and logs? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was deleted: it was not confirmed');
}

function runCount(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`;
}
