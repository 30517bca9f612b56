import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Lease, LeaseSpec } from 'kubernetes-types/coordination/v1.js';
import { createClient } from './client.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { LeaderElector, type LeaderElectionOptions } from './leader-election.ts';
import type { Stored } from './objects.ts';
import { answer, refuse, serveScript } from './testing/scripted-server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A server that keeps one Lease with optimistic concurrency, may be told to refuse, and never answers `/slow`. */
async function aLease({ concurrency }: { readonly concurrency?: number } = {}) {
  const state: { lease: Stored<Lease> | undefined; down: boolean; version: number } = {
    lease: undefined,
    down: false,
    version: 0,
  };
  const store = (lease: Stored<Lease>): Stored<Lease> => {
    state.version += 1;
    return (state.lease = {
      ...lease,
      metadata: { ...lease.metadata, uid: 'u', resourceVersion: String(state.version) },
    });
  };
  const server = await serveScript((request, response) => {
    const sent = request.body as Stored<Lease>;
    if (request.path === '/slow') return;
    if (state.down) return refuse(response, 500, { message: 'down' });
    if (request.method === 'GET')
      return state.lease === undefined ? refuse(response, 404, {}) : answer(response, state.lease);
    if (request.method === 'PUT' && state.lease === undefined) return refuse(response, 404, {});
    const taken =
      request.method === 'POST'
        ? state.lease !== undefined
        : sent.metadata.resourceVersion !== state.lease?.metadata.resourceVersion;
    return taken ? refuse(response, 409, { reason: 'Conflict' }) : answer(response, store(sent));
  });
  const client = createClient({ server: server.url, userAgent: 'test', concurrency });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const write = (spec: LeaseSpec): void => {
    const base = state.lease;
    if (base === undefined) throw new Error('no lease yet');
    store({ ...base, spec: { ...base.spec, ...spec } });
  };
  return { state, client, write, server };
}

function anElector(options: Pick<LeaderElectionOptions, 'client' | 'identity'> & Partial<LeaderElectionOptions>) {
  const clock = new FakeClock();
  const told: string[] = [];
  const errors: unknown[] = [];
  const elector = new LeaderElector({
    namespace: 'vela-system',
    name: 'task-runs',
    clock,
    random: () => 0,
    onStartedLeading: (before) => told.push(before ? `started after ${before.toISOString()}` : 'started'),
    onStoppedLeading: (reason) => told.push(reason),
    onError: (error) => errors.push(error),
    ...options,
  });
  let over = false;
  void elector.run().then(() => (over = true));
  /** Moves time in steps, with pauses for the wire, until the condition holds. */
  const until = (condition: () => boolean, ms = 0): Promise<void> =>
    vi.waitFor(
      async () => {
        await clock.advance(ms);
        expect(condition()).toBe(true);
      },
      { timeout: 20_000, interval: 1 },
    );
  cleanUps.push(async () => {
    void elector.stop();
    await until(() => over, 100);
  });
  return { elector, clock, told, errors, until, isOver: () => over };
}

describe('leader election', () => {
  it('creates the lease and leads', async () => {
    const { state, client } = await aLease();
    const { elector, told, until } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    expect(told).toEqual(['started']);
    expect(state.lease?.spec).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('renews every 2 s and keeps the moment it took the lease', async () => {
    const { state, client, server } = await aLease();
    const { elector, clock, until } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    await until(() => clock.pending[0] === 2_000);
    await clock.advance(2_000);
    await until(() => state.version === 2);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'PUT']);
    expect(state.lease?.spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:02.000000Z',
      leaseTransitions: 0,
    });
  });

  it("waits out another's lease by its own clock, whatever times are written in it, then takes over", async () => {
    const { state, client, write } = await aLease();
    const one = anElector({ client, identity: 'one' });
    await one.until(() => one.elector.isLeader);
    const two = anElector({ client, identity: 'two' });
    write({ renewTime: '2001-01-01T00:00:00.000000Z' }); // a clock far behind
    let waited = 0;
    while (!two.elector.isLeader) {
      await two.until(() => two.clock.pending.length === 1);
      const step = two.clock.pending[0] ?? 0;
      if (step !== 1_000) break; // the deadline of a request under way
      await two.clock.advance(step);
      waited += step;
      await two.until(() => two.elector.isLeader || two.clock.pending[0] === 1_000);
    }
    expect(waited).toBe(15_000);
    expect(state.lease?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
    expect(two.told).toEqual(['started after 2001-01-01T00:00:00.000Z']);
  });

  it('takes over at once from a container of the same pod that was killed, and from no other', async () => {
    const { state, client } = await aLease();
    const killed = anElector({ client, identity: 'pod-a_uid-a_1' });
    await killed.until(() => killed.elector.isLeader);
    const other = anElector({ client, identity: 'pod-b_uid-b_1', predecessors: 'pod-b_uid-b_' });
    await other.until(() => other.clock.pending.length === 1);
    expect(other.elector.isLeader).toBe(false);
    const next = anElector({ client, identity: 'pod-a_uid-a_2', predecessors: 'pod-a_uid-a_' });
    await next.until(() => next.elector.isLeader);
    expect(state.lease?.spec).toMatchObject({ holderIdentity: 'pod-a_uid-a_2', leaseTransitions: 1 });
  });

  it('loses when it cannot renew within 10 s, and says so', async () => {
    const { state, client } = await aLease();
    const { elector, told, errors, until, clock } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    state.down = true;
    const lostBefore = clock.now() + 12_000 + 1;
    await until(() => told.length === 2, 100);
    expect(told[1]).toBe('the lease vela-system/task-runs could not be renewed for 10 s');
    expect(clock.now()).toBeLessThan(lostBefore + 1_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(elector.isLeader).toBe(false);
  });

  it('loses in time also when other calls take all places of its client', async () => {
    const { client } = await aLease({ concurrency: 1 });
    const { elector, told, until, clock } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    client.getText('/slow').catch(() => undefined);
    const began = clock.now();
    await until(() => told.length === 2, 100);
    expect(told[1]).toBe('the lease vela-system/task-runs could not be renewed for 10 s');
    expect(clock.now() - began).toBeLessThan(15_000);
  });

  it('loses when another holds the lease', async () => {
    const { client, write } = await aLease();
    const { elector, told, until } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    write({ holderIdentity: 'usurper' });
    await until(() => told.length === 2, 100);
    expect(told[1]).toBe('the lease vela-system/task-runs was taken by usurper');
  });

  it('creates the lease again when somebody deletes it', async () => {
    const { state, client } = await aLease();
    const { elector, told, until } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    state.lease = undefined;
    await until(() => state.lease !== undefined, 100);
    expect([elector.isLeader, told]).toEqual([true, ['started']]);
  });

  it('does not think it leads after the process stood still for the length of a lease', async () => {
    const { client } = await aLease();
    const { elector, clock, until } = anElector({ client, identity: 'one' });
    await until(() => elector.isLeader);
    const before = clock.monotonic();
    clock.monotonic = () => before + 15_000;
    expect(elector.isLeader).toBe(false);
  });

  it('gives the lease back when it stops, so that the next one need not wait', async () => {
    const { state, client } = await aLease();
    const one = anElector({ client, identity: 'one' });
    await one.until(() => one.elector.isLeader);
    void one.elector.stop();
    await one.until(one.isOver);
    expect(state.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(one.told).toEqual(['started']);
    const two = anElector({ client, identity: 'two' });
    await two.until(() => two.elector.isLeader);
  });

  it('takes within 1.2 s a lease that is given back while it stands by', async () => {
    const { client } = await aLease();
    const one = anElector({ client, identity: 'one' });
    await one.until(() => one.elector.isLeader);
    const two = anElector({ client, identity: 'two', random: () => 1 });
    await two.until(() => two.clock.pending[0] === 1_200);
    void one.elector.stop();
    await one.until(one.isOver);
    await two.clock.advance(1_200);
    await two.until(() => two.elector.isLeader);
  });

  it('refuses settings under which two could lead', async () => {
    const { client } = await aLease();
    expect(() => anElector({ client, identity: 'one', leaseDurationMs: 10_000 })).toThrow('or two may lead at once');
  });
});
