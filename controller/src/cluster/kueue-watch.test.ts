import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createClient, type Client } from '../kube/client.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { answer, refuse, serveScript, tell } from '../kube/testing/scripted-server.ts';
import { KueueWatch } from './kueue-watch.ts';
import type { CachedJob } from './projections.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const job = {
  metadata: {
    name: 'one',
    namespace: 'default',
    uid: 'job-uid',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  queue: 'q',
  spec: {},
} as unknown as CachedJob;
const groupPath = '/apis/kueue.x-k8s.io';

function workload(resourceVersion: string, message: string, active = true): object {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'one', uid: 'job-uid', controller: true };
  const metadata = {
    name: 'job-one',
    namespace: 'default',
    uid: 'workload-uid',
    resourceVersion,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ownerReferences: [owner],
  };
  return {
    metadata,
    spec: { active },
    status: { conditions: [{ type: 'QuotaReserved', status: 'False', reason: 'Pending', message }] },
  };
}

/** A server that has Kueue depending on `kueue`, and its watch. */
async function open(kueue: { version?: string; forbidden?: boolean } = {}) {
  const state = { needed: true, ...kueue };
  const watches: ServerResponse[] = [];
  const server = await serveScript(({ path, query }, response) => {
    if (state.version === undefined) return refuse(response, 404, { reason: 'NotFound', message: 'not found' });
    if (path === groupPath) return answer(response, { versions: [{ version: state.version }] });
    if (state.forbidden) return refuse(response, 403, { reason: 'Forbidden', message: 'no' });
    if (query.get('sendInitialEvents') !== null) return refuse(response, 422, { reason: 'Invalid', message: 'no' });
    if (query.get('watch') === null)
      return answer(response, {
        metadata: { resourceVersion: '5' },
        items: path.endsWith('/workloads') ? [workload('1', 'full')] : [],
      });
    response.writeHead(200).flushHeaders();
    if (path.endsWith('/workloads')) watches.push(response);
    else watches.unshift(response);
  });
  const client = createClient({ server: server.url, userAgent: 'test' });
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const watch = new KueueWatch({
    client,
    clock,
    isNeeded: () => state.needed,
    observer: { failed: (_type, error) => errors.push(error) },
  });
  const told: (string | undefined)[] = [];
  watch.onChange((uid) => told.push(uid));
  cleanUps.push(
    () => server.close(),
    () => client.close(),
    () => watch.stop(),
  );
  const installed = () => watch.queueingOf('default', [job]).installed;
  const looks = () => server.requests.filter(({ path }) => path === groupPath).length;
  return { state, server, clock, watch, told, errors, watches, installed, looks };
}

describe('what is known of Kueue', () => {
  test('is nothing, and no call is made, before a Job waits', async () => {
    const { server, clock, installed } = await open({ version: 'v1beta2' });
    await clock.advance(60_000);
    expect(server.requests).toEqual([]);
    expect(installed()).toBeUndefined();
  });

  test('is that it is missing, which is checked again as long as a Job waits', async () => {
    const { state, watch, clock, installed, looks } = await open();
    watch.want();
    await vi.waitFor(() => expect(installed()).toBe(false));
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    await clock.advance(15_000);
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(1));
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    state.needed = false;
    const before = looks();
    await clock.advance(15_000);
    await vi.waitFor(() => expect(installed()).toBeUndefined());
    await clock.advance(60_000);
    expect(looks()).toBe(before);
  });

  test('changes when it appears', async () => {
    const { state, watch, clock, installed, told } = await open();
    watch.want();
    await vi.waitFor(() => expect(installed()).toBe(false));
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    told.length = 0;
    state.version = 'v1beta2';
    await clock.advance(15_000);
    await vi.waitFor(() => expect(installed()).toBe(true));
    expect(told).toEqual(['job-uid', undefined]);
  });

  test.each(['v1beta1', 'v1beta2'])('is read in %s if that version is served', async (version) => {
    const { server, watch, installed } = await open({ version });
    watch.want();
    await vi.waitFor(() => expect(installed()).toBe(true));
    expect(server.requests.some(({ path }) => path === `${groupPath}/${version}/workloads`)).toBe(true);
  });

  test('names the forbidden resource until it may be read', async () => {
    const { state, watch, clock, errors, told } = await open({ version: 'v1beta2', forbidden: true });
    watch.want();
    await vi.waitFor(() => expect(errors).toHaveLength(3));
    const { installed, forbidden } = watch.queueingOf('default', [job]);
    expect([errors[0], installed, forbidden]).toMatchObject([
      { status: 403 },
      undefined,
      expect.stringMatching(/^\w+\.kueue\.x-k8s\.io$/),
    ]);
    expect(told).toEqual([undefined]);
    state.forbidden = false;
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(watch.queueingOf('default', [job])).toMatchObject({ installed: true, clusterQueues: new Map() });
    });
    expect(watch.queueingOf('default', [job]).forbidden).toBeUndefined();
  });

  test('changes only for the Job whose Workload changed', async () => {
    const { watch, watches, told, installed } = await open({ version: 'v1beta2' });
    watch.want();
    await vi.waitFor(() => expect(installed()).toBe(true));
    await vi.waitFor(() => expect(watches).toHaveLength(3));
    told.length = 0;
    const last = watches[2] as ServerResponse;
    tell(last, 'MODIFIED', workload('6', 'full'));
    tell(last, 'MODIFIED', workload('7', 'fuller'));
    await vi.waitFor(() => expect(told).toEqual(['job-uid']));
    expect(watch.queueingOf('default', [job]).workloads.get('job-uid')?.conditions[0]?.message).toBe('fuller');
  });

  test('ends when Kueue is removed', async () => {
    const { state, watch, watches, clock, installed } = await open({ version: 'v1beta2' });
    watch.want();
    await vi.waitFor(() => expect(watches).toHaveLength(3));
    await vi.waitFor(() => expect(installed()).toBe(true));
    delete state.version;
    for (const response of watches) response.end();
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(installed()).toBe(false);
    });
  });
});

test('a stop at the moment when Kueue is found ends the search', async () => {
  let asked = 0;
  const getText = () => {
    asked += 1;
    void watch.stop();
    return Promise.resolve('{"versions":[{"version":"v1beta2"}]}');
  };
  const watch: KueueWatch = new KueueWatch({
    client: { getText } as unknown as Client,
    clock: new FakeClock(),
    isNeeded: () => true,
  });
  watch.want();
  await watch.stop();
  expect(asked).toBe(1);
});
