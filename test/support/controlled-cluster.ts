import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startCluster, type Cluster } from './cluster.ts';
import { startController, type ControllerProcess } from './controller-process.ts';
import { Room } from './room.ts';

/** What the tests of a file, or of a describe, have in common. */
export interface ControlledCluster {
  readonly cluster: Cluster;
  readonly controller: ControllerProcess;
  /** A namespace of a test's own: flow-1, flow-2, ... */
  readonly openRoom: () => Promise<Room>;
  /** Kills the controller at once, so that it cannot tidy up. */
  readonly killController: () => Promise<void>;
  /** Starts another one in its place. */
  readonly startController: () => Promise<void>;
}

/**
 * A cluster with simulated nodes, and the controller as its own process with the addon's rights, from the first of the
 * tests until after the last. Call it where they are described.
 * @param rooms what the tests' namespaces are called, with a number
 */
export function useControlledCluster(
  rooms: string,
  { nodeCount = 2, withArchive = false }: { readonly nodeCount?: number; readonly withArchive?: boolean } = {},
): ControlledCluster {
  let cluster: Cluster | undefined;
  let controller: ControllerProcess | undefined;
  let count = 0;
  const start = async (): Promise<void> => {
    const { controllerKubeconfig, directory } = present(cluster);
    const archive = withArchive ? ['--archive', join(directory, 'runs.db')] : [];
    controller = await startController(controllerKubeconfig, archive);
  };

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 'simulated', nodeCount });
    await start();
  });
  afterAll(async () => {
    try {
      await controller?.stop();
    } finally {
      await cluster?.stop();
    }
  });

  return {
    get cluster() {
      return present(cluster);
    },
    get controller() {
      return present(controller);
    },
    openRoom: () => Room.open(present(cluster), `${rooms}-${(count += 1)}`),
    killController: () => present(controller).kill(),
    startController: start,
  };
}

function present<T>(what: T | undefined): T {
  if (what === undefined) throw new Error('not started yet: ask for it in a test');
  return what;
}
