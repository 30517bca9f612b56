/** The history of runs: those in the cluster and those only in the archive, as one list. */
import { recordOf, type RunRecord } from '../records/record.ts';
import { mostCounted, type Archive, type Place, type RunFilter } from '../archive/archive.ts';
import type { Caches } from '../cluster/caches.ts';
import type { CachedRun } from '../cluster/projections.ts';
import { hasPods } from '../domain/model/objects.ts';
import { isFinished } from '../domain/model/phase.ts';
import { uidKey } from '../kube/cache.ts';
import { ApiProblem } from './problems.ts';
import type { Run, RunPage } from './schemas.ts';

/** The sources. Without an archive the history is what the cluster has. */
export interface Sources {
  readonly caches: Pick<Caches, 'tasks' | 'runs' | 'jobs' | 'pods'>;
  readonly archive: Archive | undefined;
}

/**
 * One page, newest first. If a run is in both, the archive's line is used once the run has ended, because the cache
 * keeps only a part of it.
 * @throws ApiProblem InvalidCursor; the database's error
 */
export async function findRuns(
  sources: Sources,
  filter: RunFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<RunPage> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const live = liveRuns(sources, filter);
  const [archived, { total, totalIsLeast }] = await Promise.all([
    sources.archive?.find(filter, { limit: limit + 1, after }) ?? [],
    countRuns(sources, filter, live),
  ]);
  const lines = new Map<string, Run>();
  for (const run of pageOf(live, after, limit + 1)) lines.set(run.metadata.uid, lineOf(run, sources));
  for (const record of archived) lines.set(record.uid, merged(record, lines.get(record.uid), sources));
  const sorted = [...lines.values()].sort((a, b) => byPlace(placeOf(a), placeOf(b)));
  const items = sorted.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    total,
    totalIsLeast,
    ...(sorted.length > limit && last && { nextCursor: writeCursor(placeOf(last)) }),
  };
}

/** A run's line, as far as the cache has it. */
export function lineOf(run: CachedRun, { caches }: Pick<Sources, 'caches'>): Run {
  return { ...recordOf(run), kept: isKept(run.metadata, caches), archived: false };
}

/** Whether the run still has a Job, and with it a log. */
export function isKept(
  run: { readonly namespace?: string | undefined; readonly uid: string },
  caches: Pick<Caches, 'jobs' | 'pods'>,
): boolean {
  return caches.jobs.cache
    .by('owner', uidKey(run, run.uid))
    .some((job) => hasPods(job, () => caches.pods.cache.by('owner', uidKey(run, job.metadata.uid))));
}

function merged(record: RunRecord, live: Run | undefined, { caches }: Sources): Run {
  const inCluster = live !== undefined || caches.runs.cache.byUid(record.uid) !== undefined;
  return { ...record, kept: isKept(record, caches), archived: !inCluster };
}

/** The runs in the cluster that match the filter, unordered. */
function liveRuns(
  { caches }: Sources,
  { namespace, task, phases, triggers, from = -Infinity, to = Infinity }: RunFilter,
): readonly CachedRun[] {
  const all = namespace === undefined ? [...caches.runs.cache.values()] : caches.runs.cache.by('namespace', namespace);
  return all.filter(({ metadata, spec, status }) => {
    const at = Date.parse(metadata.creationTimestamp);
    const isOf = task === undefined || spec.taskRef.name === task;
    return (
      isOf &&
      at >= from &&
      at < to &&
      includes(phases, status?.phase ?? 'Pending') &&
      includes(triggers, spec.trigger?.type ?? 'Manual')
    );
  });
}

function includes<T>(wanted: readonly T[] | undefined, value: T): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}

/** The first runs after the cursor's position, in order. */
function pageOf(runs: readonly CachedRun[], after: Place | undefined, limit: number): readonly CachedRun[] {
  const placed = runs.map((run) => ({
    run,
    createdAt: Date.parse(run.metadata.creationTimestamp),
    uid: run.metadata.uid,
  }));
  const rest = after === undefined ? placed : placed.filter((one) => byPlace(after, one) < 0);
  return rest
    .sort(byPlace)
    .slice(0, limit)
    .map(({ run }) => run);
}

async function countRuns(
  { archive }: Sources,
  filter: RunFilter,
  live: readonly CachedRun[],
): Promise<Pick<RunPage, 'total' | 'totalIsLeast'>> {
  if (archive === undefined) return { total: live.length, totalIsLeast: false };
  const finished = live.filter(({ status }) => isFinished(status?.phase)).map(({ metadata }) => metadata.uid);
  const [archived, both] = await Promise.all([archive.count(filter), archive.known(finished, filter.owner)]);
  const total = archived + live.length - both.size;
  return archived > mostCounted ? { total: mostCounted, totalIsLeast: true } : { total, totalIsLeast: false };
}

function placeOf({ creationTimestamp, uid }: Pick<Run, 'creationTimestamp' | 'uid'>): Place {
  return { createdAt: Date.parse(creationTimestamp), uid };
}

/** Newest first; at the same time, the greater uid first. */
function byPlace(a: Place, b: Place): number {
  return b.createdAt - a.createdAt || (a.uid < b.uid ? 1 : a.uid > b.uid ? -1 : 0);
}

function writeCursor({ createdAt, uid }: Place): string {
  return Buffer.from(`${createdAt} ${uid}`).toString('base64url');
}

function readCursor(cursor: string): Place {
  const [, createdAt, uid] =
    /^(\d{1,16}) ([\w-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (createdAt === undefined || uid === undefined)
    throw new ApiProblem('InvalidCursor', 'the cursor is invalid: start again without one', { field: 'cursor' });
  return { createdAt: Number(createdAt), uid };
}
