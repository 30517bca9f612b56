import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { kubectlOf, type Kubectl } from '../kubectl.ts';

/** What the demo reads of any object. */
export interface DemoObject {
  readonly metadata: ObjectMeta & { readonly name: string };
  readonly status?: {
    /** An Application's status; `status` is its phase. */
    readonly status?: string;
    readonly latestRevision?: { readonly revision: number };
    readonly message?: string;
    readonly phase?: string;
    readonly services?: readonly {
      readonly healthy: boolean;
      readonly message?: string;
      readonly details?: Readonly<Record<string, string>>;
    }[];
  };
}

export interface DemoCluster {
  readonly kubectl: Kubectl;
  get(kind: string, name: string): Promise<DemoObject>;
  list(kind: string, selector: string): Promise<readonly DemoObject[]>;
}

export function clusterOf(kubectl: string, kubeconfig: string): DemoCluster {
  const call = kubectlOf(kubectl, kubeconfig);
  return {
    kubectl: call,
    get: async (kind, name) => JSON.parse(await call(['get', kind, name, '-o', 'json'])) as DemoObject,
    list: async (kind, selector) =>
      (
        JSON.parse(await call(['get', kind, '-l', selector, '--show-managed-fields', '-o', 'json'])) as {
          items: DemoObject[];
        }
      ).items,
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
