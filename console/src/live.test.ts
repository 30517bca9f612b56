import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Live } from './live.ts';

/** A page that somebody looks at, or not. */
class Page extends EventTarget {
  visibilityState = 'visible';

  become(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** What a load may take and answer. */
function scripted(answers: readonly (number | Error)[] = []) {
  let count = 0;
  const live = (page: Page) =>
    new Live(
      () => {
        const answer = answers[count] ?? count;
        count += 1;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      5_000,
      page,
    );
  return { live, loads: () => count };
}

describe('a live value', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is loaded at once and then every five seconds', async () => {
    const { live, loads } = scripted();
    const value = live(new Page());
    value.start();
    await vi.advanceTimersByTimeAsync(0);
    expect([loads(), value.state]).toEqual([1, { value: 0 }]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect([loads(), value.state]).toEqual([4, { value: 3 }]);
  });

  test('started twice it is loaded once, stopped twice it stays stopped, and it can start again', async () => {
    const { live, loads } = scripted();
    const value = live(new Page());
    value.start();
    value.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(loads()).toBe(1);
    value.stop();
    value.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(loads()).toBe(1);
    value.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(loads()).toBe(2);
  });

  test('nothing is loaded while the page is hidden, and at once when it is shown', async () => {
    const { live, loads } = scripted();
    const page = new Page();
    const value = live(page);
    value.start();
    await vi.advanceTimersByTimeAsync(0);
    page.become('hidden');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(loads()).toBe(1);
    page.become('visible');
    await vi.advanceTimersByTimeAsync(0);
    expect(loads()).toBe(2);
  });

  test('after failures it waits longer, keeps the old value, and recovers its pace', async () => {
    const gone = new Error('gone');
    const { live, loads } = scripted([1, gone, gone, gone, 2]);
    const value = live(new Page());
    value.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([loads(), value.state]).toEqual([2, { value: 1, error: gone }]);
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(loads()).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(loads()).toBe(4);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([loads(), value.state]).toEqual([5, { value: 2 }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(loads()).toBe(6);
  });

  test('it never waits longer than a minute', async () => {
    const { live, loads } = scripted(Array.from({ length: 100 }, () => new Error('gone')));
    live(new Page()).start();
    await vi.advanceTimersByTimeAsync(600_000);
    const before = loads();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(loads()).toBe(before + 1);
  });

  test('a slow load is repeated less often', async () => {
    let loads = 0;
    const slow = new Live(() => new Promise((resolve) => setTimeout(resolve, 2_000, (loads += 1))), 5_000, new Page());
    slow.start();
    await vi.advanceTimersByTimeAsync(2_000 + 17_999);
    expect(loads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(loads).toBe(2);
  });

  test('a refresh aborts the load in progress', async () => {
    const signals: AbortSignal[] = [];
    const live = new Live<number>(
      (signal) => new Promise((resolve) => setTimeout(resolve, 1_000, signals.push(signal))),
      5_000,
      new Page(),
    );
    live.start();
    await vi.advanceTimersByTimeAsync(500);
    live.refresh();
    await vi.advanceTimersByTimeAsync(600);
    expect([signals.map(({ aborted }) => aborted), live.state]).toEqual([[true, false], {}]);
    await vi.advanceTimersByTimeAsync(400);
    expect(live.state).toEqual({ value: 2 });
  });

  test('a part is shown the first time only', async () => {
    const seen: unknown[] = [];
    const live = new Live<string>(
      (_, progress) => {
        progress('part');
        return Promise.resolve('whole');
      },
      5_000,
      new Page(),
    );
    live.subscribe(() => seen.push(live.state.value));
    live.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen).toEqual(['part', 'whole', 'whole']);
  });
});
