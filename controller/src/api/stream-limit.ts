import { ApiProblem } from './problems.ts';

/** How many logs may be read at once: by all people, and by one. */
export interface StreamLimits {
  readonly all: number;
  readonly each: number;
}

/**
 * Counts streams, and refuses those above the limit. Nobody can take all places away from others: where none is left,
 * whoever reads the most gives one to somebody who reads less.
 */
export class StreamLimit {
  readonly #limits: StreamLimits;
  /** What ends each open stream, by person, the newest last. */
  readonly #open = new Map<string, readonly (() => void)[]>();

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /**
   * @param end ends the stream, when its place is given to somebody else
   * @returns a function that releases the place; later calls do nothing. @throws ApiProblem TooManyStreams
   */
  take(person: string, end: () => void): () => void {
    const own = this.#open.get(person) ?? [];
    if (own.length >= this.#limits.each)
      throw new ApiProblem(
        'TooManyStreams',
        `you already read ${own.length} logs, and may not read more at once: close some`,
      );
    const all = [...this.#open.values()].flat().length;
    if (all >= this.#limits.all && !this.#makeRoom(own.length))
      throw new ApiProblem('TooManyStreams', `${all} logs are being read already: try again when some have ended`);
    // Each has an identity of its own, whatever was passed.
    const place = () => end();
    this.#open.set(person, [...(this.#open.get(person) ?? []), place]);
    return () => this.#giveBack(person, place);
  }

  /** Ends the newest stream of whoever has the most, if they have at least two more than the `own` of who asks. */
  #makeRoom(own: number): boolean {
    const [most] = [...this.#open].sort(([, a], [, b]) => b.length - a.length);
    const place = most?.[1].at(-1);
    if (!most || !place || most[1].length < own + 2) return false;
    this.#giveBack(most[0], place);
    place();
    return true;
  }

  #giveBack(person: string, place: () => void): void {
    const rest = (this.#open.get(person) ?? []).filter((other) => other !== place);
    if (rest.length === 0) this.#open.delete(person);
    else this.#open.set(person, rest);
  }
}
