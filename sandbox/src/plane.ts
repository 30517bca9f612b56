import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { apiserver } from './programs/apiserver.ts';
import { clusterDns } from './programs/cluster-dns.ts';
import type { Context } from './context.ts';
import { containerd } from './programs/containerd.ts';
import { controllerManager } from './programs/controller-manager.ts';
import { etcd } from './programs/etcd.ts';
import { keep, type Keeper, type PartState } from './machine/keeper.ts';
import { kubelet } from './programs/kubelet.ts';
import { kubeProxy } from './programs/kube-proxy.ts';
import { kubevelaPrograms } from './kubevela/program.ts';
import { kwok } from './programs/kwok.ts';
import { marksOf } from './machine/processes.ts';
import { nodeNetwork } from './programs/node-network.ts';
import type { Program } from './machine/process.ts';
import { scheduler } from './programs/scheduler.ts';

type Maker = (context: Context) => Program;

const nodePrograms: Readonly<Record<Context['settings']['nodes'], readonly (readonly Maker[])[]>> = {
  none: [],
  simulated: [[kwok]],
  real: [[containerd], [nodeNetwork], [kubelet, kubeProxy, clusterDns]],
};

/** The programs in the order of their start; those of one row start together. */
export function rowsOf(context: Context): Program[][] {
  const [first = [], ...later] = nodePrograms[context.settings.nodes];
  const makers = [[etcd], [apiserver], [controllerManager, scheduler, ...first], ...later];
  const rows = makers.map((row) => row.map((maker) => maker(context)));
  return [...rows, ...kubevelaPrograms(context).map((program) => [program])];
}

/** All programs of one sandbox, kept running. */
export interface Plane {
  parts(): PartState[];
  hurry(): void;
  stop(): Promise<void>;
}

export interface PlaneOptions {
  readonly dieWithParent: boolean;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
  /** Is called whenever `parts()` changed; gets them. */
  readonly changed: (parts: PartState[]) => void;
}

/**
 * Starts row after row. When a start fails, what was started before is stopped in reverse order.
 * @throws StartError of the program that did not start
 */
export async function startPlane(context: Context, options: PlaneOptions): Promise<Plane> {
  await mkdir(context.layout.logs, { recursive: true });
  const plane = new StartedPlane(context, options);
  try {
    for (const row of rowsOf(context)) await plane.startRow(row);
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

class StartedPlane implements Plane {
  readonly #keepers: Keeper[] = [];
  #starting: string[] = [];
  readonly #context: Context;
  readonly #options: PlaneOptions;

  constructor(context: Context, options: PlaneOptions) {
    this.#context = context;
    this.#options = options;
  }

  parts(): PartState[] {
    const starting = this.#starting.map((name) => ({ name, phase: 'starting', restarts: 0 }) as const);
    return [...this.#keepers.map((keeper) => keeper.state()), ...starting];
  }

  hurry(): void {
    for (const keeper of this.#keepers) keeper.hurry();
  }

  async startRow(row: readonly Program[]): Promise<void> {
    this.#starting = row.map((program) => program.name);
    this.#changed();
    const results = await Promise.allSettled(row.map((program) => this.#startOne(program)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async stop(): Promise<void> {
    for (const keeper of this.#keepers.toReversed()) await keeper.stop();
  }

  async #startOne(program: Program): Promise<void> {
    const { layout } = this.#context;
    const { dieWithParent, signal } = this.#options;
    const options = {
      logFile: join(layout.logs, `${program.name}.log`),
      marks: marksOf(layout.dir, program.name),
      dieWithParent,
      signal,
    };
    this.#keepers.push(await keep(program, options, () => this.#changed()));
    this.#starting = this.#starting.filter((name) => name !== program.name);
    this.#changed();
  }

  #changed(): void {
    this.#options.changed(this.parts());
  }
}
