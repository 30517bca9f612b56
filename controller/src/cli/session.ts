import type { Command } from 'commander';
import { messageOf } from '../domain/lang/words.ts';
import type { Client } from '../kube/client.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { CliError } from './errors.ts';
import type { Io } from './io.ts';

export const version = packageJson.version;

/** Options of every command. */
export interface GlobalOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly server?: string;
}

/** What a command works with. */
export interface Session {
  readonly client: Client;
  readonly io: Io;
  readonly namespace: string;
  /** Where the controller's REST API is, as --server says. */
  readonly server: string | undefined;
  /** What the program was called as: `task-runs`, or `kubectl task`. */
  readonly program: string;
}

/** Runs a command's work with a session opened by its options. */
export type Start = <Options extends object>(
  command: Command,
  work: (session: Session, options: Options & GlobalOptions) => Promise<number>,
) => Promise<void>;

/** Runs a command's work that asks no cluster. */
export type StartOffline = (work: (io: Io) => Promise<number>) => Promise<void>;

/** @throws CliError where the kubeconfig cannot be used */
export async function openSession(io: Io, program: string, options: GlobalOptions): Promise<Session> {
  const client = await openClient(options);
  return { client, io, program, server: options.server, namespace: options.namespace ?? client.namespace ?? 'default' };
}

async function openClient({ kubeconfig, context }: GlobalOptions): Promise<Client> {
  // Most of what the program is made of, and help, version and completion do without it.
  const { createClient } = await import('../kube/client.ts');
  try {
    return createClient({ kubeconfigPath: kubeconfig, context, userAgent: `task-runs-cli/${version}` });
  } catch (error) {
    const what = kubeconfig === undefined ? 'no kubeconfig can be read' : `the kubeconfig ${kubeconfig} cannot be read`;
    throw new CliError(`${what}: ${messageOf(error)}; name another with --kubeconfig or KUBECONFIG`, { cause: error });
  }
}
