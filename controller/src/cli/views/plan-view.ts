/** A plan for people: a row for each run; with `-o wide` for each Job. */
import type { ApplicationPlan, ComponentPlan, JobPlan, Plan, RunPlan } from '../../plan/document.ts';
import { renderTable, type Column, type TableOptions } from '../table.ts';
import { printable } from '../text.ts';

/** Jobs beyond this number are only counted. */
const mostJobs = 50;

interface PlanRow {
  readonly component: string;
  readonly type: string;
  readonly run: string;
  readonly decision: string;
  readonly job: string;
  readonly starts: string;
  readonly message: string;
}

const columns: readonly Column<PlanRow>[] = [
  { title: 'COMPONENT', cell: ({ component }) => component },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'RUN', cell: ({ run }) => run },
  { title: 'PLAN', cell: ({ decision }) => decision },
  { title: 'JOB', cell: ({ job }) => job, wide: true },
  { title: 'JOB STARTS', cell: ({ starts }) => starts, wide: true },
  { title: 'MESSAGE', cell: ({ message }) => message },
];

export function renderPlan({ applications }: Plan, options: TableOptions): string {
  return applications.map((application) => renderApplication(application, options)).join('\n');
}

function renderApplication(
  { name, namespace, taskNamespace, revision, changed, components, steps = [] }: ApplicationPlan,
  options: TableOptions,
): string {
  const elsewhere = taskNamespace === undefined ? '' : `, its tasks in namespace ${taskNamespace}`;
  const title = options.paint('bold', printable(`Application ${name} in namespace ${namespace}${elsewhere}`));
  const head = `${title}: ${changed ? `deployed as revision ${revision}` : `no new revision, ${revision} is deployed`}\n`;
  const rows = components.flatMap((component) => rowsOf(component, options.wide));
  return `${head}${renderTable(columns, rows, options)}${steps.map(({ message }) => `${printable(message)}\n`).join('')}`;
}

function rowsOf(component: ComponentPlan, wide: boolean): readonly PlanRow[] {
  const { name, type, message, task } = component;
  const empty: PlanRow = { component: name, type, run: '', decision: '', job: '', starts: '', message };
  const [first, ...others] = task?.runs.flatMap((run) => rowsOfRun(run, empty, wide)) ?? [];
  return first
    ? [first, ...others.map((row) => ({ ...row, component: '', type: '', message: '' }))]
    : [{ ...empty, decision: task ? 'NoRun' : '' }];
}

function rowsOfRun(run: RunPlan, empty: PlanRow, wide: boolean): readonly PlanRow[] {
  const row: PlanRow = { ...empty, run: run.nameIsExact ? run.name : `~${run.name}`, decision: run.decision };
  const [first, ...others] = wide ? run.jobs.slice(0, mostJobs) : [];
  const more =
    wide && run.jobs.length > mostJobs
      ? [{ ...row, run: '', decision: '', job: `and ${run.jobs.length - mostJobs} more`, starts: '' }]
      : [];
  return [
    first ? withJob(row, first) : row,
    ...others.map((job) => withJob({ ...row, run: '', decision: '' }, job)),
    ...more,
  ];
}

function withJob(row: PlanRow, { name, starts, after = [], queue }: JobPlan): PlanRow {
  const parts = [
    starts,
    ...(after.length === 0 ? [] : [`after ${after.slice(0, 3).join(', ')}${after.length > 3 ? ', ...' : ''}`]),
    ...(queue === undefined ? [] : [`in queue ${queue.name}`]),
  ];
  return { ...row, job: name, starts: parts.join(', ') };
}
