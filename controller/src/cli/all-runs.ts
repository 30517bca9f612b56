/** The runs of a task: from the REST API, which has the archive, or else from the cluster. */
import type { Run, RunDetail } from '../api/schemas.ts';
import { bodyOf, recordOf } from '../records/record.ts';
import type { TaskRun } from '../resources/index.ts';
import { findRun, findTask, runsOf, type StoredRun } from './find.ts';
import { serverOf } from './run-server.ts';
import type { Session } from './session.ts';

/** Newest first; only runs in these phases, or all. @throws CliError if the task does not exist */
export async function historyOf(
  session: Session,
  text: string,
  limit: number,
  phases: readonly Run['phase'][] = [],
): Promise<readonly Run[]> {
  const server = serverOf(session);
  const task = await findTask(session, text);
  if (server) return server.history(session.namespace, task.metadata.name, { limit, phases });
  const runs = (await runsOf(session.client, task)).map(lineOf);
  return runs.filter(({ phase }) => phases.length === 0 || phases.includes(phase)).slice(0, limit);
}

/** @throws CliError if the run does not exist */
export async function detailOf(session: Session, name: string): Promise<RunDetail> {
  const server = serverOf(session);
  if (server) return server.run(session.namespace, name);
  const run = await findRun(session, name);
  const { jobs, ...body } = bodyOf(run as TaskRun);
  return { ...lineOf(run), ...(body as Partial<RunDetail>), jobs: jobs as RunDetail['jobs'], logs: [] };
}

function lineOf(run: StoredRun): Run {
  return { ...recordOf(run as TaskRun), kept: false, archived: false };
}
