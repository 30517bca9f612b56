import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KubectlOptions {
  /** Impersonate this user. */
  readonly as?: string | undefined;
  /** An object, or text, for standard input. */
  readonly input?: unknown;
}

export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<string>;

/** Runs kubectl against one cluster. Rejects with what kubectl printed. */
export function kubectlOf(kubectl: string, kubeconfig: string): Kubectl {
  return async (args, { as, input } = {}) => {
    const running = run(kubectl, [`--kubeconfig=${kubeconfig}`, ...(as === undefined ? [] : [`--as=${as}`]), ...args], {
      maxBuffer: 64 << 20,
    });
    // One that is done before it was written to has not read it: how it ended says the rest.
    running.child.stdin?.on('error', () => undefined);
    running.child.stdin?.end(typeof input === 'string' ? input : input === undefined ? '' : JSON.stringify(input));
    return (await running).stdout;
  };
}
