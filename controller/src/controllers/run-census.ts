/**
 * How many runs there are, kept up to date with each change of the cache: with 10,000 runs, counting them at every scrape would hold the
 * event loop up.
 */
import type { CacheEvent } from '../kube/cache.ts';
import { isFinished } from '../domain/phase.ts';
import type { RunPhase, RunTrigger } from '../resources/index.ts';
import type { CachedRun } from './projections.ts';

/**
 * What runs are counted by. The namespaces beyond the first 1,000 are one, `_others`, which no namespace is called. A run without a status is Pending, and one that nobody adopted yet was made by a person.
 */
export interface RunKind {
  readonly namespace: string;
  readonly trigger: RunTrigger['type'];
  readonly phase: RunPhase;
}

export interface FinishedRun extends RunKind {
  /** One word, as in status.reason; empty where there is none. */
  readonly reason: string;
  /** From start to completion, as status.duration; undefined where the run never started. */
  readonly seconds: number | undefined;
}

export interface CensusObserver {
  /** The number of runs of a kind is another now; 0 when the last has gone. */
  counted(kind: RunKind, runs: number): void;
  /** A run's phase turned finished in front of us. */
  finished(run: FinishedRun): void;
}

/** What the census reads of an informer of runs. */
export interface RunEvents {
  onEvent(handler: (event: CacheEvent<CachedRun>) => void): unknown;
}

/** Each may have 35 series of a gauge, one for each trigger and phase. */
const mostNamespaces = 1_000;

const waitingPhases = ['Pending', 'Queued'] as const;
export type WaitingPhase = (typeof waitingPhases)[number];

export class RunCensus {
  readonly #observer: CensusObserver;
  readonly #namespaces = new Set<string>();
  readonly #counts = new Map<string, number>();
  /** When those that wait were created, by UID; no more than there are runs in the cache. */
  readonly #waiting: Readonly<Record<WaitingPhase, Map<string, number>>> = { Pending: new Map(), Queued: new Map() };
  #tellsEnds = false;

  /** Counts from now on. Ends of runs are told of only after `start`. */
  constructor(runs: RunEvents, observer: CensusObserver) {
    this.#observer = observer;
    runs.onEvent((event) => this.#onEvent(event));
  }

  /**
   * From now on tell of runs that finish. Only who leads calls this: each replica sees every end, and the sum over replicas must count it
   * once. A run that is finished when it is first seen, in a list or after a restart, is never told of.
   */
  start(): void {
    this.#tellsEnds = true;
  }

  /**
   * @param now in milliseconds since the epoch
   * @returns for each phase in which runs wait the age of the oldest in seconds, 0 where none waits. Costs as much as runs wait.
   */
  oldestWaiting(now: number): Readonly<Record<WaitingPhase, number>> {
    const age = (phase: WaitingPhase) => {
      let oldest = now;
      for (const created of this.#waiting[phase].values()) oldest = Math.min(oldest, created);
      return (now - oldest) / 1000;
    };
    return { Pending: age('Pending'), Queued: age('Queued') };
  }

  #onEvent(event: CacheEvent<CachedRun>): void {
    if (event.type === 'updated') this.#count(event.old, -1);
    this.#count(event.object, event.type === 'deleted' ? -1 : 1);
    if (!this.#tellsEnds || event.type !== 'updated') return;
    if (!isFinished(event.old.status?.phase) && isFinished(event.object.status?.phase)) this.#observer.finished({ ...this.#kindOf(event.object), ...endOf(event.object) });
  }

  #count(run: CachedRun, change: 1 | -1): void {
    const kind = this.#kindOf(run);
    const key = `${kind.namespace}/${kind.trigger}/${kind.phase}`;
    const runs = (this.#counts.get(key) ?? 0) + change;
    if (runs === 0) this.#counts.delete(key);
    else this.#counts.set(key, runs);
    this.#observer.counted(kind, runs);
    for (const phase of waitingPhases) {
      if (kind.phase !== phase) continue;
      if (change === 1) this.#waiting[phase].set(run.metadata.uid, Date.parse(run.metadata.creationTimestamp));
      else this.#waiting[phase].delete(run.metadata.uid);
    }
  }

  #kindOf({ metadata, spec, status }: CachedRun): RunKind {
    const { namespace } = metadata;
    if (this.#namespaces.size < mostNamespaces) this.#namespaces.add(namespace);
    return { namespace: this.#namespaces.has(namespace) ? namespace : '_others', trigger: spec.trigger?.type ?? 'Manual', phase: status?.phase ?? 'Pending' };
  }
}

function endOf({ status }: CachedRun): Pick<FinishedRun, 'reason' | 'seconds'> {
  const { reason = '', startTime = '', completionTime = '' } = status ?? {};
  const seconds = (Date.parse(completionTime) - Date.parse(startTime)) / 1000;
  return { reason, seconds: Number.isFinite(seconds) ? Math.max(0, seconds) : undefined };
}
