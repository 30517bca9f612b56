/** Follows a run: its pods as they appear, until it has ended. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import { taskRuns, type TaskRunObject } from '../cluster/resource-types.ts';
import { labelValue } from '../domain/lang/names.ts';
import { isFinished } from '../domain/model/phase.ts';
import type { Client } from '../kube/client.ts';
import { follow } from '../kube/follow.ts';
import type { Stored } from '../kube/objects.ts';
import { pods } from '../kube/resources.ts';
import { labels } from '../resources/index.ts';
import { ownPods } from './run-pods.ts';

type StoredRun = Stored<TaskRunObject>;

/** Receives the pods of a run as they appear; closed when there are no further ones. */
export interface PodSink {
  add(pods: Iterable<Stored<Pod>>): void;
  close(): void;
}

/** The run was deleted while somebody followed it. */
export class RunDeleted extends Error {
  override readonly name = 'RunDeleted';
}

/**
 * @param onChange called with the run whenever it has changed
 * @returns the run once it has finished; the sink is closed then
 * @throws the signal's reason; {@link RunDeleted}; ApiError
 */
export async function followRun(
  client: Client,
  run: StoredRun,
  sink: PodSink,
  signal: AbortSignal,
  onChange: (run: StoredRun) => Promise<void>,
): Promise<StoredRun> {
  const { name, namespace } = run.metadata;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const selection = { namespace, labelSelector: `${labels.run}=${labelValue(name)}` };
  const own = ownPods(client, { ...run.metadata, namespace, jobs: run.status?.jobs }, either);
  const watching = watchPods(client, selection, either, async (found) => sink.add(await own(found)));
  try {
    const waiting = finished(client, run, either, onChange).then(async (ended) => {
      // The last pod may have appeared and ended between two updates.
      for await (const { items } of client.list(pods, selection)) sink.add(await own(items));
      return ended;
    });
    // A failed watch ends the wait; a watch that the wait has ended does not.
    return await Promise.race([waiting, watching.then(() => waiting)]);
  } finally {
    sink.close();
    end.abort(new Error('the run has ended'));
    await Promise.allSettled([watching]);
  }
}

/** Calls `use` with the selected pods now and after each change, until the signal. */
export async function watchPods(
  client: Client,
  selection: { namespace: string | undefined; labelSelector: string },
  signal: AbortSignal,
  use: (pods: Stored<Pod>[]) => void | Promise<void>,
): Promise<void> {
  try {
    for await (const found of follow(client, pods, selection, signal)) await use([...found.values()]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The run once it has finished. */
async function finished(
  client: Client,
  { metadata: { name, namespace, uid } }: StoredRun,
  signal: AbortSignal,
  onChange: (run: StoredRun) => Promise<void>,
): Promise<StoredRun> {
  for await (const found of follow(client, taskRuns, { namespace, fieldSelector: `metadata.name=${name}` }, signal)) {
    const run = found.get(uid);
    if (run === undefined)
      throw new RunDeleted(`run ${name} was deleted while its end was awaited, so its outcome is unknown`);
    await onChange(run);
    if (isFinished(run.status?.phase)) return run;
  }
  throw new Error(`run ${name} can no longer be watched: try again`);
}
