/**
 * Logs of pods that are deleted before their run has ended: Kubernetes deletes the pods of a Job whose time is up, or
 * that is deleted. Each is taken as its pod ends, and held until its run is archived.
 */
import { messageOf } from '../domain/lang/words.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { LogContent } from './archive.ts';
import {
  beyond,
  cutLog,
  takeEndingLogs,
  type LogLimits,
  type LogProblem,
  type LogsOfPod,
  type TakenLog,
} from './log-taker.ts';

/** The most pods whose logs are taken at once: each container's is a connection, which no limit of calls bounds. */
const mostTaken = 100;
const mostContainers = 10;
/** The most bytes of one pod: all that are taken at once have 64 MiB together. */
const mostBytes = (64 * 1024 * 1024) / mostTaken;
const mostHeldBytes = 32 * 1024 * 1024;
/** The most pods of a run that are remembered, also those whose logs are not taken. */
const mostPods = 1_000;
/** In place of a pod's UID: stands for all pods beyond that number. */
const furtherPods = '';
const nothing: LogsOfPod = { logs: [], problems: [] };

export interface EndingPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** What there is of the logs of a pod that ended. */
export interface EndedLogs extends LogsOfPod {
  readonly pod: string;
}

interface Ending {
  readonly run: string;
  readonly namespace: string;
  readonly pod: string;
  readonly stop: AbortController;
  taken: Promise<LogsOfPod>;
  /** All places were taken: it may get one later. */
  isRefused: boolean;
  /** How much of it is held, compressed. */
  bytes: number;
}

export interface EndingLogsOptions {
  readonly client: Client;
  readonly limits: LogLimits;
  /** Ends all: what was read until then is kept. */
  readonly signal: AbortSignal;
  /** The most bytes that are held, compressed. */
  readonly mostHeld?: number | undefined;
}

export class EndingLogs {
  readonly #options: EndingLogsOptions;
  /** By the run's UID, and then by the pod's, the oldest first. */
  readonly #runs = new Map<string, Map<string, Ending>>();
  /** Those that have a place, the oldest first. */
  readonly #taking = new Set<Ending>();
  /** Those that were taken and have bytes, the oldest first. */
  readonly #holding = new Set<Ending>();
  #held = 0;

  constructor(options: EndingLogsOptions) {
    this.#options = options;
  }

  /** A pod is being deleted. Later calls for the same pod do nothing, unless there was no place for it. */
  add(run: string, pod: EndingPod): void {
    if (this.#options.signal.aborted) return;
    const pods = this.#runs.get(run) ?? new Map<string, Ending>();
    const uid = pods.has(pod.uid) || pods.size < mostPods ? pod.uid : furtherPods;
    if (pods.get(uid)?.isRefused === false) return;
    const ending = newEnding(run, pod);
    this.#runs.set(run, pods.set(uid, ending));
    const what = `more than ${mostPods} pods were deleted before the run ended: the logs of later ones are not counted`;
    ending.taken = uid === furtherPods ? without({ what, logs: 1 }) : this.#takeIfPossible(ending, pod);
  }

  /** The pods of a run that ended, once their logs are taken; they are forgotten then. */
  async of(run: string): Promise<readonly EndedLogs[]> {
    const found = this.#of(run);
    await Promise.all(found.map(({ taken }) => taken));
    const ended: EndedLogs[] = [];
    // What was taken may have been given up since.
    for (const ending of found) ended.push({ pod: ending.pod, ...(await ending.taken) });
    this.forget(run);
    return ended;
  }

  /** Nobody will ask for the logs of this run. */
  forget(run: string): void {
    for (const ending of this.#of(run)) this.#end(ending);
    this.#runs.delete(run);
  }

  #of(run: string): readonly Ending[] {
    return [...(this.#runs.get(run)?.values() ?? [])];
  }

  #takeIfPossible(ending: Ending, pod: EndingPod): Promise<LogsOfPod> {
    const { containers } = this.#options.limits;
    const taken = this.#of(ending.run).filter((other) => other !== ending && !other.isRefused);
    if (taken.length >= containers) return refused(ending, beyond(containers, 1));
    if (this.#taking.size >= mostTaken) {
      const giver = this.#giverTo(ending);
      if (giver === undefined) return refused(ending, crowded);
      this.#end(giver);
      giver.taken = refused(giver, crowded);
    }
    return this.#take(ending, pod);
  }

  /** Whose place it gets, so that first namespaces and then the runs of each have as many as others. */
  #giverTo({ namespace, run }: Ending): Ending | undefined {
    const ofNamespace = largest(this.#taking, namespaceOf, one);
    const own = [...this.#taking].filter((other) => other.namespace === namespace);
    if (ofNamespace.length >= own.length + 2) return largest(ofNamespace, runOf, one).at(-1);
    const ofRun = largest(own, runOf, one);
    return ofRun.length >= own.filter((other) => other.run === run).length + 2 ? ofRun.at(-1) : undefined;
  }

  async #take(ending: Ending, pod: EndingPod): Promise<LogsOfPod> {
    this.#taking.add(ending);
    const taken = await this.#read(ending, pod);
    this.#taking.delete(ending);
    if (ending.stop.signal.aborted) return nothing;
    ending.bytes = taken.logs.reduce((sum, { log }) => sum + (log?.body.length ?? 0), 0);
    if (ending.bytes === 0) return taken;
    this.#holding.add(ending);
    this.#held += ending.bytes;
    this.#makeRoom();
    return taken;
  }

  async #read({ stop }: Ending, pod: EndingPod): Promise<LogsOfPod> {
    const { client, limits, signal } = this.#options;
    const share = {
      ...limits,
      bytes: Math.min(limits.bytes, mostBytes),
      containers: Math.min(limits.containers, mostContainers),
    };
    try {
      return await takeEndingLogs(client, pod, share, AbortSignal.any([signal, stop.signal]));
    } catch (error) {
      return isNotFound(error) ? nothing : without(lost(pod.name, messageOf(error)));
    }
  }

  /** Gives up the oldest logs of whichever namespace has the most, of its run that has the most. */
  #makeRoom(): void {
    const { mostHeld = mostHeldBytes } = this.#options;
    while (this.#held > mostHeld) {
      const [oldest] = largest(largest(this.#holding, namespaceOf, bytesOf), runOf, bytesOf);
      if (oldest === undefined) return;
      this.#end(oldest);
      oldest.taken = without(lost(oldest.pod, 'too much was held of runs that had not ended'));
    }
  }

  /** It has no place and holds nothing from now on. */
  #end(ending: Ending): void {
    ending.stop.abort(new Error('nobody waits for this log'));
    this.#taking.delete(ending);
    if (this.#holding.delete(ending)) this.#held -= ending.bytes;
  }
}

const namespaceOf = ({ namespace }: Ending): string => namespace;
const runOf = ({ run }: Ending): string => run;
const bytesOf = ({ bytes }: Ending): number => bytes;
const one = (): number => 1;

/** All that have the same key as others, where their sum is the largest. */
function largest(
  endings: Iterable<Ending>,
  keyOf: (ending: Ending) => string,
  sizeOf: (ending: Ending) => number,
): readonly Ending[] {
  let most: { readonly group: readonly Ending[]; readonly size: number } = { group: [], size: 0 };
  for (const group of Map.groupBy(endings, keyOf).values()) {
    const size = group.reduce((sum, ending) => sum + sizeOf(ending), 0);
    if (size > most.size) most = { group, size };
  }
  return most.group;
}

const crowded: LogProblem = {
  what: `when the pod was deleted, the logs of ${mostTaken} others were being taken`,
  logs: 1,
};

function newEnding(run: string, { namespace, name }: EndingPod): Ending {
  const stop = new AbortController();
  return { run, namespace, pod: name, stop, bytes: 0, isRefused: false, taken: Promise.resolve(nothing) };
}

function refused(ending: Ending, problem: LogProblem): Promise<LogsOfPod> {
  ending.isRefused = true;
  return without(problem);
}

function without(problem: LogProblem): Promise<LogsOfPod> {
  return Promise.resolve({ logs: [], problems: [problem] });
}

function lost(pod: string, because: string): LogProblem {
  return { what: `the log of pod ${pod}: ${because}`, logs: 1 };
}

/** Whether a log was read to its end: then its pod is gone, or soon will be. */
export function isWhole({ logs }: EndedLogs): boolean {
  return logs.some(({ problem }) => problem === undefined);
}

/**
 * The logs of a run with those of its pods that ended: of each whichever has more. Each gets its share of the run's
 * limit. The problems count a log once.
 */
export async function withEnded(
  present: readonly TakenLog[],
  ended: readonly EndedLogs[],
  { bytes, containers }: LogLimits,
): Promise<{ readonly logs: readonly LogContent[]; readonly problems: readonly LogProblem[] }> {
  const byKey = new Map(present.map((log) => [log.key, log]));
  for (const log of ended.flatMap(({ logs }) => logs)) {
    const other = byKey.get(log.key);
    if (other === undefined || lengthOf(log) > lengthOf(other)) byKey.set(log.key, log);
  }
  const all = [...byKey.values()];
  const kept = all.filter(({ log }) => log !== undefined).slice(0, containers);
  const unread = all.filter(({ log, problem }) => log === undefined && problem !== undefined);
  const left = all.length - kept.length - unread.length;
  const pods = new Set(present.map(({ pod }) => pod));
  const problems = [
    ...[...kept, ...unread].flatMap(({ problem }) => (problem === undefined ? [] : { what: problem, logs: 1 })),
    ...ended.filter(({ pod }) => !pods.has(pod)).flatMap((other) => other.problems),
    ...(left > 0 ? [beyond(containers, left)] : []),
  ];
  const contents = kept.flatMap(({ log }) => log ?? []);
  const shares = sharesOf(
    contents.map((log) => log.bytes),
    bytes,
  );
  const logs: LogContent[] = [];
  // One after the other: each is whole in memory while it is cut.
  for (const [index, log] of contents.entries()) logs.push(await cutLog(log, shares[index] ?? 0));
  return { logs, problems };
}

/** Also the bytes that are left out of it; -1 if there is nothing. */
function lengthOf({ log }: TakenLog): number {
  return log === undefined ? -1 : log.bytes + log.cutBytes;
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
