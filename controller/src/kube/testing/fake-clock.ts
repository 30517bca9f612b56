import type { Clock } from '../clock.ts';

/** For tests: time that stands still until told. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; wake: () => void }[] = [];

  constructor(now: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = now.getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), wake };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Milliseconds until each timer that is set, soonest first. */
  get pending(): number[] {
    return this.#timers.map((timer) => timer.at - this.#now).sort((a, b) => a - b);
  }

  /** Moves on, waking whatever is due on the way, each at its moment, and lets what it woke run before going on. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#due(until); next !== undefined; next = this.#due(until)) {
      this.#now = next.at;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.wake();
      await settle();
    }
    this.#now = until;
  }

  #due(until: number): { at: number; wake: () => void } | undefined {
    return this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets promises that are ready run. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}
