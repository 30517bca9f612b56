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

/** What every command is given. */
export interface Session {
  readonly client: Client;
  readonly io: Io;
  readonly namespace: string;
  /** The controller's REST API, from --server. */
  readonly server: string | undefined;
  /** The name that the program was called by: `task-runs`, or `kubectl task`. */
  readonly program: string;
}

/** Runs a command's work with a session opened by its options. */
export type Start = <Options extends object>(
  command: Command,
  work: (session: Session, options: Options & GlobalOptions) => Promise<number>,
) => Promise<void>;

/** Runs a command's work that asks no cluster. */
export type StartOffline = (work: (io: Io) => Promise<number>) => Promise<void>;

/** @throws CliError if the kubeconfig cannot be used */
export async function openSession(io: Io, program: string, options: GlobalOptions): Promise<Session> {
  const client = await openClient(options);
  return { client, io, program, server: options.server, namespace: options.namespace ?? client.namespace ?? 'default' };
}

async function openClient({ kubeconfig, context }: GlobalOptions): Promise<Client> {
  // Loaded only here: it is most of the program, and help, version and completion do not need it.
  const { createClient } = await import('../kube/client.ts');
  try {
    return createClient({ kubeconfigPath: kubeconfig, context, userAgent: `task-runs-cli/${version}` });
  } catch (error) {
    throw new CliError(`${messageOf(error)}; name another with --kubeconfig or KUBECONFIG`, { cause: error });
  }
}
