/**
 * Measures the controller against a real API server and says so in a table and in out/bench.json. A missed aim is shown as
 * missed; it is no failure. See docs/benchmarks.md.
 */
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../test/support/cluster.ts';
import { apiCalls } from './api-calls.ts';
import type { Bench } from './bench.ts';
import { burst } from './burst.ts';
import { deployToJob } from './deploy-to-job.ts';
import { keptRuns } from './kept-runs.ts';
import { openDefinition } from './objects.ts';
import { tableOf, writeRows, type Row } from './report.ts';

const out = fileURLToPath(new URL('../out', import.meta.url));
/** Those that need a quiet cluster come first; the last leaves 10,000 runs behind. */
const benchmarks: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  'api-calls': apiCalls,
  'deploy-to-job': deployToJob,
  burst,
  'kept-runs': keptRuns,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in benchmarks));
if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}: choose of ${Object.keys(benchmarks).join(', ')}`);

const cluster = await startCluster({ nodes: 'simulated', nodeCount: 10 });
const definition = await openDefinition();
try {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(benchmarks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const began = performance.now();
    const measured = await measure({ cluster, client: cluster.client, render: definition.render });
    rows.push(...measured);
    console.log(`${name}: ${Math.round((performance.now() - began) / 1000)} s, load ${loadavg()[0]?.toFixed(1)}\n${tableOf(measured)}\n`);
  }
  console.log(`${tableOf(rows)}\n\nwritten to ${await writeRows(out, rows)}`);
} finally {
  await definition.close();
  await cluster.stop();
}
