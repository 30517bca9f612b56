/** What `runs` and `describe` show of runs. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Stored } from '../../kube/objects.ts';
import type { JobRow } from '../../resources/index.ts';
import type { StoredRun } from '../find.ts';
import { queueOfRow, waitOfRow, waitOfRun, type Wait } from '../../records/queue-report.ts';
import { formatDuration } from '../../domain/lang/duration.ts';
import { elapsed, exact, relative } from '../moments.ts';
import { drawFlow } from './flow-drawing.ts';
import { queueFields } from './queue-fields.ts';
import { renderFields, renderTable, type Column, type TableOptions } from '../table.ts';

/** Names of the runs that have a Job; undefined if the person may not list Jobs. */
export type Kept = ReadonlySet<string> | undefined;

/** @param withoutLog names of runs that have a Job, and no pods any more */
export function runColumns(
  now: Date,
  kept: Kept,
  withoutLog: ReadonlySet<string> = new Set(),
): readonly Column<StoredRun>[] {
  return [
    { title: 'RUN', cell: ({ metadata }) => metadata.name },
    { title: 'TRIGGER', cell: triggerOf },
    { title: 'PHASE', cell: ({ status }) => status?.phase ?? 'Pending' },
    { title: 'REASON', cell: ({ status }) => status?.reason ?? '' },
    { title: 'STARTED', cell: ({ status }) => relative(status?.startTime, now) },
    { title: 'DURATION', cell: ({ status }) => elapsed(status ?? {}, now) },
    { title: 'ATTEMPTS', cell: (run) => String(attemptsOf(run)) },
    { title: 'KEPT', cell: ({ metadata }) => keptText(metadata.name, kept, withoutLog) },
    { title: 'EXIT', cell: ({ status }) => String(status?.jobs?.at(-1)?.exitCode ?? ''), wide: true },
    { title: 'WAITED', cell: ({ status }) => waitText(waitOfRun(status), now), wide: true },
    { title: 'COMPLETED', cell: ({ status }) => status?.completionTime ?? '', wide: true },
    { title: 'MESSAGE', cell: ({ status }) => status?.message ?? '', wide: true },
  ];
}

/** `no log` where Kubernetes deleted the pods when it ended the Job. */
function keptText(name: string, kept: Kept, withoutLog: ReadonlySet<string>): string {
  if (kept === undefined) return '?';
  if (!kept.has(name)) return 'no';
  return withoutLog.has(name) ? 'no log' : 'yes';
}

/** How long something waited in a queue, or has waited so far. */
function waitText({ queuedTime, waitedSeconds }: Wait, now: Date): string {
  if (queuedTime === undefined && waitedSeconds === undefined) return '';
  return formatDuration(
    (waitedSeconds ?? 0) * 1000 + (queuedTime === undefined ? 0 : now.getTime() - Date.parse(queuedTime)),
  );
}

/** What asked for a run: `Schedule 2026-11-23T02:00:00Z`, `Revision app-worker-v3`, `Manual ann`. */
export function triggerOf({ spec: { trigger } }: Pick<StoredRun, 'spec'>): string {
  if (trigger === undefined) return 'Manual';
  const { type, value, scheduledTime, step } = trigger;
  return [type, scheduledTime ?? step?.name ?? value].filter(Boolean).join(' ');
}

/** One run for people, with its attempts and pods. */
export function renderRun(run: StoredRun, pods: readonly Stored<Pod>[], now: Date, options: TableOptions): string {
  const { metadata, spec, status = {} } = run;
  const fields = renderFields(
    [
      ['Run', metadata.name],
      ['Task', spec.taskRef.name],
      ['Trigger', triggerOf(run)],
      ...courseFields(run, now),
      ['Attempts', attemptsLine(run)],
      ['Cancelled', spec.cancel === true ? (spec.cancelReason ?? 'yes') : undefined],
      ...containerFields(run),
      ['Overrides', spec.overrides && JSON.stringify(spec.overrides)],
      ['Outputs', status.outputs && JSON.stringify(status.outputs)],
    ],
    options.paint,
  );
  const { jobs = [] } = status;
  const drawing = drawFlow(run);
  const tables = [
    drawing !== undefined && `${drawing}\n`,
    jobs.length > 0 && renderTable(jobColumns(run, now), jobs, options),
    pods.length > 0 && renderTable(podColumns(now), pods, options),
  ];
  return [fields, ...tables.filter((table) => table !== false)].join('\n');
}

function courseFields(
  { metadata, spec, status = {} }: StoredRun,
  now: Date,
): readonly (readonly [string, string | undefined])[] {
  return [
    ['Phase', status.phase ?? 'Pending'],
    ['Reason', status.reason],
    ['Message', status.phase === undefined ? 'no controller has seen it yet' : status.message],
    ['Asked for', exact(metadata.creationTimestamp, now)],
    ...queueFields({ snapshot: spec.snapshot, status, due: spec.trigger?.scheduledTime }, now),
    ['Started', exact(status.startTime, now)],
    ['Completed', exact(status.completionTime, now)],
    ['Duration', elapsed(status, now)],
  ];
}

/** The status has them from the second attempt on. */
function attemptsOf({ status }: StoredRun): number {
  return status?.attempts ?? Math.min(1, status?.jobs?.length ?? 0);
}

function attemptsLine(run: StoredRun): string {
  return `${attemptsOf(run)} of at most ${(run.spec.snapshot?.retry?.limit ?? 0) + 1}`;
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** What ran. The template's schema is open, but the API server has accepted this one as a pod, or refused it. */
function containerFields({ spec: { snapshot } }: StoredRun): readonly (readonly [string, string | undefined])[] {
  const template = snapshot?.template as { spec?: { containers?: readonly Container[] } } | undefined;
  const containers = template?.spec?.containers ?? [];
  return containers.flatMap(({ name, image, command, args }) => [
    [`Container`, `${name} (${image ?? 'no image'})`] as const,
    ['  command', command && JSON.stringify(command)] as const,
    ['  args', args && JSON.stringify(args)] as const,
  ]);
}

/** The columns for queues appear only if something waits in one. */
function jobColumns({ spec: { snapshot }, status = {} }: StoredRun, now: Date): readonly Column<JobRow>[] {
  const { jobs = [], completionTime } = status;
  const isQueued = jobs.some((row) => queueOfRow(snapshot, row) !== undefined);
  const queueColumns: readonly Column<JobRow>[] = [
    { title: 'QUEUE', cell: (row) => queueOfRow(snapshot, row)?.name ?? '' },
    { title: 'WAITED', cell: (row) => waitText(waitOfRow(row, completionTime), now) },
  ];
  return [
    { title: 'JOB', cell: ({ name = '', step = name }) => step },
    { title: 'ATTEMPT', cell: ({ attempt = 0 }) => String(attempt + 1) },
    { title: 'PHASE', cell: ({ phase = '' }) => phase },
    { title: 'SUCCEEDED', cell: ({ succeeded }) => String(succeeded ?? '') },
    { title: 'FAILED', cell: ({ failed }) => String(failed ?? '') },
    { title: 'EXIT', cell: ({ exitCode }) => String(exitCode ?? '') },
    ...(isQueued ? queueColumns : []),
    { title: 'REASON', cell: ({ exitReason, reason }) => exitReason ?? reason ?? '' },
  ];
}

function podColumns(now: Date): readonly Column<Stored<Pod>>[] {
  return [
    { title: 'POD', cell: ({ metadata }) => metadata.name },
    { title: 'PHASE', cell: ({ status }) => status?.phase ?? '' },
    { title: 'NODE', cell: ({ spec }) => spec?.nodeName ?? '' },
    { title: 'STARTED', cell: ({ status }) => relative(status?.startTime, now) },
    {
      title: 'RESTARTS',
      cell: ({ status }) =>
        String((status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)),
    },
  ];
}
