import type { Pod } from 'kubernetes-types/core/v1.js';
import { describe, expect, it } from 'vitest';
import type { Archive } from '../archive/archive.ts';
import type { TaskRunObject } from '../cluster/resource-types.ts';
import type { Client } from '../kube/client.ts';
import type { ResourceType, Stored } from '../kube/objects.ts';
import { followLines, linesOf, textOf, type Line, type LoggedRun } from './logs.ts';
import type { Person } from './person.ts';

const metadata = (name: string) => ({
  name,
  namespace: 'prod',
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-11-22T20:00:00Z',
});
const jobOf = (run: string) => `job-of-${run}`;

/** A pod of a run, with containers that have ended. */
function podOf(run: string, name: string, containers: readonly string[] = ['main']): Stored<Pod> {
  return {
    metadata: {
      ...metadata(name),
      labels: { 'task.oam.dev/run': run },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: run, uid: jobOf(run), controller: true }],
    },
    spec: { containers: containers.map((container) => ({ name: container, image: 'busybox' })) },
    status: {
      containerStatuses: containers.map((container) => ({
        name: container,
        restartCount: 0,
        state: { terminated: { exitCode: 0 } },
        image: 'busybox',
        imageID: '',
        ready: false,
      })),
    },
  };
}

interface Cluster {
  readonly pods?: readonly Stored<Pod>[];
  readonly runs?: readonly Stored<TaskRunObject>[];
  /** What the log of a container brings. */
  readonly log?: (path: string) => AsyncGenerator<Uint8Array>;
  readonly archive?: Archive;
}

// eslint-disable-next-line @typescript-eslint/require-await -- as a stream comes
async function* oneLine(path: string) {
  yield Buffer.from(`2026-11-22T21:00:00Z ${path.split('/').at(-2)}\n`);
}

/** Somebody who reads the logs of this cluster. */
function reading({ pods = [], runs = [], log = oneLine, archive }: Cluster) {
  const client = {
    // eslint-disable-next-line @typescript-eslint/require-await -- as the client has it
    list: async function* (type: ResourceType, { labelSelector = '' }: { readonly labelSelector?: string }) {
      const [, run = ''] = labelSelector.split('=');
      const job = {
        metadata: {
          ...metadata(run),
          uid: jobOf(run),
          ownerReferences: [
            { kind: 'TaskRun', uid: `uid-${run}`, controller: true, apiVersion: 'task.oam.dev/v1alpha1' },
          ],
        },
      };
      const items = {
        Pod: pods.filter((pod) => pod.metadata.labels?.['task.oam.dev/run'] === run),
        Job: [job],
        TaskRun: runs,
      };
      yield { items: items[type.kind as keyof typeof items], resourceVersion: '1' };
    },
    watch: async function* (_type: ResourceType, { signal }: { readonly signal: AbortSignal }) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      yield undefined;
    },
    getStream: (path: string) => Promise.resolve(log(path)),
  } as unknown as Client;
  const person: Pick<Person, 'onlyReads' | 'reader' | 'acting'> = {
    onlyReads: false,
    reader: client,
    acting: () => client,
  };
  return { person, archive, signal: new AbortController().signal, now: Date.now };
}

const logged = (name: string): LoggedRun => ({ uid: `uid-${name}`, namespace: 'prod', name, inCluster: true });

async function textsOf(lines: AsyncIterable<readonly Line[]>): Promise<string[]> {
  const texts: string[] = [];
  for await (const portion of lines) texts.push(...portion.map(({ text }) => textOf(text)));
  return texts;
}

const numbered = (prefix: string, many: number) => Array.from({ length: many }, (_, index) => `${prefix}-${index}`);

describe('the logs of more containers than are read at once', () => {
  it('are all there of one run', async () => {
    const names = numbered('pod', 60);
    const pods = names.map((name) => podOf('one', name, ['main', 'side']));
    const [remark, ...texts] = await textsOf(linesOf([logged('one')], { search: 'pod-', since: 0 }, reading({ pods })));
    expect(remark).toMatch(/^more than 100 logs: each further one is read when another has ended/);
    expect(texts.sort()).toEqual([...names, ...names].sort());
  });

  it('are those of the first pods of several runs, counted by containers, and a remark says so', async () => {
    const pods = ['one', 'two'].flatMap((run) => numbered(run, 30).map((name) => podOf(run, name, ['main', 'side'])));
    const [remark, ...texts] = await textsOf(linesOf([logged('one'), logged('two')], {}, reading({ pods })));
    expect(remark).toBe('only 100 of 120 logs are shown: ask for fewer runs');
    expect(texts).toHaveLength(100);
  });
});

describe('a run that is deleted while somebody follows it', () => {
  it('does not exist any more, and is not a bug of the controller', async () => {
    const run = { metadata: metadata('one'), spec: { taskRef: { name: 'mytask' } }, status: { phase: 'Queued' } };
    const lines = followLines(run as unknown as Stored<TaskRunObject>, {}, reading({}));
    await expect(textsOf(lines)).rejects.toMatchObject({ code: 'RunNotFound', status: 404 });
  });
});

describe('logs in an archive whose database is away', () => {
  const away = new Error('connect ECONNREFUSED');
  const log = { pod: 'gone', container: 'main', restart: 0, bytes: 5, cutBytes: 0 };

  it.each([
    ['cannot be found', { logsOf: () => Promise.reject(away) }],
    ['cannot be read', { logsOf: () => Promise.resolve([log]), readLog: () => ({ next: () => Promise.reject(away) }) }],
  ])('%s, and are not a bug of the controller', async (_what, archive) => {
    const access = reading({ archive: archive as unknown as Archive });
    await expect(textsOf(linesOf([logged('one')], {}, access))).rejects.toMatchObject({ code: 'ArchiveUnavailable' });
  });
});
