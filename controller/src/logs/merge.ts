/** Something that hands out elements in its own order, one at a time or some at once. */
export interface Source<T> {
  /** The next element, where one is at hand. */
  peek(): T | undefined;
  /** Takes that element off. */
  shift(): void;
  /** Fetches more once nothing is at hand; false at the end. */
  more(): Promise<boolean>;
}

const mostAtOnce = 1_000;

/**
 * Merges any number of sources by an order, smallest first, while each keeps its own order. Of every source one portion
 * is held, and the next is fetched only once that one is used up: memory does not grow with what is merged, and a slow
 * reader slows the sources down.
 *
 * A source that does not answer within the patience is not waited for any more, until it does: so one that is silent (a
 * running pod) does not hold up the others. What it brings later comes late. Without limit of patience the result of
 * sorted sources is sorted.
 */
export class Merge<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #patienceMs: number;
  /** Those with an element at hand, the smallest last. */
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

  /** No further source comes: the merge ends with those that it has. */
  close(): void {
    this.#open = false;
    this.#wake();
  }

  /** Portions of what is merged. @throws what a source throws */
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

  /** As much as is certain without waiting. */
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

  /** Those of equal rank leave in the order in which they came. */
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
   * Waits for a source's answer, another source or the close; after the patience, those awaited are taken for silent.
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
