import type { Lease, LeaseSpec } from 'kubernetes-types/coordination/v1.js';
import { isNotFound } from './api-error.ts';
import type { Client } from './client.ts';
import { sleep, systemClock, type Clock } from './clock.ts';
import type { Stored } from './objects.ts';
import { leases } from './resources.ts';

export interface LeaderElectionOptions {
  /** One for this alone: a client has a limit of calls in flight, and renewals must not wait behind others. */
  client: Client;
  namespace: string;
  name: string;
  /** Unlike anyone else's, also after a restart of the same host: host name and a random part. */
  identity: string;
  /**
   * Identities that begin so are of processes that ended before this one began, such as those of a container that ran
   * in the same pod before: their lease is taken over at once.
   */
  predecessors?: string | undefined;
  /** @param before when the leader before was last alive, by its clock; undefined where there was no lease */
  onStartedLeading: (before: Date | undefined) => void;
  /** We lead no longer, or may not: end the process. Not called when `stop` was. */
  onStoppedLeading: (reason: string) => void;
  /** Who leads, whenever that changes. */
  onNewLeader?: ((identity: string) => void) | undefined;
  /** An attempt that failed; the next follows. */
  onError?: ((error: unknown) => void) | undefined;
  /** Others wait so long after the last renewal before they take over; 15 s by default. */
  leaseDurationMs?: number | undefined;
  /** A leader that cannot renew for so long gives up; 10 s by default. */
  renewDeadlineMs?: number | undefined;
  /** How often a leader renews, 2 s by default. Others look twice as often, to see soon that a lease was given back. */
  retryPeriodMs?: number | undefined;
  clock?: Clock | undefined;
  random?: (() => number) | undefined;
}

/** While followers wait, they spread by up to a fifth. */
const JITTER = 0.2;

/**
 * Holds a Lease of coordination.k8s.io so that one of several processes leads. Semantics as client-go's: whether a
 * lease has run out is judged by the local clock since its last observed change, never by the times written in it, so
 * clocks may differ; clock rates may not, beyond what lies between renewDeadline and leaseDuration.
 */
export class LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #leading = false;
  #renewedAt = 0;
  #leaderBefore: Date | undefined;
  /** What we wrote last, while nothing hints that it changed: a renewal then needs no read before it. */
  #written: Stored<Lease> | undefined;
  /** The lease as last seen, and when it was first seen so. */
  #observed: { lease: Stored<Lease>; at: number } | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#leaseMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (this.#leaseMs <= this.#deadlineMs || this.#deadlineMs <= this.#retryMs * (1 + JITTER)) {
      throw new Error(
        'leader election needs leaseDuration > renewDeadline > 1.2 times retryPeriod, or two may lead at once',
      );
    }
  }

  /**
   * True while the lease is surely ours. False too after a pause of the process in which it may have run out, before
   * anyone noticed.
   */
  get isLeader(): boolean {
    return this.#leading && this.#clock.monotonic() - this.#renewedAt < this.#leaseMs;
  }

  /** Begins to compete. Resolves when it is over: after `stop`, or after leadership was lost. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#compete();
    return this.#running;
  }

  /** Stops; a leader gives the lease back, so that the next one need not wait. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #compete(): Promise<void> {
    const stop = this.#stopping.signal;
    while (!stop.aborted && !(await this.#attempt(this.#deadlineMs))) {
      await sleep(this.#clock, (this.#retryMs / 2) * (1 + JITTER * (this.#options.random ?? Math.random)()), stop);
    }
    if (!this.#leading) return;
    if (!stop.aborted) this.#options.onStartedLeading(this.#leaderBefore);
    const lost = await this.#hold();
    this.#leading = false;
    if (lost === undefined) await this.#release();
    else this.#options.onStoppedLeading(lost);
  }

  /** Renews until stopped (returns undefined) or lost (returns why). */
  async #hold(): Promise<string | undefined> {
    const stop = this.#stopping.signal;
    while (!stop.aborted) {
      await sleep(this.#clock, this.#retryMs, stop);
      if (stop.aborted) break;
      const left = this.#renewedAt + this.#deadlineMs - this.#clock.monotonic();
      if (left <= 0) return `the lease ${this.#place()} could not be renewed for ${this.#deadlineMs / 1_000} s`;
      if (!(await this.#attempt(left)) && this.#heldByOther())
        return `the lease ${this.#place()} was taken by ${this.#holder() ?? 'another'}`;
    }
    return undefined;
  }

  /** Tries once to take or renew the lease, within `ms`; true when it is ours now. */
  async #attempt(ms: number): Promise<boolean> {
    const deadline = new AbortController();
    const cancel = this.#clock.after(ms, () => deadline.abort(new Error(`no answer within ${Math.round(ms)} ms`)));
    const began = this.#clock.monotonic();
    try {
      if (!(await this.#takeOrRenew(deadline.signal))) return false;
      // The moment before the request: others may have observed the renewal any time since.
      this.#renewedAt = began;
      this.#leading = true;
      return true;
    } catch (error) {
      this.#written = undefined;
      this.#options.onError?.(error);
      return false;
    } finally {
      cancel();
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const now = microTime(this.#clock);
    const mine: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#leaseMs / 1_000),
      acquireTime: now,
      renewTime: now,
    };
    const current = this.#written ?? (await this.#read(signal));
    if (current === undefined) {
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name },
        spec: { ...mine, leaseTransitions: 0 },
      };
      this.#written = this.#see(await client.create(leases, lease, { signal }));
      return true;
    }
    this.#see(current);
    if (this.#heldByOther() && !this.#isPredecessors() && !this.#hasRunOut()) return false;
    const { acquireTime = now, leaseTransitions = 0, holderIdentity } = current.spec ?? {};
    this.#noteLeaderBefore(current);
    const times =
      holderIdentity === identity
        ? { acquireTime, leaseTransitions }
        : { acquireTime: now, leaseTransitions: leaseTransitions + 1 };
    // The resourceVersion makes this a Conflict if someone else was quicker.
    this.#written = this.#see(
      await client.replace(leases, { ...current, spec: { ...current.spec, ...mine, ...times } }, { signal }),
    );
    return true;
  }

  #noteLeaderBefore({ spec: { holderIdentity, renewTime } = {} }: Lease): void {
    if (holderIdentity === this.#options.identity) return;
    this.#leaderBefore = renewTime === undefined ? undefined : new Date(renewTime);
  }

  async #read(signal: AbortSignal): Promise<Stored<Lease> | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(leases, { namespace, name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Notes the lease's state, and the moment if it is a new one. */
  #see(lease: Stored<Lease>): Stored<Lease> {
    const { uid, resourceVersion } = lease.metadata;
    const before = this.#observed?.lease;
    if (before?.metadata.uid === uid && before.metadata.resourceVersion === resourceVersion) return lease;
    this.#observed = { lease, at: this.#clock.monotonic() };
    const holder = this.#holder();
    if (holder !== undefined && holder !== before?.spec?.holderIdentity) this.#options.onNewLeader?.(holder);
    return lease;
  }

  /** Whom the lease names; nobody once it was given back. */
  #holder(): string | undefined {
    return this.#observed?.lease.spec?.holderIdentity || undefined;
  }

  #heldByOther(): boolean {
    const holder = this.#holder();
    return holder !== undefined && holder !== this.#options.identity;
  }

  #isPredecessors(): boolean {
    const { predecessors } = this.#options;
    return predecessors !== undefined && (this.#holder()?.startsWith(predecessors) ?? false);
  }

  /** Judged by the duration that the holder wrote: it may run with other settings than ours. */
  #hasRunOut(): boolean {
    if (this.#observed === undefined) return true;
    const ms = (this.#observed.lease.spec?.leaseDurationSeconds ?? 0) * 1_000 || this.#leaseMs;
    return this.#clock.monotonic() - this.#observed.at >= ms;
  }

  async #release(): Promise<void> {
    const lease = this.#written;
    if (lease === undefined) return; // not surely ours any more
    const now = microTime(this.#clock);
    const spec: LeaseSpec = {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now,
    };
    try {
      await this.#options.client.replace(leases, { ...lease, spec }, { timeoutMs: 5_000 });
    } catch (error) {
      this.#options.onError?.(error); // the next one waits for the lease to run out instead
    }
  }

  #place(): string {
    return `${this.#options.namespace}/${this.#options.name}`;
  }
}

/** metav1.MicroTime. */
function microTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}
