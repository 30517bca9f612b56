import { ApiProblem } from './problems.ts';

/** How many reviews run at once, and how many of one address wait. */
export interface ReviewLimits {
  readonly atOnce: number;
  readonly waiting: number;
}

/**
 * Reviews of tokens that the cluster has not accepted yet. Anybody who reaches the port can make up as many as they
 * like, and the controller's own calls go through the same client: so few run at once. The others wait in a line for
 * each address, and the lines take turns.
 */
export class ReviewLine {
  readonly #limits: ReviewLimits;
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;

  constructor(limits: ReviewLimits) {
    this.#limits = limits;
  }

  /** @throws ApiProblem TooManyRequests if too many of that address wait already */
  async run<T>(address: string, review: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.atOnce) this.#running += 1;
    else await this.#turn(address);
    try {
      return await review();
    } finally {
      this.#next();
    }
  }

  #turn(address: string): Promise<void> {
    const line = this.#waiting.get(address) ?? [];
    if (line.length >= this.#limits.waiting)
      throw new ApiProblem(
        'TooManyRequests',
        `${line.length} tokens from your address wait to be checked: try again in a few seconds`,
      );
    this.#waiting.set(address, line);
    return new Promise((resolve) => line.push(resolve));
  }

  /** Gives the place to the first of the line whose turn it is; that line is then the last one. */
  #next(): void {
    const [first] = this.#waiting;
    if (!first) return void (this.#running -= 1);
    const [address, [next, ...rest]] = first;
    this.#waiting.delete(address);
    if (rest.length > 0) this.#waiting.set(address, rest);
    next?.();
  }
}
