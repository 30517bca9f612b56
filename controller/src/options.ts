import { Command, InvalidArgumentError, Option } from 'commander';

/** What the controller is started with. Every field has a flag of the same name; see `--help`. */
export interface ControllerOptions {
  readonly kubeconfig?: string;
  /** The flag is `--namespace`, once for each. */
  readonly namespace?: readonly string[];
  readonly leaderElect: boolean;
  readonly leaderElectionNamespace: string;
  readonly workers: number;
  readonly address: string;
  readonly logLevel: string;
}

/**
 * Reads the command line. Prints the help or what is wrong, and ends the process, as commander does.
 *
 * @param argv as process.argv
 */
export function parseOptions(argv: readonly string[], version: string): ControllerOptions {
  return new Command('task-runs-controller')
    .description('Runs Tasks: every trigger of a Task becomes a TaskRun with a Job of its own.')
    .version(version)
    .option('--kubeconfig <path>', 'kubeconfig to use; KUBECONFIG, or the pod\'s service account, when left out')
    .option('--namespace <name...>', 'namespaces to watch; all when left out')
    .option('--leader-elect', 'act only while holding the Lease, so that several replicas may run', false)
    .option('--leader-election-namespace <namespace>', 'where the Lease is', 'vela-system')
    .option('--workers <number>', 'Tasks reconciled at the same time', positiveInteger, 10)
    .option('--address <host:port>', 'where /healthz, /readyz and /metrics are served', ':8080')
    .addOption(new Option('--log-level <level>', 'least level that is logged').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .parse(argv)
    .opts<ControllerOptions>();
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('write a whole number from 1 to 1000');
  return value;
}
