/**
 * Measures the controller against a real API server and says so in a table and in out/bench.json. A missed aim is shown
 * as missed; that is not a failure. `--times=10` measures ten times the size, where a benchmark has one. See
 * docs/contributing/benchmarks.md.
 */
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCluster } from '../test/support/cluster.ts';
import { apiCalls } from './api-calls.ts';
import { carryOut, tidy, type Benchmark } from './bench.ts';
import { burst } from './burst.ts';
import { consoleViews } from './console.ts';
import { deployToJob } from './deploy-to-job.ts';
import { archiveBurst } from './archive-burst.ts';
import { flows } from './flows.ts';
import { history } from './history.ts';
import { hundreds } from './hundreds.ts';
import { keptRuns } from './kept-runs.ts';
import { longRun } from './long-run.ts';
import { openDefinition } from './objects.ts';
import { otherTenant } from './other-tenant.ts';
import { plan } from './plan.ts';
import { queueAdmission } from './queue-admission.ts';
import { realKubevela } from './real-kubevela.ts';
import { schedules, schedulesAtRest } from './schedules.ts';
import { tableOf, writeRows, type Row } from './report.ts';

const out = fileURLToPath(new URL('../out', import.meta.url));
/**
 * Those that need a quiet cluster come first; the last leaves 10,000 runs behind. Times are about twice an idle
 * machine's.
 */
const benchmarks: Readonly<Record<string, Benchmark>> = {
  plan: { measure: plan, seconds: 120 },
  history: { measure: history, seconds: 300 },
  'api-calls': { measure: apiCalls, seconds: 200 },
  'deploy-to-job': { measure: deployToJob, seconds: 60 },
  burst: { measure: burst, seconds: 300 },
  'other-tenant': { measure: otherTenant, seconds: 400 },
  schedules: { measure: schedules, seconds: 300 },
  'schedules-at-rest': { measure: schedulesAtRest, seconds: 400 },
  flows: { measure: flows, seconds: 1_000 },
  'archive-burst': { measure: archiveBurst, seconds: 120 },
  console: { measure: consoleViews, seconds: 180 },
  'queue-admission': { measure: queueAdmission, seconds: 240 },
  hundreds: { measure: hundreds, seconds: 600 },
  'kept-runs': { measure: keptRuns, seconds: 600 },
  'long-run': { measure: longRun, seconds: 600, cluster: { controllerCallsPerSecond: 400 } },
  'real-kubevela': { measure: realKubevela, seconds: 900, cluster: { kubevela: 'real' } },
};
/** All of them, with the cluster's start: those that come last on a busy machine may find no time left, and fail. */
const mostSeconds = 3_600;

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '1' } },
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1 || times > 20) throw new Error('--times is a whole number from 1 to 20');
const unknown = wanted.find((name) => !(name in benchmarks));
if (unknown !== undefined)
  throw new Error(`there is no benchmark ${unknown}: choose of ${Object.keys(benchmarks).join(', ')}`);
const chosen = Object.entries(benchmarks).filter(([name, benchmark]) =>
  wanted.length === 0 ? benchmark.cluster === undefined : wanted.includes(name),
);
const own = chosen.find(([, benchmark]) => benchmark.cluster);
if (own && chosen.length > 1) throw new Error(`${own[0]} needs a cluster of its own: name it alone`);

const cluster = await startCluster({ nodes: 'simulated', nodeCount: 10, ...own?.[1].cluster });
const definition = await openDefinition();
const rows: Row[] = [];
try {
  for (const [name, { measure, seconds }] of chosen) {
    const began = performance.now();
    const left = times * mostSeconds - began / 1000;
    const most = Math.min(times * seconds, left);
    const measured = await carryOut(name, { measure, seconds: most }, { cluster, render: definition.render, times });
    rows.push(...measured);
    const path = await writeRows(out, rows);
    console.log(
      `${name}: ${Math.round((performance.now() - began) / 1000)} s, load ${loadavg()[0]?.toFixed(1)}, in ${path}\n${tableOf(measured)}\n`,
    );
    if (name !== chosen.at(-1)?.[0]) await tidy(name, cluster);
  }
  console.log(tableOf(rows));
} finally {
  await definition.close();
  await cluster.stop();
}
// Not by itself: what ran out of time may still wait for something.
process.exit(rows.some(({ value }) => value === null) ? 1 : 0);
