import type { Event } from 'kubernetes-types/core/v1.js';
import { isNotFound, isNamespaceTerminating } from './api-error.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Client } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './objects.ts';
import { events } from './resources.ts';

/** What is recorded on an object. */
export interface Occurrence {
  type: 'Normal' | 'Warning';
  /** One CamelCase word, for machines. */
  reason: string;
  /** One sentence, for people. */
  message: string;
}

export interface EventRecorderOptions {
  client: Client;
  /** The program, as `kubectl describe` shows it under From. */
  component: string;
  /** Which of several processes. */
  instance: string;
  /** An event that could not be written. */
  onError?: ((error: unknown) => void) | undefined;
  /** An event that was left out: its object's budget is spent, or too many are waiting. */
  onDropped?: ((reason: string) => void) | undefined;
  clock?: Clock | undefined;
}

/** The API server's limit for messages of events.k8s.io, and what kubectl shows in good order. */
const LONGEST_MESSAGE = 1_024;
/** An event that repeats within this time is counted up instead of created again; client-go's aggregation interval. */
const SAME_WITHIN_MS = 600_000;
/** client-go's budget for each object: 25 at once, then one in 5 minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
const MOST_REMEMBERED = 4_096;
const MOST_WAITING = 1_000;

/** An event in the cluster, or on its way there. */
interface Series {
  event: Event;
  /** True once the API server has it. */
  stored: boolean;
  lastAt: number;
}

/**
 * Writes core/v1 Events, one call at a time and never in the caller's way: a lost event is logged, not an error.
 * The same type, reason and message on the same object within 10 minutes is one event that counts up.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #series = new BoundedMap<string, Series>(MOST_REMEMBERED);
  readonly #budgets = new BoundedMap<string, { tokens: number; at: number }>(MOST_REMEMBERED);
  /** Series with news, in order; each once, however often it counted up. */
  readonly #waiting = new Set<Series>();
  #writing: Promise<void> | undefined;
  #stopped = false;
  #count = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Records what happened to an object; returns at once. */
  record<T extends KubeObject>(type: ResourceType<T>, object: T, occurrence: Occurrence): void {
    const message = occurrence.message.slice(0, LONGEST_MESSAGE);
    const uid = object.metadata?.uid ?? '';
    if (!this.#mayRecord(uid)) return;
    const key = [uid, occurrence.type, occurrence.reason, message].join('\n');
    const now = this.#clock.now();
    const known = this.#series.get(key);
    const same = known !== undefined && now - known.lastAt < SAME_WITHIN_MS ? known : undefined;
    const series = same ?? {
      event: this.#newEvent(type, object, { ...occurrence, message }),
      stored: false,
      lastAt: now,
    };
    if (same !== undefined) countUp(same.event, now);
    series.lastAt = now;
    this.#series.set(key, series);
    this.#waiting.add(series);
    this.#writing ??= this.#writeAll();
  }

  /** Takes no more events and waits until those waiting are written, at most so long. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#stopped = true;
    if (this.#writing === undefined) return;
    let cancel: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (cancel = this.#clock.after(graceMs, resolve)));
    await Promise.race([this.#writing, over]);
    cancel();
    if (this.#waiting.size > 0) this.#options.onDropped?.('stopped');
    this.#waiting.clear();
  }

  #mayRecord(uid: string): boolean {
    const refusal = this.#stopped
      ? 'stopped'
      : this.#waiting.size >= MOST_WAITING
        ? 'too many waiting'
        : this.#spend(uid)
          ? undefined
          : 'rate limit';
    if (refusal !== undefined) this.#options.onDropped?.(refusal);
    return refusal === undefined;
  }

  /** Takes a token from the object's bucket; false when it is empty. */
  #spend(uid: string): boolean {
    const now = this.#clock.monotonic();
    const { tokens, at } = this.#budgets.get(uid) ?? { tokens: BURST, at: now };
    const filled = Math.min(BURST, tokens + (now - at) / REFILL_MS);
    const may = filled >= 1;
    this.#budgets.set(uid, { tokens: may ? filled - 1 : filled, at: now });
    return may;
  }

  #newEvent(type: ResourceType, object: KubeObject, { type: severity, reason, message }: Occurrence): Event {
    const { component, instance } = this.#options;
    const { name = '', namespace, uid, resourceVersion } = object.metadata ?? {};
    const now = new Date(this.#clock.now());
    this.#count += 1;
    const place = namespace === undefined ? {} : { namespace };
    const identity = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    return {
      apiVersion: 'v1',
      kind: 'Event',
      // As client-go's names: the object's, and a hexadecimal moment; here with a counter, for a clock of milliseconds.
      metadata: {
        name: `${name.slice(0, 220)}.${now.getTime().toString(16)}${this.#count.toString(16).padStart(6, '0')}`,
        namespace: namespace ?? 'default',
      },
      involvedObject: { apiVersion: apiVersionOf(type), kind: type.kind, name, ...place, ...identity },
      type: severity,
      reason,
      message,
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
      firstTimestamp: seconds(now),
      lastTimestamp: seconds(now),
      count: 1,
    };
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#waiting) {
      this.#waiting.delete(series);
      try {
        await this.#write(series);
      } catch (error) {
        // An event in a namespace that is going is nobody's loss.
        if (!isNamespaceTerminating(error)) this.#options.onError?.(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(series: Series): Promise<void> {
    const { client } = this.#options;
    const { metadata, count, lastTimestamp } = series.event;
    const ref = { namespace: metadata.namespace, name: metadata.name ?? '' };
    if (series.stored) {
      try {
        await client.patch(events, ref, { count, lastTimestamp });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error; // deleted after its hour: create it again
      }
    }
    await client.create(events, { ...series.event });
    series.stored = true;
  }
}

function countUp(event: Event, now: number): void {
  event.count = (event.count ?? 1) + 1;
  event.lastTimestamp = seconds(new Date(now));
}

/** metav1.Time has no fractions. */
function seconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
