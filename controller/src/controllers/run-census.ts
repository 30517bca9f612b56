/**
 * How many runs there are, kept up to date with each change of the cache: with 10,000 runs, counting them at every
 * scrape would block the event loop.
 */
import type { CacheEvent } from '../kube/cache.ts';
import { secondsBetween } from '../domain/lang/duration.ts';
import { isFinished } from '../domain/model/phase.ts';
import { waitOfRun } from '../records/queue-report.ts';
import { queuedReasons } from '../domain/model/reasons.ts';
import type { RunPhase, RunTrigger } from '../resources/index.ts';
import type { CachedRun } from '../cluster/projections.ts';

/**
 * The labels by which runs are counted. Namespaces beyond the first 1,000 are counted as `_others`, which is not a
 * valid namespace name. A run without a status is Pending, and a run that is not adopted yet was created by a person.
 */
export interface RunKind {
  readonly namespace: string;
  readonly trigger: RunTrigger['type'];
  readonly phase: RunPhase;
}

/**
 * The labels by which queued runs are counted: runs in phase Queued, and running ones with a step that waits in a
 * queue.
 */
export interface QueuedKind {
  readonly namespace: string;
  /** One word, as in status.reason; `Other` for an unknown reason. */
  readonly reason: string;
}

export interface FinishedRun extends RunKind {
  /** One word, as in status.reason; empty without one. */
  readonly reason: string;
  /** From start to completion, as status.duration; undefined if the run never started. */
  readonly seconds: number | undefined;
}

export interface CensusObserver {
  /** The number of runs of a kind has changed; 0 when the last is gone. */
  counted(kind: RunKind, runs: number): void;
  /** The number of runs that wait with a reason has changed; 0 when the last no longer waits. */
  queued(kind: QueuedKind, runs: number): void;
  /** A run became finished while it was watched. */
  finished(run: FinishedRun): void;
}

/** What the census reads of an informer of runs. */
export interface RunEvents {
  onEvent(handler: (event: CacheEvent<CachedRun>) => void): unknown;
}

/** Each namespace may have 35 series of a gauge, one for each trigger and phase. */
const mostNamespaces = 1_000;

const waitingPhases = ['Pending', 'Queued'] as const;
export type WaitingPhase = (typeof waitingPhases)[number];

export class RunCensus {
  readonly #observer: CensusObserver;
  readonly #namespaces = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #queued = new Map<string, number>();
  /** The start of each wait, by UID; bounded by the number of runs in the cache. */
  readonly #waiting: Readonly<Record<WaitingPhase, Map<string, number>>> = { Pending: new Map(), Queued: new Map() };
  #tellsEnds = false;

  /** Counts from now on. Finished runs are reported only after `start`. */
  constructor(runs: RunEvents, observer: CensusObserver) {
    this.#observer = observer;
    runs.onEvent((event) => this.#onEvent(event));
  }

  /**
   * From now on report runs that finish. Only the leader calls this: each replica sees every end, and the sum over
   * replicas must count it once. A run that is finished when it is first seen, in a list or after a restart, is never
   * reported.
   */
  start(): void {
    this.#tellsEnds = true;
  }

  /**
   * @param now in milliseconds since the epoch
   * @returns for each waiting phase the longest wait in seconds, 0 if no run waits. The cost grows with the number of
   * waiting runs.
   */
  oldestWaiting(now: number): Readonly<Record<WaitingPhase, number>> {
    const age = (phase: WaitingPhase) => {
      let oldest = now;
      for (const since of this.#waiting[phase].values()) oldest = Math.min(oldest, since);
      return (now - oldest) / 1000;
    };
    return { Pending: age('Pending'), Queued: age('Queued') };
  }

  #onEvent(event: CacheEvent<CachedRun>): void {
    if (event.type === 'updated') this.#count(event.old, -1);
    this.#count(event.object, event.type === 'deleted' ? -1 : 1);
    if (!this.#tellsEnds || event.type !== 'updated') return;
    if (!isFinished(event.old.status?.phase) && isFinished(event.object.status?.phase))
      this.#observer.finished({ ...this.#kindOf(event.object), ...endOf(event.object) });
  }

  #count(run: CachedRun, change: 1 | -1): void {
    const kind = this.#kindOf(run);
    this.#observer.counted(kind, added(this.#counts, `${kind.namespace}/${kind.trigger}/${kind.phase}`, change));
    const reason = queuedReasonOf(run);
    if (reason !== undefined)
      this.#observer.queued(
        { namespace: kind.namespace, reason },
        added(this.#queued, `${kind.namespace}/${reason}`, change),
      );
    for (const phase of waitingPhases) {
      if (kind.phase !== phase) continue;
      if (change === 1) this.#waiting[phase].set(run.metadata.uid, waitsSince(run));
      else this.#waiting[phase].delete(run.metadata.uid);
    }
  }

  #kindOf({ metadata, spec, status }: CachedRun): RunKind {
    const { namespace } = metadata;
    if (this.#namespaces.size < mostNamespaces) this.#namespaces.add(namespace);
    return {
      namespace: this.#namespaces.has(namespace) ? namespace : '_others',
      trigger: spec.trigger?.type ?? 'Manual',
      phase: status?.phase ?? 'Pending',
    };
  }
}

/** @returns the new number */
function added(counts: Map<string, number>, key: string, change: 1 | -1): number {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}

/** A flow with a running step says what another step waits for. */
function queuedReasonOf({ status }: CachedRun): string | undefined {
  const { phase, reason = '' } = status ?? {};
  if (queuedReasons.has(reason)) return phase === 'Queued' || phase === 'Running' ? reason : undefined;
  return phase === 'Queued' ? 'Other' : undefined;
}

/** Since the run was requested; an evicted run waits since its eviction. */
function waitsSince({ metadata, status }: CachedRun): number {
  const { queuedTime, waitedSeconds } = waitOfRun(status);
  return Date.parse(
    waitedSeconds === undefined ? metadata.creationTimestamp : (queuedTime ?? metadata.creationTimestamp),
  );
}

function endOf({ status }: CachedRun): Pick<FinishedRun, 'reason' | 'seconds'> {
  const { reason = '', startTime, completionTime } = status ?? {};
  return { reason, seconds: secondsBetween(startTime, completionTime) };
}
