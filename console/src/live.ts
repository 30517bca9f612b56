/** The current state: the last loaded value, and the error since then. */
export interface LiveState<T> {
  readonly value?: T;
  /** Why the last attempt failed. An earlier value stays. */
  readonly error?: unknown;
}

/** Loads a value; `progress` shows a part of it early, only the first time. */
export type Load<T> = (signal: AbortSignal, progress: (part: T) => void) => Promise<T>;

/** The part of the document that says whether the page is visible. */
export type Visibility = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & {
  readonly visibilityState: string;
};

const usualMs = 5_000;
const mostMs = 60_000;
/** A slow load is repeated less often: it may take at most a tenth of the time. */
const restFactor = 9;

/**
 * Keeps a value up to date: loads it every five seconds while the page is visible, after failures less and less often,
 * and after a success as often as before. Starting or stopping twice changes nothing.
 */
export class Live<T> {
  readonly #load: Load<T>;
  readonly #intervalMs: number;
  readonly #page: Visibility;
  readonly #listeners = new Set<() => void>();
  #state: LiveState<T> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loading: AbortController | undefined;
  #failures = 0;
  #started = false;

  constructor(load: Load<T>, intervalMs = usualMs, page: Visibility = document) {
    this.#load = load;
    this.#intervalMs = intervalMs;
    this.#page = page;
  }

  get state(): LiveState<T> {
    return this.#state;
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#page.addEventListener('visibilitychange', this.#visibilityChanged);
    this.#visibilityChanged();
  }

  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#page.removeEventListener('visibilitychange', this.#visibilityChanged);
    this.#rest();
  }

  /** Loads at once, for example after an action; a load in progress is outdated and is aborted. */
  refresh(): void {
    if (!this.#started) return;
    this.#rest();
    void this.#attempt();
  }

  readonly #visibilityChanged = (): void => {
    if (this.#page.visibilityState === 'visible') this.refresh();
    else this.#rest();
  };

  #rest(): void {
    clearTimeout(this.#timer);
    this.#loading?.abort();
    this.#loading = undefined;
  }

  async #attempt(): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    const began = performance.now();
    const isCurrent = () => this.#loading === loading;
    try {
      const value = await this.#load(loading.signal, (part) => {
        if (isCurrent() && this.#state.value === undefined) this.#show({ value: part });
      });
      if (!isCurrent()) return;
      this.#failures = 0;
      this.#show({ value });
    } catch (error) {
      if (!isCurrent()) return;
      this.#failures += 1;
      this.#show({ ...this.#state, error });
    }
    if (this.#loading === loading)
      this.#timer = setTimeout(() => this.refresh(), this.#delay(performance.now() - began));
  }

  #delay(tookMs: number): number {
    if (this.#failures > 0) return Math.min(mostMs, usualMs * 2 ** (this.#failures - 1));
    return Math.min(mostMs, Math.max(this.#intervalMs, tookMs * restFactor));
  }

  #show(state: LiveState<T>): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
