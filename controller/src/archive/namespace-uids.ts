/** The UIDs of namespaces, for runs that are archived. */
import { BoundedMap } from '../kube/bounded-map.ts';
import type { Client } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { namespaces } from '../kube/resources.ts';

/** Shorter than a namespace takes to be deleted and created again, and a run in it to end. */
const rememberedMs = 1_000;
const mostNamespaces = 1_000;

/** Asks the cluster once a second for a namespace in which many runs end. */
export class NamespaceUids {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #known = new BoundedMap<string, { readonly until: number; readonly uid: Promise<string> }>(mostNamespaces);

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** @throws ApiError NotFound if the namespace does not exist, or if the cluster cannot be reached */
  of(namespace: string, signal: AbortSignal): Promise<string> {
    const now = this.#clock.monotonic();
    const known = this.#known.get(namespace);
    if (known !== undefined && known.until > now) return known.uid;
    const uid = this.#client.get(namespaces, { name: namespace }, { signal }).then(({ metadata }) => metadata.uid);
    this.#known.set(namespace, { until: now + rememberedMs, uid });
    uid.catch(() => {
      if (this.#known.get(namespace)?.uid === uid) this.#known.set(namespace, { until: now, uid });
    });
    return uid;
  }
}
