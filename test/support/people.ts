/** Whoever a test is: what `kubectl --as` does, without a process for each call. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { createClient, type Client } from '../../controller/src/kube/client.ts';

export interface People {
  /** A client that acts as that user, without groups; as the kubeconfig's own where nobody is named. */
  as(user: string | undefined): Client;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

/**
 * @param kubeconfig of somebody who may impersonate them all
 * @param directory where a kubeconfig for each of them is written
 */
export async function openPeople(
  kubeconfig: string,
  { users, directory }: { readonly users: readonly string[]; readonly directory: string },
): Promise<People> {
  const written = parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
  const clients = new Map([[undefined as string | undefined, open(kubeconfig)]]);
  for (const [index, as] of users.entries()) {
    const path = join(directory, `person-${index}.kubeconfig`);
    const acting = { ...written, users: written.users.map((entry) => ({ ...entry, user: { ...entry.user, as } })) };
    await writeFile(path, stringify(acting), { mode: 0o600 });
    clients.set(as, open(path));
  }
  return {
    as(user) {
      const client = clients.get(user);
      if (!client) throw new Error(`openPeople was not given ${user}`);
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

const open = (kubeconfigPath: string): Client => createClient({ kubeconfigPath, userAgent: 'test' });
