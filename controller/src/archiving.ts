/**
 * Connects the controller and the archive: passes on runs as they end, and prevents their pruning before they are read.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Archive } from './archive/archive.ts';
import type { ArchiveObserver, Archiver, FinishedRun } from './archive/archiver.ts';
import type { Caches } from './cluster/caches.ts';
import type { CachedRun } from './cluster/projections.ts';
import { controllerOf } from './domain/model/objects.ts';
import { isFinished } from './domain/model/phase.ts';
import { BoundedMap } from './kube/bounded-map.ts';
import type { Client } from './kube/client.ts';
import type { ControllerOptions } from './options.ts';

/** A Job that is deleted in the background goes before its pods. */
const mostJobsGone = 2_000;
const dayMs = 86_400_000;
/** The limit for a run with a thousand nodes; each log needs a connection. */
const mostContainers = 100;
/** A new Task does not run before the archive was asked. */
const askMs = 2_000;
/** Seconds for the logs of a run, because a slow kubelet delays other runs, too. */
const logsMs = 60_000;

export interface ArchivingOptions {
  readonly client: Client;
  readonly log: Logger;
  readonly observer: ArchiveObserver;
  readonly onReleased: (run: FinishedRun) => void;
}

/** The archive of a controller. */
export class Archiving {
  readonly archive: Archive;
  readonly #archiver: Archiver;

  constructor(archive: Archive, archiver: Archiver) {
    this.archive = archive;
    this.#archiver = archiver;
  }

  /** Whether a run must still be read, by its uid. */
  has(uid: string): boolean {
    return this.#archiver.holds(uid);
  }

  /**
   * The last deployment that is archived of a Task of that name, also of an earlier Task in an earlier namespace of
   * that name: only its content tells that it is the same, and who knows that content already.
   * @throws Error if the database cannot be reached, or takes longer than a Task may wait
   */
  async lastDeployment({ namespace, name }: { readonly namespace: string; readonly name: string }) {
    const found = await Promise.race([this.archive.lastDeployment(namespace, name), tooLate(askMs)]);
    const { snapshot = {} } = found?.body ?? {};
    if (!found || !('hash' in snapshot) || typeof snapshot.hash !== 'string') return undefined;
    const { name: run, completionTime, creationTimestamp } = found.record;
    return { run, at: completionTime ?? creationTimestamp, snapshotHash: snapshot.hash };
  }

  /** From now on archive runs that end, starting with those that had already ended. */
  start(caches: Caches): void {
    caches.runs.onEvent((event) => {
      if (event.type === 'deleted') return this.#archiver.runGoes(event.object.metadata.uid);
      if (!isFinished(event.object.status?.phase)) return;
      if (event.type === 'added' || !isFinished(event.old.status?.phase)) this.#archiver.add(finishedRun(event.object));
    });
    const jobsGone = new BoundedMap<string, string>(mostJobsGone);
    caches.jobs.onEvent(({ type, object }) => {
      const run = type === 'deleted' ? controllerOf(object, 'TaskRun') : undefined;
      if (run !== undefined) jobsGone.set(object.metadata.uid, run);
    });
    caches.pods.onEvent((event) => {
      if (event.type === 'deleted' || event.object.metadata.deletionTimestamp === undefined) return;
      if (event.object.nodeName === undefined) return; // it never ran, so it has no log
      const job = controllerOf(event.object, 'Job') ?? '';
      const known = caches.jobs.cache.byUid(job);
      const run = known ? controllerOf(known, 'TaskRun') : jobsGone.get(job);
      if (run !== undefined && this.#isToCome(caches.runs.cache.byUid(run)))
        this.#archiver.podEnds(run, event.object.metadata);
    });
    this.#archiver.start();
  }

  /** Whether the run's logs are still to be archived: pods of runs that are archived are deleted all the time. */
  #isToCome(run: CachedRun | undefined): boolean {
    return run !== undefined && (!isFinished(run.status?.phase) || this.#archiver.awaits(run.metadata.uid));
  }

  stop(): Promise<void> {
    return this.#archiver.stop();
  }

  close(): Promise<void> {
    return this.archive.close();
  }
}

/** Created as the options say; undefined without an archive. Then nothing is read for it. */
export async function openArchiving(
  options: ControllerOptions,
  parts: ArchivingOptions,
): Promise<Archiving | undefined> {
  if (options.archive === undefined) return undefined;
  const [{ Archive }, { Archiver }] = await Promise.all([
    import('./archive/archive.ts'),
    import('./archive/archiver.ts'),
  ]);
  const archive = new Archive(options.archive);
  const logLimits = { bytes: options.archiveLogLimit, containers: mostContainers, timeoutMs: logsMs };
  const retention = {
    maxAgeMs: options.archiveMaxAgeDays * dayMs,
    maxRuns: options.archiveMaxRuns,
    maxBytes: options.archiveMaxSize,
  };
  return new Archiving(archive, new Archiver({ ...parts, archive, logLimits, retention }));
}

function finishedRun({ metadata: { uid, namespace, name, creationTimestamp }, status }: CachedRun): FinishedRun {
  return { uid, namespace, name, finishedAt: Date.parse(status?.completionTime ?? creationTimestamp) };
}

async function tooLate(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`the archive gave no answer within ${ms} ms`);
}
