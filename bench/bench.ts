import type { Client } from '../controller/src/kube/client.ts';
import { startController, type ControllerProcess } from '../test/support/controller-process.ts';
import type { Cluster } from '../test/support/cluster.ts';
import type { RenderTask } from './objects.ts';

/** What every benchmark is given: one cluster, which nobody else uses. */
export interface Bench {
  readonly cluster: Cluster;
  /** Cluster admin. */
  readonly client: Client;
  readonly render: RenderTask;
}

/** Runs `work` beside a controller of its own, with the addon's rights, and stops it. */
export async function withController<R>({ cluster }: Bench, work: (controller: ControllerProcess) => Promise<R>): Promise<R> {
  const controller = await startController(cluster.controllerKubeconfig);
  try {
    return await work(controller);
  } finally {
    await controller.stop();
  }
}
