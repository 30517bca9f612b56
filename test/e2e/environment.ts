/**
 * Where the end-to-end tests run:
 * - `KUBECONFIG` is set: that cluster, which has a KubeVela. `vela` is taken from KUBEVELA_HOME or the PATH.
 * - `KUBEVELA_HOME` is set: a private sandbox with that KubeVela.
 * - else: a private sandbox with the stand-in.
 *
 * As root a sandbox's pods really run, and the controller is one of them, as people run it: the addon's own Deployment,
 * with the image of scripts/image, reached by `kubectl port-forward`. Without root, in a given cluster, and with
 * CONTROLLER=beside, the addon is enabled from dist/task-runs with no controller of its own (replicas=0), and the
 * bundled one runs beside the tests as the addon's service account: no image has to be where the cluster pulls from.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progressTo } from '../../sandbox/src/progress.ts';
import { onPath } from '../../sandbox/src/machine/requirements.ts';
import { startSandbox } from '../../sandbox/src/sandbox.ts';
import { startInCluster, buildNamedImage, type NamedImage } from '../../scripts/controller-in-cluster.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { controllerPlace } from '../../scripts/controller-place.ts';
import { enableWithoutController } from '../../scripts/enable-addon.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { forwardToApi } from '../../scripts/port-forward.ts';
import { startController } from '../support/controller-process.ts';

const addon = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));

/** What a test needs to know of where it runs. */
export interface Place {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** KubeVela's command line, where there is one. */
  readonly vela: string | undefined;
  /** The port of the controller's REST API on 127.0.0.1. */
  readonly apiPort: number;
  readonly controller: 'in-cluster' | 'beside';
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
    const { place, end, inCluster } = (await givenCluster()) ?? (await privateSandbox(directory));
    undo.push(end);
    const controller = await (inCluster === undefined ? startBeside(place, directory) : startAsPod(place, inCluster));
    undo.push(controller.stop);
    const where = inCluster === undefined ? 'beside' : 'in-cluster';
    return { place: { ...place, apiPort: controller.apiPort, controller: where }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Started {
  readonly place: Omit<Place, 'apiPort' | 'controller'>;
  /** What runs the controller in the cluster; undefined where it runs beside it. */
  readonly inCluster?: { readonly image: NamedImage; readonly load: (archive: string) => Promise<void> };
  readonly end: () => Promise<void>;
}

interface StartedController {
  readonly apiPort: number;
  readonly stop: () => Promise<void>;
}

async function startAsPod(
  { kubeconfig, kubectl, vela }: Started['place'],
  inCluster: NonNullable<Started['inCluster']>,
): Promise<StartedController> {
  const call = kubectlOf(kubectl, kubeconfig);
  await startInCluster({ kubeconfig, kubectl: call, vela, directory: addon, ...inCluster });
  const forward = await forwardToApi(kubectl, kubeconfig);
  const stop = async (): Promise<void> => {
    forward.stop();
    await reportRestarts(call);
  };
  return { apiPort: forward.port, stop };
}

/** A controller that was killed comes back, and tests may pass or fail because of it: whoever reads them must know. */
async function reportRestarts(kubectl: Kubectl): Promise<void> {
  const state = '{.restartCount} {.lastState.terminated.reason} {.lastState.terminated.exitCode}';
  const path = `{range .items[*].status.containerStatuses[?(@.restartCount>0)]}${state}{end}`;
  const ofController = ['--namespace=vela-system', '--selector=app.kubernetes.io/name=task-runs'];
  const restarts = await kubectl(['get', 'pods', ...ofController, `--output=jsonpath=${path}`]);
  if (restarts !== '') console.error(`The controller's container was started again (how often, why): ${restarts}`);
}

async function startBeside(place: Started['place'], directory: string): Promise<StartedController> {
  await enableWithoutController({ kubeconfig: place.kubeconfig, directory: addon, vela: place.vela });
  const kubeconfig = join(directory, 'controller.kubeconfig');
  await writeControllerKubeconfig(kubectlOf(place.kubectl, place.kubeconfig), kubeconfig);
  const controller = await startController(kubeconfig, [
    '--api-address=127.0.0.1:0',
    `--archive=${join(directory, 'archive.db')}`,
  ]);
  return { apiPort: controller.apiPort ?? 0, stop: () => controller.stop() };
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

async function privateSandbox(directory: string): Promise<Started> {
  const vela = velaAtHome();
  const kubevela = vela === undefined ? 'stand-in' : 'real';
  const pods = process.getuid?.() === 0 ? 'real' : 'simulated';
  const isInCluster = controllerPlace(pods) === 'in-cluster';
  const [sandbox, image] = await Promise.all([
    startSandbox({ dir: join(directory, 'sandbox'), nodes: pods, kubevela, progress: progressTo(process.stderr) }),
    isInCluster ? buildNamedImage() : undefined,
  ]);
  const { kubeconfig, kubectl } = sandbox;
  return {
    place: { kubeconfig, kubectl, vela, kubevela, pods },
    ...(image && { inCluster: { image, load: (archive: string) => sandbox.load(archive) } }),
    end: () => sandbox.stop(),
  };
}

function velaAtHome(): string | undefined {
  const home = process.env['KUBEVELA_HOME'];
  return home ? join(home, 'bin/vela') : undefined;
}
