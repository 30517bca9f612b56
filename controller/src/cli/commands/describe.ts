import { Command } from 'commander';
import { isForbidden } from '../../kube/api-error.ts';
import { pods } from '../../kube/resources.ts';
import { nameArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import { everything, findRun, ofRun } from '../find.ts';
import { outputOption, show, type OutputOptions } from '../output.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderRun } from '../views/run-rows.ts';

export function describeCommand(start: Start): Command {
  return new Command('describe')
    .description('one run: what asked for it, what ran, how it went, its Jobs and pods')
    .argument('<run>', "a TaskRun's name", nameArgument)
    .addOption(outputOption())
    .action((run: string, _options, command: Command) => start<OutputOptions>(command, (session, options) => describe(session, run, options)));
}

export async function describe(session: Session, name: string, { output }: OutputOptions): Promise<number> {
  const { io } = session;
  const run = await findRun(session, name);
  const found = await podsOf(session, name);
  await show(io.out, output, run, () => renderRun(run, found, io.now(), { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns }));
  return exitCodes.ok;
}

/** None where one may not look: the rest is worth showing. */
async function podsOf({ client, namespace }: Session, run: string) {
  return everything(client, pods, namespace, ofRun(run)).catch((error: unknown) => {
    if (isForbidden(error)) return [];
    throw error;
  });
}
