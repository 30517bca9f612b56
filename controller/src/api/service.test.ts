import { describe, expect, it } from 'vitest';
import type { Archive, Owner } from '../archive/archive.ts';
import type { Caches } from '../cluster/caches.ts';
import { taskRuns } from '../cluster/resource-types.ts';
import { ApiError } from '../kube/api-error.ts';
import { byNamespace, byOwner, Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { resourceName, type ObjectRef } from '../kube/objects.ts';
import type { Person } from './person.ts';
import type { Reader } from './reviewed-reader.ts';
import type { Right } from './right.ts';
import { Service } from './service.ts';

const notFound = (name: string) =>
  new ApiError(
    { verb: 'get', resource: resourceName(taskRuns), kind: 'TaskRun', name },
    { status: 404, reason: 'NotFound', message: 'not found' },
  );

interface Scene {
  /** The rights that the person has in all namespaces; in a namespace they have all. */
  readonly everywhere?: readonly Right['resource'][];
  /** The UID of the namespace that has the name now; undefined: it does not exist. */
  readonly uid?: string | undefined;
  readonly olderRunsByName?: boolean;
}

/** An archive that notes for whose runs it is asked, and has none. */
function scene({ everywhere = [], uid, olderRunsByName = false }: Scene) {
  const owners: (Owner | undefined)[] = [];
  const noted = <T>(owner: Owner | undefined, answer: T): Promise<T> => (owners.push(owner), Promise.resolve(answer));
  const archive = {
    get: (_namespace: string, _name: string, owner?: Owner) => noted(owner, undefined),
    find: ({ owner }: { owner?: Owner }) => noted(owner, []),
    count: ({ owner }: { owner?: Owner }) => noted(owner, 0),
    known: (_uids: unknown, owner?: Owner) => noted(owner, new Set()),
    hasTask: (_namespace: string, _task: string, owner?: Owner) => noted(owner, false),
  } as unknown as Archive;
  const get = (_type: unknown, { name }: ObjectRef) =>
    uid === undefined ? Promise.reject(notFound(name)) : Promise.resolve({ metadata: { name, uid } });
  const person = {
    name: 'bob',
    onlyReads: false,
    reader: { get: (_type: unknown, { name }: ObjectRef) => Promise.reject(notFound(name)) } as unknown as Reader,
    acting: () => undefined as never,
    may: ({ resource }: Right, namespace: string | undefined) =>
      Promise.resolve(namespace !== undefined || everywhere.includes(resource)),
    require: () => Promise.resolve(),
  } satisfies Person;
  const informer = { cache: new Cache({ namespace: byNamespace, owner: byOwner }, () => undefined) };
  const caches = { tasks: informer, runs: informer, jobs: informer } as unknown as Caches;
  const service = new Service({ caches, archive, client: { get } as unknown as Client, olderRunsByName });
  const caller = { person, signal: new AbortController().signal };
  /** Whose runs the archive was asked for, without repetitions. */
  const asked = () => [...new Map(owners.map((owner) => [JSON.stringify(owner), owner])).values()];
  return { service, caller, asked };
}

const at = { namespace: 'prod', run: 'secretrun' };
const task = { namespace: 'prod', task: 'secret' };
type Ask = (service: Service, caller: ReturnType<typeof scene>['caller']) => Promise<unknown>;
const asks: readonly (readonly [string, Ask])[] = [
  ['the history', (service, caller) => service.listRuns(caller, 'prod', { limit: 5 })],
  ["a task's history", (service, caller) => service.listRuns(caller, 'prod', { task: 'secret', limit: 5 })],
  ['a run', (service, caller) => service.getRun(caller, at)],
  ["a run's log", (service, caller) => service.runLogs(caller, at, { follow: false, format: 'text' })],
  ["a task's logs", (service, caller) => service.taskLogs(caller, task, { runs: 5, format: 'text' })],
  ['a retry', (service, caller) => service.retry(caller, at)],
  ['a cancellation', (service, caller) => service.cancel(caller, at, {})],
  ['a resumption', (service, caller) => service.resumeRun(caller, at)],
];

describe('somebody who wants the runs of a deleted namespace from its successor of the same name', () => {
  it.each(asks)('gets only those of the namespace that is there, by %s', async (_what, ask) => {
    const { service, caller, asked } = scene({ uid: 'new' });
    await ask(service, caller).catch(() => undefined);
    expect(asked()).toEqual([{ namespaceUid: 'new', olderRuns: false }]);
  });

  it.each(asks)('gets nothing where no namespace of that name is there, by %s', async (_what, ask) => {
    const { service, caller, asked } = scene({ olderRunsByName: true });
    await ask(service, caller).catch(() => undefined);
    expect(asked()).toEqual([{ namespaceUid: '', olderRuns: false }]);
  });

  it.each(asks)('gets all with rights in all namespaces, by %s', async (_what, ask) => {
    const { service, caller, asked } = scene({ everywhere: ['taskruns', 'pods/log'], uid: 'new' });
    await ask(service, caller).catch(() => undefined);
    expect(asked()).toEqual([undefined]);
  });

  it('reads no old logs with the right to see runs everywhere, and logs only in the successor', async () => {
    for (const [what, ask] of asks.filter(([name]) => name.includes('log'))) {
      const { service, caller, asked } = scene({ everywhere: ['taskruns'], uid: 'new' });
      await ask(service, caller).catch(() => undefined);
      expect(asked(), what).toEqual([{ namespaceUid: 'new', olderRuns: false }]);
    }
  });

  it('gets runs from before UIDs were stored only if the setting says so', async () => {
    const { service, caller, asked } = scene({ uid: 'new', olderRunsByName: true });
    await service.getRun(caller, at).catch(() => undefined);
    expect(asked()).toEqual([{ namespaceUid: 'new', olderRuns: true }]);
  });
});

describe('the namespaces that somebody may read', () => {
  /** What is answered where so many namespaces have a task. */
  async function accessTo(names: readonly string[], mayRead: (namespace: string) => boolean, msEach = 0) {
    let now = 0;
    const tasks = names.map((namespace) => ({ metadata: { name: 'nightly', namespace, uid: namespace } }));
    const caches = { tasks: { cache: { values: () => tasks.values() } } } as unknown as Caches;
    const service = new Service({ caches, archive: undefined, client: {} as Client, now: () => now });
    const asked: string[] = [];
    const person = {
      name: 'bob',
      onlyReads: false,
      may(_right: Right, namespace = '*') {
        asked.push(namespace);
        now += msEach;
        return Promise.resolve(mayRead(namespace));
      },
    } as unknown as Person;
    const access = await service.access({ person, signal: new AbortController().signal }, 'prod');
    return { ...access, asked: asked.filter((name) => name !== '*' && name !== 'prod').length };
  }
  const numbered = (many: number) => Array.from({ length: many }, (_, index) => `ns-${String(index).padStart(4, '0')}`);

  it('are found also after 500 others', async () => {
    const { namespaces, moreNamespaces } = await accessTo([...numbered(600), 'zeta'], (name) => name === 'zeta');
    expect([namespaces, moreNamespaces]).toEqual([['zeta'], false]);
  });

  it.each(['some', 'all'])('are 500 of more, and the answer says so, for a person who may read %s', async (which) => {
    const { namespaces, moreNamespaces, asked } = await accessTo(
      numbered(900),
      (name) => which === 'all' || name !== '*',
    );
    expect([namespaces.length, moreNamespaces, namespaces[0]]).toEqual([500, true, 'ns-0000']);
    expect(asked).toBe(which === 'all' ? 0 : 550);
  });

  it('are looked for among 2,000, and the answer says that there may be others', async () => {
    const { namespaces, moreNamespaces, asked } = await accessTo(numbered(2_001), () => false);
    expect([namespaces, moreNamespaces, asked]).toEqual([[], true, 2_000]);
  });

  it('are those that were found within ten seconds where the cluster answers slowly, and the answer says so', async () => {
    const { namespaces, moreNamespaces, asked } = await accessTo(numbered(900), (name) => name !== '*', 100);
    expect([namespaces.length, moreNamespaces, asked]).toEqual([100, true, 100]);
  });
});
