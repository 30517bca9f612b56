/**
 * A private cluster with the addon's resources: for tests of the controller against a real API server, without KubeVela
 * or with its stand-in.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { createClient, type Client } from '../../controller/src/kube/client.ts';
import type { JsonObject } from '../../cue/ts/index.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/src/sandbox.ts';
import type { Kubevela, Nodes } from '../../sandbox/src/settings.ts';
import { objectsOf } from '../../scripts/addon-files.ts';
import { writeControllerKubeconfig } from '../../scripts/controller-kubeconfig.ts';
import { enableWithoutController } from '../../scripts/enable-addon.ts';
import { kubectlOf, type Kubectl } from '../../scripts/kubectl.ts';
import { renderedAddon } from './rendered-addon.ts';

/** The addon of this checkout, as `make addon` assembles it. */
export const addonDirectory = fileURLToPath(new URL('../../dist/task-runs', import.meta.url));

export interface Cluster {
  readonly sandbox: Sandbox;
  readonly directory: string;
  /** Cluster admin. */
  readonly client: Client;
  readonly kubectl: Kubectl;
  /** The addon's own service account, for what nobody else may write. */
  readonly asController: Client;
  /** A kubeconfig for the addon's own service account, so that its rights are what is tested. */
  readonly controllerKubeconfig: string;
  stop(): Promise<void>;
}

export interface ClusterOptions extends Pick<SandboxOptions, 'controllerCallsPerSecond' | 'audit'> {
  readonly nodes?: Nodes;
  readonly nodeCount?: number;
  /**
   * `stand-in`, or the `real` one of KUBEVELA_HOME: the addon is enabled, with its definitions; else its objects are
   * created and nobody looks after Applications.
   */
  readonly kubevela?: Kubevela;
  /** An assembled addon in the place of dist/task-runs. */
  readonly addon?: string;
}

/** Starts a cluster and puts everything of an addon into it but the Deployment. */
export async function startCluster({
  nodes = 'none',
  nodeCount = 1,
  kubevela = 'none',
  addon = addonDirectory,
  ...rest
}: ClusterOptions = {}): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'task-runs-'));
  const sandbox = await startSandbox({ dir: join(directory, 'sandbox'), nodes, nodeCount, kubevela, ...rest });
  const kubectl = kubectlOf(sandbox.kubectl, sandbox.kubeconfig);
  const client = createClient({ kubeconfigPath: sandbox.kubeconfig, userAgent: 'test' });
  await (kubevela === 'none'
    ? installAddon(kubectl, addon)
    : enableWithoutController({ kubeconfig: sandbox.kubeconfig, directory: addon, vela: velaOf(kubevela) }));
  const controllerKubeconfig = join(directory, 'controller.kubeconfig');
  await writeControllerKubeconfig(kubectl, controllerKubeconfig);
  const asController = createClient({ kubeconfigPath: controllerKubeconfig, userAgent: 'test' });
  return {
    sandbox,
    directory,
    client,
    kubectl,
    asController,
    controllerKubeconfig,
    async stop() {
      await asController.close();
      await client.close();
      await sandbox.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Puts everything of an assembled addon into a cluster but the Deployment, or in the place of what an earlier version
 * has put there.
 *
 * @returns the objects, as they were applied
 */
export async function installAddon(kubectl: Kubectl, directory: string): Promise<readonly JsonObject[]> {
  const application = await renderedAddon(directory);
  const objects = ['task-runs-resources', 'task-runs-controller'].flatMap((component) => [
    ...objectsOf(application, component),
  ]);
  const namespace: JsonObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vela-system' } };
  const all = [namespace, ...objects].filter(({ kind }) => kind !== 'Deployment');
  // kubectl takes many documents at once, and the API server knows a CRD only a moment after it was created.
  const text = (kinds: (kind: unknown) => boolean) =>
    all
      .filter(({ kind }) => kinds(kind))
      .map((object) => stringify(object))
      .join('---\n');
  const isCrd = (kind: unknown) => kind === 'CustomResourceDefinition';
  await kubectl(['apply', '--server-side', '-f', '-'], { input: text(isCrd) });
  await kubectl(['wait', '--for=condition=Established', 'crd/tasks.task.oam.dev', 'crd/taskruns.task.oam.dev']);
  await kubectl(['apply', '--server-side', '-f', '-'], { input: text((kind) => !isCrd(kind)) });
  return all;
}

/** KubeVela's own command line; the stand-in has none. */
function velaOf(kubevela: Kubevela): string | undefined {
  return kubevela === 'real' ? join(process.env['KUBEVELA_HOME'] ?? '', 'bin/vela') : undefined;
}
