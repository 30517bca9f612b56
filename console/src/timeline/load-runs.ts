import type { Run, RunPage } from '../../../controller/src/api/schemas.ts';
import { pathOf, type ApiClient, type Query } from '../api/client.ts';

/** Whose runs, since when. */
export interface Wanted {
  readonly namespace: string | undefined;
  readonly task?: string;
  readonly from: number;
}

/** The runs that were loaded, newest first, and whether older ones were left out. */
export interface LoadedRuns {
  readonly runs: readonly Run[];
  readonly cut: boolean;
}

const page = 500;
const mostPages = 4;

/**
 * The runs of a time, at most 2,000 of them, and those that are active however long ago they were asked for. The newest
 * are shown before the rest is there.
 */
export async function loadRuns(
  api: ApiClient,
  { namespace, task, from }: Wanted,
  signal: AbortSignal,
  progress: (part: LoadedRuns) => void,
): Promise<LoadedRuns> {
  const path = namespace === undefined ? 'runs' : pathOf('namespaces', namespace, 'runs');
  const active = api.get<RunPage>(path, { task, phase: 'Pending,Queued,Running', limit: page }, signal);
  const since = pages(api, path, { task, from: new Date(from).toISOString(), limit: page }, signal, progress);
  const [{ items }, { runs, cut }] = await Promise.all([active, since]);
  return { runs: [...new Map([...items, ...runs].map((run) => [run.uid, run])).values()], cut };
}

async function pages(
  api: ApiClient,
  path: string,
  query: Query,
  signal: AbortSignal,
  progress: (part: LoadedRuns) => void,
): Promise<LoadedRuns> {
  const runs: Run[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < mostPages; count += 1) {
    const loaded: RunPage = await api.get<RunPage>(path, { ...query, cursor }, signal);
    runs.push(...loaded.items);
    cursor = loaded.nextCursor;
    if (cursor === undefined) break;
    if (count === 0) progress({ runs: [...runs], cut: true });
  }
  return { runs, cut: cursor !== undefined };
}
