import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface PortForward {
  /** On 127.0.0.1. */
  readonly port: number;
  stop(): void;
}

/**
 * `kubectl port-forward` to the Service of the REST API and the console.
 * @param kubectl the program
 * @throws Error with what kubectl said instead
 */
export async function forwardToApi(kubectl: string, kubeconfig: string): Promise<PortForward> {
  const child = spawn(
    kubectl,
    [`--kubeconfig=${kubeconfig}`, 'port-forward', '--namespace=vela-system', 'service/task-runs', ':8090'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  const lines = createInterface(child.stdout);
  const [line = ''] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])) as [string?];
  const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
  if (port === undefined) {
    child.kill();
    throw new Error(`kubectl port-forward service/task-runs: ${line}${errors}`);
  }
  // A pipe that nobody reads fills up, and then kubectl waits.
  lines.on('line', () => undefined);
  return { port: Number(port), stop: () => void child.kill() };
}
