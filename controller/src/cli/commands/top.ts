import { Command, Option } from 'commander';
import type { Run } from '../../api/schemas.ts';
import { tasks } from '../../cluster/resource-types.ts';
import { historyOf } from '../all-runs.ts';
import { countArgument, taskArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import type { Session, Start } from '../session.ts';
import { paintFor } from '../style.ts';
import { printJson } from '../../plan/kubectl-yaml.ts';
import { renderTable, type Column } from '../table.ts';
import { durationText } from '../views/history-rows.ts';
import { listAll } from '../../kube/list-all.ts';

interface TopOptions {
  readonly limit: number;
  readonly sort: keyof typeof orders;
  readonly output: 'table' | 'json';
}

/** Figures of a task's runs. Durations and lateness are in seconds. */
export interface TaskFigures {
  readonly task: string;
  readonly runs: number;
  readonly failed: number;
  readonly median?: number;
  readonly p95?: number;
  readonly longest?: number;
  /** The longest delay of a scheduled run's start. */
  readonly latest?: number;
  /** The longest wait of a run in a queue. */
  readonly waited?: number;
}

/** The worst first. */
const orders = {
  failures: (a: TaskFigures, b: TaskFigures) => b.failed - a.failed,
  duration: (a: TaskFigures, b: TaskFigures) => (b.p95 ?? 0) - (a.p95 ?? 0),
  lateness: (a: TaskFigures, b: TaskFigures) => (b.latest ?? 0) - (a.latest ?? 0),
  waiting: (a: TaskFigures, b: TaskFigures) => (b.waited ?? 0) - (a.waited ?? 0),
} as const;

const mostTasks = 1_000;

export function topCommand(start: Start): Command {
  return new Command('top')
    .description(
      'show which tasks fail, take long, start late or wait in queues: figures of their latest runs; with --server also of archived runs',
    )
    .argument('[task]', "only one task: a Task's name, its component's, or <application>/<component>", taskArgument)
    .option('--limit <count>', "how many of each task's newest runs to count", countArgument, 100)
    .addOption(new Option('--sort <order>', 'what is first').choices(Object.keys(orders)).default('failures'))
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(['table', 'json']).default('table'))
    .action((task: string | undefined, _options, command: Command) =>
      start<TopOptions>(command, (session, options) => top(session, task, options)),
    );
}

export async function top(
  session: Session,
  text: string | undefined,
  { limit, sort, output }: TopOptions,
): Promise<number> {
  const { client, io, namespace } = session;
  const names =
    text === undefined
      ? (await listAll(client, tasks, { namespace })).map(({ metadata }) => metadata.name).slice(0, mostTasks)
      : [text];
  const figures: TaskFigures[] = [];
  for (const name of names) figures.push(figuresOf(name, await historyOf(session, name, limit)));
  figures.sort((a, b) => orders[sort](a, b) || (a.task < b.task ? -1 : 1));
  if (output === 'json') await io.out.write(printJson(figures));
  else
    await io.out.write(
      renderTable(columns, figures, { wide: false, paint: paintFor(io, io.out), columns: io.out.columns }),
    );
  return exitCodes.ok;
}

export function figuresOf(task: string, runs: readonly Run[]): TaskFigures {
  const durations = runs.flatMap(({ durationSeconds }) => durationSeconds ?? []).sort((a, b) => a - b);
  const delays = runs.flatMap(({ delaySeconds }) => delaySeconds ?? []);
  const waits = runs.flatMap(({ waitedSeconds }) => waitedSeconds ?? []);
  const failed = runs.filter(({ phase }) => phase === 'Failed').length;
  const measured = durations.length > 0 && {
    median: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    longest: quantile(durations, 1),
  };
  return {
    task,
    runs: runs.length,
    failed,
    ...measured,
    ...(delays.length > 0 && { latest: Math.max(...delays) }),
    ...(waits.length > 0 && { waited: Math.max(...waits) }),
  };
}

/** The quantile of sorted numbers: the number that the given share of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

const columns: readonly Column<TaskFigures>[] = [
  { title: 'TASK', cell: ({ task }) => task },
  { title: 'RUNS', cell: ({ runs }) => String(runs) },
  {
    title: 'FAILED',
    cell: ({ failed, runs }) => (runs === 0 ? '' : `${failed} (${Math.round((failed / runs) * 100)}%)`),
  },
  { title: 'MEDIAN', cell: ({ median }) => durationText(median) },
  { title: 'P95', cell: ({ p95 }) => durationText(p95) },
  { title: 'LONGEST', cell: ({ longest }) => durationText(longest) },
  { title: 'LATEST START', cell: ({ latest }) => durationText(latest) },
  { title: 'LONGEST WAIT', cell: ({ waited }) => durationText(waited) },
];
