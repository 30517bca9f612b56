import { describe, expect, it } from 'vitest';
import type { CacheEvent } from '../kube/cache.ts';
import { Cache } from '../kube/cache.ts';
import type { RunPhase, TaskRunStatus } from '../resources/index.ts';
import type { CachedRun } from '../cluster/projections.ts';
import { RunCensus, type FinishedRun } from './run-census.ts';

const second = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, 0, n)).toISOString();

/** A cache with a census of its runs, and what the census reported. */
function counted() {
  const handlers: ((event: CacheEvent<CachedRun>) => void)[] = [];
  const cache = new Cache<CachedRun>({}, (event) => handlers.forEach((handler) => handler(event)));
  const counts: Record<string, number> = {};
  const queued: Record<string, number> = {};
  const finished: FinishedRun[] = [];
  const census = new RunCensus(
    { onEvent: (handler) => handlers.push(handler) },
    {
      counted: ({ namespace, trigger, phase }, runs) => {
        if (runs === 0) delete counts[`${namespace} ${trigger} ${phase}`];
        else counts[`${namespace} ${trigger} ${phase}`] = runs;
      },
      queued: ({ namespace, reason }, runs) => {
        if (runs === 0) delete queued[`${namespace} ${reason}`];
        else queued[`${namespace} ${reason}`] = runs;
      },
      finished: (run) => finished.push(run),
    },
  );
  let version = 0;
  const put = (name: string, phase: RunPhase | undefined, more: Partial<TaskRunStatus> = {}, namespace = 'web') => {
    version += 1;
    cache.put({
      metadata: {
        name,
        namespace,
        uid: `${namespace}/${name}`,
        resourceVersion: String(version),
        creationTimestamp: second(0),
      },
      spec: { taskRef: { name: 'mytask' }, trigger: { type: 'Revision' } },
      ...(phase && { status: { phase, ...more } }),
    });
  };
  return { cache, census, counts, queued, finished, put, latest: () => String(version) };
}

describe('the census of runs', () => {
  it('follows each run from phase to phase, and out of the cache', () => {
    const { cache, counts, put, latest } = counted();
    put('a', undefined);
    put('b', 'Queued');
    expect(counts).toEqual({ 'web Revision Pending': 1, 'web Revision Queued': 1 });
    put('a', 'Running');
    put('b', 'Running');
    expect(counts).toEqual({ 'web Revision Running': 2 });
    cache.remove('web/a', latest());
    expect(counts).toEqual({ 'web Revision Running': 1 });
    cache.clear(undefined);
    expect(counts).toEqual({});
  });

  it('counts queued runs by reason, including running flows with a queued step, until they start', () => {
    const { cache, queued, put } = counted();
    put('a', 'Queued', { reason: 'Pending' });
    put('b', 'Queued', { reason: 'Inadmissible' });
    put('c', 'Running', { reason: 'Inadmissible', message: '1/2 steps · b Queued: queue x does not exist' });
    put('d', 'Queued', { reason: 'WaitsForTurn' }, 'prod');
    put('e', 'Queued', { reason: 'MadeUpByALaterKueue' });
    put('f', 'Running', { reason: 'PodFailed' });
    put('g', 'Pending', { reason: 'Suspended' });
    expect(queued).toEqual({ 'web Pending': 1, 'web Inadmissible': 2, 'prod WaitsForTurn': 1, 'web Other': 1 });
    put('a', 'Running');
    put('b', 'Queued', { reason: 'Pending' });
    put('c', 'Failed', { reason: 'QueueTimeout' });
    expect(queued).toEqual({ 'web Pending': 1, 'prod WaitsForTurn': 1, 'web Other': 1 });
    cache.clear(undefined);
    expect(queued).toEqual({});
  });

  it('counts the wait of an evicted run from the eviction, because it has run before', () => {
    const { census, put } = counted();
    put('a', 'Queued', { jobs: [{ name: 'a', queuedTime: second(50), waitedSeconds: 3 }] });
    expect(census.oldestWaiting(Date.parse(second(60)))).toEqual({ Pending: 0, Queued: 10 });
    put('b', 'Queued', { jobs: [{ name: 'b', queuedTime: second(50) }] });
    expect(census.oldestWaiting(Date.parse(second(60)))).toEqual({ Pending: 0, Queued: 60 });
  });

  it('reports a run once when it finishes while it is watched', () => {
    const { census, finished, put } = counted();
    census.start();
    put('a', 'Running');
    put('a', 'Failed', { reason: 'BackoffLimitExceeded', startTime: second(5), completionTime: second(35) });
    put('a', 'Failed', {
      reason: 'BackoffLimitExceeded',
      message: 'said better',
      startTime: second(5),
      completionTime: second(35),
    });
    expect(finished).toEqual([
      { namespace: 'web', trigger: 'Revision', phase: 'Failed', reason: 'BackoffLimitExceeded', seconds: 30 },
    ]);
  });

  it('does not report a run that was finished when it was first seen: in the first list, after a restart, in a later list', () => {
    const { cache, census, finished, put } = counted();
    put('a', 'Succeeded');
    census.start();
    put('b', 'Succeeded');
    put('a', 'Succeeded');
    cache.clear(undefined);
    put('a', 'Succeeded');
    expect(finished).toEqual([]);
  });

  it('reports no run before it is started: then another replica leads, and counts it', () => {
    const { census, finished, put } = counted();
    put('a', 'Running');
    put('a', 'Succeeded');
    census.start();
    put('b', 'Running');
    put('b', 'Skipped');
    expect(finished).toMatchObject([{ phase: 'Skipped', reason: '', seconds: undefined }]);
  });

  it('knows the age of the oldest waiting run', () => {
    const { census, put } = counted();
    expect(census.oldestWaiting(Date.parse(second(60)))).toEqual({ Pending: 0, Queued: 0 });
    put('a', undefined);
    expect(census.oldestWaiting(Date.parse(second(60)))).toEqual({ Pending: 60, Queued: 0 });
    put('a', 'Queued');
    expect(census.oldestWaiting(Date.parse(second(61)))).toEqual({ Pending: 0, Queued: 61 });
    put('a', 'Running');
    expect(census.oldestWaiting(Date.parse(second(62)))).toEqual({ Pending: 0, Queued: 0 });
  });

  it('names a thousand namespaces, and counts the others together', () => {
    const { counts, put } = counted();
    for (let n = 0; n < 1_005; n += 1) put('a', 'Running', {}, `n${n}`);
    expect(Object.keys(counts)).toHaveLength(1_001);
    expect(counts['_others Revision Running']).toBe(5);
    put('a', 'Succeeded', {}, 'n1004');
    expect(counts).toMatchObject({
      '_others Revision Running': 4,
      '_others Revision Succeeded': 1,
      'n0 Revision Running': 1,
    });
  });
});
