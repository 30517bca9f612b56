/** What one or many runs printed, live from their pods or from the archive, merged in the order of time. */
import { createGunzip } from 'node:zlib';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Archive, ArchivedLog } from '../archive/archive.ts';
import type { TaskRunObject } from '../cluster/resource-types.ts';
import { isForbidden, isNotFound } from '../kube/api-error.ts';
import type { Stored } from '../kube/objects.ts';
import { followRun, RunDeleted } from '../logs/follow-run.ts';
import { LogLine } from '../logs/line-source.ts';
import { PodLogs, readAtOnce, type LogChoice } from '../logs/pod-logs.ts';
import { gapWords } from '../logs/resumed-log.ts';
import { podsOfRun, type RunOfPods } from '../logs/run-pods.ts';
import { streamsOf, type LogStream } from '../logs/streams.ts';
import { whyNoLog } from '../records/no-log.ts';
import { fromArchive } from './from-archive.ts';
import type { Person } from './person.ts';
import { ApiProblem } from './problems.ts';
import type { Reader } from './reviewed-reader.ts';

/** The run and pod of a line. A remark has no pod. */
export interface Origin {
  readonly run: string;
  readonly pod: string;
  readonly container: string;
}

export interface LogSearch {
  /** Only lines printed at this time or later; milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Only the last lines of each container. */
  readonly tail?: number | undefined;
  /** Only lines that contain this text, in upper or lower case. */
  readonly search?: string | undefined;
}

/** A run whose logs are requested. */
export interface LoggedRun {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Why it ended as it did, where that is known. */
  readonly reason?: string | undefined;
  /** False if the run is only in the archive. */
  readonly inCluster: boolean;
}

interface LogAccess {
  /** Who reads. */
  readonly person: Pick<Person, 'onlyReads' | 'reader' | 'acting'>;
  readonly archive: Archive | undefined;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export type Line = LogLine<Origin>;

/**
 * The lines of some runs, in portions; remarks come first.
 * @throws ApiProblem NoLogs if none of the runs has logs; ReadingToken if one has a log that is only in its pods, and
 *   the person's token is for reading only
 */
export async function* linesOf(
  runs: readonly LoggedRun[],
  search: LogSearch,
  access: LogAccess,
): AsyncGenerator<readonly Line[], void, undefined> {
  const found = await Promise.all(runs.map((run) => partsOf(run, access)));
  const all = found.flat();
  if (all.length === 0) throw new ApiProblem('NoLogs', noLogs(runs));
  const shown = runs.length === 1 ? all : readAtOnce(all, streamsIn);
  const remarks = [
    ...(all.length > shown.length
      ? [remark('', `only ${countOf(shown)} of ${countOf(all)} logs are shown: ask for fewer runs`)]
      : []),
    ...shown.flatMap(cutRemark),
  ];
  if (remarks.length > 0) yield remarks;
  const logs = podLogs(access, search, false);
  for (const part of shown) {
    if ('live' in part) logs.add([part.live]);
    else logs.addText(archivedText(part, search, access), part.origin);
  }
  logs.close();
  yield* chosen(logs.portions(), search);
}

/** A pod has a log for each start of a container that can be read. */
function streamsIn(part: Part): number {
  return 'live' in part ? streamsOf(part.live).length : 1;
}

function countOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + streamsIn(part), 0);
}

function noLogs(runs: readonly LoggedRun[]): string {
  const [first] = runs;
  const cause = runs.length === 1 ? whyNoLog(first?.reason) : undefined;
  const who = runs.length === 1 ? `run ${first?.name ?? ''} has` : 'these runs have';
  return `${who} no logs: ${cause === undefined ? 'the pods are gone' : cause}, and the archive has no logs of them`;
}

/**
 * The lines of an active run, until it has ended.
 * @throws ApiProblem ReadingToken if the person's token is for reading only; RunNotFound if the run is deleted
 *   meanwhile
 */
export async function* followLines(
  run: Stored<TaskRunObject>,
  search: LogSearch,
  access: LogAccess,
): AsyncGenerator<readonly Line[], void, undefined> {
  const end = new AbortController();
  const signal = AbortSignal.any([access.signal, end.signal]);
  const logs = podLogs({ ...access, signal }, search, true);
  const client = access.person.acting('a log that is followed');
  const following = followRun(client, run, logs, signal, () => Promise.resolve()).catch(notOurs);
  following.catch(() => logs.close());
  try {
    yield* chosen(logs.portions(), search);
    await following;
  } finally {
    end.abort(new Error('the reader is gone'));
    await Promise.allSettled([following]);
  }
}

function notOurs(error: unknown): never {
  throw error instanceof RunDeleted ? new ApiProblem('RunNotFound', error.message, { cause: error }) : error;
}

type Part =
  { readonly live: Stored<Pod> } | { readonly uid: string; readonly log: ArchivedLog; readonly origin: Origin };

/**
 * A run's pods, and its archived logs whose pod is gone. For a token that only reads: its archived logs, if its pods
 * have no others.
 * @throws ApiProblem ReadingToken if they have
 */
async function partsOf(
  { uid, namespace, name, inCluster }: LoggedRun,
  { person, archive, signal }: LogAccess,
): Promise<readonly Part[]> {
  const archivedPart = (log: ArchivedLog): Part => ({
    uid,
    log,
    origin: { run: name, pod: log.pod, container: log.container },
  });
  const [there, archived] = await Promise.all([
    inCluster ? podsOf(person.reader, { namespace, name, uid }, signal) : [],
    fromArchive(async () => (await archive?.logsOf(uid)) ?? []),
  ]);
  const started = there.filter((pod) => streamsOf(pod).length > 0);
  if (person.onlyReads) {
    const known = new Set(archived.map(keyOf));
    const live = started.flatMap(streamsOf).map(({ query, ...stream }) => keyOf({ ...stream, ...query }));
    if (live.some((key) => !known.has(key)))
      person.acting(`the log of run ${name}, which the archive does not have yet,`);
    return archived.map(archivedPart);
  }
  const names = new Set(started.map(({ metadata }) => metadata.name));
  const gone = archived.filter(({ pod }) => !names.has(pod));
  return [...started.map((pod) => ({ live: pod })), ...gone.map(archivedPart)];
}

/** Names one start of a container among those of a run. */
export function keyOf({ pod, container, restart }: Pick<ArchivedLog, 'pod' | 'container' | 'restart'>): string {
  return `${pod}/${container}/${restart}`;
}

/** The pods of a run, if the person may read them. */
export async function podsOf(reader: Reader, run: RunOfPods, signal?: AbortSignal): Promise<readonly Stored<Pod>[]> {
  try {
    return await podsOfRun(reader, run, signal);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}

function podLogs({ person, signal, now }: LogAccess, { since, tail }: LogSearch, follow: boolean): PodLogs<Origin> {
  const choice: LogChoice = { follow, tail, since: since === undefined ? undefined : Math.max(0, now() - since) };
  const originOf = ({ run, pod, query }: LogStream): Origin => ({ run, pod, container: query.container });
  const remarkOn = (run: string, text: string): void => logs.addText(Readable.from([Buffer.from(text)]), remarkOf(run));
  const logs: PodLogs<Origin> = new PodLogs({
    client: { getStream: async (...asked) => person.acting('a log').getStream(...asked) },
    choice,
    signal,
    originOf,
    // A pod may be deleted while it is read; the logs of the others are still useful.
    onProblem: ({ run, pod }, error) =>
      isNotFound(error)
        ? Promise.resolve(remarkOn(run, `the log of pod ${pod} is gone: the pod was deleted meanwhile`))
        : Promise.reject(error instanceof Error ? error : new Error(String(error))),
    // Among the lines: with the time of the first line after the gap.
    onGap: ({ run, pod }, gap) => Promise.resolve(remarkOn(run, `${gap.to} the log of pod ${pod}: ${gapWords(gap)}`)),
    onCrowd: (sentence) => remarkOn('', sentence),
  });
  return logs;
}

/** Decompressed as it is read, so that only parts of many logs are in memory. */
async function* archivedText(
  { uid, log }: Extract<Part, { uid: string }>,
  { tail }: LogSearch,
  { archive }: LogAccess,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = archive?.readLog(uid, log);
  const first = await fromArchive(async () => pieces?.next());
  if (pieces === undefined || first?.done !== false) return; // it is gone
  const text = createGunzip({ chunkSize: unzippedAtOnce });
  pipeline(beginningWith(first.value, pieces), text, () => undefined); // whoever reads the text gets the error
  if (tail === undefined) yield* text;
  else yield lastLines(await buffer(text), tail);
}

async function* beginningWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}

/** Bytes buffered per log; six megabytes when a hundred logs are merged. */
const unzippedAtOnce = 64 * 1024;
const newline = 0x0a;

function lastLines(text: Buffer, count: number): Uint8Array {
  let from = text.length;
  for (let lines = 0; lines < count && from > 0; lines += 1) from = text.lastIndexOf(newline, from - 2) + 1;
  return count === 0 ? new Uint8Array() : text.subarray(from);
}

/** Remarks always belong to what was asked for. */
async function* chosen(
  portions: AsyncIterable<readonly Line[]>,
  { since, search = '' }: LogSearch,
): AsyncGenerator<readonly Line[], void, undefined> {
  const wanted = search.toLowerCase();
  const isYoung = ({ seconds, nanos }: Line): boolean => since === undefined || seconds * 1_000 + nanos / 1e6 >= since;
  const isWanted = (line: Line): boolean => wanted === '' || textOf(line.text).toLowerCase().includes(wanted);
  for await (const portion of portions)
    yield portion.filter((line) => line.origin.pod === '' || (isYoung(line) && isWanted(line)));
}

function cutRemark(part: Part): readonly Line[] {
  if ('live' in part || part.log.cutBytes === 0) return [];
  const { run, pod } = part.origin;
  return [
    remark(run, `the first ${part.log.cutBytes} bytes of pod ${pod} are left out: the archive keeps the end of a log`),
  ];
}

function remark(run: string, text: string): Line {
  return new LogLine({ seconds: 0, nanos: 0 }, remarkOf(run), Buffer.from(text));
}

function remarkOf(run: string): Origin {
  return { run, pod: '', container: '' };
}

/** A line as text; bytes that are not UTF-8 become the replacement character. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
