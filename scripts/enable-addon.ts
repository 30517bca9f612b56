import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '../controller/src/kube/client.ts';
import { disableAddon, enableAddon } from '../sandbox/src/kubevela/addon.ts';

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
export function enableWithoutController(options: EnableOptions): Promise<void> {
  return enable(options, { replicas: 0 });
}

/**
 * `vela addon enable DIRECTORY name=value ...`
 * @throws Error with what vela said, or with the step that failed
 */
export async function enable(
  { kubeconfig, directory, vela }: EnableOptions,
  parameters: Readonly<Record<string, string | number>>,
): Promise<void> {
  if (vela !== undefined) return enableByVela(vela, kubeconfig, directory, parameters);
  const client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'task-runs-setup' });
  await enableAddon(client, { directory, parameters }).finally(() => client.close());
}

/** vela says in words whether it succeeded; its exit code is 0 either way. */
async function enableByVela(vela: string, kubeconfig: string, directory: string, parameters: object): Promise<void> {
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`);
  const { stdout } = await run(vela, ['addon', 'enable', directory, ...values], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  if (!stdout.includes('enabled successfully')) throw new Error(`vela addon enable ${directory}: ${stdout.trim()}`);
}

/**
 * `vela addon disable task-runs`, with `-f` where it is forced.
 * @throws Error with what vela said, or with the Applications that still use the addon where it is not forced
 */
export async function disable(
  { kubeconfig, vela }: Omit<EnableOptions, 'directory'>,
  { force }: { readonly force: boolean },
): Promise<void> {
  if (vela !== undefined) {
    const args = ['addon', 'disable', 'task-runs', ...(force ? ['-f'] : [])];
    await run(vela, args, { env: { ...process.env, KUBECONFIG: kubeconfig } });
    return;
  }
  const client = createClient({ kubeconfigPath: kubeconfig, userAgent: 'task-runs-setup' });
  await disableAddon(client, 'task-runs', { force }).finally(() => client.close());
}
