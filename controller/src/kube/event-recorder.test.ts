import type { Event } from 'kubernetes-types/core/v1.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BoundedMap } from './bounded-map.ts';
import { createClient } from './client.ts';
import { EventRecorder } from './event-recorder.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { jobs } from './resources.ts';
import { answer, refuse, serveScript, stored, type Script } from './testing/scripted-server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function aRecorder(script: Script = (request, response) => answer(response, request.body)) {
  const server = await serveScript(script);
  const client = createClient({ server: server.url, userAgent: 'test' });
  const clock = new FakeClock();
  const [errors, dropped]: [unknown[], string[]] = [[], []];
  const recorder = new EventRecorder({
    client,
    clock,
    component: 'task-runs',
    instance: 'pod-1',
    onError: (e) => errors.push(e),
    onDropped: (r) => dropped.push(r),
  });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const sent = (): string[] =>
    server.requests.map(
      ({ method, body }) => `${method} ${(body as Event).reason ?? ''} ${(body as Event).count ?? ''}`,
    );
  const sendsAre = (expected: string[]): Promise<void> => vi.waitFor(() => expect(sent()).toEqual(expected));
  return { recorder, clock, errors, dropped, server, sent, sendsAre };
}

const job = (name: string): ReturnType<typeof stored> => ({ ...stored(name, '7'), kind: 'Job' });
const record = (recorder: EventRecorder, name: string, message = 'it started', reason = 'Started'): void =>
  recorder.record(jobs, job(name) as never, { type: 'Normal', reason, message });

describe('the event recorder', () => {
  it('writes a whole core/v1 Event about the object, in its namespace', async () => {
    const { recorder, server, sendsAre } = await aRecorder();
    record(recorder, 'mytask-v3');
    await sendsAre(['POST Started 1']);
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/default/events');
    expect(server.requests[0]?.body).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^mytask-v3\.[0-9a-f]+$/) as string, namespace: 'default' },
      involvedObject: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        name: 'mytask-v3',
        namespace: 'default',
        uid: 'uid-mytask-v3',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'Started',
      message: 'it started',
      source: { component: 'task-runs', host: 'pod-1' },
      reportingComponent: 'task-runs',
      reportingInstance: 'pod-1',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    });
  });

  it('counts repeats within ten minutes, and starts a new event after that', async () => {
    const { recorder, clock, sendsAre } = await aRecorder();
    record(recorder, 'a');
    await sendsAre(['POST Started 1']);
    await clock.advance(599_000);
    record(recorder, 'a');
    await sendsAre(['POST Started 1', 'PATCH  2']);
    await clock.advance(600_000);
    record(recorder, 'a');
    await sendsAre(['POST Started 1', 'PATCH  2', 'POST Started 1']);
  });

  it('tells objects, reasons and messages apart', async () => {
    const { recorder, sendsAre } = await aRecorder();
    record(recorder, 'a');
    record(recorder, 'b');
    record(recorder, 'a', 'it started', 'Other');
    record(recorder, 'a', 'other');
    await sendsAre(['POST Started 1', 'POST Started 1', 'POST Other 1', 'POST Started 1']);
  });

  it('writes a burst of the same as one call', async () => {
    const { recorder, sendsAre } = await aRecorder();
    record(recorder, 'first');
    for (let i = 0; i < 10; i += 1) record(recorder, 'a');
    await sendsAre(['POST Started 1', 'POST Started 10']);
  });

  it('creates an event again that the cluster has deleted', async () => {
    const { recorder, sendsAre } = await aRecorder((request, response) =>
      request.method === 'PATCH' ? refuse(response, 404, {}) : answer(response, request.body),
    );
    record(recorder, 'a');
    await sendsAre(['POST Started 1']);
    record(recorder, 'a');
    await sendsAre(['POST Started 1', 'PATCH  2', 'POST Started 2']);
  });

  it('spends at most 25 events on an object at once, then one in five minutes', async () => {
    const { recorder, clock, dropped, sent, sendsAre } = await aRecorder();
    for (let i = 0; i < 30; i += 1) record(recorder, 'a', `message ${i}`);
    record(recorder, 'b');
    await vi.waitFor(() => expect(sent()).toHaveLength(26));
    expect(dropped).toEqual(Array(5).fill('rate limit'));
    await clock.advance(300_000);
    record(recorder, 'a', 'late');
    record(recorder, 'a', 'too late');
    await sendsAre(Array<string>(27).fill('POST Started 1'));
  });

  it('cuts a long message', async () => {
    const { recorder, server, sendsAre } = await aRecorder();
    record(recorder, 'a', 'x'.repeat(2_000));
    await sendsAre(['POST Started 1']);
    expect((server.requests[0]?.body as Event).message).toHaveLength(1_024);
  });

  it('reports what it could not write and goes on', async () => {
    const { recorder, errors, sendsAre } = await aRecorder((request, response) =>
      (request.body as Event).involvedObject.name === 'a'
        ? refuse(response, 403, { reason: 'Forbidden' })
        : answer(response, request.body),
    );
    record(recorder, 'a');
    record(recorder, 'b');
    await sendsAre(['POST Started 1', 'POST Started 1']);
    expect(errors).toMatchObject([{ status: 403 }]);
  });

  it('writes what is waiting before it stops, and nothing after', async () => {
    const { recorder, dropped, sent } = await aRecorder();
    record(recorder, 'a');
    record(recorder, 'b');
    await recorder.stop();
    expect(sent()).toEqual(['POST Started 1', 'POST Started 1']);
    record(recorder, 'c');
    expect(dropped).toEqual(['stopped']);
  });
});

describe('a bounded map', () => {
  it('forgets what was used least recently', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, 1, undefined, 3]);
  });
});
