/**
 * Where the end-to-end tests run:
 * - `KUBECONFIG` is set: that cluster, which has a KubeVela. `vela` is taken from KUBEVELA_HOME or the PATH.
 * - `KUBEVELA_HOME` is set: a private sandbox with that KubeVela.
 * - else: a private sandbox with the stand-in.
 *
 * As root a sandbox's pods really run, else they are simulated. The addon is enabled from dist/task-runs with no
 * controller of its own in the cluster (replicas=0); the bundled one runs beside the tests as the addon's service
 * account. So the same program with the same rights is tested everywhere, and no image has to be where the cluster
 * pulls from.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progressTo } from '../../sandbox/src/progress.ts';
import { onPath } from '../../sandbox/src/machine/requirements.ts';
import { startSandbox } from '../../sandbox/src/sandbox.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { enableWithoutController } from '../../scripts/enable-addon.ts';
import { startController } from '../support/controller-process.ts';
import { kubectlOf } from '../../scripts/kubectl.ts';

const addon = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));

/** What a test needs to know of where it runs. */
export interface Place {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** KubeVela's command line, where there is one. */
  readonly vela: string | undefined;
  /** The port of the controller's REST API on 127.0.0.1. */
  readonly apiPort: number;
  readonly kubevela: 'stand-in' | 'real';
  readonly pods: 'real' | 'simulated';
}

export interface Environment {
  readonly place: Place;
  readonly stop: () => Promise<void>;
}

/** Brings up cluster, addon and controller. @throws Error saying what is missing */
export async function startEnvironment(): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), 'e2e-'));
  const undo: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const { place, end } = (await givenCluster()) ?? (await privateSandbox(join(directory, 'sandbox')));
    undo.push(end);
    await enableWithoutController({ kubeconfig: place.kubeconfig, directory: addon, vela: place.vela });
    const kubeconfig = join(directory, 'controller.kubeconfig');
    await writeControllerKubeconfig(kubectlOf(place.kubectl, place.kubeconfig), kubeconfig);
    const controller = await startController(kubeconfig, [
      '--api-address=127.0.0.1:0',
      '--api-requests-per-minute=100000',
      `--archive=${join(directory, 'archive.db')}`,
    ]);
    undo.push(() => controller.stop());
    return { place: { ...place, apiPort: controller.apiPort ?? 0 }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Started {
  readonly place: Omit<Place, 'apiPort'>;
  readonly end: () => Promise<void>;
}

async function givenCluster(): Promise<Started | undefined> {
  const kubeconfig = process.env['KUBECONFIG'];
  if (!kubeconfig) return undefined;
  const kubectl = await onPath('kubectl');
  if (kubectl === undefined)
    throw new Error(
      'KUBECONFIG is set, but kubectl is not on the PATH: install it, or unset KUBECONFIG to test in a sandbox.',
    );
  const place = {
    kubeconfig,
    kubectl,
    vela: velaAtHome() ?? (await onPath('vela')),
    kubevela: 'real' as const,
    pods: 'real' as const,
  };
  return { place, end: () => Promise.resolve() };
}

async function privateSandbox(dir: string): Promise<Started> {
  const vela = velaAtHome();
  const kubevela = vela === undefined ? 'stand-in' : 'real';
  const pods = process.getuid?.() === 0 ? 'real' : 'simulated';
  const sandbox = await startSandbox({ dir, nodes: pods, kubevela, progress: progressTo(process.stderr) });
  const { kubeconfig, kubectl } = sandbox;
  return { place: { kubeconfig, kubectl, vela, kubevela, pods }, end: () => sandbox.stop() };
}

function velaAtHome(): string | undefined {
  const home = process.env['KUBEVELA_HOME'];
  return home ? join(home, 'bin/vela') : undefined;
}
