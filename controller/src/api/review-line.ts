import { ApiProblem } from './problems.ts';

/** How many reviews run at once, and how many of one asker wait. */
export interface ReviewLimits {
  readonly atOnce: number;
  readonly waiting: number;
  /** What waits, in the words of the refusal. */
  readonly what: string;
}

/**
 * Reviews by the cluster. Anybody who reaches the port can make up as many tokens as they like, and one person may ask
 * for their rights in thousands of namespaces, and the controller's own calls go through the same client: so few run at
 * once. The others wait in a line for each asker, and the lines take turns.
 */
export class ReviewLine {
  readonly #limits: ReviewLimits;
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;

  constructor(limits: ReviewLimits) {
    this.#limits = limits;
  }

  /**
   * @param asker the address that a token comes from, or who shares the limit
   * @throws ApiProblem TooManyRequests if too many of them wait already
   */
  async run<T>(asker: string, review: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.atOnce) this.#running += 1;
    else await this.#turn(asker);
    try {
      return await review();
    } finally {
      this.#next();
    }
  }

  #turn(asker: string): Promise<void> {
    const line = this.#waiting.get(asker) ?? [];
    if (line.length >= this.#limits.waiting)
      throw new ApiProblem(
        'TooManyRequests',
        `${line.length} ${this.#limits.what} wait to be checked: try again in a few seconds`,
      );
    this.#waiting.set(asker, line);
    return new Promise((resolve) => line.push(resolve));
  }

  /** Gives the place to the first of the line whose turn it is; that line is then the last one. */
  #next(): void {
    const [first] = this.#waiting;
    if (!first) return void (this.#running -= 1);
    const [asker, [next, ...rest]] = first;
    this.#waiting.delete(asker);
    if (rest.length > 0) this.#waiting.set(asker, rest);
    next?.();
  }
}
