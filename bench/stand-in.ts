import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../sandbox/src/kubevela/main.ts', import.meta.url));

/** The stand-in for KubeVela as a process of its own. */
export interface StandInProcess {
  stop(): Promise<void>;
}

/**
 * Starts it and waits until it looks after Applications. It installs KubeVela's kinds, which stay.
 * @param signal kills it
 * @throws Error with its last words when it ends before
 */
export async function startStandIn(kubeconfig: string, signal: AbortSignal): Promise<StandInProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', main, '--kubeconfig', kubeconfig], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
  const exited = once(child, 'exit').finally(() => signal.removeEventListener('abort', kill));
  const lines = createInterface(child.stdout);
  const ready = new Promise<void>((resolve) =>
    lines.on('line', (line) => line.includes('looking after Applications') && resolve()),
  );
  await Promise.race([
    ready,
    exited.then(() => {
      throw new Error(`the stand-in for KubeVela ended: ${words}`);
    }),
  ]);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
