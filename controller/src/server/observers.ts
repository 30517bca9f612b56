import type { Logger } from 'pino';
import type { ArchiveObserver } from '../archive/archiver.ts';
import type { InformerObserver } from '../kube/informer.ts';
import { resourceName } from '../kube/objects.ts';
import type { QueueObserver } from '../kube/queue.ts';
import type { CallObserver } from '../kube/transport.ts';
import type { Metrics } from './metrics.ts';

/** What the kube library tells, counted, and logged where a person should know. */
export interface Observers {
  calls: CallObserver;
  informers: InformerObserver;
  queues: QueueObserver;
  archive: ArchiveObserver;
  events: { onError: (error: unknown) => void; onDropped: (reason: string) => void };
}

/** A key that fails is an error worth a line, though not for each of a hundred retries: those are lines 1, 2, 4, 8, ... */
const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

/** Connects the kube library's hooks to metrics and log. */
export function createObservers(metrics: Metrics, log: Logger): Observers {
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
        log.warn({ resource: resourceName(type), err: error }, 'a list or watch broke and is taken up again');
      },
      handlerFailed(type, error) {
        metrics.cacheFailures.inc({ resource: resourceName(type), stage: 'handler' });
        log.error({ resource: resourceName(type), err: error }, 'a handler of changes threw');
      },
    },
    queues: {
      depth: (queue, depth) => metrics.queueDepth.set({ queue }, depth),
      started: (queue, seconds) => metrics.queueWaitSeconds.observe({ queue }, seconds),
      finished: (queue, outcome, seconds) => metrics.reconcileSeconds.observe({ queue, outcome }, seconds),
      failed(queue, key, error, failures, retryMs) {
        if (isPowerOfTwo(failures)) log.warn({ queue, key, failures, retryMs, err: error }, 'reconciling failed and is tried again');
      },
    },
    archive: {
      queue(length, lagSeconds) {
        metrics.archiveQueue.set(length);
        metrics.archiveLag.set(lagSeconds);
      },
      saved: (runs) => metrics.archiveSaved.inc(runs),
      dropped: (what) => metrics.archiveDropped.inc({ what }),
      failed: () => metrics.archiveFailures.inc(),
    },
    events: {
      onError(error) {
        metrics.eventsDropped.inc({ reason: 'refused' });
        log.warn({ err: error }, 'an event could not be written');
      },
      onDropped: (reason) => metrics.eventsDropped.inc({ reason }),
    },
  };
}
