/**
 * Runs everything that is too long for each `make test`, until it is done or time is up. First, for half of the time,
 * stories during which controllers are killed and cut off at random; then every kill point of every story, a thousand
 * rounds in a queue, hundreds of Applications, dozens of plans, and thousands of changes by a tenant; then the property
 * tests with one seed after the other. It ends with 1 at the first failure, and says with which seed it happened:
 * `tsx scripts/campaign.ts --minutes 60 --seed 1`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
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

console.log(`A campaign of at most ${minutes} minutes, from seed ${first} on.`);
const halfTime = Date.now() + minutes * 30_000;
run(first, halfTime, '--project', 'api', 'test/api/campaign.test.ts');
const inFull = ['kill', 'queues', 'rest', 'plan', 'tenants', 'hundreds'].map((name) => `test/api/${name}.test.ts`);
run(first, until, '--project', 'api', '--project', 'api-alone', ...inFull);
let seed = first;
for (; Date.now() < until; seed += 1) run(seed, until, '--project', 'unit', '--reporter', 'dot', ...properties);
console.log(`No failure; the property tests ran with ${seed - first} seeds.`);
