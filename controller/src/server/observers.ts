import type { Logger } from 'pino';
import type { ArchiveObserver } from '../archive/archiver.ts';
import type { InformerObserver } from '../kube/informer.ts';
import { resourceName } from '../kube/objects.ts';
import type { QueueObserver } from '../kube/queue.ts';
import type { CallObserver } from '../kube/transport.ts';
import type { CensusObserver } from '../controllers/run-census.ts';
import type { RunObserver } from '../controllers/run-observer.ts';
import { finishedPhases } from '../domain/model/phase.ts';
import { knownReasons } from '../domain/model/reasons.ts';
import type { Metrics } from './metrics.ts';

/** Counts the events of the kube library and the task controller, and logs those that a person should know. */
export interface Observers {
  calls: CallObserver;
  informers: InformerObserver;
  queues: QueueObserver;
  archive: ArchiveObserver;
  census: CensusObserver;
  runs: Omit<RunObserver, 'finished'>;
  events: { onError: (error: unknown) => void; onDropped: (reason: string) => void };
}

/** A failing key is logged as an error, but not for each of a hundred retries: only for failures 1, 2, 4, 8, ... */
const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

/** Connects the kube library's hooks to metrics and log. */
export function createObservers(metrics: Metrics, log: Logger): Observers {
  // A series that begins with 1 has no increase in Prometheus, so nobody would be alerted about the first loss.
  for (const what of ['run', 'log']) metrics.archiveDropped.inc({ what }, 0);
  return {
    calls: {
      after({ verb, resource, subresource = '', status, seconds }) {
        metrics.apiRequests.inc({ verb, resource, subresource, code: status });
        metrics.apiSeconds.observe({ verb, resource }, seconds);
      },
    },
    informers: {
      listed(type, objects, seconds) {
        metrics.cacheLists.inc({ resource: resourceName(type) });
        log.info({ resource: resourceName(type), objects, seconds }, 'listed');
      },
      event(type, change) {
        const resource = resourceName(type);
        metrics.cacheEvents.inc({ resource, type: change });
        if (change === 'added') metrics.cacheObjects.inc({ resource });
        else if (change === 'deleted') metrics.cacheObjects.dec({ resource });
      },
      failed(type, error) {
        metrics.cacheFailures.inc({ resource: resourceName(type), stage: 'watch' });
        log.warn({ resource: resourceName(type), err: error }, 'a list or watch broke and is retried');
      },
      handlerFailed(type, error) {
        metrics.cacheFailures.inc({ resource: resourceName(type), stage: 'handler' });
        log.error({ resource: resourceName(type), err: error }, 'a change handler threw');
      },
    },
    queues: {
      depth: (queue, depth) => metrics.queueDepth.set({ queue }, depth),
      started: (queue, seconds) => metrics.queueWaitSeconds.observe({ queue }, seconds),
      finished: (queue, outcome, seconds) => metrics.reconcileSeconds.observe({ queue, outcome }, seconds),
      failed(queue, key, error, failures, retryMs) {
        if (isPowerOfTwo(failures))
          log.warn({ queue, key, failures, retryMs, err: error }, 'reconciling failed and is retried');
      },
    },
    archive: {
      queue(length, lagSeconds) {
        metrics.archiveQueue.set(length);
        metrics.archiveLag.set(lagSeconds);
      },
      saved: (runs) => metrics.archiveSaved.inc(runs),
      dropped: (what, count) => metrics.archiveDropped.inc({ what }, count),
      failed: () => metrics.archiveFailures.inc(),
    },
    census: censusObserver(metrics),
    runs: runObserver(metrics),
    events: {
      onError(error) {
        metrics.eventsDropped.inc({ reason: 'refused' });
        log.warn({ err: error }, 'an event could not be written');
      },
      onDropped: (reason) => metrics.eventsDropped.inc({ reason }),
    },
  };
}

function runObserver(metrics: Metrics): Observers['runs'] {
  return {
    scheduled: (delaySeconds) => metrics.scheduleDelay.observe(delaySeconds),
    started: (delaySeconds) => metrics.startDelay.observe(delaySeconds),
    admitted: (waitedSeconds) => metrics.admissionWait.observe(waitedSeconds),
    jobDeleted: (cause) => metrics.jobsDeleted.inc({ cause }),
    recordDeleted: () => metrics.recordsDeleted.inc(),
  };
}

/**
 * A gauge's series is removed with its last run, so that deleted namespaces leave nothing behind. A counter's series
 * starts with 0 once there is a run: Prometheus sees an increase only in a series that it has seen before.
 */
function censusObserver(metrics: Metrics): CensusObserver {
  return {
    counted({ namespace, trigger, phase }, runs) {
      if (runs === 0) metrics.runs.remove({ namespace, trigger, phase });
      else metrics.runs.set({ namespace, trigger, phase }, runs);
      if (runs === 1) for (const end of finishedPhases) metrics.runsFinished.inc({ namespace, trigger, phase: end }, 0);
    },
    queued({ namespace, reason }, runs) {
      if (runs === 0) metrics.queuedRuns.remove({ namespace, reason });
      else metrics.queuedRuns.set({ namespace, reason }, runs);
    },
    finished({ namespace, trigger, phase, reason, seconds }) {
      metrics.runsFinished.inc({ namespace, trigger, phase });
      if (reason !== '') metrics.finishReasons.inc({ phase, reason: knownReasons.has(reason) ? reason : 'Other' });
      if (seconds !== undefined) metrics.runSeconds.observe({ trigger, phase }, seconds);
    },
  };
}
