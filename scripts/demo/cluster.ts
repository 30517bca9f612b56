import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

const run = promisify(execFile);

/** What the demo reads of any object. */
export interface DemoObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation?: number; readonly labels?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly message?: string;
    readonly phase?: string;
    readonly services?: readonly { readonly healthy: boolean; readonly message?: string; readonly details?: Readonly<Record<string, string>> }[];
  };
}

export interface DemoCluster {
  kubectl(args: readonly string[], input?: string): Promise<string>;
  list(kind: string, selector: string): Promise<readonly DemoObject[]>;
}

export function clusterOf(kubectl: string, kubeconfig: string): DemoCluster {
  const call = async (args: readonly string[], input = ''): Promise<string> => {
    const running = run(kubectl, [`--kubeconfig=${kubeconfig}`, ...args], { maxBuffer: 16 << 20 });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  return {
    kubectl: call,
    list: async (kind, selector) => (JSON.parse(await call(['get', kind, '-l', selector, '-o', 'json'])) as { items: DemoObject[] }).items,
  };
}

/**
 * Asks every half second until there is an answer.
 * @throws Error naming what did not come
 */
export async function waitFor<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s in vain: ${what}.`);
    await delay(500);
  }
}
