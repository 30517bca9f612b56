/**
 * A finished run as a trace, worked out of what is on record alone: the same run gives the same ids in each replica and
 * after a restart. Times are Kubernetes', to the second. Attributes are named as in OpenTelemetry's semantic
 * conventions where they have a name for it; no command, argument, variable or message of a container is among them,
 * for people put secrets there.
 */
import { createHash } from 'node:crypto';
import { waitOfRow } from '../records/queue-report.ts';
import type { JobRow, Meta, RunTrigger, TaskRunStatus } from '../resources/index.ts';

export interface Span {
  readonly name: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Undefined of the root alone. */
  readonly parentSpanId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Never before `start`. */
  readonly end: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface RunTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The root is the first. */
  readonly spans: readonly Span[];
}

/** What a trace needs of a run beside its status. */
export interface TracedRun {
  readonly metadata: Pick<Meta, 'name' | 'namespace' | 'uid' | 'creationTimestamp'>;
  readonly spec: { readonly taskRef: { readonly name: string }; readonly trigger?: RunTrigger };
}

/** What a trace needs of a Job; a row of a status does not always have its times. */
export interface TracedJob {
  readonly metadata: Pick<Meta, 'uid' | 'creationTimestamp'>;
  /** The queue that it is, or was, in. */
  readonly queue?: string;
  readonly status?: {
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly lastTransitionTime?: string }[];
  };
}

/**
 * A status has at most 1,000 rows; what waits for the collector is bounded, too, and no run shall push all others out.
 */
const mostJobs = 500;

/**
 * The trace of a run: `run TASK` from its trigger (the scheduled time, or when the TaskRun was created) to its end;
 * below it `create TaskRun` until the TaskRun was there, `create Job` from then until the first Job was there, `queue
 * NAME` for each Job that waited in a queue, until it was admitted or the run ended, and `job NAME` for each Job that
 * is known to have started. Several waits of an evicted Job are one span, before its last start.
 *
 * @param status the run's last, of a phase that is finished
 * @param known Jobs of the run that are still there
 */
export function traceOf(run: TracedRun, status: TaskRunStatus, known: readonly TracedJob[]): RunTrace {
  const {
    metadata: { uid, name, namespace, creationTimestamp },
    spec: { taskRef, trigger },
  } = run;
  const created = Date.parse(creationTimestamp);
  const asked = trigger?.scheduledTime === undefined ? created : Math.min(Date.parse(trigger.scheduledTime), created);
  const end = time(status.completionTime) ?? created;
  const shared = compact({
    'k8s.namespace.name': namespace,
    'task_runs.task.name': taskRef.name,
    'task_runs.run.name': name,
    'task_runs.trigger.type': trigger?.type,
  });
  const root = spanIdOf(uid, 'run');
  const child = (key: string, span: Pick<Span, 'name' | 'start' | 'end'> & Partial<Span>): Span => {
    const { attributes, ...rest } = span;
    return {
      failed: false,
      spanId: spanIdOf(uid, key),
      parentSpanId: root,
      ...rest,
      end: Math.max(span.start, span.end),
      attributes: { ...shared, ...attributes },
    };
  };
  const jobs = startedJobs(status, known);
  const waits = queueSpans(status, jobs, known);
  const made = [
    ...jobs.map(({ startTime }) => Date.parse(startTime ?? '')),
    ...waits.map(({ start }) => start),
    ...known.map(({ metadata }) => Date.parse(metadata.creationTimestamp)),
  ];
  return {
    traceId: traceIdOf(uid),
    spans: [
      {
        ...child('run', {
          name: `run ${taskRef.name}`,
          start: asked,
          end,
          failed: status.phase === 'Failed',
          attributes: compact({
            ...outcomeOf(status),
            'task_runs.run.uid': uid,
            'task_runs.jobs': status.jobs?.length,
          }),
        }),
        parentSpanId: undefined,
      },
      child('create TaskRun', { name: 'create TaskRun', start: asked, end: created }),
      ...(jobs.length + waits.length === 0
        ? []
        : [child('create Job', { name: 'create Job', start: created, end: Math.min(...made) })]),
      ...waits.map(({ key, ...wait }) => child(`queue ${key}`, wait)),
      ...jobs.map((job) => child(`job ${job.uid ?? job.name}`, jobSpan(job, end))),
    ],
  };
}

/** The rows of Jobs of this very run, with the times that the Job itself has where the row has none. */
function startedJobs({ jobs = [] }: TaskRunStatus, known: readonly TracedJob[]): readonly JobRow[] {
  const byUid = new Map(known.map((job) => [job.metadata.uid, job.status]));
  const rows = jobs.slice(0, mostJobs).map((row) => {
    const { startTime, completionTime, conditions } = byUid.get(row.uid ?? '') ?? {};
    return {
      ...compactRow({ startTime, completionTime: completionTime ?? conditions?.[0]?.lastTransitionTime }),
      ...row,
    };
  });
  return rows.filter((row) => row.run === undefined && row.name !== undefined && row.startTime !== undefined);
}

/**
 * How long each Job waited in its queue: one that started, up to then; one that was never admitted, or waited again, to
 * the end.
 */
function queueSpans(
  status: TaskRunStatus,
  started: readonly JobRow[],
  known: readonly TracedJob[],
): readonly (Pick<Span, 'name' | 'start' | 'end' | 'attributes'> & { readonly key: string })[] {
  const queues = new Map(known.map(({ metadata, queue }) => [metadata.uid, queue]));
  const startOf = new Map(started.map(({ uid, startTime }) => [uid, startTime]));
  return (status.jobs ?? []).slice(0, mostJobs).flatMap((row) => {
    const { name, uid = '', run, step, attempt } = row;
    const { waitedSeconds = 0 } = waitOfRow(row, status.completionTime);
    const end = time(row.queuedTime === undefined ? startOf.get(uid) : (row.completionTime ?? status.completionTime));
    if (run !== undefined || name === undefined || waitedSeconds === 0 || end === undefined) return [];
    const attributes = compact({
      'k8s.job.name': name,
      'k8s.job.uid': uid,
      'task_runs.queue': queues.get(uid),
      'task_runs.step': step,
      'task_runs.attempt': attempt,
    });
    return [{ key: uid, name: `queue ${name}`, start: end - waitedSeconds * 1000, end, attributes }];
  });
}

const compactRow = ({
  startTime,
  completionTime,
}: {
  startTime: string | undefined;
  completionTime: string | undefined;
}): Pick<JobRow, 'startTime' | 'completionTime'> => ({
  ...(startTime !== undefined && { startTime }),
  ...(completionTime !== undefined && { completionTime }),
});

/** A cancelled Job has no completion time: it ended with the run. */
function jobSpan(job: JobRow, runEnd: number): Pick<Span, 'name' | 'start' | 'end' | 'failed' | 'attributes'> {
  const { name = '', startTime, completionTime, attempt, step, exitCode } = job;
  return {
    name: `job ${name}`,
    start: time(startTime) ?? runEnd,
    end: time(completionTime) ?? runEnd,
    failed: job.phase === 'Failed',
    attributes: compact({
      'k8s.job.name': name,
      'k8s.job.uid': job.uid,
      ...outcomeOf(job),
      'task_runs.step': step,
      'task_runs.attempt': attempt,
      'process.exit.code': exitCode,
    }),
  };
}

function outcomeOf({
  phase,
  reason,
}: {
  readonly phase?: string;
  readonly reason?: string;
}): Record<string, string | undefined> {
  return { 'task_runs.phase': phase, 'task_runs.reason': reason };
}

/** A UUID has as many bits as a trace id. */
function traceIdOf(uid: string): string {
  const digits = uid.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits : digest(uid).slice(0, 32);
}

const spanIdOf = (uid: string, key: string): string => digest(`${uid}/${key}`).slice(0, 16);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function time(text: string | undefined): number | undefined {
  const parsed = Date.parse(text ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}

function compact(attributes: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
