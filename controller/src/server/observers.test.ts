import { describe, expect, it } from 'vitest';
import { jobs } from '../kube/resources.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createObservers } from './observers.ts';

function observed() {
  const lines: string[] = [];
  const metrics = createMetrics();
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const logged = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { metrics, log, logged, observers: createObservers(metrics, log) };
}

describe('observers', () => {
  it('count calls by verb, resource and code', async () => {
    const { metrics, observers } = observed();
    observers.calls.after?.({ verb: 'create', resource: 'jobs.batch', kind: 'Job', status: 409, seconds: 0.1 });
    const text = await metrics.registry.metrics();
    expect(text).toContain(
      'task_runs_api_requests_total{verb="create",resource="jobs.batch",subresource="",code="409"} 1',
    );
    expect(text).toContain('task_runs_api_request_duration_seconds_count{verb="create",resource="jobs.batch"} 1');
  });

  it('keep the number of cached objects', async () => {
    const { metrics, observers } = observed();
    for (const change of ['added', 'added', 'updated', 'deleted'] as const) observers.informers.event?.(jobs, change);
    expect(await metrics.registry.metrics()).toContain('task_runs_cache_objects{resource="jobs.batch"} 1');
  });

  it('log a failing key less and less often', () => {
    const { observers, logged } = observed();
    for (let failures = 1; failures <= 100; failures += 1)
      observers.queues.failed?.('tasks', 'a/b', new Error('no'), failures, 5);
    expect(logged().map(({ failures }) => failures)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(logged()[0]).toMatchObject({ level: 'warn', key: 'a/b', err: { type: 'Error', message: 'no' } });
  });
});

describe('the log', () => {
  it('never shows tokens or values of environment variables', () => {
    const { log, logged } = observed();
    log.info({
      headers: { authorization: 'Bearer x' },
      user: { token: 'x', tokenFile: '/a/path', password: 'x' },
      pod: { spec: { containers: [{ name: 'c', env: [{ name: 'PASSWORD', value: 'x' }, 'x'] }] } },
      overrides: { env: { A: 'x' } },
    });
    expect(logged()[0]).toMatchObject({
      headers: { authorization: '[redacted]' },
      user: { token: '[redacted]', tokenFile: '/a/path', password: '[redacted]' },
      pod: { spec: { containers: [{ name: 'c', env: [{ name: 'PASSWORD', value: '[redacted]' }, '[redacted]'] }] } },
      overrides: { env: { A: '[redacted]' } },
    });
  });

  it('says once what an error quotes of its cause', () => {
    const { log, logged } = observed();
    const inner = new Error('no room', { cause: new Error('ENOSPC') });
    log.warn({ err: new Error('it cannot be stored: no room', { cause: inner }) });
    log.warn({ err: new Error('it cannot be stored', { cause: inner }) });
    expect(logged().map(({ err }) => (err as Error).message)).toEqual([
      'it cannot be stored: no room',
      'it cannot be stored: no room: ENOSPC',
    ]);
  });

  it('shows an error with its causes, without what a library attached to it', () => {
    const { log, logged } = observed();
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), {
      request: { headers: 'Bearer x' },
    });
    log.error({ err: error }, 'failed');
    expect(Object.keys(logged()[0]?.['err'] as object)).toEqual(['type', 'message', 'stack']);
    expect(logged()[0]).toMatchObject({ msg: 'failed', err: { stack: expect.stringContaining('inner') as string } });
  });

  it('survives circular objects', () => {
    const { log, logged } = observed();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    log.info({ circle });
    expect(JSON.stringify(logged()[0])).toContain('[deeper]');
  });
});

describe('the observers of runs', () => {
  it('count finished runs under known reasons', async () => {
    const { metrics, observers } = observed();
    const run = { namespace: 'web', trigger: 'Schedule', phase: 'Failed', seconds: 20 } as const;
    for (const reason of ['BackoffLimitExceeded', 'Whatever1', 'Whatever2'])
      observers.census.finished({ ...run, reason });
    observers.census.finished({ ...run, phase: 'Skipped', reason: '', seconds: undefined });
    const text = await metrics.registry.metrics();
    expect(text).toContain('task_runs_finished_total{namespace="web",trigger="Schedule",phase="Failed"} 3');
    expect(text).toContain('task_runs_finish_reasons_total{phase="Failed",reason="BackoffLimitExceeded"} 1');
    expect(text).toContain('task_runs_finish_reasons_total{phase="Failed",reason="Other"} 2');
    expect(text).not.toContain('task_runs_finish_reasons_total{phase="Skipped"');
    expect(text).toContain('task_runs_duration_seconds_bucket{le="60",trigger="Schedule",phase="Failed"} 3');
    expect(text).not.toContain('task_runs_duration_seconds_count{trigger="Schedule",phase="Skipped"}');
  });

  it('start the series of finished runs with 0, before the first', async () => {
    const { metrics, observers } = observed();
    observers.census.counted({ namespace: 'web', trigger: 'Revision', phase: 'Pending' }, 1);
    expect(await metrics.registry.metrics()).toContain(
      'task_runs_finished_total{namespace="web",trigger="Revision",phase="Failed"} 0',
    );
  });

  it('start the series of what the archive lost with 0, before the first', async () => {
    const { metrics } = observed();
    const text = await metrics.registry.metrics();
    for (const what of ['run', 'log']) expect(text).toContain(`task_runs_archive_dropped_total{what="${what}"} 0`);
  });

  it('drop a series with its last run', async () => {
    const { metrics, observers } = observed();
    const kind = { namespace: 'web', trigger: 'Revision', phase: 'Running' } as const;
    observers.census.counted(kind, 2);
    expect(await metrics.registry.metrics()).toContain(
      'task_runs_runs{namespace="web",trigger="Revision",phase="Running"} 2',
    );
    observers.census.counted(kind, 0);
    expect(await metrics.registry.metrics()).not.toContain('task_runs_runs{');
  });

  it('count what was deleted, and why', async () => {
    const { metrics, observers } = observed();
    observers.runs.jobDeleted('keepLast');
    observers.runs.recordDeleted();
    const text = await metrics.registry.metrics();
    expect(text).toContain('task_runs_jobs_deleted_total{cause="keepLast"} 1');
    expect(text).toContain('task_runs_records_deleted_total 1');
  });
});
