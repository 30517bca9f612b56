/** The watches of one process: what MemoryApi changed reaches the caches, when it is told to. */
import { createCaches, type Caches } from '../../cluster/caches.ts';
import type { Client } from '../../kube/client.ts';
import type { Informer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { labels } from '../../resources/index.ts';
import type { MemoryApi, Whole } from './memory-api.ts';

interface Watch {
  readonly plural: string;
  readonly informer: Informer<KubeObject>;
  readonly selects: (object: Whole) => boolean;
}

const isOurs = ({ metadata }: Whole) => metadata.labels?.[labels.run] !== undefined;

/** An event of that kind and reason. */
function isAbout(kind: string, reason: string) {
  return (event: Whole) =>
    event['reason'] === reason && (event['involvedObject'] as { kind?: string } | undefined)?.kind === kind;
}

export class Watches {
  readonly caches: Caches;
  readonly #api: MemoryApi;
  readonly #watches: readonly Watch[];
  #read = 0;

  /** As a process that has just listed everything. */
  constructor(api: MemoryApi, client: Client) {
    this.#api = api;
    const caches = createCaches({ client });
    this.caches = caches;
    const of = (plural: string, informer: unknown, selects: Watch['selects'] = () => true): Watch => ({
      plural,
      informer: informer as Informer<KubeObject>,
      selects,
    });
    this.#watches = [
      of('tasks', caches.tasks),
      of('taskruns', caches.runs),
      of('tasktemplates', caches.templates),
      of('nodes', caches.nodes),
      of('jobs', caches.jobs, isOurs),
      of('persistentvolumeclaims', caches.claims, isOurs),
      of('pods', caches.pods, (pod) => isOurs(pod) && (pod['status'] as { phase?: string }).phase !== 'Succeeded'),
      of('events', caches.podRefusals, isAbout('Job', 'FailedCreate')),
      of('events', caches.mountFailures, isAbout('Pod', 'FailedMount')),
      of('events', caches.attachFailures, isAbout('Pod', 'FailedAttachVolume')),
      of('events', caches.sandboxFailures, isAbout('Pod', 'FailedCreatePodSandBox')),
    ];
    for (const { plural, informer, selects } of this.#watches)
      for (const object of api.all(plural)) if (selects(object)) informer.observe(object);
    this.#read = api.changes.length;
  }

  /** Whether there is anything that they have not told yet. */
  get isBehind(): boolean {
    return this.#read < this.#api.changes.length;
  }

  /** Tells everything but the last `lag` changes. */
  tell(lag = 0): void {
    const until = Math.max(this.#read, this.#api.changes.length - lag);
    for (const { plural, type, object } of this.#api.changes.slice(this.#read, until)) {
      const { uid, resourceVersion } = object.metadata;
      for (const watch of this.#watches.filter((one) => one.plural === plural)) {
        // What no longer fits a selector is told as deleted.
        if (type === 'written' && watch.selects(object)) watch.informer.observe(object);
        else watch.informer.cache.remove(uid, resourceVersion);
      }
    }
    this.#read = until;
  }
}
