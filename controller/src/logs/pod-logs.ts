/** Opens the logs of pods' containers and merges their lines by time. */
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Client } from '../kube/client.ts';
import type { Stored } from '../kube/objects.ts';
import { byTime, LineSource, type LogLine } from './line-source.ts';
import { Merge } from './merge.ts';
import { resumedLog, type ContainerState, type Gap, type Opening } from './resumed-log.ts';
import { streamsOf, type LogStream } from './streams.ts';

/** The requested part of each log. */
export interface LogChoice {
  readonly follow?: boolean | undefined;
  /** Only lines younger than this many milliseconds. */
  readonly since?: number | undefined;
  /** Only the last lines of each container. */
  readonly tail?: number | undefined;
}

export interface PodLogOptions<Origin> {
  readonly client: Pick<Client, 'getStream'>;
  readonly choice: LogChoice;
  /** Which origin the lines carry. */
  readonly originOf: (stream: LogStream) => Origin;
  readonly signal: AbortSignal;
  /** A log could not be read; the others continue. */
  readonly onProblem: (stream: LogStream, error: unknown) => Promise<void>;
  /** Lines of a followed log may be missing: `gapWords` says it. */
  readonly onGap: (stream: LogStream, gap: Gap) => Promise<void>;
  /** There are more logs than are read at once; called once for each sentence. */
  readonly onCrowd: (sentence: string) => void;
}

/** How many logs are read at once, with a connection each. */
export const mostStreams = 100;
/** How many logs wait until another has ended. */
const mostWaiting = 10_000;
/** A followed log that says nothing for so long is opened again: its connection may be dead without a word. */
const silentMs = 4 * 60_000;
/** How long the others wait for a pod that prints nothing. */
const patienceMs = 300;

/** The first pods, or archived logs, that can all be read at once; one at least. */
export function readAtOnce<T>(parts: readonly T[], streamsIn: (part: T) => number): readonly T[] {
  let streams = 0;
  const beyond = parts.findIndex((part, index) => (streams += streamsIn(part)) > mostStreams && index > 0);
  return beyond === -1 ? parts : parts.slice(0, beyond);
}

/** The logs of pods, those added later included, until it is closed and they have ended. */
export class PodLogs<Origin> {
  readonly #options: PodLogOptions<Origin>;
  readonly #merge: Merge<LogLine<Origin>>;
  readonly #seen = new Set<string>();
  /** By the container's key without its restart. */
  readonly #containers = new Map<string, { readonly restart: number; readonly hasEnded: boolean }>();
  readonly #watchers = new Set<() => void>();
  readonly #waiting: LogStream[] = [];
  readonly #told = new Set<string>();
  #closed = false;
  #open = 0;

  constructor(options: PodLogOptions<Origin>) {
    this.#options = options;
    this.#merge = new Merge<LogLine<Origin>>(byTime, options.choice.follow === true ? patienceMs : Infinity);
  }

  /** Starts with the containers of these pods that have started since the last call. */
  add(pods: Iterable<Stored<Pod>>): void {
    for (const stream of [...pods].flatMap(streamsOf)) {
      this.#note(stream);
      if (this.#seen.has(stream.key)) continue;
      if (this.#open < mostStreams) this.#start(stream);
      else this.#wait(stream);
    }
  }

  #start(stream: LogStream): void {
    this.#seen.add(stream.key);
    this.#open += 1;
    this.addText(this.#read(stream), this.#options.originOf(stream));
  }

  #wait(stream: LogStream): void {
    if (this.#waiting.length >= mostWaiting)
      return this.#tell(`more than ${mostWaiting} logs wait to be read: those of later pods are not shown`);
    this.#seen.add(stream.key);
    this.#waiting.push(stream);
    this.#tell(
      `more than ${mostStreams} logs: each further one is read when another has ended, so its lines come after younger ones`,
    );
  }

  #tell(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#options.onCrowd(sentence);
  }

  /** A log from another source, with the kubelet's timestamps. */
  addText(chunks: AsyncIterable<Uint8Array>, origin: Origin): void {
    this.#merge.add(new LineSource(chunks, origin));
  }

  close(): void {
    this.#closed = true;
    this.#endIfLast();
  }

  /** The merge takes no log once it is closed, so those that wait come first. */
  #endIfLast(): void {
    if (this.#options.signal.aborted) this.#waiting.splice(0);
    if (this.#closed && this.#waiting.length === 0) this.#merge.close();
  }

  #note({ containerKey, restart, hasEnded }: LogStream): void {
    const known = this.#containers.get(containerKey);
    if (known?.restart === restart && known.hasEnded === hasEnded) return;
    this.#containers.set(containerKey, { restart, hasEnded });
    for (const wake of [...this.#watchers]) wake();
  }

  #stateOf({ containerKey, restart }: LogStream): ContainerState {
    const latest = this.#containers.get(containerKey);
    if (latest && latest.restart > restart) return latest.restart === restart + 1 ? 'restarted' : 'gone';
    return latest?.hasEnded === true ? 'terminated' : 'running';
  }

  #onChange(wake: () => void): () => void {
    this.#watchers.add(wake);
    return () => this.#watchers.delete(wake);
  }

  /** Lines in the order of time, in portions. @throws the signal's reason */
  async *portions(): AsyncGenerator<readonly LogLine<Origin>[], void, undefined> {
    for await (const portion of this.#merge.portions()) {
      yield portion;
      this.#options.signal.throwIfAborted();
    }
  }

  /** The bytes of one log; empty if they cannot be read. */
  async *#read(stream: LogStream): AsyncGenerator<Uint8Array, void, undefined> {
    const { choice, signal, onProblem, onGap } = this.#options;
    const container = {
      state: () => this.#stateOf(stream),
      isClosed: () => this.#closed,
      onChange: (wake: () => void) => this.#onChange(wake),
    };
    const open = this.#opener(stream);
    const tell = (gap: Gap) => onGap(stream, gap);
    try {
      yield* choice.follow === true ? resumedLog({ open, onGap: tell, container, signal }) : await open({});
    } catch (error) {
      if (!signal.aborted) await onProblem(stream, error);
    } finally {
      this.#open -= 1;
      const next = signal.aborted ? undefined : this.#waiting.shift();
      if (next) this.#start(next);
      this.#endIfLast();
    }
  }

  #opener(stream: LogStream): (opening: Opening) => Promise<AsyncIterable<Uint8Array>> {
    const { client, choice, signal } = this.#options;
    const { follow = false, since, tail } = choice;
    const began = performance.now();
    return ({ sinceTime, previous }) => {
      const age = since === undefined ? undefined : Math.ceil((since + performance.now() - began) / 1_000);
      const chosen =
        sinceTime === undefined
          ? { sinceSeconds: age === undefined ? undefined : Math.max(1, age), tailLines: tail }
          : { sinceTime };
      const query = { ...stream.query, follow: follow && previous !== true, timestamps: true, ...chosen, previous };
      return client.getStream(stream.path, query, { signal, ...(follow && { idleMs: silentMs }) });
    };
  }
}
