/** For tests: a cluster as the archive sees it, which is finished runs, their pods, and what these printed. */
import { taskRuns, type TaskRunObject } from '../../cluster/resource-types.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { Client } from '../../kube/client.ts';
import { jobs, namespaces, pods as podType } from '../../kube/resources.ts';
import { resourceName, type ObjectRef, type Stored } from '../../kube/objects.ts';
import { labels } from '../../resources/index.ts';
import type { FinishedRun } from '../archiver.ts';

/** What a stream does after its chunks: it stays open. */
export const endless = Symbol('endless');
/** What follows is printed only once the containers end, for which a stream that follows them waits. */
export const atItsEnd = Symbol('at its end');

/** A pod of a run. */
export interface FakePod {
  readonly name: string;
  readonly phase?: 'Succeeded' | 'Failed';
  readonly created?: string;
  /** The UID of the Job that controls it, if that is not the run's; null where nothing does. */
  readonly job?: string | null;
  /** The chunks of each container; an error breaks the stream at its position. */
  readonly logs: Readonly<Record<string, readonly (string | Error | typeof endless | typeof atItsEnd)[]>>;
}

interface LogQuery {
  readonly container: string;
  readonly follow?: boolean;
}

/** Answers the calls that the archive makes. */
export class FakeCluster {
  readonly #runs = new Map<string, { readonly object: Stored<TaskRunObject>; readonly pods: readonly FakePod[] }>();
  /** Names of the requested runs, in order. */
  readonly reads: string[] = [];
  /** The opened logs, in order, as `pod/container`. */
  readonly opened: string[] = [];
  /** How many logs are open, and were at most. */
  open = 0;
  mostOpen = 0;
  readonly #logsEnd = new AbortController();
  /** Runs that cannot be read, as if the API server were down. */
  isAway: (run: string) => boolean = () => false;
  /** As though the nodes did not answer. */
  refusesLogs = false;
  /** The UID of the namespace that all runs are in. */
  namespaceUid = 'uid-of-prod';

  /** A run that has ended. */
  add(
    name: string,
    pods: readonly FakePod[] = [],
    { uid = `uid-${name}`, snapshot }: { readonly uid?: string; readonly snapshot?: object } = {},
  ): FinishedRun {
    const metadata = { namespace: 'prod', name, uid, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
    const object = {
      apiVersion: 'task.oam.dev/v1alpha1',
      kind: 'TaskRun',
      metadata,
      spec: { taskRef: { name: 'mytask' }, ...(snapshot && { snapshot }) },
      status: { phase: 'Succeeded', jobs: [{ name, uid: `${name}-job` }] },
    };
    this.#runs.set(name, { object: object as unknown as Stored<TaskRunObject>, pods });
    return { uid, namespace: 'prod', name, finishedAt: Date.parse(metadata.creationTimestamp) };
  }

  delete(name: string): void {
    this.#runs.delete(name);
  }

  /** Ends all endless logs, as though their containers had ended. */
  endLogs(): void {
    this.#logsEnd.abort();
  }

  /** The names of the existing runs. */
  get names(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Acts on this cluster. */
  get client(): Client {
    const calls: Record<'get' | 'list' | 'getStream', unknown> = {
      get: (type: unknown, { name }: ObjectRef, { signal }: { readonly signal?: AbortSignal } = {}) =>
        type === namespaces
          ? Promise.resolve({ metadata: { name, uid: this.namespaceUid } })
          : type === podType
            ? this.#getPod(name)
            : this.#get(name, signal),
      list: (type: unknown, { labelSelector }: { readonly labelSelector: string }) =>
        this.#list(type === jobs ? '' : labelSelector.slice(labels.run.length + 1)),
      getStream: (path: string, query: LogQuery, { signal }: { readonly signal: AbortSignal }) =>
        this.#open(decodeURIComponent(path.split('/').at(-2) ?? ''), query, signal),
    };
    return calls as unknown as Client;
  }

  /** Kubernetes deletes the pods of a run. */
  deletePods(run: string): void {
    const found = this.#runs.get(run);
    if (found) this.#runs.set(run, { ...found, pods: [] });
  }

  /** @throws ApiError if it is gone */
  #pod(name: string): FakePod {
    const found = [...this.#runs.values()].flatMap(({ pods }) => pods).find((pod) => pod.name === name);
    if (!found) {
      const target = { verb: 'get', resource: 'pods', kind: 'Pod', namespace: 'prod', name } as const;
      throw new ApiError(target, { status: 404, reason: 'NotFound', message: `pods "${name}" not found` });
    }
    return found;
  }

  async #getPod(name: string): Promise<object> {
    await Promise.resolve();
    return podObject(this.#pod(name), '');
  }

  async #get(name: string, signal: AbortSignal | undefined): Promise<object> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.reads.push(name);
    const found = this.#runs.get(name);
    const target = {
      verb: 'get',
      resource: resourceName(taskRuns),
      kind: taskRuns.kind,
      namespace: 'prod',
      name,
    } as const;
    if (this.isAway(name)) throw new ApiError(target, { status: 503, reason: 'ServiceUnavailable', message: 'away' });
    if (!found) throw new ApiError(target, { status: 404, reason: 'NotFound', message: 'not found' });
    return found.object;
  }

  async *#list(run: string): AsyncGenerator<object, void, undefined> {
    await Promise.resolve();
    yield { items: (this.#runs.get(run)?.pods ?? []).map((pod) => podObject(pod, run)), resourceVersion: '1' };
  }

  async #open(
    pod: string,
    { container, follow = false }: LogQuery,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    await Promise.resolve();
    if (signal.aborted) throw reasonOf(signal);
    this.opened.push(`${pod}/${container}`);
    if (this.refusesLogs) throw new Error('the kubelet is away');
    const chunks = this.#pod(pod).logs[container] ?? [];
    const end = follow || this.#logsEnd.signal.aborted ? -1 : chunks.indexOf(atItsEnd);
    return this.#chunksOf(end === -1 ? chunks : chunks.slice(0, end), signal);
  }

  async *#chunksOf(chunks: FakePod['logs'][string], signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    try {
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk;
        if (typeof chunk === 'symbol') await this.#endOfLog(signal);
        else yield Buffer.from(chunk);
      }
    } finally {
      this.open -= 1;
    }
  }

  /** @throws the signal's reason */
  #endOfLog(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(reasonOf(signal)));
      this.#logsEnd.signal.addEventListener('abort', () => resolve());
      if (this.#logsEnd.signal.aborted) resolve();
    });
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function podObject(
  { name, phase = 'Succeeded', created = '2026-01-01T00:00:00Z', logs, job }: FakePod,
  run: string,
): object {
  const containers = Object.keys(logs).map((container) => ({ name: container }));
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: run, uid: job ?? `${run}-job`, controller: true };
  return {
    metadata: {
      namespace: 'prod',
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: created,
      ownerReferences: job === null ? [] : [owner],
    },
    spec: { containers },
    status: {
      phase,
      containerStatuses: containers.map((container) => ({ ...container, restartCount: 0, state: { terminated: {} } })),
    },
  };
}
