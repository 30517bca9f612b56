import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Archive, Place, RunFilter } from '../archive/archive.ts';
import { recordOf, type RunRecord } from '../records/record.ts';
import type { CachedRun } from '../cluster/projections.ts';
import { byNamespace, byOwner, Cache, type Cached } from '../kube/cache.ts';
import { findRuns, type Sources } from './history.ts';
import type { Run } from './schemas.ts';

type Where = 'cluster' | 'archive' | 'both';

interface Made {
  readonly uid: string;
  readonly namespace: string;
  readonly phase: 'Running' | 'Succeeded' | 'Failed';
  readonly minute: number;
  readonly where: Where;
  /** Whether the run still has a Job. */
  readonly hasJob: boolean;
}

/** The line of an archived run says that it is archived. */
function cached({ uid, namespace, phase, minute }: Made, message: string): CachedRun {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return {
    metadata: { name: `run-${uid}`, namespace, uid, resourceVersion: '1', creationTimestamp },
    spec: { taskRef: { name: 'mytask' } },
    status: { phase, message },
  };
}

function chooses({ namespace, phases }: RunFilter, run: Pick<Run, 'namespace' | 'phase'>): boolean {
  return (
    (namespace === undefined || run.namespace === namespace) && (phases === undefined || phases.includes(run.phase))
  );
}

const placeOf = ({ creationTimestamp, uid }: Pick<Run, 'creationTimestamp' | 'uid'>): Place => ({
  createdAt: Date.parse(creationTimestamp),
  uid,
});
const inOrder = (a: Place, b: Place): number =>
  b.createdAt - a.createdAt || Number(a.uid < b.uid) - Number(a.uid > b.uid);

/** An archive with these runs, which searches all of them each time. */
function archiveOf(records: readonly RunRecord[]): Archive {
  const chosen = (filter: RunFilter): readonly RunRecord[] => records.filter((record) => chooses(filter, record));
  return {
    find: (filter: RunFilter, { limit, after }: { readonly limit: number; readonly after?: Place }) => {
      const sorted = [...chosen(filter)].sort((a, b) => inOrder(placeOf(a), placeOf(b)));
      return Promise.resolve(
        sorted.filter((one) => after === undefined || inOrder(after, placeOf(one)) < 0).slice(0, limit),
      );
    },
    count: (filter: RunFilter) => Promise.resolve(chosen(filter).length),
    known: (uids: readonly string[]) =>
      Promise.resolve(new Set(records.map(({ uid }) => uid).filter((uid) => uids.includes(uid)))),
  } as unknown as Archive;
}

function sourcesOf(made: readonly Made[], hasArchive = true): Sources {
  const [runs, jobs] = [
    new Cache<CachedRun>({ namespace: byNamespace }, () => undefined),
    new Cache<Cached>({ owner: byOwner }, () => undefined),
  ];
  for (const one of made.filter(({ where }) => where !== 'archive')) runs.put(cached(one, 'of the cluster'));
  for (const { uid, namespace } of made.filter(({ hasJob, where }) => hasJob && where !== 'archive')) {
    const ownerReferences = [
      { apiVersion: 'task.oam.dev/v1alpha1', kind: 'TaskRun', name: `run-${uid}`, uid, controller: true },
    ];
    jobs.put({
      metadata: { name: `job-${uid}`, namespace, uid: `job-${uid}`, resourceVersion: '1', ownerReferences },
    });
  }
  const archive = archiveOf(
    made.filter(({ where }) => where !== 'cluster').map((one) => recordOf(cached(one, 'of the archive') as never)),
  );
  return {
    caches: { runs: { cache: runs }, jobs: { cache: jobs } } as unknown as Sources['caches'],
    archive: hasArchive ? archive : undefined,
  };
}

/** Reads all pages in order. */
async function pagesOf(
  sources: Sources,
  filter: RunFilter,
  limit: number,
): Promise<{
  readonly items: readonly Run[];
  readonly totals: ReadonlySet<number>;
  readonly sizes: readonly number[];
}> {
  const [items, totals, sizes]: [Run[], Set<number>, number[]] = [[], new Set(), []];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await findRuns(sources, filter, { limit, cursor });
    items.push(...page.items);
    totals.add(page.total);
    sizes.push(page.items.length);
    cursor = page.nextCursor;
  }
  return { items, totals, sizes };
}

const runs = fc.uniqueArray(
  fc
    .record({
      uid: fc.nat({ max: 200 }).map((number) => `u${number}`),
      namespace: fc.constantFrom('prod', 'test'),
      phase: fc.constantFrom('Running' as const, 'Succeeded' as const, 'Failed' as const),
      minute: fc.nat({ max: 8 }),
      where: fc.constantFrom<Where>('cluster', 'archive', 'both'),
      hasJob: fc.boolean(),
    })
    // Only runs that have ended are archived.
    .map((one): Made => (one.phase === 'Running' ? { ...one, where: 'cluster' } : one)),
  { selector: ({ uid }) => uid, maxLength: 40 },
);
const filters = fc.record<RunFilter>({
  namespace: fc.constantFrom(undefined, 'prod'),
  phases: fc.constantFrom(undefined, ['Failed'] as const, ['Running', 'Succeeded'] as const),
});

describe('the history of runs', () => {
  it('has each run once and in order across its pages, from the archive if it is there, and the right total', async () => {
    await fc.assert(
      fc.asyncProperty(runs, filters, fc.integer({ min: 1, max: 12 }), async (made, filter, limit) => {
        const { items, totals, sizes } = await pagesOf(sourcesOf(made), filter, limit);
        const expected = made
          .filter((one) => chooses(filter, one))
          .map((one) => ({
            ...recordOf(cached(one, one.where === 'cluster' ? 'of the cluster' : 'of the archive') as never),
            archived: one.where === 'archive',
            kept: one.hasJob && one.where !== 'archive',
          }))
          .sort((a, b) => inOrder(placeOf(a), placeOf(b)));
        expect(items).toEqual(expected);
        expect([...totals]).toEqual([expected.length]);
        expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is what the cluster has if there is no archive', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.integer({ min: 1, max: 12 }), async (made, limit) => {
        const { items, totals } = await pagesOf(sourcesOf(made, false), {}, limit);
        const live = made.filter(({ where }) => where !== 'archive');
        expect(items.map(({ uid }) => uid).sort()).toEqual(live.map(({ uid }) => uid).sort());
        expect([...totals]).toEqual([live.length]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['x', '', Buffer.from('12 a b').toString('base64url'), Buffer.from('-1 u1').toString('base64url')])(
    'refuses the invalid cursor %j',
    async (cursor) => {
      await expect(findRuns(sourcesOf([]), {}, { limit: 1, cursor })).rejects.toMatchObject({ code: 'InvalidCursor' });
    },
  );
});
