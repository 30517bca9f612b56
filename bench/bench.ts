import { createClient, type Client } from '../controller/src/kube/client.ts';
import { startController, type ControllerProcess } from '../test/support/controller-process.ts';
import type { Cluster, ClusterOptions } from '../test/support/cluster.ts';
import { createNamespace, empty, type RenderTask } from './objects.ts';
import { unmeasured, type Row } from './report.ts';

/** What a benchmark is given: a namespace and clients of its own, in a cluster that nobody else uses meanwhile. */
export interface Bench {
  readonly namespace: string;
  /** Cluster admin. */
  readonly client: Client;
  /** The addon's own service account, for what nobody else may write. */
  readonly asController: Client;
  readonly controllerKubeconfig: string;
  /** A cluster admin's kubeconfig. */
  readonly adminKubeconfig: string;
  readonly render: RenderTask;
  /** How many times as large as usual it is to be measured. */
  readonly times: number;
  /** Aborts when the benchmark's time is up. */
  readonly signal: AbortSignal;
}

export interface Benchmark {
  readonly measure: (bench: Bench) => Promise<Row[]>;
  /** May be no more than this, and so many times as long where it is measured so many times as large. */
  readonly seconds: number;
  /** What it needs of its cluster. So it is measured where it is named alone. */
  readonly cluster?: Pick<ClusterOptions, 'controllerCallsPerSecond' | 'kubevela'>;
}

const tidyingSeconds = 180;

/**
 * Carries out one benchmark in a namespace of its name. Never rejects: what could not be measured is a row that says
 * so. When its time is up its controllers are killed and its clients closed, so that whatever it waits for fails and
 * the next one has the machine to itself.
 */
export async function carryOut(
  name: string,
  { measure, seconds }: Benchmark,
  { cluster, render, times }: { readonly cluster: Cluster } & Pick<Bench, 'render' | 'times'>,
): Promise<Row[]> {
  const client = createClient({ kubeconfigPath: cluster.sandbox.kubeconfig, userAgent: 'bench' });
  const asController = createClient({ kubeconfigPath: cluster.controllerKubeconfig, userAgent: 'bench' });
  const deadline = new AbortController();
  const { controllerKubeconfig, sandbox } = cluster;
  const work = async (): Promise<Row[]> => {
    await createNamespace(client, name);
    return measure({
      namespace: name,
      client,
      asController,
      controllerKubeconfig,
      adminKubeconfig: sandbox.kubeconfig,
      render,
      times,
      signal: deadline.signal,
    });
  };
  try {
    return await within(seconds, work);
  } catch (error) {
    return [unmeasured(name, error)];
  } finally {
    deadline.abort();
    await Promise.all([client.close(), asController.close()]);
  }
}

/** Removes what a benchmark left, so that it does not slow down the next one. */
export async function tidy(name: string, { client }: Cluster): Promise<void> {
  await within(tidyingSeconds, () => empty(client, name)).catch((error: unknown) =>
    console.error(`${name} left something behind: ${String(error)}`),
  );
}

/** @throws Error when it takes longer */
async function within<R>(seconds: number, work: () => Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it was not done within ${Math.round(seconds)} s`)),
      Math.max(0, seconds * 1000),
    );
  });
  return Promise.race([work(), late]).finally(() => clearTimeout(timer));
}

/** Runs `work` beside a controller of its own, with the addon's rights, and stops it. */
export async function withController<R>(
  { controllerKubeconfig, signal }: Bench,
  work: (controller: ControllerProcess) => Promise<R>,
  args: readonly string[] = [],
): Promise<R> {
  const controller = await startController(controllerKubeconfig, args);
  const kill = () => void controller.kill();
  signal.addEventListener('abort', kill);
  try {
    signal.throwIfAborted();
    return await work(controller);
  } finally {
    signal.removeEventListener('abort', kill);
    await controller.stop();
  }
}
