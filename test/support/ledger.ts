/**
 * Everything that ever happened to TaskRuns and Jobs, as an admin's watch saw it: also what is gone again.
 */
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { taskRuns, type TaskRunObject } from '../../controller/src/cluster/resource-types.ts';
import type { Client } from '../../controller/src/kube/client.ts';
import { Informer } from '../../controller/src/kube/informer.ts';
import {
  compareResourceVersions,
  type KubeObject,
  type ResourceType,
  type Stored,
} from '../../controller/src/kube/objects.ts';
import { jobs } from '../../controller/src/kube/resources.ts';

/** One object from its creation on, known by its UID. */
export interface History<T extends KubeObject> {
  readonly first: Stored<T>;
  last: Stored<T>;
  readonly versions: Stored<T>[];
  /** The resourceVersion at which its deletion was asked for, or done. */
  deletedAt?: string;
}

export interface Ledger {
  runs(namespace: string): readonly History<TaskRunObject>[];
  jobs(namespace: string): readonly History<Job>[];
  stop(): Promise<void>;
}

/** Watches from now on. */
export async function keepLedger(client: Client): Promise<Ledger> {
  const stopping = new AbortController();
  const [runBook, jobBook] = [new Map<string, History<TaskRunObject>>(), new Map<string, History<Job>>()];
  const watches = [
    await follow(client, taskRuns, runBook, stopping.signal),
    await follow(client, jobs, jobBook, stopping.signal),
  ];
  const ended = Promise.all(watches.map((watch) => watch.ended));
  return {
    runs: (namespace) => inNamespace(runBook, namespace),
    jobs: (namespace) => inNamespace(jobBook, namespace),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/**
 * Watches from now on, also when the API server is killed and comes back. Nothing is written while it is gone; but what
 * it wrote just before, and deleted before it served again, nobody sees.
 */
export async function keepLedgerThroughRestarts(client: Client): Promise<Ledger> {
  const [runBook, jobBook] = [new Map<string, History<TaskRunObject>>(), new Map<string, History<Job>>()];
  const informers = [
    await followThroughRestarts(client, taskRuns, runBook),
    await followThroughRestarts(client, jobs, jobBook),
  ];
  return {
    runs: (namespace) => inNamespace(runBook, namespace),
    jobs: (namespace) => inNamespace(jobBook, namespace),
    stop: async () => void (await Promise.all(informers.map((informer) => informer.stop()))),
  };
}

async function followThroughRestarts<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  book: Map<string, History<T>>,
): Promise<{ stop(): Promise<void> }> {
  const informer = new Informer<T>({ client, type, project: (object) => object });
  informer.onEvent(({ type: change, object }) => note(book, change === 'deleted' ? 'DELETED' : 'MODIFIED', object));
  await informer.start();
  return informer;
}

/** A watch that breaks would leave a gap: it is not opened again, and `stop` rejects. */
async function follow<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  book: Map<string, History<T>>,
  signal: AbortSignal,
) {
  let resourceVersion = '';
  for await (const page of client.list(type)) resourceVersion = page.resourceVersion;
  const read = async (): Promise<void> => {
    for await (const { type: change, object } of client.watch(type, {
      resourceVersion,
      signal,
      timeoutSeconds: 3_600,
    })) {
      if (change !== 'BOOKMARK') note(book, change, object);
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { ended };
}

function note<T extends KubeObject>(
  book: Map<string, History<T>>,
  change: 'ADDED' | 'MODIFIED' | 'DELETED',
  object: Stored<T>,
): void {
  const { uid, resourceVersion, deletionTimestamp }: ObjectMeta = object.metadata;
  const history = book.get(uid ?? '') ?? { first: object, last: object, versions: [] };
  history.last = object;
  history.versions.push(object);
  if (resourceVersion !== undefined && (change === 'DELETED' || deletionTimestamp !== undefined))
    history.deletedAt ??= resourceVersion;
  book.set(uid ?? '', history);
}

function inNamespace<T extends KubeObject>(book: ReadonlyMap<string, History<T>>, namespace: string): History<T>[] {
  const found = [...book.values()].filter(({ first }) => first.metadata.namespace === namespace);
  return found.sort((a, b) =>
    compareResourceVersions(a.first.metadata.resourceVersion, b.first.metadata.resourceVersion),
  );
}
