import { writeFile } from 'node:fs/promises';

interface Kubeconfig {
  readonly users: { user: object }[];
}

/**
 * Writes a kubeconfig for the addon's own service account, so that a controller outside the cluster has exactly the
 * rights that one inside has. It is good for a day.
 *
 * @param kubectl runs kubectl as somebody who may create tokens, and gives what it printed
 * @param path where to write; readable by nobody else
 */
export async function writeControllerKubeconfig(
  kubectl: (args: readonly string[]) => Promise<string>,
  path: string,
): Promise<void> {
  const token = (await kubectl(['create', 'token', 'task-runs', '--namespace=vela-system', '--duration=24h'])).trim();
  const config = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '--output=json']),
  ) as Kubeconfig;
  const ours = { ...config, users: config.users.map((entry) => ({ ...entry, user: { token } })) };
  await writeFile(path, JSON.stringify(ours), { mode: 0o600 });
}
