import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '../controller/src/kube/client.ts';
import { enableAddon } from '../sandbox/src/kubevela/addon.ts';

const run = promisify(execFile);

export interface EnableOptions {
  readonly kubeconfig: string;
  /** Such as dist/task-runs. */
  readonly directory: string;
  /** KubeVela's command line; without it we do what it does. */
  readonly vela: string | undefined;
}

/**
 * Enables the addon without a controller in the cluster, for one that runs outside: `vela addon enable dist/task-runs
 * replicas=0`.
 * @throws Error with what vela said, or with the step that failed
 */
export async function enableWithoutController({ kubeconfig, directory, vela }: EnableOptions): Promise<void> {
  if (vela !== undefined) return enableByVela(vela, kubeconfig, directory);
  const client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'task-runs-setup' });
  await enableAddon(client, { directory, parameters: { replicas: 0 } }).finally(() => client.close());
}

/** vela says in words whether it succeeded; its exit code is 0 either way. */
async function enableByVela(vela: string, kubeconfig: string, directory: string): Promise<void> {
  const { stdout } = await run(vela, ['addon', 'enable', directory, 'replicas=0'], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  if (!stdout.includes('enabled successfully')) throw new Error(`vela addon enable ${directory}: ${stdout.trim()}`);
}
