/** A source of elements in its own order. */
export interface Source<T> {
  /** The next element, if one is loaded. */
  peek(): T | undefined;
  /** Removes that element. */
  shift(): void;
  /** Loads more when none is loaded; false at the end. */
  more(): Promise<boolean>;
}

const mostAtOnce = 1_000;

/**
 * Merges any number of sources by an order, smallest first, while each keeps its own order. One portion of every source
 * is held, and the next is fetched only when that one is used up: memory does not grow with the amount of data, and a
 * slow reader slows down the sources.
 *
 * A source that does not answer within the patience is not waited for any more, until it does: so one that is silent (a
 * running pod) does not hold up the others. What it brings later comes late. Without limit of patience the result of
 * sorted sources is sorted.
 */
export class Merge<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #patienceMs: number;
  /** Sources with a loaded element, the smallest last. */
  readonly #ready: Source<T>[] = [];
  readonly #awaited = new Set<Source<T>>();
  readonly #silent = new Set<Source<T>>();
  #failure: { readonly error: unknown } | undefined;
  #open = true;
  #wake: () => void = () => undefined;

  constructor(compare: (a: T, b: T) => number, patienceMs = Infinity) {
    this.#compare = compare;
    this.#patienceMs = patienceMs;
  }

  add(source: Source<T>): void {
    this.#fetch(source);
    this.#wake();
  }

  /** No further source will be added: the merge ends with the present ones. */
  close(): void {
    this.#open = false;
    this.#wake();
  }

  /** The merged elements, in portions. @throws the error of a source */
  async *portions(): AsyncGenerator<readonly T[], void, undefined> {
    while (this.#open || this.#ready.length + this.#awaited.size + this.#silent.size > 0) {
      const portion = this.#awaited.size > 0 ? [] : this.#drain();
      if (portion.length > 0) yield portion;
      else await this.#change(this.#awaited.size > 0 ? this.#patienceMs : Infinity);
      this.#requireHealth();
    }
  }

  #requireHealth(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** All elements whose order is certain without waiting. */
  #drain(): T[] {
    const portion: T[] = [];
    while (portion.length < mostAtOnce && this.#awaited.size === 0) {
      const source = this.#ready.pop();
      const element = source?.peek();
      if (source === undefined || element === undefined) break;
      portion.push(element);
      source.shift();
      if (source.peek() === undefined) this.#fetch(source);
      else this.#insert(source);
    }
    return portion;
  }

  #fetch(source: Source<T>): void {
    this.#awaited.add(source);
    const answered = (use: () => void): void => {
      this.#awaited.delete(source);
      this.#silent.delete(source);
      use();
      this.#wake();
    };
    source.more().then(
      (some) => answered(() => some && this.#insert(source)),
      (error: unknown) => answered(() => (this.#failure ??= { error })),
    );
  }

  /** Equal elements keep the order in which they arrived. */
  #insert(source: Source<T>): void {
    const element = source.peek() as T;
    let [low, high] = [0, this.#ready.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#ready[middle]?.peek() as T, element) > 0) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, source);
  }

  /**
   * Waits for an answer of a source, another source or the close; after the patience, sources without an answer count
   * as silent.
   */
  async #change(patienceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (Number.isFinite(patienceMs)) {
        timer = setTimeout(() => {
          this.#awaited.forEach((source) => this.#silent.add(source));
          this.#awaited.clear();
          resolve();
        }, patienceMs);
      }
    });
    clearTimeout(timer);
  }
}
