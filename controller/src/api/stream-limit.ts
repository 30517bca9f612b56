import { ApiProblem } from './problems.ts';

/** How many logs may be read at once: by all people, and by one. */
export interface StreamLimits {
  readonly all: number;
  readonly each: number;
}

/** Counts streams, and refuses those above the limit. */
export class StreamLimit {
  readonly #limits: StreamLimits;
  readonly #open = new Map<string, number>();
  #all = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** @returns a function that releases the place; later calls do nothing. @throws ApiProblem TooManyStreams */
  take(person: string): () => void {
    const own = this.#open.get(person) ?? 0;
    if (own >= this.#limits.each)
      throw new ApiProblem('TooManyStreams', `you already read ${own} logs, and may not read more at once: close some`);
    if (this.#all >= this.#limits.all)
      throw new ApiProblem(
        'TooManyStreams',
        `${this.#all} logs are being read already: try again when some have ended`,
      );
    this.#all += 1;
    this.#open.set(person, own + 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.#giveBack(person);
      isOpen = false;
    };
  }

  #giveBack(person: string): void {
    this.#all -= 1;
    const rest = (this.#open.get(person) ?? 1) - 1;
    if (rest === 0) this.#open.delete(person);
    else this.#open.set(person, rest);
  }
}
