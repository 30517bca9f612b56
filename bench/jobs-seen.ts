import type { Client } from '../controller/src/kube/client.ts';
import { jobs } from './objects.ts';

/** Sees the Jobs of a namespace appear, or end, by one watch. Times are performance.now(). */
export class JobsSeen {
  readonly #at = new Map<string, number>();
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #stopped = new AbortController();
  readonly #broken: Promise<never>;

  private constructor(client: Client, namespace: string, resourceVersion: string, ended: boolean) {
    this.#broken = this.#watch(client, namespace, resourceVersion, ended);
    this.#broken.catch(() => undefined); // whoever waits is told
  }

  /** Begins to watch; Jobs that are there already are not seen. With `ended` a Job is seen once it is complete. */
  static async in(client: Client, namespace: string, { ended = false } = {}): Promise<JobsSeen> {
    let version = '';
    for await (const page of client.list(jobs, { namespace })) version = page.resourceVersion;
    return new JobsSeen(client, namespace, version, ended);
  }

  /** The moments at which Jobs were seen, in order. */
  get times(): readonly number[] {
    return [...this.#at.values()];
  }

  /** When the Job was seen; waits for it. @throws Error when the watch breaks, or when it does not come in time */
  async at(name: string, seconds = 60): Promise<number> {
    const known = this.#at.get(name);
    if (known !== undefined) return known;
    const seen = new Promise<number>((resolve) => this.#waiting.set(name, resolve));
    return Promise.race([seen, this.#broken, lateness(`Job ${name}`, seen, seconds)]);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(client: Client, namespace: string, resourceVersion: string, ended: boolean): Promise<never> {
    for await (const { type, object } of client.watch(jobs, { namespace, resourceVersion, timeoutSeconds: 600, signal: this.#stopped.signal })) {
      const isComplete = object.status?.conditions?.some((condition) => condition.type === 'Complete' && condition.status === 'True');
      const { name } = object.metadata;
      if (!(ended ? isComplete : type === 'ADDED') || this.#at.has(name)) continue;
      const now = performance.now();
      this.#at.set(name, now);
      this.#waiting.get(name)?.(now);
      this.#waiting.delete(name);
    }
    throw new Error('the watch of Jobs ended');
  }
}

function lateness(what: string, instead: Promise<unknown>, seconds: number): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} was not seen within ${seconds} s`)), seconds * 1000);
    void instead.then(() => clearTimeout(timer));
  });
}
