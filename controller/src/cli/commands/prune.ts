import { Command } from 'commander';
import pLimit from 'p-limit';
import { taskRuns } from '../../controllers/resource-types.ts';
import { isFinished } from '../../domain/phase.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { countArgument, durationArgument, taskArgument } from '../arguments.ts';
import { CliError, exitCodes, UsageError } from '../errors.ts';
import { findTask, runsOf, type StoredRun } from '../find.ts';
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

const atOnce = 8;

export function pruneCommand(start: Start): Command {
  return new Command('prune')
    .description('delete finished runs, with their Jobs, pods and logs; never an active one')
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .option('--keep <count>', 'spare the newest finished runs', countArgument)
    .option('--older-than <duration>', 'spare those that ended later than so long ago, such as 7d', durationArgument)
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'do not ask')
    .action((task: string, _options, command: Command) => start<PruneOptions>(command, (session, options) => prune(session, task, options)));
}

export async function prune(session: Session, text: string, options: PruneOptions): Promise<number> {
  const { client, io } = session;
  if (options.keep === undefined && options.olderThan === undefined) throw new UsageError('say which runs may go: --keep 10, --older-than 7d, or both; --keep 0 is all that have finished');
  const task = await findTask(session, text);
  const doomed = prunable(await runsOf(client, task), options, io.now());
  if (doomed.length === 0) {
    await io.out.write(`task ${task.metadata.name} has no such runs: nothing is deleted\n`);
    return exitCodes.ok;
  }
  const table = renderTable(runColumns(io.now(), undefined).filter(({ title }) => title !== 'KEPT'), doomed, { wide: false, paint: paintFor(io, io.out), columns: io.out.columns });
  if (options.dryRun === true) {
    await io.out.write(`${table}${runCount(doomed.length)} would be deleted\n`);
    return exitCodes.ok;
  }
  await confirm(session, doomed.length, table, options.yes === true);
  const deleted = await deleteRuns(session, doomed);
  await io.out.write(`${runCount(deleted)} of task ${task.metadata.name} deleted\n`);
  return exitCodes.ok;
}

/** Finished runs beyond the newest to keep that ended long enough ago. @param runs newest first */
export function prunable(runs: readonly StoredRun[], { keep = 0, olderThan = 0 }: Pick<PruneOptions, 'keep' | 'olderThan'>, now: Date): readonly StoredRun[] {
  const before = now.getTime() - olderThan;
  return runs.filter(({ status }) => isFinished(status?.phase)).slice(keep).filter((run) => endOf(run) <= before);
}

function endOf({ status, metadata }: StoredRun): number {
  return Date.parse(status?.completionTime ?? metadata.creationTimestamp);
}

async function confirm({ io }: Session, count: number, table: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.interactive) throw new UsageError('nobody is there to confirm the deletion: pass --yes, or look first with --dry-run');
  await io.err.write(table);
  const answer = await io.ask(`Delete ${runCount(count)} with Jobs, pods and logs? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was deleted: it was not confirmed');
}

/** A finished run stays finished, so its uid is all that has to be the same. */
async function deleteRuns({ client }: Session, runs: readonly StoredRun[]): Promise<number> {
  const limit = pLimit(atOnce);
  const outcomes = await Promise.all(
    runs.map(({ metadata: { name, namespace, uid } }) =>
      limit(() =>
        client.delete(taskRuns, { namespace, name }, { uid }).then(
          () => true,
          (error: unknown) => {
            if (isNotFound(error) || isConflict(error)) return false; // somebody was quicker
            throw error;
          },
        ),
      ),
    ),
  );
  return outcomes.filter(Boolean).length;
}

function runCount(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`;
}
