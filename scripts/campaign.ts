/**
 * Runs everything that is too long for each `make test`, until it is done or time is up. Fuzz tests run beside it all
 * the time, with what the others leave of the processors. First, for half of the time, stories during which controllers
 * are killed and cut off at random; then every kill point of every story, a thousand rounds in a queue, hundreds of
 * Applications, dozens of plans, and thousands of changes by a tenant; then the property tests with one seed after the
 * other. It ends with 1 at the first failure, and says with which seed it happened:
 * `tsx scripts/campaign.ts --minutes 60 --seed 1`.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '' } },
});
const minutes = Number(values.minutes);
const first = values.seed === '' ? randomInt(2 ** 31) : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(first)) {
  console.error('usage: campaign.ts [--minutes <number over 0>] [--seed <whole number>]');
  process.exit(2);
}
const until = Date.now() + minutes * 60_000;

/** Runs vitest, and ends the campaign where a test fails. */
function run(seed: number, end: number, ...args: readonly string[]): void {
  const { status } = spawnSync('npx', ['vitest', 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, SEED: String(seed), CAMPAIGN_UNTIL: String(end) },
  });
  if (status === 0) return;
  console.error(`The campaign failed with seed ${seed}: make campaign SEED=${seed}`);
  process.exit(1);
}

/** The files of the unit project that make up cases. */
const properties = execFileSync('git', ['grep', '--files-with-matches', "from 'fast-check'", '--', '*.test.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.startsWith('test/api/'));

/** How many fuzz tests there are to each worker of the unit project. */
const fuzzTestsInTurn = 9;
const fuzzSeconds = Math.ceil((minutes * 60) / fuzzTestsInTurn);
const fuzz = spawn('bash', ['scripts/with-fuzz.sh', String(fuzzSeconds), 'true'], {
  stdio: 'inherit',
  env: { ...process.env, SEED: String(first) },
});
const fuzzed = once(fuzz, 'exit');
process.on('exit', () => fuzz.kill());

console.log(`A campaign of at most ${minutes} minutes, from seed ${first} on.`);
const halfTime = Date.now() + minutes * 30_000;
run(first, halfTime, '--project', 'api', 'test/api/campaign.test.ts');
const inFull = ['kill', 'queues', 'rest', 'plan', 'tenants', 'hundreds'].map((name) => `test/api/${name}.test.ts`);
run(first, until, '--project', 'api', ...inFull);
let seed = first;
for (; Date.now() < until; seed += 1) run(seed, until, '--project', 'unit', '--reporter', 'dot', ...properties);
const [fuzzStatus] = (await fuzzed) as [number | null];
if (fuzzStatus !== 0) {
  console.error(`A fuzz test failed with seed ${first}: make fuzz SEED=${first} SECONDS=${fuzzSeconds}`);
  process.exit(1);
}
console.log(`No failure; the property tests ran with ${seed - first} seeds.`);
