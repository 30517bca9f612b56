/** The seed of a run: drawn before the first test, printed at the start and again where tests failed. */
import { randomInt } from 'node:crypto';
import type { Reporter } from 'vitest/node';

/** Puts SEED into the environment, where every worker finds it. What is there already stays. */
export function drawSeed(): string {
  const seed = process.env['SEED'] || String(randomInt(2 ** 31));
  process.env['SEED'] = seed;
  return seed;
}

/** Prints how to have the same made-up cases again. */
export function seedReporter(seed: string): Reporter {
  return {
    onTestRunStart: () => console.log(`Made-up cases come from SEED=${seed}.`),
    onTestRunEnd: (_modules, _errors, reason) => {
      if (reason === 'failed') console.log(`Made-up cases came from SEED=${seed}: set it to have them again.`);
    },
  };
}
