/** What the controller reports about runs, from its shipped bundle: metrics, and traces if a collector is named. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { Room } from '../support/room.ts';

interface Span {
  traceId: string;
  name: string;
}
interface Request {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

const spans: Span[] = [];
const collector: Server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    spans.push(
      ...(JSON.parse(text) as Request).resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap((scope) => scope.spans),
      ),
    );
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
let cluster: Cluster;
let controller: ControllerProcess;

beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 1 });
  controller = await startController(cluster.controllerKubeconfig);
});
afterAll(async () => {
  await controller?.stop();
  await cluster?.stop();
  collector.close();
  vi.unstubAllEnvs();
});

const metrics = async () => (await fetch(`http://127.0.0.1:${controller.port}/metrics`)).text();

it('counts a run that finishes once, restarted or not, and sends a trace of it', async () => {
  const room = await Room.open(cluster, 'watched');
  await room.finish({ revision: 1, policy: { keepLast: 1 } });
  await room.finish({ revision: 2, policy: { keepLast: 1 } });
  const text = await eventually('a Job is pruned', async () => {
    const text = await metrics();
    return text.includes('task_runs_jobs_deleted_total{cause="keepLast"} 1') ? text : undefined;
  });
  expect(text).toContain('task_runs_finished_total{namespace="watched",trigger="Revision",phase="Succeeded"} 2');
  expect(text).toContain('task_runs_runs{namespace="watched",trigger="Revision",phase="Succeeded"} 2');
  expect(text).toContain('task_runs_duration_seconds_count{trigger="Revision",phase="Succeeded"} 2');
  expect(text).toContain('task_runs_oldest_waiting_seconds{phase="Pending"} 0');

  await controller.stop(); // sends what is left
  const run = await room.get(taskRuns, 'mytask-v1');
  const traceId = run.metadata.uid?.replaceAll('-', '');
  expect(spans.filter((span) => span.traceId === traceId).map(({ name }) => name)).toEqual([
    'run app-mytask',
    'create TaskRun',
    'create Job',
    'job mytask-v1',
  ]);

  controller = await startController(cluster.controllerKubeconfig);
  const after = await metrics();
  expect(after).toContain('task_runs_runs{namespace="watched",trigger="Revision",phase="Succeeded"} 2');
  expect(after).toContain('task_runs_finished_total{namespace="watched",trigger="Revision",phase="Succeeded"} 0');
});

it('counts what waits in a queue by why, and how long it waited', async () => {
  const room = await Room.open(cluster, 'queued');
  const task = await room.deploy({ revision: 1, spec: { queue: { name: 'nightly' } } });
  await eventually('the run that waits is counted', async () => {
    const text = await metrics();
    return text.includes('task_runs_queued_runs{namespace="queued",reason="KueueNotInstalled"} 1') ? text : undefined;
  });
  await room.admit('mytask-v1');
  await room.finished(task);
  const text = await metrics();
  expect(text).toContain('task_runs_admission_wait_seconds_count 1');
  expect(text).not.toContain('task_runs_queued_runs{namespace="queued"');
});
