/** Takes the logs of a run's pods before the pods are deleted: the end of each log, where a failure is. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { messageOf } from '../domain/lang/words.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { pods } from '../kube/resources.ts';
import { gapWords, resumedLog } from '../logs/resumed-log.ts';
import { podsOfRun, type RunOfPods } from '../logs/run-pods.ts';
import { streamsOf, type LogStream } from '../logs/streams.ts';
import type { LogContent } from './archive.ts';

const zip = promisify(gzip);
const unzip = promisify(gunzip);

export interface LogLimits {
  /** Bytes per run, before compression. */
  readonly bytes: number;
  /** The most containers per run. */
  readonly containers: number;
  /** The time for all of them together. */
  readonly timeoutMs: number;
}

/** A log with more lines is read only from this many lines before its end. */
const mostLines = 100_000;
/** A log is complete after the kubelet has sent nothing for this time. */
const idleMs = 10_000;

/** Logs that could not be taken, or not to their end. */
export interface LogProblem {
  readonly what: string;
  /** How many logs it is about. */
  readonly logs: number;
}

/** What was taken of one start of a container. It has neither log nor problem if others took all places. */
export interface TakenLog {
  /** As the stream's. */
  readonly key: string;
  readonly pod: string;
  readonly log?: LogContent | undefined;
  /** Why the log, or its end, is missing. */
  readonly problem?: string | undefined;
}

/** The logs of a pod that ended. */
export interface LogsOfPod {
  readonly logs: readonly TakenLog[];
  /** Why others are missing. */
  readonly problems: readonly LogProblem[];
}

/** @param logs how many are left out because a run keeps no more containers */
export function beyond(containers: number, logs: number): LogProblem {
  return { what: `a run keeps the logs of ${containers} containers`, logs };
}

/**
 * @param stopped ends the reading early
 * @returns also logs that were not read, but none of pods that are gone
 * @throws ApiError when the pods cannot be listed; the reason of `stopped`. A single log that cannot be read is
 * reported as a problem
 */
export async function takeLogs(
  client: Client,
  run: RunOfPods,
  limits: LogLimits,
  stopped: AbortSignal,
): Promise<readonly TakenLog[]> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(limits.timeoutMs)]);
  const streams = await streamsOfRun(client, run, signal);
  const read = streams.slice(0, limits.containers);
  const logs: TakenLog[] = [];
  let rest = limits.bytes;
  for (const [index, stream] of read.entries()) {
    // What one does not use of its share is left for the next.
    const taken = await endOf(stream, () => open(client, stream, signal), Math.floor(rest / (read.length - index)));
    stopped.throwIfAborted();
    rest -= taken?.log?.bytes ?? 0;
    if (taken !== undefined) logs.push(taken);
  }
  return [...logs, ...streams.slice(read.length).map(({ key, pod }) => ({ key, pod }))];
}

/**
 * The logs of a pod that is ending, to their end, for its log goes with it.
 * @param stopped ends the reading early, which is reported as a problem with each log
 * @throws ApiError when the pod cannot be read
 */
export async function takeEndingLogs(
  client: Client,
  pod: { readonly namespace: string; readonly name: string; readonly uid: string },
  limits: LogLimits,
  stopped: AbortSignal,
): Promise<LogsOfPod> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(limits.timeoutMs)]);
  const found = await client.get(pods, pod, { signal });
  // Another pod may have its name by now.
  const all = found.metadata.uid === pod.uid ? streamsOf(found) : [];
  const streams = all.slice(0, limits.containers);
  const share = Math.floor(limits.bytes / Math.max(1, streams.length));
  const what = `pod ${pod.name}: the logs of ${streams.length} containers are kept of a pod that is deleted`;
  const problems = all.length > streams.length ? [{ what, logs: all.length - streams.length }] : [];
  const taken = await Promise.all(streams.map((stream) => takeEndingLog(client, stream, share, signal)));
  return { logs: taken.filter((one) => one !== undefined).filter(isTelling), problems };
}

/** A container that printed nothing needs no place in the archive once its pod is gone. */
function isTelling({ log, problem }: TakenLog): boolean {
  return problem !== undefined || (log?.bytes ?? 0) > 0;
}

/** The end of a log that was taken, of at most so many bytes. */
export async function cutLog(log: LogContent, most: number): Promise<LogContent> {
  if (log.bytes <= most) return log;
  const tail = new Tail(most);
  tail.add(await unzip(log.body));
  const { text, cutBytes } = tail.end();
  return { ...log, bytes: text.length, cutBytes: log.cutBytes + cutBytes, body: await zip(text) };
}

/** Pods that failed come first, because not all may fit. */
async function streamsOfRun(client: Client, run: RunOfPods, signal: AbortSignal): Promise<readonly LogStream[]> {
  const found = await podsOfRun(client, run, signal);
  const rank = ({ status }: Stored<Pod>): number => (status?.phase === 'Failed' ? 0 : 1);
  return [...found]
    .sort(
      (a, b) =>
        rank(a) - rank(b) || Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp),
    )
    .flatMap(streamsOf);
}

/** The log so far. */
function open(client: Client, { path, query }: LogStream, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  return client.getStream(path, { ...query, timestamps: true, tailLines: mostLines }, { signal, idleMs });
}

/**
 * The log of a container that is ending, to its end. A stream may end before its container does: the kubelet goes on to
 * the old file of a log when the container ends just after a new one was begun. So it is opened once more.
 */
function takeEndingLog(
  client: Client,
  from: LogStream,
  share: number,
  signal: AbortSignal,
): Promise<TakenLog | undefined> {
  const remarks: string[] = [];
  let opened = 0;
  const lines = resumedLog({
    open: ({ sinceTime }) => {
      opened += 1;
      const part = sinceTime === undefined ? { tailLines: mostLines } : { sinceTime };
      return client.getStream(
        from.path,
        { ...from.query, timestamps: true, follow: true, ...part },
        { signal, idleMs: 0 },
      );
    },
    onGap: (gap) => {
      remarks.push(`${gap.to} ${gapWords(gap)}\n`);
      return Promise.resolve();
    },
    container: {
      state: () => (opened === 0 ? 'running' : 'terminated'),
      isClosed: () => false,
      onChange: () => () => undefined,
    },
    signal,
  });
  return endOf(from, () => withRemarks(lines, remarks), share);
}

/** Remarks come before the lines after them. */
async function* withRemarks(
  lines: AsyncIterable<Uint8Array>,
  remarks: string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of lines) {
    for (const remark of remarks.splice(0)) yield Buffer.from(remark);
    yield chunk;
  }
}

/** The last bytes of what comes of a log: the part before it broke off is still useful. Nothing if its pod is gone. */
async function endOf(
  { key, pod, restart, query }: LogStream,
  opened: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
  share: number,
): Promise<TakenLog | undefined> {
  const tail = new Tail(share);
  let broken: unknown;
  try {
    for await (const chunk of await opened()) tail.add(chunk);
  } catch (error) {
    broken = error;
  }
  const { text, cutBytes } = tail.end();
  if (text.length > 0 || broken === undefined) {
    const log = { pod, container: query.container, restart, bytes: text.length, cutBytes, body: await zip(text) };
    const problem = broken === undefined ? undefined : `the end of the log of pod ${pod}: ${messageOf(broken)}`;
    return { key, pod, log, problem };
  }
  return isNotFound(broken) ? undefined : { key, pod, problem: `the log of pod ${pod}: ${messageOf(broken)}` };
}

const newline = 0x0a;

/** The last bytes of a stream, from the start of a line. */
export class Tail {
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #cut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A chunk is dropped once the others are enough without it. They keep one byte more than the limit, which shows
    // whether a line starts after it.
    for (
      let first = this.#chunks[0];
      first !== undefined && this.#bytes - first.length > this.#most;
      first = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#bytes -= first.length;
      this.#cut += first.length;
    }
  }

  /** The kept bytes, and the number of bytes before them. If the last line alone is too long, its end is kept. */
  end(): { readonly text: Uint8Array; readonly cutBytes: number } {
    const all = Buffer.concat(this.#chunks);
    const surplus = all.length - this.#most;
    if (surplus <= 0) return { text: all, cutBytes: 0 };
    const line = all.indexOf(newline, surplus - 1) + 1;
    const text = all.subarray(line === 0 || line === all.length ? surplus : line);
    return { text, cutBytes: this.#cut + all.length - text.length };
  }
}
