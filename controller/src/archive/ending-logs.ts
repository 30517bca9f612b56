/**
 * Logs of pods that are deleted before their run has ended: Kubernetes deletes the pods of a Job whose time is up, or
 * that is deleted. Each is taken as its pod ends, and held until its run is archived.
 */
import { messageOf } from '../domain/lang/words.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { LogContent } from './archive.ts';
import { beyond, cutLog, takeEndingLogs, type LogLimits, type LogProblem, type TakenLogs } from './log-taker.ts';

/** The most pods whose logs are taken at once: each container's is a connection, which no limit of calls bounds. */
const mostTaken = 100;
const mostContainers = 10;
/** The most bytes of one pod: all that are taken at once have 64 MiB together. */
const mostBytes = (64 * 1024 * 1024) / mostTaken;
const mostHeldBytes = 32 * 1024 * 1024;
/** The most pods that are remembered, also those whose logs are not taken. */
const mostPods = 10_000;
const nothing: TakenLogs = { logs: [], problems: [] };

export interface EndingPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** What there is of the logs of a pod that ended. */
export interface EndedLogs extends TakenLogs {
  readonly pod: string;
}

interface Ending {
  readonly run: string;
  readonly pod: string;
  readonly stop: AbortController;
  taken: Promise<TakenLogs>;
  /** How much of it is held, compressed. */
  bytes: number;
}

export interface EndingLogsOptions {
  readonly client: Client;
  readonly limits: LogLimits;
  /** Ends all. */
  readonly signal: AbortSignal;
  /** The most bytes that are held, compressed. */
  readonly mostHeld?: number | undefined;
  /** A log will never be archived, and its run will not say so. */
  readonly onLost: (what: string) => void;
}

export class EndingLogs {
  readonly #options: EndingLogsOptions;
  /** By the pod's UID, the oldest first. */
  readonly #pods = new Map<string, Ending>();
  /** The same of each run. */
  readonly #runs = new Map<string, Map<string, Ending>>();
  #taking = 0;
  #held = 0;

  constructor(options: EndingLogsOptions) {
    this.#options = options;
  }

  /** A pod is being deleted. Later calls for the same pod do nothing. */
  add(run: string, pod: EndingPod): void {
    if (this.#options.signal.aborted || this.#pods.has(pod.uid)) return;
    const refusals = this.#refusals(run);
    const taken = Promise.resolve({ logs: [], problems: refusals });
    const ending: Ending = { run, pod: pod.name, stop: new AbortController(), bytes: 0, taken };
    this.#pods.set(pod.uid, ending);
    this.#runs.set(run, (this.#runs.get(run) ?? new Map<string, Ending>()).set(pod.uid, ending));
    if (refusals.length === 0) ending.taken = this.#take(ending, pod);
    this.#forgetOldest();
  }

  /** The pods of a run that ended, once their logs are taken; they are forgotten then. */
  async of(run: string): Promise<readonly EndedLogs[]> {
    const ended: EndedLogs[] = [];
    // Further pods may end meanwhile.
    for (let found = this.#of(run); found.length > 0; found = this.#of(run)) {
      await Promise.all(found.map(([, { taken }]) => taken));
      for (const [uid, ending] of found) {
        ended.push({ pod: ending.pod, ...(await ending.taken) });
        this.#delete(uid, ending);
      }
    }
    return ended;
  }

  /** Nobody will ask for the logs of this run. */
  forget(run: string): void {
    for (const [uid, ending] of this.#of(run)) this.#delete(uid, ending);
  }

  #of(run: string): readonly [string, Ending][] {
    return [...(this.#runs.get(run) ?? [])];
  }

  /** Why the logs of another pod of the run are not taken. */
  #refusals(run: string): readonly LogProblem[] {
    const { containers } = this.#options.limits;
    if ((this.#runs.get(run)?.size ?? 0) >= containers) return [beyond(containers, 1)];
    if (this.#taking < mostTaken) return [];
    return [{ what: `when the pod was deleted, the logs of ${mostTaken} others were being taken`, logs: 1 }];
  }

  async #take(ending: Ending, pod: EndingPod): Promise<TakenLogs> {
    this.#taking += 1;
    const taken = await this.#read(ending, pod);
    this.#taking -= 1;
    if (this.#pods.get(pod.uid) !== ending) return taken;
    ending.bytes = taken.logs.reduce((sum, { body }) => sum + body.length, 0);
    this.#held += ending.bytes;
    this.#makeRoom();
    return taken;
  }

  async #read({ stop }: Ending, pod: EndingPod): Promise<TakenLogs> {
    const { client, limits, signal } = this.#options;
    const share = {
      ...limits,
      bytes: Math.min(limits.bytes, mostBytes),
      containers: Math.min(limits.containers, mostContainers),
    };
    const stopped = AbortSignal.any([signal, stop.signal]);
    try {
      return await takeEndingLogs(client, pod, share, stopped);
    } catch (error) {
      return stopped.aborted || isNotFound(error) ? nothing : lost(pod.name, messageOf(error));
    }
  }

  /** Gives up the oldest logs of whichever run has the most. */
  #makeRoom(): void {
    const { mostHeld = mostHeldBytes } = this.#options;
    while (this.#held > mostHeld) {
      const most = this.#largestRun();
      const [, oldest] = this.#of(most).find(([, { bytes }]) => bytes > 0) ?? [];
      if (oldest === undefined) return;
      this.#held -= oldest.bytes;
      oldest.bytes = 0;
      oldest.taken = Promise.resolve(lost(oldest.pod, 'too much was held of runs that had not ended'));
    }
  }

  #largestRun(): string {
    const sizeOf = (pods: ReadonlyMap<string, Ending>): number =>
      [...pods.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const sizes = [...this.#runs].map(([run, pods]) => [run, sizeOf(pods)] as const);
    return sizes.reduce((one, other) => (other[1] > one[1] ? other : one))[0];
  }

  #forgetOldest(): void {
    const [oldest] = this.#pods;
    if (oldest === undefined || this.#pods.size <= mostPods) return;
    const [uid, ending] = oldest;
    this.#delete(uid, ending);
    this.#options.onLost(`the log of pod ${ending.pod}: ${mostPods} others have ended since`);
  }

  #delete(uid: string, ending: Ending): void {
    ending.stop.abort(new Error('nobody waits for this log'));
    this.#held -= ending.bytes;
    this.#pods.delete(uid);
    const ofRun = this.#runs.get(ending.run);
    ofRun?.delete(uid);
    if (ofRun?.size === 0) this.#runs.delete(ending.run);
  }
}

function lost(pod: string, because: string): TakenLogs {
  return { logs: [], problems: [{ what: `the log of pod ${pod}: ${because}`, logs: 1 }] };
}

/**
 * The logs of a run with those of its pods that ended: what was taken of a pod that is still there is complete. Each
 * gets its share of the run's limit.
 */
export async function withEnded(
  present: TakenLogs,
  ended: readonly EndedLogs[],
  { bytes, containers }: LogLimits,
): Promise<TakenLogs> {
  const keys = new Set(present.logs.map(keyOf));
  const pods = new Set(present.logs.map(({ pod }) => pod));
  const all = [...present.logs, ...ended.flatMap(({ logs }) => logs).filter((log) => !keys.has(keyOf(log)))];
  const problems = [...present.problems, ...ended.filter(({ pod }) => !pods.has(pod)).flatMap((one) => one.problems)];
  if (all.length > containers) problems.push(beyond(containers, all.length - containers));
  const kept = all.slice(0, containers);
  const shares = sharesOf(
    kept.map((log) => log.bytes),
    bytes,
  );
  const logs: LogContent[] = [];
  // One after the other: each is whole in memory while it is cut.
  for (const [index, log] of kept.entries()) logs.push(await cutLog(log, shares[index] ?? 0));
  return { logs, problems };
}

/** What small logs do not use of their share is left for larger ones. */
function sharesOf(sizes: readonly number[], most: number): readonly number[] {
  const shares: number[] = [];
  let rest = most;
  const smallestFirst = sizes.map((size, index) => ({ size, index })).sort((one, other) => one.size - other.size);
  for (const [nth, { size, index }] of smallestFirst.entries()) {
    const share = Math.min(size, Math.floor(rest / (sizes.length - nth)));
    shares[index] = share;
    rest -= share;
  }
  return shares;
}

function keyOf({ pod, container, restart }: LogContent): string {
  return `${pod}/${container}/${restart}`;
}
