/** What `list` and `status` show of Tasks. */
import { formatDuration } from '../../domain/lang/duration.ts';
import { sameJson } from '../../domain/lang/same-json.ts';
import { policyOf } from '../../domain/model/execution-policy.ts';
import { queuesOf, queueWords } from '../../records/queue-report.ts';
import type { TaskStatus } from '../../resources/index.ts';
import { velaLabels, type Task } from '../../resources/index.ts';
import type { StoredTask } from '../find.ts';
import { elapsed, exact, relative } from '../moments.ts';
import type { Paint } from '../style.ts';
import { renderFields, renderTable, type Column, type TableOptions } from '../table.ts';

const count = (number: number | undefined): string => String(number ?? 0);

/** @param everywhere whether the tasks are in several namespaces */
export function taskColumns(now: Date, everywhere: boolean): readonly Column<StoredTask>[] {
  const namespace: Column<StoredTask> = { title: 'NAMESPACE', cell: ({ metadata }) => metadata.namespace ?? '' };
  return [
    ...(everywhere ? [namespace] : []),
    { title: 'TASK', cell: ({ metadata }) => metadata.name },
    { title: 'COMPONENT', cell: componentOf, wide: true },
    { title: 'PHASE', cell: ({ status }) => status?.phase ?? '' },
    { title: 'ACTIVE', cell: ({ status }) => count(status?.totals?.active) },
    { title: 'KEPT', cell: ({ status }) => count(status?.totals?.kept) },
    { title: 'SCHEDULE', cell: scheduleOf, wide: true },
    { title: 'NEXT', cell: (task) => nextOf(task, now) },
    { title: 'LAST SUCCESS', cell: ({ status }) => relative(status?.lastSuccessfulTime, now), wide: true },
    {
      title: 'AGE',
      cell: ({ metadata }) => formatDuration(now.getTime() - Date.parse(metadata.creationTimestamp)),
      wide: true,
    },
    { title: 'MESSAGE', cell: ({ status }) => status?.message ?? '' },
  ];
}

/** `<application>/<component>`, for a Task that KubeVela made. */
export function componentOf({ metadata: { labels = {} } }: Pick<StoredTask, 'metadata'>): string {
  const { [velaLabels.application]: application, [velaLabels.component]: component } = labels;
  return application === undefined || component === undefined ? '' : `${application}/${component}`;
}

function scheduleOf({ spec: { schedule } }: StoredTask): string {
  return schedule === undefined ? '' : [schedule.crons.join(', '), schedule.timeZone].filter(Boolean).join(' ');
}

function nextOf({ spec, status }: StoredTask, now: Date): string {
  return spec.suspend === true ? 'suspended' : relative(status?.nextScheduleTime, now);
}

/** One Task for people: its state, and its latest runs. */
export function renderTask(task: StoredTask, now: Date, options: TableOptions): string {
  const { metadata, spec, status = {} } = task;
  const fields = renderFields(
    [
      ['Task', metadata.name],
      ['Component', componentOf(task)],
      ['Phase', status.phase],
      ['Message', status.message ?? 'no controller has seen it yet'],
      ['Suspended', spec.suspend === true ? 'yes: new runs wait' : undefined],
      ['Schedule', scheduleOf(task)],
      ['Next', spec.suspend === true ? undefined : exact(status.nextScheduleTime, now)],
      ['Missed', status.missedSchedules ? `${status.missedSchedules} times of the schedule` : undefined],
      ['Last success', exact(status.lastSuccessfulTime, now)],
      ['Queue', queueLine(task)],
      ['Policy', policyLine(task)],
      ['Totals', totalsLine(status.totals)],
      ['Outputs', status.outputs && JSON.stringify(status.outputs)],
      ...conditionFields(status.conditions),
    ],
    options.paint,
  );
  const runs = [...(status.active ?? []), ...(status.lastRuns ?? [])];
  return runs.length === 0 ? fields : `${fields}\n${renderTable(summaryColumns(now), runs, options)}`;
}

/** Fields of executionPolicy that are shown whatever they are. */
const alwaysShown = ['trigger', 'concurrencyPolicy', 'keepLast', 'keepLastFailed'] as const;

/** Those fields, and what differs from the defaults. */
function policyLine(task: StoredTask): string {
  const policy = policyOf(task as Task);
  const { executionPolicy: _, ...spec } = task.spec;
  const defaults = new Map(Object.entries(policyOf({ ...task, spec } as Task)));
  const others = Object.entries(policy).filter(
    ([name, value]) => !alwaysShown.some((shown) => shown === name) && !sameJson(value, defaults.get(name)),
  );
  const shown = [...alwaysShown.map((name) => [name, policy[name]] as const), ...others];
  return shown.map(([name, value]) => `${name} ${Array.isArray(value) ? `[${value.join(' ')}]` : value}`).join(', ');
}

function queueLine({ spec: { queue, steps, queueTimeoutSeconds } }: StoredTask): string {
  const queues = queuesOf({ queue, steps }).map(queueWords).join(', ');
  return queues === '' || queueTimeoutSeconds === undefined
    ? queues
    : `${queues}, for ${formatDuration(queueTimeoutSeconds * 1000)} at most`;
}

function totalsLine(totals: TaskStatus['totals'] = {}): string {
  const { active = 0, queued = 0, succeeded = 0, failed = 0, cancelled = 0, skipped = 0, kept = 0 } = totals;
  return `${active} active, ${queued} queued, ${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled, ${skipped} skipped, ${kept} kept`;
}

type Condition = NonNullable<TaskStatus['conditions']>[number];

function conditionFields(conditions: readonly Condition[] = []): readonly (readonly [string, string])[] {
  return conditions.map(
    ({ type, status, reason, message }) =>
      [type, `${status} (${reason})${message === '' ? '' : `: ${message}`}`] as const,
  );
}

type Summary = NonNullable<TaskStatus['lastRuns']>[number];

function summaryColumns(now: Date): readonly Column<Summary>[] {
  return [
    { title: 'RUN', cell: ({ name }) => name },
    { title: 'PHASE', cell: ({ phase }) => phase },
    { title: 'REASON', cell: ({ reason = '' }) => reason },
    { title: 'STARTED', cell: ({ startTime }) => relative(startTime, now) },
    { title: 'DURATION', cell: (run) => elapsed(run, now) },
    { title: 'KEPT', cell: ({ kept }) => (kept === true ? 'yes' : 'no') },
    { title: 'MESSAGE', cell: ({ message = '' }) => message },
  ];
}

/** One line for a change, where no terminal can be redrawn. */
export function changeLine({ status = {} }: StoredTask, now: Date, paint: Paint): string {
  return `${paint('dim', now.toISOString())} ${status.phase ?? 'Unknown'} ${status.message ?? ''}\n`;
}
