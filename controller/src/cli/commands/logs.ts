import { named } from '../../domain/lang/words.ts';
import { Command } from 'commander';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { isFinished } from '../../domain/model/phase.ts';
import { labelValue } from '../../domain/lang/names.ts';
import type { Stored } from '../../kube/objects.ts';
import { pods } from '../../kube/resources.ts';
import { listAll } from '../../kube/list-all.ts';
import { labels } from '../../resources/index.ts';
import { whyNoLog } from '../../records/no-log.ts';
import { countArgument, durationArgument, taskArgument } from '../arguments.ts';
import { CliError, exitCodes, UsageError } from '../errors.ts';
import { findRunOrTask, ofTask, runsOf, type StoredRun, type StoredTask } from '../find.ts';
import { watchPods } from '../../logs/follow-run.ts';
import { readAtOnce, type LogChoice } from '../../logs/pod-logs.ts';
import { printRun } from '../logs/print-run.ts';
import { LogPrinter } from '../logs/print-logs.ts';
import { ownPodsOfTask, podsOfRun, type TaskOfPods } from '../../logs/run-pods.ts';
import { streamsOf } from '../../logs/streams.ts';
import { archivedLogs, withoutRuns } from '../logs/archived-logs.ts';
import { serverOf } from '../run-server.ts';
import { printable } from '../text.ts';
import type { Session, Start } from '../session.ts';

export interface LogsOptions extends LogChoice {
  readonly search?: string;
  readonly failed?: boolean;
  readonly allRuns?: boolean;
}

export function logsCommand(start: Start): Command {
  return new Command('logs')
    .description("show what a run printed: one run, a task's newest run, or all runs of a task in the order of time")
    .argument(
      '<task|run>',
      "a TaskRun's name; or a Task's, its component's, or <application>/<component>",
      taskArgument,
    )
    .option('-f, --follow', 'follow until the run has ended; with --all-runs until Ctrl-C')
    .option('--all-runs', 'all runs of the task, each line with its run and pod')
    .option('--failed', 'only runs that failed: the newest, or with --all-runs all of them')
    .option('--search <text>', 'only lines that contain this text, in upper or lower case; needs --server', undefined)
    .option('--since <duration>', 'only lines younger than this, such as 10m', durationArgument)
    .option('--tail <lines>', 'only the last lines of each container', countArgument)
    .action((name: string, _options, command: Command) =>
      start<LogsOptions>(command, (session, options) => logs(session, name, options)),
    );
}

export async function logs(session: Session, text: string, options: LogsOptions): Promise<number> {
  const server = options.follow === true ? undefined : serverOf(session);
  if (server) return archivedLogs(session, server, text, options);
  if (options.search !== undefined)
    throw new UsageError(
      '--search works only through the REST API, and without -f: add --server and leave out -f, or use grep',
    );
  return liveLogs(session, text, options);
}

async function liveLogs(session: Session, text: string, options: LogsOptions): Promise<number> {
  const found = await findRunOrTask(session, text);
  if ('run' in found) {
    const wrong = options.allRuns === true ? '--all-runs' : options.failed === true ? '--failed' : undefined;
    if (wrong !== undefined)
      throw new UsageError(
        `${wrong} chooses among the runs of a task, but ${text} is a run: name its task, ${found.run.spec.taskRef.name}`,
      );
    return logsOfRun(session, found.run, options);
  }
  const { task } = found;
  if (options.allRuns === true && options.follow === true) return followTask(session, task, options);
  const runs = (await runsOf(session.client, task)).filter(
    ({ status }) => options.failed !== true || status?.phase === 'Failed',
  );
  if (options.allRuns === true) return logsOfAll(session, task, runs, options);
  const run = currentOf(runs);
  if (run) return logsOfRun(session, run, options);
  throw new CliError(withoutRuns(task.metadata.name, options));
}

/** The newest run that ever started, else the newest run. @param runs newest first */
export function currentOf(runs: readonly StoredRun[]): StoredRun | undefined {
  return runs.find(hasStarted) ?? runs[0];
}

/** A Job that waits in a queue has no pods yet. */
function hasStarted({ status = {} }: StoredRun): boolean {
  return status.phase !== 'Queued' && (status.jobs?.length ?? 0) > 0 && !wasNeverAdmitted(status);
}

/** Whether the run ended during its first wait in a queue. */
function wasNeverAdmitted({ phase, startTime, jobs = [] }: NonNullable<StoredRun['status']>): boolean {
  return (
    isFinished(phase) &&
    startTime === undefined &&
    jobs.some(({ queuedTime }) => queuedTime !== undefined) &&
    jobs.every(({ waitedSeconds }) => waitedSeconds === undefined)
  );
}

async function logsOfRun(session: Session, run: StoredRun, options: LogChoice): Promise<number> {
  const { client, io } = session;
  if (options.follow === true && !isFinished(run.status?.phase)) {
    await printRun(session, run, options, io.interrupted, tellWaiting(session));
    return exitCodes.ok;
  }
  const found = await podsOfRun(client, { ...run.metadata, jobs: run.status?.jobs });
  if (found.length === 0) throw new CliError(withoutPods(run));
  return printAll(session, found, options, { run: false, pod: found.length > 1 });
}

/** Says what a run waits for while it prints nothing, once per reason. */
function tellWaiting({ io }: Session): (run: StoredRun) => Promise<void> {
  let last: string | undefined;
  return async (run) => {
    const line = waitingLine(run);
    if (line !== undefined && line !== last) await io.err.write(`${line}\n`);
    last = line;
  };
}

/**
 * `run mytask-v3 waits (Queued Pending: waits for 600m cpu in cq)`; undefined for a run that runs, has ended, or has no
 * status yet.
 */
export function waitingLine({ metadata: { name }, status = {} }: StoredRun): string | undefined {
  const { phase = 'Pending', reason, message } = status;
  const waits = phase === 'Queued' || (phase === 'Pending' && (reason ?? message) !== undefined);
  return waits ? `run ${name} waits (${stateOf(status)})` : undefined;
}

function stateOf({ phase = 'Pending', reason, message }: NonNullable<StoredRun['status']>): string {
  return printable(
    `${phase}${reason === undefined || reason === phase ? '' : ` ${reason}`}${message === undefined ? '' : `: ${message}`}`,
  );
}

/** Why there is no log, and what else is known. */
export function withoutPods({ metadata: { name }, status = {} }: StoredRun): string {
  const { phase = 'Pending' } = status;
  const state = stateOf(status);
  const why = whyNoLog(status.reason);
  const cause = why === undefined ? '' : `; ${why}, so only an archive has its log`;
  if (!isFinished(phase)) return `run ${name} has no pods yet (${state}): wait for it with -f`;
  return status.jobs === undefined || wasNeverAdmitted(status)
    ? `run ${name} never had pods (${state})`
    : `run ${name} no longer has pods, and its log was deleted with them (${state}); executionPolicy.keepLast and keepLastFailed say how many runs keep their pods${cause}`;
}

async function logsOfAll(
  session: Session,
  task: StoredTask,
  runs: readonly StoredRun[],
  options: LogChoice,
): Promise<number> {
  const { client, io } = session;
  const { name } = task.metadata;
  const wanted = new Set(runs.map((run) => labelValue(run.metadata.name)));
  const selection = podsOf(task);
  const own = await ownPodsOfTask(client, selection)(await listAll(client, pods, selection));
  const found = own.filter((pod) => wanted.has(runLabel(pod)));
  const remark = missingLine(runs, new Set(found.map(runLabel)));
  if (remark !== undefined) await io.err.write(`${remark}\n`);
  if (found.length === 0)
    throw new CliError(
      `no run of task ${name} has pods, so there are no logs; see \`${session.program} runs ${name}\``,
    );
  const shown = newest(found);
  if (shown.length < found.length)
    await io.err.write(
      `only the newest ${shown.length} of ${found.length} pods are shown: name a run to see another\n`,
    );
  return printAll(session, shown, options, { run: true, pod: true });
}

function podsOf({ metadata: { name, namespace, uid } }: StoredTask): TaskOfPods {
  return { namespace: namespace ?? '', uid, labelSelector: ofTask(name) };
}

function runLabel({ metadata }: Stored<Pod>): string {
  return metadata.labels?.[labels.run] ?? '';
}

const mostNamed = 10;

/** The runs that cannot be shown. @param withPods run names from the pods' labels */
export function missingLine(runs: readonly StoredRun[], withPods: ReadonlySet<string>): string | undefined {
  const missing = runs
    .filter((run) => hasStarted(run) && !withPods.has(labelValue(run.metadata.name)))
    .map(({ metadata }) => metadata.name);
  if (missing.length === 0) return undefined;
  return `not shown, because their pods are gone: ${named(missing, mostNamed)}`;
}

/** As many logs as can be read at once. */
function newest(found: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  const sorted = [...found].sort(
    (a, b) => Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp),
  );
  return readAtOnce(sorted, (pod) => streamsOf(pod).length);
}

async function printAll(
  session: Session,
  found: readonly Stored<Pod>[],
  options: LogChoice,
  shows: { run: boolean; pod: boolean },
): Promise<number> {
  const printer = new LogPrinter(session, { ...options, follow: false }, shows, session.io.interrupted);
  printer.add(found);
  printer.close();
  await printer.print();
  return printer.failures === 0 ? exitCodes.ok : exitCodes.failed;
}

/** All runs, later ones included. */
async function followTask(session: Session, task: StoredTask, options: LogsOptions): Promise<number> {
  if (options.failed === true)
    throw new UsageError(
      '--failed selects runs that have ended, and -f --all-runs follows new ones: leave out one of the two',
    );
  const { client, io } = session;
  const printer = new LogPrinter(session, options, { run: true, pod: true }, io.interrupted);
  const selection = podsOf(task);
  const own = ownPodsOfTask(client, selection, io.interrupted);
  const watching = watchPods(client, selection, io.interrupted, async (found) => printer.add(await own(found))).finally(
    () => printer.close(),
  );
  await Promise.all([watching, printer.print()]);
  io.interrupted.throwIfAborted();
  return exitCodes.ok;
}
