/**
 * The alerts and the metrics, read by Prometheus itself. `make promtool` builds it, which takes minutes, and runs this;
 * elsewhere it is skipped.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prometheusPrograms } from '../../scripts/go-tools.ts';
import { describeMetrics } from '../../scripts/metrics-page.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { Room } from '../support/room.ts';

const run = promisify(execFile);
const asked = process.env['PROMETHEUS'] !== undefined;
const observability = fileURLToPath(new URL('../../observability', import.meta.url));

/** Metrics with labels that only failures, queues and schedules give them. */
const notOfARun = new Set([
  'task_runs_cache_failures_total',
  'task_runs_events_dropped_total',
  'task_runs_finish_reasons_total',
  'task_runs_queued_runs',
]);

if (!asked) console.log('Prometheus is not built here: `make promtool` builds it, and runs its tests.');

describe.skipIf(!asked)('Prometheus', () => {
  let programs: { readonly prometheus: string; readonly promtool: string };
  beforeAll(async () => {
    programs = await prometheusPrograms();
  }, 3_600_000);

  describe('promtool', () => {
    it('takes the rules', async () => {
      const { stdout } = await run(programs.promtool, ['check', 'rules', 'task-runs.rules.yaml'], {
        cwd: observability,
      });
      expect(stdout).toContain('SUCCESS: 12 rules found');
    });

    it('finds that each alert fires when it should', async () => {
      const { stdout } = await run(programs.promtool, ['test', 'rules', 'task-runs.test.yaml'], { cwd: observability });
      expect(stdout).toContain('SUCCESS');
    });
  });

  describe('a server', () => {
    let directory: string;
    let cluster: Cluster;
    let controller: ControllerProcess;
    let server: ChildProcess;
    let port: number;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
      cluster = await startCluster({ nodes: 'simulated', nodeCount: 1 });
      controller = await startController(cluster.controllerKubeconfig, [`--archive=${join(directory, 'archive.db')}`]);
      port = await freePort();
      const config = {
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [join(observability, 'task-runs.rules.yaml')],
        scrape_configs: [{ job_name: 'task-runs', static_configs: [{ targets: [`127.0.0.1:${controller.port}`] }] }],
      };
      await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
      server = spawn(
        programs.prometheus,
        [
          `--config.file=${join(directory, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(directory, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: 'ignore' },
      );
    });
    afterAll(async () => {
      server?.kill('SIGKILL');
      await controller?.stop();
      await cluster?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    async function ask<T>(path: string): Promise<T | undefined> {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined);
      return response?.ok === true ? ((await response.json()) as { data: T }).data : undefined;
    }

    it('shows every metric that a run produces', async () => {
      const room = await Room.open(cluster, 'scraped');
      await room.finish({ revision: 1, policy: { keepLast: 1 } });
      await room.finish({ revision: 2, policy: { keepLast: 1 } });
      const wanted = describeMetrics()
        .filter(({ name }) => name.startsWith('task_runs_') && !notOfARun.has(name))
        .map(({ name, type }) => (type === 'histogram' ? `${name}_count` : name));
      await eventually('Prometheus has all of them', async () => {
        const names = (await ask<string[]>('label/__name__/values')) ?? [];
        const missing = wanted.filter((name) => !names.includes(name));
        if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
        return true;
      });
      const finished = await ask<{ result: { value: [number, string] }[] }>(
        `query?query=${encodeURIComponent('sum(task_runs_finished_total{namespace="scraped",phase="Succeeded"})')}`,
      );
      expect(finished?.result.map(({ value }) => value[1])).toEqual(['2']);
    });

    it('evaluates all alerts', async () => {
      const rules = await eventually('all rules are evaluated', async () => {
        const found = await ask<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
        const all = found?.groups.flatMap((group) => group.rules) ?? [];
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : undefined;
      });
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    });
  });
});
