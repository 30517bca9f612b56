/** The command line as people run it: the bundled file, as a process. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/cli/task-runs.js', import.meta.url));
const mostMs = 120_000;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Cli = (...args: readonly string[]) => Promise<CliResult>;

/**
 * Runs it against one cluster, and one namespace of it. There is no terminal.
 * @param environment beside this process' own
 */
export function cliOf(kubeconfig: string, namespace: string, environment: Readonly<Record<string, string>> = {}): Cli {
  return (...args) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [program, '--kubeconfig', kubeconfig, '-n', namespace, ...args],
        { maxBuffer: 64 << 20, timeout: mostMs, env: { ...process.env, ...environment } },
        (error, stdout, stderr) => {
          if (child.exitCode === null)
            reject(new Error(`task-runs ${args.join(' ')} did not end by itself: ${stderr}`, { cause: error }));
          else resolve({ code: child.exitCode, stdout, stderr });
        },
      );
      child.stdin?.end();
    });
}

/** One that goes on until somebody ends it. */
export interface RunningCli {
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once it ended by itself, with the code that it exits with, or null where a signal ended it. */
  ended(): Promise<number | null>;
  /** As Ctrl-C does; resolves with the code that it exits with, or null where the signal ended it. */
  interrupt(): Promise<number | null>;
}

/** Starts it like {@link cliOf}, and lets it run. */
export function startCli(
  kubeconfig: string,
  namespace: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCli {
  const child = spawn(process.execPath, [program, '--kubeconfig', kubeconfig, '-n', namespace, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended: async () => (await closed)[0],
    async interrupt() {
      child.kill('SIGINT');
      return (await closed)[0];
    },
  };
}
