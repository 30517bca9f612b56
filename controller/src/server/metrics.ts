import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { deletionCauses } from '../domain/model/actions.ts';

/** From 1 ms, which a call on loopback takes, to a call's deadline. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Scheduled runs start within seconds, or late after the controller was down. */
const DELAYS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

/** From a second to a day. */
const DURATIONS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric of the controller, declared once, in a registry of its own. Process metrics are among them. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, labelNames: readonly L[], help: string): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, labelNames: readonly L[], help: string): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    labelNames: readonly L[],
    help: string,
    buckets = SECONDS,
  ): Histogram<L> => new Histogram({ name, help, labelNames, buckets, registers });
  return {
    registry,
    apiRequests: counter(
      'task_runs_api_requests_total',
      ['verb', 'resource', 'subresource', 'code'],
      'Calls of the Kubernetes API, including retries; code 0: no answer.',
    ),
    apiSeconds: histogram(
      'task_runs_api_request_duration_seconds',
      ['verb', 'resource'],
      'How long calls of the Kubernetes API took; for watches, until they started.',
    ),
    cacheObjects: gauge('task_runs_cache_objects', ['resource'], 'Objects held in memory.'),
    cacheEvents: counter(
      'task_runs_cache_events_total',
      ['resource', 'type'],
      'Changes of the objects held in memory.',
    ),
    cacheLists: counter(
      'task_runs_cache_lists_total',
      ['resource'],
      'Complete lists read; one at the start, more when a watch had to start again.',
    ),
    cacheFailures: counter(
      'task_runs_cache_failures_total',
      ['resource', 'stage'],
      'Lists and watches that broke (stage watch), handlers that threw (stage handler).',
    ),
    queueDepth: gauge('task_runs_queue_depth', ['queue'], 'Keys waiting for a worker.'),
    queueWaitSeconds: histogram(
      'task_runs_queue_wait_duration_seconds',
      ['queue'],
      'How long keys waited for a worker.',
    ),
    reconcileSeconds: histogram(
      'task_runs_reconcile_duration_seconds',
      ['queue', 'outcome'],
      'How long reconciling a key took, by outcome: done, again, failed.',
    ),
    eventsDropped: counter(
      'task_runs_events_dropped_total',
      ['reason'],
      'Events that were dropped or could not be written.',
    ),
    scheduleDelay: histogram(
      'task_runs_schedule_delay_seconds',
      [],
      "How long after its time a scheduled run's Job was created, including the wait for its turn.",
      DELAYS,
    ),
    startDelay: histogram(
      'task_runs_schedule_start_delay_seconds',
      [],
      "How long after its time a scheduled run's first Job started, including waits for its turn and in a queue.",
      DELAYS,
    ),
    admissionWait: histogram(
      'task_runs_admission_wait_seconds',
      [],
      'How long Jobs waited in a queue until they were admitted, each time.',
      DURATIONS,
    ),
    runs: gauge(
      'task_runs_runs',
      ['namespace', 'trigger', 'phase'],
      'TaskRuns on record; Pending and Queued ones wait. Namespaces beyond the first 1,000 are _others.',
    ),
    queuedRuns: gauge(
      'task_runs_queued_runs',
      ['namespace', 'reason'],
      'Queued TaskRuns, and running ones with a Queued step, by reason: WaitsForTurn, or the reason for the wait in a queue. An unknown reason is Other.',
    ),
    oldestWaiting: gauge(
      'task_runs_oldest_waiting_seconds',
      ['phase'],
      'Age of the oldest Pending or Queued TaskRun; 0 if there is none. An evicted one counts from its eviction.',
    ),
    runsFinished: counter(
      'task_runs_finished_total',
      ['namespace', 'trigger', 'phase'],
      'TaskRuns that finished while this process led. Namespaces beyond the first 1,000 are _others.',
    ),
    finishReasons: counter(
      'task_runs_finish_reasons_total',
      ['phase', 'reason'],
      'Reasons of finished TaskRuns. An unknown reason is Other.',
    ),
    runSeconds: histogram(
      'task_runs_duration_seconds',
      ['trigger', 'phase'],
      'How long finished TaskRuns took, from start to completion.',
      DURATIONS,
    ),
    jobsDeleted: counter(
      'task_runs_jobs_deleted_total',
      ['cause'],
      `Jobs of finished runs that were deleted: ${deletionCauses.join(', ')}.`,
    ),
    recordsDeleted: counter('task_runs_records_deleted_total', [], 'TaskRuns beyond historyLimit that were deleted.'),
    spansDropped: counter('task_runs_spans_dropped_total', [], 'Spans that the collector did not accept.'),
    archiveQueue: gauge('task_runs_archive_queue_length', [], 'Finished runs that are not yet archived.'),
    archiveLag: gauge('task_runs_archive_lag_seconds', [], 'Age of the oldest of them.'),
    archiveSaved: counter('task_runs_archive_saved_total', [], 'Runs that were archived.'),
    archiveDropped: counter('task_runs_archive_dropped_total', ['what'], 'Runs and logs that will never be archived.'),
    archiveFailures: counter(
      'task_runs_archive_failures_total',
      [],
      'How often the database or the cluster could not be reached for the archive; the archiver retries.',
    ),
    leader: gauge('task_runs_leader', [], '1 while this process leads.'),
  };
}
