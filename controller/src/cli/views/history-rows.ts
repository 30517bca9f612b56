/** Runs from the REST API, archived ones included. */
import type { Run, RunDetail } from '../../api/schemas.ts';
import { formatDuration } from '../../domain/lang/duration.ts';
import { exact, relative } from '../moments.ts';
import type { TaskRunStatus } from '../../resources/index.ts';
import { queueFields } from './queue-fields.ts';
import { renderFields, renderTable, type Column, type TableOptions } from '../table.ts';

export function historyColumns(now: Date): readonly Column<Run>[] {
  return [
    { title: 'RUN', cell: ({ name }) => name },
    { title: 'TRIGGER', cell: triggerText },
    { title: 'PHASE', cell: ({ phase }) => phase },
    { title: 'REASON', cell: ({ reason = '' }) => reason },
    { title: 'STARTED', cell: ({ startTime }) => relative(startTime, now) },
    { title: 'DURATION', cell: ({ durationSeconds }) => durationText(durationSeconds) },
    { title: 'KEPT', cell: ({ kept, archived }) => (kept ? 'yes' : archived ? 'archived' : 'no') },
    { title: 'EXIT', cell: ({ exitCode }) => String(exitCode ?? ''), wide: true },
    { title: 'LATE', cell: ({ delaySeconds }) => durationText(delaySeconds), wide: true },
    {
      title: 'WAITED',
      cell: ({ waitedSeconds, queuedTime }) =>
        durationText(
          waitedSeconds ?? (queuedTime === undefined ? undefined : (now.getTime() - Date.parse(queuedTime)) / 1_000),
        ),
      wide: true,
    },
    { title: 'COMPLETED', cell: ({ completionTime = '' }) => completionTime, wide: true },
    { title: 'MESSAGE', cell: ({ message = '' }) => message, wide: true },
  ];
}

/** A run that is no longer in the cluster. */
export function renderArchived(run: RunDetail, now: Date, options: TableOptions): string {
  const fields = renderFields(
    [
      ['Run', run.name],
      ['Task', run.task],
      ['Trigger', triggerText(run)],
      ['Phase', run.phase],
      ['Reason', run.reason],
      ['Message', run.message],
      ['Asked for', exact(run.creationTimestamp, now)],
      ...queueFields({ snapshot: run.snapshot, status: run as TaskRunStatus, due: run.trigger.scheduledTime }, now),
      ['Started', exact(run.startTime, now)],
      ['Completed', exact(run.completionTime, now)],
      ['Duration', durationText(run.durationSeconds)],
      ['Cancelled', run.cancelReason],
      ['Outputs', run.outputs && JSON.stringify(run.outputs)],
      ['Archived', 'yes: the TaskRun was deleted'],
    ],
    options.paint,
  );
  const logs = run.logs.length === 0 ? '' : `\n${renderTable(logColumns, run.logs, options)}`;
  return run.jobs.length === 0 ? `${fields}${logs}` : `${fields}\n${renderTable(jobColumns, run.jobs, options)}${logs}`;
}

const jobColumns: readonly Column<RunDetail['jobs'][number]>[] = [
  { title: 'JOB', cell: ({ name = '', step = name, node }) => node ?? step },
  { title: 'PHASE', cell: ({ phase = '' }) => phase },
  { title: 'DURATION', cell: ({ duration = '' }) => duration },
  { title: 'EXIT', cell: ({ exitCode }) => String(exitCode ?? '') },
  { title: 'REASON', cell: ({ reason = '' }) => reason },
];

const logColumns: readonly Column<RunDetail['logs'][number]>[] = [
  { title: 'LOG', cell: ({ pod }) => pod },
  { title: 'CONTAINER', cell: ({ container }) => container },
  { title: 'BYTES', cell: ({ bytes }) => String(bytes) },
  { title: 'LEFT OUT', cell: ({ cutBytes }) => (cutBytes === 0 ? '' : `${cutBytes} at the beginning`) },
];

export function triggerText({ trigger: { type, value, scheduledTime } }: Pick<Run, 'trigger'>): string {
  return [type, scheduledTime ?? value].filter(Boolean).join(' ');
}

export function durationText(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatDuration(seconds * 1_000);
}
