/** The command line as people run it: the bundled file, as a process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/cli/task-runs.js', import.meta.url));
const mostMs = 120_000;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Cli = (...args: readonly string[]) => Promise<CliResult>;

/** Runs it against one cluster, and one namespace of it. There is no terminal. */
/** @param environment beside this process' own */
export function cliOf(kubeconfig: string, namespace: string, environment: Readonly<Record<string, string>> = {}): Cli {
  return (...args) =>
    new Promise((resolve, reject) => {
      const child = execFile(process.execPath, [program, '--kubeconfig', kubeconfig, '-n', namespace, ...args], { maxBuffer: 64 << 20, timeout: mostMs, env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
        if (child.exitCode === null) reject(new Error(`task-runs ${args.join(' ')} did not end by itself: ${stderr}`, { cause: error }));
        else resolve({ code: child.exitCode, stdout, stderr });
      });
      child.stdin?.end();
    });
}
