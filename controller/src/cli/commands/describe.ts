import { Command } from 'commander';
import { print, printJson } from '../../plan/kubectl-yaml.ts';
import { taskRuns } from '../../cluster/resource-types.ts';
import { isForbidden, isNotFound } from '../../kube/api-error.ts';
import { podsOfRun } from '../../logs/run-pods.ts';
import { nameArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import { findRun, type StoredRun } from '../find.ts';
import { outputOption, show, type OutputOptions } from '../output.ts';
import { requireServer, serverOf } from '../run-server.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderArchived } from '../views/history-rows.ts';
import { renderRun } from '../views/run-rows.ts';

export function describeCommand(start: Start): Command {
  return new Command('describe')
    .description('show one run: what asked for it, what ran, how it went, its Jobs and pods')
    .argument('<run>', "a TaskRun's name", nameArgument)
    .addOption(outputOption())
    .action((run: string, _options, command: Command) =>
      start<OutputOptions>(command, (session, options) => describe(session, run, options)),
    );
}

export async function describe(session: Session, name: string, { output }: OutputOptions): Promise<number> {
  const { io } = session;
  const run = await liveRun(session, name);
  if (run === undefined) return describeArchived(session, name, output);
  const found = await podsOf(session, run);
  await show(io.out, output, run, () =>
    renderRun(run, found, io.now(), { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns }),
  );
  return exitCodes.ok;
}

/** Undefined if the archive must be asked. */
async function liveRun(session: Session, name: string): Promise<StoredRun | undefined> {
  if (!serverOf(session)) return findRun(session, name);
  const { client, namespace } = session;
  return client.get(taskRuns, { namespace, name }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}

async function describeArchived(session: Session, name: string, output: OutputOptions['output']): Promise<number> {
  const { io, namespace } = session;
  const run = await requireServer(session).run(namespace, name);
  if (output === 'json') await io.out.write(printJson(run));
  else if (output === 'yaml') await io.out.write(print(run));
  else
    await io.out.write(
      renderArchived(run, io.now(), { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns }),
    );
  return exitCodes.ok;
}

/** Empty if the person may not list them: the rest is still worth showing. */
async function podsOf({ client }: Session, { metadata, status }: StoredRun) {
  return podsOfRun(client, { ...metadata, jobs: status?.jobs }).catch((error: unknown) => {
    if (isForbidden(error)) return [];
    throw error;
  });
}
