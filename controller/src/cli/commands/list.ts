import { Command } from 'commander';
import { tasks } from '../../cluster/resource-types.ts';
import { exitCodes } from '../errors.ts';
import { requireNamespace } from '../find.ts';
import { outputOption, show, type OutputOptions } from '../output.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderTable } from '../table.ts';
import { taskColumns } from '../views/task-rows.ts';
import { listAll } from '../../kube/list-all.ts';

interface ListOptions extends OutputOptions {
  readonly allNamespaces?: boolean;
}

export function listCommand(start: Start): Command {
  return new Command('list')
    .alias('ls')
    .description('list the tasks, what each is doing, and when it is due next')
    .option('-A, --all-namespaces', 'in all namespaces')
    .addOption(outputOption())
    .action((_options, command: Command) => start<ListOptions>(command, list));
}

export async function list(session: Session, { output, allNamespaces = false }: ListOptions): Promise<number> {
  const { client, io, namespace } = session;
  const found = await listAll(client, tasks, { namespace: allNamespaces ? undefined : namespace });
  if (found.length === 0) {
    if (!allNamespaces) await requireNamespace(session);
    await io.err.write(
      `there are no tasks${allNamespaces ? '' : ` in namespace ${namespace}; -A lists all namespaces`}\n`,
    );
    if (output === 'table' || output === 'wide') return exitCodes.ok;
  }
  const table = { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns };
  await show(io.out, output, found, () => renderTable(taskColumns(io.now(), allNamespaces), found, table));
  return exitCodes.ok;
}
