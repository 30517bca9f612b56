/** Between the controller and the archive: tells it of runs as they end, and counts how it goes. */
import type { Logger } from 'pino';
import type { Archive } from './archive/archive.ts';
import { Archiver, type ArchiveObserver, type FinishedRun } from './archive/archiver.ts';
import type { Caches } from './controllers/caches.ts';
import type { CachedRun } from './controllers/projections.ts';
import { isFinished } from './domain/phase.ts';
import type { Client } from './kube/client.ts';
import type { ControllerOptions } from './options.ts';

const dayMs = 86_400_000;
/** Of a run of a thousand nodes; each costs a connection. */
const mostContainers = 100;
/** A kubelet that answers slowly holds up others, too: so many seconds for the logs of a run. */
const logsMs = 60_000;

export interface ArchivingOptions {
  readonly client: Client;
  readonly archive: Archive;
  readonly log: Logger;
  readonly observer: ArchiveObserver;
  readonly onReleased: (run: FinishedRun) => void;
}

/** An archiver as the options want it. */
export function createArchiver(options: ControllerOptions, { client, archive, log, observer, onReleased }: ArchivingOptions): Archiver {
  return new Archiver({
    client,
    archive,
    log,
    observer,
    onReleased,
    logLimits: { bytes: options.archiveLogLimit, containers: mostContainers, timeoutMs: logsMs },
    retention: { maxAgeMs: options.archiveMaxAgeDays * dayMs, maxRuns: options.archiveMaxRuns, maxBytes: options.archiveMaxSize },
  });
}

/** From now on hands over what ends, beginning with what had ended before. */
export function archiveFinished(caches: Caches, archiver: Archiver): void {
  caches.runs.onEvent((event) => {
    if (event.type === 'deleted' || !isFinished(event.object.status?.phase)) return;
    if (event.type === 'added' || !isFinished(event.old.status?.phase)) archiver.add(finishedRun(event.object));
  });
  archiver.start();
}

function finishedRun({ metadata: { uid, namespace, name, creationTimestamp }, status }: CachedRun): FinishedRun {
  return { uid, namespace, name, finishedAt: Date.parse(status?.completionTime ?? creationTimestamp) };
}
