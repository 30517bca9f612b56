import { Command } from 'commander';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { print, printJson } from '../../plan/kubectl-yaml.ts';
import { isForbidden } from '../../kube/api-error.ts';
import { controllerUid, type KubeObject, type Stored } from '../../kube/objects.ts';
import { jobs, pods } from '../../kube/resources.ts';
import { listAll } from '../../kube/list-all.ts';
import { labels } from '../../resources/index.ts';
import { historyOf } from '../all-runs.ts';
import { countArgument, taskArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import { findTask, ofTask, runsOf, type StoredTask } from '../find.ts';
import { outputOption, show, type OutputOptions } from '../output.ts';
import { serverOf } from '../run-server.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { renderTable } from '../table.ts';
import { historyColumns } from '../views/history-rows.ts';
import { runColumns, type Kept } from '../views/run-rows.ts';

interface RunsOptions extends OutputOptions {
  readonly limit?: number;
  readonly failed?: boolean;
}

export function runsCommand(start: Start): Command {
  return new Command('runs')
    .alias('history')
    .description('list the runs of a task, newest first; with --server also archived runs')
    .argument('<task>', "a Task's name, its component's, or <application>/<component>", taskArgument)
    .option('--failed', 'only those that failed')
    .option('--limit <count>', 'only the newest', countArgument)
    .addOption(outputOption())
    .action((task: string, _options, command: Command) =>
      start<RunsOptions>(command, (session, options) => runs(session, task, options)),
    );
}

export async function runs(
  session: Session,
  text: string,
  { output, failed = false, limit = Infinity }: RunsOptions,
): Promise<number> {
  if (serverOf(session)) return archivedRuns(session, text, { output, failed, limit });
  const { client, io } = session;
  const task = await findTask(session, text);
  const all = (await runsOf(client, task)).filter(({ status }) => !failed || status?.phase === 'Failed');
  const shown = all.slice(0, limit);
  const table = output === 'table' || output === 'wide';
  if (shown.length === 0 && table) {
    await io.err.write(`task ${task.metadata.name} has no${failed ? ' failed' : ''} runs on record\n`);
    return exitCodes.ok;
  }
  const known = table ? await keptRuns(session, task) : undefined;
  const options = { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns };
  await show(io.out, output, shown, () =>
    renderTable(runColumns(io.now(), known?.kept, known?.withoutLog), shown, options),
  );
  return exitCodes.ok;
}

/** Enough for a terminal; --limit asks for more. */
const mostShown = 200;

/** Runs of the cluster and of the archive. */
async function archivedRuns(
  session: Session,
  text: string,
  { output, failed, limit }: Required<RunsOptions>,
): Promise<number> {
  const { io } = session;
  const shown = await historyOf(session, text, limit === Infinity ? mostShown : limit, failed ? ['Failed'] : []);
  const options = { wide: output === 'wide', paint: paintFor(io, io.out), columns: io.out.columns };
  if (output === 'json') await io.out.write(printJson(shown));
  else if (output === 'yaml') await io.out.write(print(shown));
  else await io.out.write(renderTable(historyColumns(io.now()), shown, options));
  return exitCodes.ok;
}

/** Those that have a Job, and those of them whose Job has failed and left no pods. */
async function keptRuns(
  { client, namespace }: Session,
  { metadata }: StoredTask,
): Promise<{ readonly kept: Kept; readonly withoutLog: ReadonlySet<string> }> {
  const selection = { namespace, labelSelector: ofTask(metadata.name) };
  try {
    const found = await listAll(client, jobs, selection);
    const failed = found.filter(({ status }) => status?.conditions?.some(isFailure));
    const there = failed.length === 0 ? [] : await listAll(client, pods, selection);
    return { kept: new Set(found.map(runOf)), withoutLog: withoutPods(failed, there) };
  } catch (error) {
    if (isForbidden(error)) return { kept: undefined, withoutLog: new Set() };
    throw error;
  }
}

/**
 * The runs of Jobs that control none of the pods. A pod's label proves nothing: it may come from the template of
 * somebody's own Job.
 */
export function withoutPods(found: readonly Stored<Job>[], there: readonly Stored<Pod>[]): ReadonlySet<string> {
  const controlling = new Set(there.map(controllerUid));
  const withPods = new Set(found.filter(({ metadata }) => controlling.has(metadata.uid)).map(runOf));
  return new Set(found.map(runOf).filter((run) => !withPods.has(run)));
}

function isFailure({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Failed' && status === 'True';
}

function runOf({ metadata }: Stored<KubeObject>): string {
  return metadata.labels?.[labels.run] ?? '';
}
