import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

const main = fileURLToPath(new URL('../../dist/controller/main.js', import.meta.url));
const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
/** Node's flags and environment as in the image, so that what is tested and measured is what ships. */
const nodeFlags = dockerfile.match(/(?<=^ENTRYPOINT .*)--[\w-]+=\d+/gm) ?? [];
const imageEnv = Object.fromEntries(
  [...dockerfile.matchAll(/(?<=^ENV .*)\b(\w+)=(\w+)/gm)].map(([, name = '', value = '']) => [name, value]),
);
const mostLines = 2_000;

/** Those that still run: they end with the tests, also when a test timed out. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A line of the controller's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ControllerProcess {
  readonly pid: number;
  /** Of /healthz, /readyz and /metrics, on 127.0.0.1. */
  readonly port: number;
  /** The port of the REST API, if --api-address was given. */
  readonly apiPort: number | undefined;
  /** The last lines of its log. */
  readonly lines: readonly LogLine[];
  /** Resolves with its exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGKILL: it gets no chance to tidy up. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has stopped gracefully. */
  stop(): Promise<void>;
}

/**
 * Starts the bundled controller as its own process and waits until it acts.
 * @param until `started` for one that waits for its turn to lead
 * @param env beside the environment of the tests
 * @param program another version's, in the place of dist/controller/main.js
 */
export async function startController(
  kubeconfig: string,
  args: readonly string[] = [],
  until: 'leading' | 'started' = 'leading',
  env: Readonly<Record<string, string>> = {},
  program = main,
): Promise<ControllerProcess> {
  const child = spawn(
    process.execPath,
    [...nodeFlags, program, '--kubeconfig', kubeconfig, '--address', '127.0.0.1:0', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...imageEnv, ...env },
    },
  );
  const lines: LogLine[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  createInterface(child.stdout).on('line', (line) => {
    lines.push(JSON.parse(line) as LogLine);
    if (lines.length > mostLines) lines.shift();
  });
  running.add(child);
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    await exited;
  };
  try {
    const port = await eventually(
      `the controller says ${until}`,
      () => {
        if (child.exitCode !== null)
          throw new Error(`it ended with ${child.exitCode}: ${errors}${JSON.stringify(lines.at(-1))}`);
        if (!lines.some(({ msg }) => msg === until)) return undefined;
        return lines.find(({ msg }) => msg === 'started')?.['port'] as number | undefined;
      },
      { seconds: 60, everyMs: 20 },
    );
    const apiPort = lines.find(({ msg }) => msg === 'started')?.['apiPort'] as number | undefined;
    return {
      pid: child.pid ?? 0,
      port,
      apiPort,
      lines,
      exited,
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}
