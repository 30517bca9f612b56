import { Command, InvalidArgumentError, Option } from 'commander';

/** What the controller is started with. Every field has a flag of the same name; see `--help`. */
export interface ControllerOptions {
  readonly kubeconfig?: string;
  /** The flag is `--namespace`, once for each. */
  readonly namespace?: readonly string[];
  readonly leaderElect: boolean;
  readonly leaderElectionNamespace: string;
  readonly podUid?: string;
  readonly workers: number;
  readonly address: string;
  readonly logLevel: string;
  readonly apiAddress?: string;
  readonly apiRequestsPerMinute: number;
  /** That of tokens which only read. */
  readonly apiAudience?: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly archive?: string;
  /** Who sees runs that were archived before UIDs of namespaces were stored. */
  readonly archiveOlderRuns: 'all-namespaces' | 'by-name';
  readonly archiveMaxAgeDays: number;
  readonly archiveMaxRuns: number;
  /** In bytes. */
  readonly archiveMaxSize: number;
  /** In bytes, of a run. */
  readonly archiveLogLimit: number;
}

/**
 * Reads the command line. On --help or an error it prints and ends the process, as commander does.
 *
 * @param argv as process.argv
 */
export function parseOptions(argv: readonly string[], version: string): ControllerOptions {
  return controllerCommand(version).parse(argv).opts<ControllerOptions>();
}

/** The controller's flags, as `--help` and docs/reference/flags.md list them. */
export function controllerCommand(version: string): Command {
  return new Command('task-runs-controller')
    .description('Runs Tasks: every trigger of a Task becomes a TaskRun with a Job of its own.')
    .version(version)
    .option('--kubeconfig <path>', "kubeconfig to use; KUBECONFIG, or the pod's service account, when left out")
    .option('--namespace <name...>', 'namespaces to watch; all when left out')
    .option('--leader-elect', 'act only while holding the Lease, so that several replicas may run', false)
    .option('--leader-election-namespace <namespace>', 'the namespace of the Lease', 'vela-system')
    .addOption(
      new Option(
        '--pod-uid <uid>',
        'the pod that it runs in; the Lease of a container that was killed in the same pod is taken over at once',
      ).env('POD_UID'),
    )
    .option('--workers <number>', 'Tasks reconciled at the same time', positiveInteger, 10)
    .option('--address <host:port>', 'the address of /healthz, /readyz and /metrics', ':8080')
    .option('--api-address <host:port>', 'the address of the REST API and the console; not served when left out')
    .option(
      '--api-requests-per-minute <number>',
      'of one person; a tenth of them may change something, and all service accounts of a namespace may send five times as many',
      positiveNumber,
      1_200,
    )
    .option(
      '--api-audience <name>',
      'audience of tokens that only read from the REST API, such as task-runs; the API server refuses them. No such tokens when left out',
      ownAudience,
    )
    .option(
      '--tls-cert-file <path>',
      'certificate of the REST API, as PEM; plain HTTP when left out. It and its key are read again when they change',
    )
    .option('--tls-private-key-file <path>', 'the key of that certificate, as PEM')
    .addOption(
      new Option(
        '--archive <file|url>',
        'the archive of finished runs: a SQLite file, or postgres://user:password@host/database; no archive when left out',
      ).env('TASK_RUNS_ARCHIVE'),
    )
    .addOption(
      new Option(
        '--archive-older-runs <who>',
        'who sees runs that were archived before the archive knew UIDs of namespaces: who may see all namespaces, or everybody who may see a namespace of that name',
      )
        .choices(['all-namespaces', 'by-name'])
        .default('all-namespaces'),
    )
    .option('--archive-max-age-days <number>', 'delete archived runs that are older', positiveNumber, 90)
    .option('--archive-max-runs <number>', 'the most archived runs; the oldest are deleted', positiveNumber, 1_000_000)
    .option(
      '--archive-max-size <quantity>',
      "the archive's largest size, such as 8Gi; the oldest runs are deleted",
      quantity,
      8 * 1024 ** 3,
    )
    .option(
      '--archive-log-limit <quantity>',
      "how much of a run's logs to archive, such as 1Mi; the end is kept",
      quantity,
      1024 ** 2,
    )
    .addOption(
      new Option('--log-level <level>', 'the lowest level that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    );
}

/** Letters, digits and what addresses have, so that it is the same word in a flag, a manifest and a message. */
const audiences = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,252}$/;
/** What the API server calls itself where nobody gave it another name. */
const usualNames = /^(https:\/\/)?kubernetes\.default(\.svc(\.cluster\.local)?)?\/?$/;

function ownAudience(text: string): string {
  if (!audiences.test(text))
    throw new InvalidArgumentError(
      'write a name such as task-runs: letters, digits and . _ : / -, the first a letter or digit, at most 253',
    );
  if (usualNames.test(text)) throw new InvalidArgumentError(audienceOfApiServer);
  return text;
}

export const audienceOfApiServer =
  'that is the audience of the API server, so its tokens would not only read: write a name of your own, such as task-runs';

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError('write a whole number from 1 to 1000');
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('write a number above 0');
  return value;
}

const units: Readonly<Record<string, number>> = { '': 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };

/** As Kubernetes writes sizes. */
function quantity(text: string): number {
  const [, number, unit = ''] = /^(\d{1,15})(Ki|Mi|Gi|Ti)?$/.exec(text) ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined || Number(number) === 0)
    throw new InvalidArgumentError('write a size such as 512Ki, 1Mi or 8Gi');
  return Number(number) * factor;
}
