/**
 * A namespace with two controllers of its own, which are killed, paused and replaced while their calls go wrong, and
 * with Tasks to which things happen.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kill } from '../../sandbox/src/machine/processes.ts';
import { namespaces } from '../../controller/src/kube/resources.ts';
import type { ApiRelay } from '../support/api-relay.ts';
import type { Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Kueue } from '../support/kueue/kueue.ts';
import { startFaultProxy, type Call, type Fault } from './fault-proxy.ts';
import { pick, randomOf, type Random } from '../support/random.ts';
import { Teller, type Queue } from './tellers.ts';

/** How many of what befell the controllers. */
export type Counts = Record<string, number>;

/** One more of them. */
export const count = (counts: Counts, what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);

/** Longer than a lease lasts, so that the other one leads meanwhile, and then both believe that they do. */
const pauseMs = 20_000;

/** How a controller's life ends: at which of its calls, and on which side of it. */
interface Fate {
  readonly kind: 'kill' | 'pause' | 'stop';
  readonly atCall: number;
  readonly isAfter: boolean;
}

export interface WorldOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly queue: Queue & Pick<Kueue, 'createQueue'>;
  /** What happens is made up from it and the seed. */
  readonly label: string;
  /** The kinds of Tasks, of `kindNames`. */
  readonly kinds: readonly string[];
  readonly counts: Counts;
}

export class World {
  readonly namespace: string;
  readonly tellers: readonly Teller[];
  readonly #counts: Counts;
  readonly #slots: Slot[] = [];

  private constructor({ cluster, namespace, queue, label, kinds, counts }: WorldOptions) {
    this.namespace = namespace;
    this.#counts = counts;
    const { client } = cluster;
    this.tellers = kinds.map(
      (kind) => new Teller({ client, namespace, kind, queue, random: randomOf(`${label} ${kind}`) }),
    );
  }

  static async open(options: WorldOptions): Promise<World> {
    const { cluster, namespace, queue, label, counts } = options;
    await cluster.client.create(namespaces, { metadata: { name: namespace } });
    await mayElect(cluster, namespace);
    await queue.createQueue({ namespace, name: 'q', clusterQueue: namespace });
    const world = new World(options);
    for (const name of ['one', 'two']) {
      const random = randomOf(`${label} ${name}`);
      world.#slots.push(await Slot.open(cluster, { namespace, name, random, count: (what) => count(counts, what) }));
    }
    return world;
  }

  /** Tells all stories until then, then lets everything come to an end without any more faults. */
  async play(until: number): Promise<void> {
    const lives = this.#slots.map((slot) => slot.live(until));
    await Promise.all(this.tellers.map((teller) => teller.tell(until)));
    await Promise.all(lives);
    for (const teller of this.tellers) await teller.finish();
    const isAtRest = async (): Promise<boolean> =>
      (await Promise.all(this.tellers.map((teller) => teller.isAtRest()))).every(Boolean);
    // A watch that fell silent is given up after minutes.
    await eventually(`everything in ${this.namespace} ends`, isAtRest, { seconds: 420, everyMs: 1_000 }).catch(
      (error: unknown) => count(this.#counts, `did not end: ${(error as Error).message}`),
    );
  }

  async close(): Promise<void> {
    for (const slot of this.#slots) await slot.close();
  }
}

/** The environment of a process whose clock is that much ahead, in milliseconds. */
const shiftedClock = (ms: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${new URL('shifted-clock.ts', import.meta.url).href}`,
  CLOCK_SHIFT_MS: String(ms),
});

/** A Lease of its own for each world. */
async function mayElect({ kubectl }: Cluster, namespace: string): Promise<void> {
  const verbs = '--verb=get,create,update';
  await kubectl(['create', 'role', 'elect', verbs, '--resource=leases.coordination.k8s.io', '-n', namespace]);
  const account = '--serviceaccount=vela-system:task-runs';
  await kubectl(['create', 'rolebinding', 'elect', '--role=elect', account, '-n', namespace]);
}

interface SlotOptions {
  readonly namespace: string;
  readonly name: string;
  readonly random: Random;
  readonly count: (what: string) => void;
}

/** Where one controller after the other lives, as containers do in a pod. */
class Slot {
  readonly #options: SlotOptions;
  #proxy: ApiRelay | undefined;
  #process: ControllerProcess | undefined;
  #fate: Fate | undefined;
  #calls = 0;
  /** The share of calls that go wrong in this life: some are calm, some stormy. */
  #mishaps = 0;
  #isQuiet = true;

  private constructor(options: SlotOptions) {
    this.#options = options;
  }

  static async open(cluster: Cluster, options: SlotOptions): Promise<Slot> {
    const slot = new Slot(options);
    const path = join(cluster.directory, `${options.namespace}-${options.name}.kubeconfig`);
    slot.#proxy = await startFaultProxy(cluster.controllerKubeconfig, path, (call) => slot.#faultOf(call));
    return slot;
  }

  /** Lives and dies until then; the one that is left lives on, undisturbed. */
  async live(until: number): Promise<void> {
    const { random } = this.#options;
    this.#isQuiet = false;
    while (Date.now() < until) {
      await this.#start();
      this.#fate = this.#nextFate();
      this.#mishaps = pick(random, [0.02, 0.05, 0.1, 0.3]);
      await Promise.race([this.#process?.exited, delay(Math.max(0, until - Date.now()), undefined, { ref: false })]);
      this.#fate = undefined;
      if (this.#process && !(await hasExited(this.#process))) break;
      await delay(random() < 0.7 ? 0 : random() * 4_000);
    }
    this.#isQuiet = true;
    if (!this.#process || (await hasExited(this.#process))) await this.#start();
  }

  async close(): Promise<void> {
    await this.#process?.stop();
    await this.#proxy?.close();
  }

  async #start(): Promise<void> {
    const { namespace, name, random } = this.#options;
    const args = ['--namespace', namespace, '--leader-elect', '--leader-election-namespace', namespace];
    // A controller that cannot start ends, and is started again, as its pod's container would be.
    for (;;) {
      try {
        const kubeconfig = this.#proxy?.kubeconfig ?? '';
        const clock = shiftedClock(pick(random, [0, 0, 0, -90_000, 90_000]));
        this.#process = await startController(kubeconfig, [...args, '--pod-uid', `pod-${name}`], 'started', clock);
        return;
      } catch {
        this.#options.count('did not start');
      }
    }
  }

  #nextFate(): Fate {
    const { random } = this.#options;
    return {
      kind: fateKind(random()),
      atCall: this.#calls + 1 + Math.floor(random() * 60),
      isAfter: random() < 0.5,
    };
  }

  #faultOf(call: Call): Fault {
    this.#calls += 1;
    const fate = this.#fate;
    if (fate && this.#calls >= fate.atCall && this.#process) {
      this.#fate = this.#nextFate();
      return this.#meet(fate, this.#process, call);
    }
    return this.#isQuiet ? none : this.#mishap(call);
  }

  #meet({ kind, isAfter }: Fate, { pid }: ControllerProcess, { isWatch }: Call): Fault {
    this.#options.count(kind);
    const signal = ({ kill: 'SIGKILL', pause: 'SIGSTOP', stop: 'SIGTERM' } as const)[kind];
    kill(pid, signal);
    if (kind === 'pause') setTimeout(() => kill(pid, 'SIGCONT'), pauseMs);
    if (kind !== 'kill') return none;
    return { kind: isAfter && !isWatch ? 'lost' : 'cut' };
  }

  #mishap({ method, isWatch }: Call): Fault {
    const { random } = this.#options;
    if (random() > (isWatch ? 0.4 : this.#mishaps)) return none;
    const fault = isWatch ? watchFault(random) : callFault(random, method);
    this.#options.count(fault.kind === 'refused' ? String(fault.status) : fault.kind);
    return fault;
  }
}

/** Kills are quickly over, so there are many; a pause takes as long as ten of them. */
function fateKind(chance: number): Fate['kind'] {
  if (chance < 0.03) return 'pause';
  return chance < 0.08 ? 'stop' : 'kill';
}

const none: Fault = { kind: 'none' };

function watchFault(random: Random): Fault {
  const ms = random() * 8_000;
  if (random() < 0.2) return { kind: 'refused', status: pick(random, [410, 429, 500, 503]) };
  return { kind: random() < 0.1 ? 'silent' : 'broken', ms };
}

function callFault(random: Random, method: string): Fault {
  const kind = pick(random, ['refused', 'cut', 'lost', 'late'] as const);
  if (kind === 'late') return { kind, ms: random() * 2_000 };
  if (kind !== 'refused') return { kind };
  return { kind, status: pick(random, method === 'GET' ? [429, 500, 503] : [409, 429, 500, 503]) };
}

/** Whether a process has ended, as far as it is known at this moment. */
const hasExited = (controller: ControllerProcess): Promise<boolean> =>
  Promise.race([controller.exited.then(() => true), delay(0, false)]);
