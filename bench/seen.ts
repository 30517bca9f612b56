import type { Client } from '../controller/src/kube/client.ts';
import type { KubeObject, ResourceType, Stored } from '../controller/src/kube/objects.ts';

/** What is seen of an object, such as its name once it has ended; undefined where there is nothing to note. */
export type SeenAs<T extends KubeObject> = (
  object: Stored<T>,
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
) => string | undefined;

/** Notes by a watch of a kind in a namespace when something was seen first. Times are performance.now(). */
export class Seen<T extends KubeObject> {
  readonly #at = new Map<string, number>();
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #stopped = new AbortController();
  readonly #broken: Promise<never>;
  readonly #what: string;
  #failure: Error | undefined;

  private constructor(
    client: Client,
    type: ResourceType<T>,
    selection: { readonly namespace: string; readonly resourceVersion: string },
    as: SeenAs<T>,
  ) {
    this.#what = type.kind;
    this.#broken = this.#watch(client, type, selection, as);
    this.#broken.catch((error: Error) => (this.#failure = error)); // whoever waits, or asks, is told
  }

  /** Begins to watch; what is there already is not seen until it changes. */
  static async of<T extends KubeObject>(
    client: Client,
    type: ResourceType<T>,
    namespace: string,
    as: SeenAs<T>,
  ): Promise<Seen<T>> {
    let resourceVersion = '';
    for await (const page of client.list(type, { namespace })) resourceVersion = page.resourceVersion;
    return new Seen(client, type, { namespace, resourceVersion }, as);
  }

  /** The moments at which something was seen first, in order. @throws Error when the watch broke */
  get times(): readonly number[] {
    if (this.#failure && !this.#stopped.signal.aborted) throw this.#failure;
    return [...this.#at.values()];
  }

  /** When it was seen; waits for it. @throws Error when the watch breaks, or when it does not come in time */
  async at(name: string, seconds = 60): Promise<number> {
    const known = this.#at.get(name);
    if (known !== undefined) return known;
    const seen = new Promise<number>((resolve) => this.#waiting.set(name, resolve));
    return Promise.race([seen, this.#broken, lateness(`${this.#what} ${name}`, seen, seconds)]);
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** The API server ends a watch after a while; then the next one begins where it ended. */
  async #watch(
    client: Client,
    type: ResourceType<T>,
    { namespace, resourceVersion }: { readonly namespace: string; readonly resourceVersion: string },
    as: SeenAs<T>,
  ): Promise<never> {
    const { signal } = this.#stopped;
    let last = resourceVersion;
    while (!signal.aborted) {
      const options = { namespace, resourceVersion: last, timeoutSeconds: 600, signal };
      for await (const { type: change, object } of client.watch(type, options)) {
        last = object.metadata.resourceVersion;
        const name = change === 'BOOKMARK' ? undefined : as(object, change);
        if (name !== undefined) this.#note(name);
      }
    }
    throw new Error(`the watch of ${this.#what}s was stopped`);
  }

  #note(name: string): void {
    if (this.#at.has(name)) return;
    const now = performance.now();
    this.#at.set(name, now);
    this.#waiting.get(name)?.(now);
    this.#waiting.delete(name);
  }
}

function lateness(what: string, instead: Promise<unknown>, seconds: number): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} was not seen within ${seconds} s`)), seconds * 1000);
    void instead.then(() => clearTimeout(timer));
  });
}
