import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from './testing/fake-clock.ts';
import { done, WorkQueue, type Outcome, type QueueOptions } from './queue.ts';

/** A queue whose work the test finishes by hand: `begun` lists keys in order, `finish(key, outcome)` ends one. */
function aQueue(options: Partial<QueueOptions> = {}) {
  const clock = new FakeClock();
  const begun: string[] = [];
  const signals: AbortSignal[] = [];
  const open = new Map<string, { resolve: (outcome: Outcome) => void; reject: (error: unknown) => void }>();
  const queue = new WorkQueue({
    name: 'test',
    workers: 2,
    clock,
    random: () => 1,
    process(key, signal) {
      begun.push(key);
      signals.push(signal);
      if (open.has(key)) throw new Error(`${key} is processed twice at a time`);
      return new Promise((resolve, reject) => open.set(key, { resolve, reject }));
    },
    ...options,
  });
  /** Lets the workers look at what was added. */
  const turn = (): Promise<void> => clock.advance(0);
  const finish = async (key: string, outcome: Outcome | Error = done): Promise<void> => {
    const work = open.get(key);
    if (work === undefined) throw new Error(`${key} is not active`);
    open.delete(key);
    if (outcome instanceof Error) work.reject(outcome);
    else work.resolve(outcome);
    await turn();
  };
  return { queue, clock, begun, signals, finish, turn };
}

describe('a work queue', () => {
  it('begins nothing before it is started, then keys in the order they came, each once', async () => {
    const { queue, begun, turn } = aQueue();
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    await turn();
    expect([begun, queue.depth]).toEqual([[], 3]);
    queue.start();
    await turn();
    expect([begun, queue.depth, queue.active]).toEqual([['a', 'b'], 1, 2]);
  });

  it('puts patient keys off while others wait, for so long and no longer', async () => {
    const { queue, clock, begun, finish, turn } = aQueue({ workers: 1, patient: (key) => key.startsWith('report') });
    queue.add('report-a');
    queue.add('a');
    expect([queue.depth, queue.urgent]).toEqual([2, 1]);
    queue.start();
    await turn();
    await clock.advance(4_000);
    queue.add('b');
    await clock.advance(2_000);
    queue.add('c');
    for (const key of ['a', 'b', 'report-a']) await finish(key);
    expect([begun, queue.depth]).toEqual([['a', 'b', 'report-a', 'c'], 0]);
  });

  it('no longer delays a key that is added again and has become urgent', async () => {
    const patient = new Set(['a']);
    const { queue, begun, finish, turn } = aQueue({ workers: 1, patient: (key) => patient.has(key) });
    for (const key of ['a', 'b']) queue.add(key);
    patient.clear();
    queue.add('a');
    queue.add('c');
    queue.start();
    await turn();
    for (const key of ['b', 'a']) await finish(key);
    expect(begun).toEqual(['b', 'a', 'c']);
  });

  it('lets lanes take turns, so that a flood of one holds up nobody else', async () => {
    const { queue, begun, finish, turn } = aQueue({ workers: 1, lane: (key) => key.split('/')[0] ?? '' });
    queue.start();
    for (let nth = 0; nth < 2_000; nth += 1) queue.add(`flood/${nth}`);
    await turn();
    queue.add('mine/a');
    await finish('flood/0');
    await finish('flood/1');
    expect(begun).toEqual(['flood/0', 'flood/1', 'mine/a']);
  });

  it('processes a key again, once, when it was added while active', async () => {
    const { queue, begun, finish, turn } = aQueue();
    queue.start();
    queue.add('a');
    await turn();
    queue.add('a');
    queue.add('a');
    await turn();
    expect(begun).toEqual(['a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
  });

  it('looks again at the moment that the outcome names', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.start();
    queue.add('a');
    await clock.advance(0);
    await finish('a', { type: 'again', at: new Date(clock.now() + 1_000) });
    await clock.advance(999);
    expect(begun).toEqual(['a']);
    await clock.advance(1);
    expect(begun).toEqual(['a', 'a']);
  });

  it('looks again at once when that moment is past', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.start();
    queue.add('a');
    await clock.advance(0);
    await finish('a', { type: 'again', at: new Date(clock.now() - 1) });
    expect(begun).toEqual(['a', 'a']);
  });

  it('keeps the earliest of several timers', async () => {
    const { queue, clock, begun } = aQueue();
    queue.start();
    for (const ms of [5_000, 1_000, 9_000]) queue.addAfter('a', ms);
    expect(clock.pending).toEqual([1_000]);
    await clock.advance(1_000);
    expect([begun, clock.pending]).toEqual([['a'], []]);
  });

  it('drops a timer when the turn comes sooner', async () => {
    const { queue, clock, begun, finish } = aQueue();
    queue.start();
    queue.addAfter('a', 1_000);
    queue.add('a');
    await clock.advance(0);
    await finish('a');
    await clock.advance(10_000);
    expect(begun).toEqual(['a']);
  });

  it('waits for years', async () => {
    const { queue, clock, begun } = aQueue();
    const twoYears = 2 * 365 * 24 * 3_600_000;
    queue.start();
    queue.addAfter('a', twoYears);
    expect(clock.pending[0]).toBeLessThan(2 ** 31);
    await clock.advance(24 * 3_600_000);
    expect(begun).toEqual([]);
    expect(clock.pending[0]).toBeLessThan(2 ** 31);
    queue.forget('a');
    expect(clock.pending).toEqual([]);
  });

  it('doubles the pause with each failure, up to the limit, and forgets failures after success', async () => {
    const { queue, clock, finish } = aQueue({ backoff: { firstMs: 100, longestMs: 500 } });
    const pauses: (number | undefined)[] = [];
    queue.start();
    queue.add('a');
    await clock.advance(0);
    for (const outcome of [
      new Error('thrown'),
      { type: 'failed', error: 'told' } as const,
      new Error(),
      new Error(),
      new Error(),
    ]) {
      await finish('a', outcome);
      pauses.push(clock.pending[0]);
      await clock.advance(500);
    }
    await finish('a');
    queue.add('a');
    await clock.advance(0);
    await finish('a', new Error());
    expect([...pauses, clock.pending[0]]).toEqual([100, 200, 400, 500, 500, 100]);
  });

  it('is not held up by a key that fails', async () => {
    const { queue, clock, begun, finish } = aQueue({ workers: 1 });
    queue.start();
    queue.add('bad');
    queue.add('good');
    await clock.advance(0);
    await finish('bad', new Error());
    expect(begun).toEqual(['bad', 'good']);
  });

  it('lets active keys finish when it stops, and accepts no further ones', async () => {
    const { queue, clock, begun, finish } = aQueue({ workers: 1 });
    queue.start();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await clock.advance(0);
    let stopped = false;
    const stopping = queue.stop(1_000).then(() => (stopped = true));
    queue.add('d');
    queue.add('a');
    await clock.advance(999);
    expect(stopped).toBe(false);
    await finish('a', new Error('never mind'));
    await stopping;
    expect([begun, clock.pending]).toEqual([['a'], []]);
  });

  it('aborts active keys when the grace is over', async () => {
    const { queue, clock, signals, finish } = aQueue();
    queue.start();
    queue.add('a');
    await clock.advance(0);
    const stopping = queue.stop(1_000);
    await clock.advance(1_000);
    expect(signals[0]?.aborted).toBe(true);
    await finish('a', new Error('aborted'));
    await stopping;
  });

  it('tells its observer depth, waits, outcomes and failures', async () => {
    const told: unknown[] = [];
    const { queue, clock, finish } = aQueue({
      observer: {
        depth: (...args) => told.push(['depth', ...args]),
        started: (...args) => told.push(['started', ...args]),
        finished: (...args) => told.push(['finished', ...args]),
        failed: (...args) => told.push(['failed', ...args]),
      },
    });
    queue.add('a');
    await clock.advance(2_000);
    queue.start();
    await clock.advance(3_000);
    await finish('a', { type: 'failed', error: 'no' });
    expect(told).toEqual([
      ['depth', 'test', 1],
      ['depth', 'test', 0],
      ['started', 'test', 2],
      ['finished', 'test', 'failed', 3],
      ['failed', 'test', 'a', 'no', 1, 5],
    ]);
  });

  it('processes every key after its last addition, never twice at a time, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(3)), { maxLength: 40 }),
        async (steps) => {
          const clock = new FakeClock();
          let tick = 0;
          const added = new Map<string, number>();
          const processed = new Map<string, number>();
          const active = new Set<string>();
          const queue = new WorkQueue({
            name: 'test',
            workers: 2,
            clock,
            async process(key) {
              expect(active.has(key)).toBe(false);
              active.add(key);
              const began = (tick += 1);
              for (let i = 0; i < key.charCodeAt(0) - 96; i += 1) await Promise.resolve();
              active.delete(key);
              if (tick % 5 === 0) throw new Error('now and then');
              processed.set(key, began);
              return done;
            },
          });
          queue.start();
          for (const [key, pause] of steps) {
            added.set(key, (tick += 1));
            queue.add(key);
            for (let i = 0; i < pause; i += 1) await Promise.resolve();
          }
          await clock.advance(1_000_000);
          for (const [key, at] of added) expect(processed.get(key)).toBeGreaterThan(at);
          expect(queue.depth).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
