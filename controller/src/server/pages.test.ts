import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listening } from '../http/listen.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { cachesSynced, watchesMove } from './checks.ts';
import { createMetrics } from './metrics.ts';
import { healthPages, metricsPages, servePages, type Check } from './pages.ts';

let server: Listening | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function get(
  path: string,
  checks: { alive?: Record<string, Check>; ready?: Record<string, Check> } = {},
): Promise<{ status: number; text: string }> {
  const pages = {
    ...healthPages({ alive: checks.alive ?? {}, ready: checks.ready ?? {} }),
    ...metricsPages(createMetrics().registry),
  };
  server = await servePages('127.0.0.1:0', pages);
  const response = await request(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.statusCode, text: await response.body.text() };
}

const informer = (plural: string, hasSynced: boolean, idleMs: number): Parameters<typeof watchesMove>[0][number] => ({
  type: { plural },
  hasSynced,
  idleMs: () => idleMs,
});

describe('the server', () => {
  it('is ready once all caches are synced, and says what is missing', async () => {
    const informers = [informer('jobs', true, 0), informer('pods', false, 0), informer('tasks', false, 0)];
    expect(await get('/readyz', { ready: { caches: cachesSynced(informers) } })).toEqual({
      status: 503,
      text: '[-] caches: pods, tasks are not listed yet\n',
    });
    await server?.close();
    expect(await get('/readyz', { ready: { caches: cachesSynced(informers.slice(0, 1)) } })).toEqual({
      status: 200,
      text: '[+] caches\n',
    });
  });

  it('is alive while watches make progress', async () => {
    const alive = { watches: watchesMove([informer('jobs', true, 15 * 60_000 + 1)]), other: () => undefined };
    expect(await get('/healthz', { alive })).toEqual({
      status: 503,
      text: '[-] watches: jobs have been silent for over 15 minutes\n[+] other\n',
    });
  });

  it('lets nobody take its time by asking for the metrics again and again', async () => {
    const clock = new FakeClock();
    let written = 0;
    const pages = metricsPages(createMetrics().registry, () => void (written += 1), clock);
    server = await servePages('127.0.0.1:0', pages);
    const url = `http://127.0.0.1:${server.port}/metrics`;
    const ask = async () => (await request(url)).body.text();
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    expect([new Set(answers).size, written]).toEqual([1, 1]);
    await clock.advance(100);
    expect(await ask()).toContain('task_runs_queue_depth');
    expect(written).toBe(2);
  });

  it('writes the metrics again after it could not', async () => {
    let isBroken = true;
    const refresh = () => {
      if (isBroken) throw new Error('not now');
    };
    server = await servePages('127.0.0.1:0', metricsPages(createMetrics().registry, refresh, new FakeClock()));
    const url = `http://127.0.0.1:${server.port}/metrics`;
    expect((await request(url)).statusCode).toBe(500);
    isBroken = false;
    expect((await request(url)).statusCode).toBe(200);
  });

  it('serves metrics, including those of the process', async () => {
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    for (const name of [
      'task_runs_api_requests_total',
      'task_runs_queue_depth',
      'task_runs_leader',
      'process_resident_memory_bytes',
    ])
      expect(text).toContain(`# TYPE ${name} `);
  });

  it('outlives a check that throws', async () => {
    const broken = (): never => {
      throw new Error('broken check');
    };
    expect(await get('/healthz', { alive: { broken } })).toEqual({ status: 500, text: 'Error: broken check\n' });
  });

  it('answers 404 to all else, and says what there is', async () => {
    expect(await get('/')).toEqual({ status: 404, text: 'here is GET /healthz, /readyz, /metrics\n' });
  });

  it('says which address is taken', async () => {
    const { port } = (server = await servePages('127.0.0.1:0', {}));
    const address = `127.0.0.1:${port}`;
    await expect(servePages(address, metricsPages(createMetrics().registry))).rejects.toThrow(
      `cannot serve /metrics on ${address}: listen EADDRINUSE`,
    );
  });
});
