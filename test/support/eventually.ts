import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until there is an answer.
 *
 * @param ask returns undefined or false while it is too early; what it throws is kept for the message
 * @throws Error after `seconds`, saying what did not come and what the last attempt said
 */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  { seconds = 120, everyMs = 100 } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown = 'no answer yet';
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  }
  throw new Error(
    `not within ${seconds} s: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
