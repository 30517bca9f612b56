import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byLabel, byNamespace, byOwner, Cache, type CacheEvent, uidKey } from './cache.ts';
import { compareResourceVersions, type Stored } from './objects.ts';
import { stored } from './testing/scripted-server.ts';

function aCache(): { cache: Cache<Stored>; events: CacheEvent<Stored>[]; told: () => string[] } {
  const events: CacheEvent<Stored>[] = [];
  const cache = new Cache<Stored>({ namespace: byNamespace, owner: byOwner, app: byLabel('app') }, (event) =>
    events.push(event),
  );
  const told = (): string[] =>
    events.map(({ type, object: { metadata } }) => `${type} ${metadata.name}@${metadata.resourceVersion}`);
  return { cache, events, told };
}

describe('compareResourceVersions', () => {
  it('compares as integers, of any size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 80n }), fc.bigInt({ min: 0n, max: 2n ** 80n }), (a, b) => {
        const expected = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareResourceVersions(a.toString(), b.toString()))).toBe(expected);
      }),
    );
  });
});

describe('a cache', () => {
  it('tells additions, changes with the old state, and deletions', () => {
    const { cache, events } = aCache();
    const [first, second] = [stored('a', '9'), stored('a', '10')];
    cache.put(first);
    cache.put(second);
    cache.remove('uid-a', '11');
    expect(events).toEqual([
      { type: 'added', object: first },
      { type: 'updated', object: second, old: first },
      { type: 'deleted', object: second },
    ]);
    expect(cache.size).toBe(0);
  });

  it('tells nothing when a state comes again', () => {
    const { cache, told } = aCache();
    cache.put(stored('a', '9'));
    cache.put(stored('a', '9'));
    expect(told()).toEqual(['added a@9']);
  });

  it('does not let an older event overwrite the answer to our own write', () => {
    const { cache } = aCache();
    cache.put(stored('a', '10'));
    cache.put(stored('a', '9'));
    expect(cache.get('default', 'a')?.metadata.resourceVersion).toBe('10');
  });

  it('does not let an older event bring a deleted object back, and lets a newer one', () => {
    const { cache } = aCache();
    cache.put(stored('a', '9'));
    cache.remove('uid-a', '9');
    cache.put(stored('a', '8'));
    cache.put(stored('a', '9'));
    expect(cache.get('default', 'a')).toBeUndefined();
    cache.put(stored('a', '10')); // finalizers kept it
    expect(cache.get('default', 'a')?.metadata.resourceVersion).toBe('10');
  });

  it('tells two objects of one name apart by uid', () => {
    const { cache, told } = aCache();
    cache.put(stored('a', '5'));
    cache.put(stored('a', '8', { uid: 'second' }));
    cache.remove('uid-a', '7'); // the first one's deletion, late
    cache.put(stored('a', '6')); // and an older state of it
    expect(told()).toEqual(['added a@5', 'deleted a@5', 'added a@8']);
    expect(cache.byUid('second')).toBe(cache.get('default', 'a'));
    expect(cache.byUid('uid-a')).toBeUndefined();
  });

  it('keeps indexes in step', () => {
    const { cache } = aCache();
    const owned = (uid: string): Stored['metadata']['ownerReferences'] => [
      { apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true },
    ];
    cache.put(stored('a', '1', { labels: { app: 'one' }, ownerReferences: owned('o') ?? [] }));
    cache.put(stored('b', '2', { labels: { app: 'one' } }));
    cache.put(stored('a', '3', { labels: { app: 'two' } }));
    const names = (index: string, value: string): string[] =>
      cache.by(index, value).map((object) => object.metadata.name);
    expect([
      names('app', 'one'),
      names('app', 'two'),
      names('owner', uidKey({ namespace: 'default' }, 'o')),
      names('namespace', 'default').sort(),
    ]).toEqual([['b'], ['a'], [], ['a', 'b']]);
    expect(() => cache.by('node', 'n')).toThrow('no index "node": declare it');
  });

  it('takes what a list lacks for deleted, except what is newer than the list or of another namespace', () => {
    const { cache, told } = aCache();
    cache.put(stored('listed', '1'));
    cache.put(stored('gone', '2'));
    cache.put(stored('ours', '9'));
    cache.put(stored('elsewhere', '2', { namespace: 'other' }));
    cache.retain('default', new Set(['uid-listed']), '5');
    expect(told().slice(4)).toEqual(['deleted gone@2']);
    cache.put(stored('gone', '4')); // an event from before the list
    expect(cache.get('default', 'gone')).toBeUndefined();
  });

  it('remembers a bounded number of deletions, the latest', () => {
    const { cache } = aCache();
    for (let i = 0; i <= 5_000; i += 1) cache.remove(`uid-${i}`, '9');
    cache.put(stored('0', '1'));
    cache.put(stored('5000', '1'));
    expect([cache.get('default', '0')?.metadata.name, cache.get('default', '5000')]).toEqual(['0', undefined]);
  });

  it('ends with the newest state of every object, in whatever order news comes', () => {
    // A history: each step writes or deletes one of three names. News of it arrives shuffled and doubled.
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), delete: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (steps, random: Iterator<number, number>) => {
          const alive = new Map<string, Stored>();
          const news: ((cache: Cache<Stored>) => void)[] = [];
          steps.forEach((change, index) => {
            const version = String(index + 8);
            const before = alive.get(change.name);
            if (change.delete && before !== undefined) {
              alive.delete(change.name);
              news.push((cache) => cache.remove(before.metadata.uid, version));
            } else if (!change.delete) {
              const object = stored(change.name, version, { uid: before?.metadata.uid ?? `${change.name}-${index}` });
              alive.set(change.name, object);
              news.push((cache) => cache.put(object));
            }
          });
          const { cache } = aCache();
          const shuffled = [...news, ...news]
            .map((tell) => ({ tell, at: random.next().value }))
            .sort((x, y) => x.at - y.at);
          for (const { tell } of shuffled) tell(cache);
          const byName = (x: Stored, y: Stored): number => x.metadata.name.localeCompare(y.metadata.name);
          expect([...cache.values()].sort(byName)).toEqual([...alive.values()].sort(byName));
        },
      ),
    );
  });
});
