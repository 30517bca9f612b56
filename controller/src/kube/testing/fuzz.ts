/**
 * Fuzz tests of what reads strangers' text. `FUZZ_SECONDS` says for how long each goes on, with how many cases it will
 * be; without it each has a number of cases that takes a moment.
 */
import fc from 'fast-check';

/** Set by `make test`, `make fuzz` and `make campaign`. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);

export interface FuzzOptions {
  /** How many cases there are where nobody says for how long. */
  readonly usual: number;
  /** Milliseconds of processor time that one case may take: text that takes longer keeps everybody else waiting. */
  readonly most?: number;
}

/** Checks made-up cases; prints how many there were, where it was asked for a time. */
export async function fuzz<T>(
  parser: string,
  cases: fc.Arbitrary<T>,
  check: (one: T) => unknown,
  { usual, most = 2_000 }: FuzzOptions,
): Promise<void> {
  let slowest = 0;
  const timed = async (one: T): Promise<void> => {
    const before = process.cpuUsage();
    await check(one);
    const { user, system } = process.cpuUsage(before);
    const took = Math.round((user + system) / 1_000);
    slowest = Math.max(slowest, took);
    if (took > most) throw new Error(`took ${took} ms of processor time, more than ${most}`);
  };
  if (seconds === 0) return fc.assert(fc.asyncProperty(cases, timed), { numRuns: usual });
  const result = await fc.check(fc.asyncProperty(cases, timed), {
    numRuns: 2 ** 31 - 1,
    interruptAfterTimeLimit: seconds * 1_000,
  });
  console.log(`fuzz ${parser}: ${result.numRuns} cases in ${seconds} s, the slowest took ${slowest} ms`);
  if (result.failed) throw new Error(fc.defaultReportMessage(result));
}
