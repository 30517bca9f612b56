/** The seed of a run: drawn before the first test, printed at the start and again where tests failed. */
import { randomInt } from 'node:crypto';
import type { Reporter } from 'vitest/node';

/**
 * Unless somebody asks for others, property tests have the same cases each time, so that a red build is of what was
 * changed; `make campaign` looks for new ones.
 */
const usualPropertySeed = '20260320';

/** Puts SEED and PROPERTY_SEED into the environment, where every worker finds them. A SEED from outside is for both. */
export function drawSeed(): string {
  const asked = process.env['SEED'];
  const seed = asked || String(randomInt(2 ** 31));
  process.env['PROPERTY_SEED'] ??= asked || usualPropertySeed;
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
