/** Logs from the REST API, of pods and of the archive. */
import { taskRuns } from '../../cluster/resource-types.ts';
import { compact } from '../../domain/lang/compact.ts';
import { isNotFound } from '../../kube/api-error.ts';
import type { LogChoice } from '../../logs/pod-logs.ts';
import { exitCodes } from '../errors.ts';
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
    task === undefined ? [`runs/${text}`, choice] : [`tasks/${task}`, { ...choice, ...amongRuns(options) }];
  const chunks = await server.logs(namespace, path, query);
  for await (const chunk of io.out.terminal ? terminalSafeLines(chunks) : chunks) await io.out.write(chunk);
  return exitCodes.ok;
}

function amongRuns({ allRuns = false, failed = false }: ArchivedLogsOptions): Readonly<Record<string, string>> {
  return { runs: String(allRuns ? mostRuns : 1), ...(failed && { phase: 'Failed' }) };
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
