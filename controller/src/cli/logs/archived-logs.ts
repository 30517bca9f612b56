/** Logs from the REST API, of pods and of the archive. */
import { taskRuns } from '../../cluster/resource-types.ts';
import { compact } from '../../domain/lang/compact.ts';
import { isNotFound } from '../../kube/api-error.ts';
import type { LogChoice } from '../../logs/pod-logs.ts';
import { CliError, exitCodes } from '../errors.ts';
import { findTask } from '../find.ts';
import type { RunServer } from '../run-server.ts';
import type { Session } from '../session.ts';
import { terminalSafeLines } from '../text.ts';

interface ArchivedLogsOptions extends LogChoice {
  readonly search?: string;
  readonly failed?: boolean;
  readonly allRuns?: boolean;
}

/** As many as the API accepts. */
const mostRuns = 100;

export async function archivedLogs(
  session: Session,
  server: RunServer,
  text: string,
  options: ArchivedLogsOptions,
): Promise<number> {
  const { io, namespace } = session;
  const { since, tail, search } = options;
  const choice = compact({
    since: since === undefined ? undefined : new Date(io.now().getTime() - since).toISOString(),
    tail: tail === undefined ? undefined : String(tail),
    search,
  });
  const task = await taskOf(session, text, options);
  const [path, query] =
    task === undefined
      ? [`runs/${text}`, choice]
      : options.allRuns === true
        ? [`tasks/${task}`, { ...choice, runs: String(mostRuns), phase: phasesOf(options).join(',') }]
        : [`runs/${await newestRun(session, server, task, options)}`, choice];
  const chunks = await server.logs(namespace, path, query);
  for await (const chunk of io.out.terminal ? terminalSafeLines(chunks) : chunks) await io.out.write(chunk);
  return exitCodes.ok;
}

/** Those of runs that may have started. */
const mayHaveLogs = ['Pending', 'Running', 'Succeeded', 'Failed', 'Cancelled'];

function phasesOf({ failed = false }: ArchivedLogsOptions): readonly string[] {
  return failed ? ['Failed'] : mayHaveLogs;
}

/** As without --server: the newest run that ever started, else the newest run. */
async function newestRun(
  { namespace }: Session,
  server: RunServer,
  task: string,
  options: ArchivedLogsOptions,
): Promise<string> {
  const found = await server.history(namespace, task, { limit: mostRuns, phases: phasesOf(options) });
  const started = found.find(({ startTime }) => startTime !== undefined);
  if (started) return started.name;
  const [newest] = options.failed === true ? found : await server.history(namespace, task, { limit: 1 });
  if (newest) return newest.name;
  throw new CliError(withoutRuns(task, options));
}

/** Why a task has no log to show. */
export function withoutRuns(task: string, { failed = false }: { readonly failed?: boolean | undefined }): string {
  return `task ${task} has no${failed ? ' failed' : ''} runs on record, so there are no logs`;
}

/** The Task that is meant; undefined if it is a run, which may exist only in the archive. */
async function taskOf(
  session: Session,
  text: string,
  { allRuns = false, failed = false }: ArchivedLogsOptions,
): Promise<string | undefined> {
  if (allRuns || failed || text.includes('/')) return (await findTask(session, text)).metadata.name;
  if (await isRun(session, text)) return undefined;
  return findTask(session, text).then(
    ({ metadata }) => metadata.name,
    () => undefined,
  );
}

async function isRun({ client, namespace }: Session, name: string): Promise<boolean> {
  try {
    await client.get(taskRuns, { namespace, name });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
