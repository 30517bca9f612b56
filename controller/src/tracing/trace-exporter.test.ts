import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TaskRunStatus } from '../resources/index.ts';
import { traceOf, type TracedRun } from './run-trace.ts';
import { createTraceExporter, tracesConfigured } from './trace-exporter.ts';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number };
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}
interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

const run: TracedRun = {
  metadata: {
    name: 'web-v1',
    namespace: 'shop',
    uid: '0F1E2D3C-4b5a-6978-8796-a5b4c3d2e1f0',
    creationTimestamp: '2025-01-01T00:00:02Z',
  },
  spec: { taskRef: { name: 'web' }, trigger: { type: 'Schedule', scheduledTime: '2025-01-01T00:00:00Z' } },
};
const status: TaskRunStatus = {
  phase: 'Failed',
  reason: 'BackoffLimitExceeded',
  message: 'exited with 3: password=hunter2',
  completionTime: '2025-01-01T00:01:00Z',
  jobs: [
    {
      name: 'web-v1',
      uid: 'job-0',
      phase: 'Failed',
      reason: 'BackoffLimitExceeded',
      exitCode: 3,
      attempt: 0,
      startTime: '2025-01-01T00:00:03Z',
      completionTime: '2025-01-01T00:00:20Z',
    },
    { name: 'web-v1-1', uid: 'job-1', phase: 'Failed', attempt: 1, startTime: '2025-01-01T00:00:30Z' },
    { step: 'kept', run: 'web-v0', name: 'web-v0-kept', phase: 'Succeeded', startTime: '2024-12-31T00:00:00Z' },
    { step: 'waited', phase: 'Skipped' },
  ],
};

/** A collector on loopback; it answers with `code`. */
async function collector(code = 200) {
  const requests: { path: string; body: OtlpRequest }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', body: JSON.parse(text) as OtlpRequest });
      response.writeHead(code, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { requests, close: () => server.close() };
}

afterEach(() => vi.unstubAllEnvs());

describe('a trace of a run', () => {
  it('goes from trigger to Job, under ids that depend on the run alone', () => {
    const trace = traceOf(run, status, []);
    expect(trace.traceId).toBe('0f1e2d3c4b5a69788796a5b4c3d2e1f0');
    expect(trace).toEqual(traceOf(structuredClone(run), structuredClone(status), []));
    const second = (at: number) => (at - Date.UTC(2025, 0, 1)) / 1000;
    expect(trace.spans.map(({ name, start, end, failed }) => [name, second(start), second(end), failed])).toEqual([
      ['run web', 0, 60, true],
      ['create TaskRun', 0, 2, false],
      ['create Job', 2, 3, false],
      ['job web-v1', 3, 20, true],
      ['job web-v1-1', 30, 60, true],
    ]);
    const [root, ...children] = trace.spans;
    expect(root?.parentSpanId).toBeUndefined();
    for (const child of children) expect(child.parentSpanId).toBe(root?.spanId);
    expect(new Set(trace.spans.map(({ spanId }) => spanId)).size).toBe(5);
  });

  it('has the time in a queue apart from the creation of the Job and from its run', () => {
    const jobs = [{ name: 'web-v1', uid: 'job-0', phase: 'Succeeded', waitedSeconds: 15 }];
    const known = [
      {
        metadata: { uid: 'job-0', creationTimestamp: '2025-01-01T00:00:05Z' },
        queue: 'nightly',
        status: { startTime: '2025-01-01T00:00:20Z', completionTime: '2025-01-01T00:00:50Z' },
      },
    ];
    const spans = traceOf(run, { ...status, jobs }, known).spans.slice(2);
    expect(
      spans.map(({ name, start, end }) => [name, new Date(start).getUTCSeconds(), new Date(end).getUTCSeconds()]),
    ).toEqual([
      ['create Job', 2, 5],
      ['queue web-v1', 5, 20],
      ['job web-v1', 20, 50],
    ]);
    expect(spans[1]).toMatchObject({
      failed: false,
      attributes: { 'task_runs.queue': 'nightly', 'k8s.job.name': 'web-v1' },
    });
  });

  it('has the time in a queue of a run that was never admitted, and of each step for itself', () => {
    const unadmitted = traceOf(
      run,
      {
        phase: 'Failed',
        completionTime: '2025-01-01T00:01:00Z',
        jobs: [{ name: 'web-v1', uid: 'job-0', phase: 'Failed', queuedTime: '2025-01-01T00:00:05Z' }],
      },
      [],
    );
    expect(
      unadmitted.spans
        .slice(2)
        .map(({ name, start, end }) => [
          name,
          (start - Date.UTC(2025, 0, 1)) / 1000,
          (end - Date.UTC(2025, 0, 1)) / 1000,
        ]),
    ).toEqual([
      ['create Job', 2, 5],
      ['queue web-v1', 5, 60],
    ]);
    const steps = [
      { step: 'a', name: 'web-a', uid: 'a', startTime: '2025-01-01T00:00:10Z', waitedSeconds: 4 },
      { step: 'b', name: 'web-b', uid: 'b', startTime: '2025-01-01T00:00:30Z', waitedSeconds: 20 },
      { step: 'c', run: 'web-v0', name: 'web-c', uid: 'c', startTime: '2025-01-01T00:00:30Z', waitedSeconds: 20 },
    ];
    const { spans } = traceOf(run, { ...status, jobs: steps }, []);
    expect(
      spans
        .filter(({ name }) => name.startsWith('queue'))
        .map(({ name, start }) => [name, new Date(start).getUTCSeconds()]),
    ).toEqual([
      ['queue web-a', 6],
      ['queue web-b', 10],
    ]);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  });

  it('takes the times of Jobs from these themselves where the status has none', () => {
    const jobs = [{ name: 'web-v1', uid: 'job-0', phase: 'Succeeded' }];
    const known = [
      {
        metadata: { uid: 'job-0', creationTimestamp: '2025-01-01T00:00:04Z' },
        status: { startTime: '2025-01-01T00:00:05Z', completionTime: '2025-01-01T00:00:50Z' },
      },
    ];
    const spans = traceOf(run, { ...status, jobs }, known).spans.slice(2);
    expect(
      spans.map(({ name, start, end }) => [name, new Date(start).getUTCSeconds(), new Date(end).getUTCSeconds()]),
    ).toEqual([
      ['create Job', 2, 4],
      ['job web-v1', 5, 50],
    ]);
    expect(traceOf(run, { ...status, jobs }, []).spans).toHaveLength(2);
  });

  it('says where, what and how it ended, and nothing that people may have put a secret into', () => {
    const { spans } = traceOf(run, status, []);
    expect(spans[0]?.attributes).toEqual({
      'k8s.namespace.name': 'shop',
      'task_runs.task.name': 'web',
      'task_runs.run.name': 'web-v1',
      'task_runs.trigger.type': 'Schedule',
      'task_runs.phase': 'Failed',
      'task_runs.reason': 'BackoffLimitExceeded',
      'task_runs.run.uid': run.metadata.uid,
      'task_runs.jobs': 4,
    });
    expect(spans[3]?.attributes).toMatchObject({
      'k8s.job.name': 'web-v1',
      'process.exit.code': 3,
      'task_runs.attempt': 0,
    });
    expect(JSON.stringify(spans)).not.toContain('hunter2');
  });

  it('has no Job where none was, and no more than 500', () => {
    expect(
      traceOf(run, { phase: 'Skipped', completionTime: '2025-01-01T00:00:02Z' }, []).spans.map(({ name }) => name),
    ).toEqual(['run web', 'create TaskRun']);
    const jobs = Array.from({ length: 1_000 }, (_, n) => ({
      name: `web-${n}`,
      uid: `${n}`,
      phase: 'Succeeded',
      startTime: '2025-01-01T00:00:03Z',
    }));
    expect(traceOf(run, { ...status, jobs }, []).spans).toHaveLength(503);
  });
});

describe('the exporter of traces', () => {
  it('is asked for by the standard variables', () => {
    expect(tracesConfigured({})).toBe(false);
    expect(tracesConfigured({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false);
    expect(tracesConfigured({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toBe(true);
    expect(tracesConfigured({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' })).toBe(true);
    expect(
      tracesConfigured({
        OTEL_EXPORTER_OTLP_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
      }),
    ).toBe(true);
    expect(tracesConfigured({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'true' })).toBe(
      false,
    );
    expect(
      tracesConfigured({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }),
    ).toBe(false);
  });

  it('hands a collector whole traces', async () => {
    const { requests, close } = await collector();
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'k8s.cluster.name=here');
    const dropped = vi.fn();
    const exporter = await createTraceExporter({ service: 'task-runs', version: '1.2.3', onDropped: dropped });
    const trace = traceOf(run, status, []);
    exporter.send(trace);
    await exporter.stop();
    close();
    expect(requests.map(({ path }) => path)).toEqual(['/v1/traces']);
    const [resourceSpans] = requests[0]?.body.resourceSpans ?? [];
    expect(
      Object.fromEntries(resourceSpans?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? []),
    ).toEqual({ 'service.name': 'task-runs', 'service.version': '1.2.3', 'k8s.cluster.name': 'here' });
    const spans = resourceSpans?.scopeSpans.flatMap(({ spans }) => spans) ?? [];
    expect(
      spans.map(({ traceId, spanId, parentSpanId, name, status: { code } }) => ({
        traceId,
        spanId,
        parentSpanId,
        name,
        failed: code === 2,
      })),
    ).toEqual(
      trace.spans.map(({ spanId, parentSpanId, name, failed }) => ({
        traceId: trace.traceId,
        spanId,
        parentSpanId,
        name,
        failed,
      })),
    );
    expect(spans[1]).toMatchObject({
      startTimeUnixNano: `${Date.parse('2025-01-01T00:00:00Z')}000000`,
      endTimeUnixNano: `${Date.parse('2025-01-01T00:00:02Z')}000000`,
    });
    expect(dropped).not.toHaveBeenCalled();
  });

  it('reports what the collector did not accept', async () => {
    const { close } = await collector(400);
    const dropped = vi.fn();
    const exporter = await createTraceExporter({ service: 'task-runs', version: '1.2.3', onDropped: dropped });
    exporter.send(traceOf(run, status, []));
    await exporter.stop();
    close();
    expect(dropped).toHaveBeenCalledWith(5, expect.any(Error));
  });
});
