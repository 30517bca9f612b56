/** Somebody who may write all objects of a namespace, and carries moves out. */
import type { Ledger } from './ledger.ts';
import type { MemoryApi, Whole } from './memory-api.ts';
import { changed, type Move } from './tampering.ts';

export class Somebody {
  /** What they did, in words. */
  readonly deeds: string[] = [];
  readonly #api: MemoryApi;
  readonly #ledger: Ledger;
  /** The name that the controller is likely to want next. */
  readonly #nextName: () => string;
  readonly #graves: { readonly of: string; readonly object: Whole }[] = [];
  #made = 0;

  constructor(api: MemoryApi, ledger: Ledger, nextName: () => string) {
    this.#api = api;
    this.#ledger = ledger;
    this.#nextName = nextName;
  }

  tamper(next: Move): void {
    const { of, how } = next;
    if (how === 'restore') return this.#restore(next);
    if (of === 'events' && this.#made % 2 === 0) this.#forge();
    const objects = this.#api.all(of);
    const object = objects[next.pick % Math.max(1, objects.length)];
    // Who deletes the Task wants no runs.
    if (!object || (of === 'tasks' && how !== 'change')) return;
    this.#ledger.spoil(of, object);
    if (how === 'change') return this.#change(of, object, next);
    if (how === 'copy') return this.#make(of, object, this.#nameOfCopy());
    this.deeds.push(`${how} ${of} ${object.metadata.name}`);
    this.#graves.push({ of, object });
    this.#api.delete(of, object.metadata.name, how === 'orphan');
  }

  #change(of: string, object: Whole, next: Move): void {
    const others = this.#api.all(of).filter((other) => other !== object);
    const { what, object: wanted } = changed(object, next, others);
    // A Task that the garbage collector removes is as good as deleted.
    if (of === 'tasks' && what.startsWith('metadata.ownerReferences')) return;
    if (this.#api.write(of, wanted)) this.deeds.push(`${of} ${object.metadata.name}: ${what}`);
  }

  #nameOfCopy(): string {
    this.#made += 1;
    return this.#made % 2 === 0 ? `look-alike-${this.#made}` : this.#nextName();
  }

  #restore({ of, pick }: Move): void {
    const graves = this.#graves.filter((grave) => grave.of === of);
    const grave = graves[pick % Math.max(1, graves.length)];
    if (grave) this.#make(of, grave.object, grave.object.metadata.name);
  }

  /** Another object with the same content, as a backup brings it. */
  #make(of: string, { status: _status, metadata, ...written }: Whole, name: string): void {
    const { labels = {}, ownerReferences = [] } = metadata;
    const made = this.#api.create(of, { ...written, metadata: { name, labels, ownerReferences } });
    if (!made) return;
    this.#ledger.spoiled.add(made.metadata.uid);
    this.#ledger.spoil(of, made);
    this.deeds.push(`${of} ${name}: a copy of ${metadata.name}`);
  }

  #forge(): void {
    this.#made += 1;
    const jobs = this.#api.all('jobs');
    const job = jobs[this.#made % Math.max(1, jobs.length)];
    if (!job) return;
    const { name, uid } = job.metadata;
    this.#ledger.spoil('jobs', job);
    this.#api.create('events', {
      kind: 'Event',
      metadata: { name: `forged-${this.#made}` },
      involvedObject: { kind: 'Job', name, uid },
      reason: 'FailedCreate',
      type: 'Warning',
      message: 'FORGED',
    });
    this.deeds.push(`an event of ${name}`);
  }
}
