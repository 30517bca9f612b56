import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { LogLine } from '../logs/line-source.ts';
import type { People } from './person.ts';
import { ApiProblem } from './problems.ts';
import type { Right } from './right.ts';
import { createApi } from './server.ts';
import { sharerOf } from './sharer.ts';
import type { Service } from './service.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(() => cleanUps.splice(0).forEach((cleanUp) => cleanUp()));

const lineOf = (text: string) =>
  new LogLine({ seconds: 0, nanos: 0 }, { run: 'one', pod: 'one-x7k2p' }, Buffer.from(text));
const aborted = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

interface Wanted {
  readonly signal: AbortSignal;
}

/** A log that goes on until nobody wants it any more. */
function endlessLog({ signal }: Wanted) {
  async function* lines() {
    yield [lineOf('one')];
    await aborted(signal);
  }
  return Promise.resolve(lines());
}

interface Rules {
  readonly most?: number;
  /** Whether a token is accepted, and whether its owner has a right. */
  readonly isKnown?: (token: string) => boolean;
  readonly may?: (right: Right) => boolean;
  readonly runLogs?: (wanted: Wanted) => Promise<AsyncGenerator<readonly LogLine<object>[]>>;
}

/** The API; it knows the tokens `known-...`. */
async function serve(
  path = 'tasks',
  { most = 1_000, isKnown = (token) => token.startsWith('known'), may = () => true, runLogs = endlessLog }: Rules = {},
) {
  const require = (right: Right) =>
    may(right) ? Promise.resolve() : Promise.reject(new ApiProblem('Forbidden', `no ${right.resource}`));
  const people = {
    of: (token = '') =>
      isKnown(token)
        ? Promise.resolve({ name: token.replace('known-', ''), may: () => Promise.resolve(true), require })
        : Promise.reject(new ApiProblem('Unauthenticated', 'no')),
  } as unknown as People;
  const listTasks = () => Promise.resolve({ items: [], total: 0 });
  const service = { listTasks, runLogs } as unknown as Service;
  const log = pino({ level: 'silent' });
  const requestLimits = { all: most, changes: most };
  const streamLimits = { all: 3, each: 3 };
  const times = { lookAgainMs: 20, unreadMs: 10 };
  const app = createApi({ service, people, log, version: '', requestLimits, streamLimits, ...times });
  const server = createServer(app).listen(0, '127.0.0.1');
  cleanUps.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return (token?: string) =>
    fetch(`http://127.0.0.1:${port}/api/v1/namespaces/prod/${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
}

describe('somebody who wants to lock out those behind the same address', () => {
  it('locks out only callers without an accepted token', async () => {
    const ask = await serve();
    const statuses = [];
    for (let index = 0; index < 121; index += 1) statuses.push((await ask(index % 2 ? undefined : 'guess')).status);
    expect([statuses[0], statuses[119], statuses[120]]).toEqual([401, 401, 429]);
    expect((await ask('known-ann')).status).toBe(200);
    expect((await ask('guess')).status).toBe(429);
    expect((await ask('known-bob')).status).toBe(200);
  });

  it('does not keep others from reading logs by reading all that can be read at once', async () => {
    const ask = await serve('runs/one/logs?follow=true');
    const greedy = [await ask('known-eve'), await ask('known-eve'), await ask('known-eve')];
    const other = await ask('known-ann');
    cleanUps.push(() => [...greedy, other].map(({ body }) => body?.cancel().catch(() => undefined)));
    expect([...greedy, other].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await expect(greedy[2]?.text()).rejects.toThrow();
    expect((await ask('known-eve')).status).toBe(429);
  });

  it('asks for no more than five people with all service accounts that they can make in a namespace', async () => {
    const ask = await serve('tasks', { most: 2 });
    const statuses = [];
    for (let nth = 0; nth < 6; nth += 1)
      for (let time = 0; time < 2; time += 1)
        statuses.push((await ask(`known-system:serviceaccount:evil:${nth}`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect((await ask('known-system:serviceaccount:other:one')).status).toBe(200);
    expect((await ask('known-ann')).status).toBe(200);
  });

  it('takes the share of one person with all service accounts of a namespace', () => {
    expect(['system:serviceaccount:a:one', 'system:serviceaccount:a:two', 'ann', 'oidc:bob'].map(sharerOf)).toEqual([
      'system:serviceaccount:a',
      'system:serviceaccount:a',
      'ann',
      'oidc:bob',
    ]);
  });
});

describe('somebody who follows a log', () => {
  const log = 'runs/one/logs?follow=true';

  it('reads on while they may', async () => {
    let looks = 0;
    const ask = await serve(log, { isKnown: () => (looks += 1) > 0 });
    const answer = await ask('known-ann');
    const reader = answer.body?.getReader();
    cleanUps.push(() => void reader?.cancel().catch(() => undefined));
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('one');
    const next = reader?.read().then(
      () => 'ended',
      () => 'broken off',
    );
    await expect.poll(() => looks).toBeGreaterThan(5);
    expect(await Promise.race([next, Promise.resolve('waits')])).toBe('waits');
  });

  it('that is silent for a minute reads what is printed afterwards', async () => {
    let looks = 0;
    const isLater = Promise.withResolvers<undefined>();
    async function* lines() {
      yield [lineOf('before')];
      await isLater.promise;
      yield [lineOf('after')];
    }
    const isKnown = (): boolean => (looks += 1) > 0;
    const ask = await serve(log, { isKnown, runLogs: () => Promise.resolve(lines()) });
    const answer = await ask('known-ann');
    // Each look comes two of the times after which a client that does not read is cut off.
    await expect.poll(() => looks).toBeGreaterThan(5);
    isLater.resolve(undefined);
    expect(await answer.text()).toBe('one/one-x7k2p before\none/one-x7k2p after\n');
  });

  it('and does not read what is printed is cut off, also after a silence', async () => {
    let [looks, isOver] = [0, false];
    const isLater = Promise.withResolvers<undefined>();
    async function* lines({ signal }: Wanted) {
      signal.addEventListener('abort', () => (isOver = true));
      yield [lineOf('before')];
      await isLater.promise;
      while (!signal.aborted) yield [lineOf('x'.repeat(256 * 1024))];
    }
    const isKnown = (): boolean => (looks += 1) > 0;
    const ask = await serve(log, { isKnown, runLogs: (wanted) => Promise.resolve(lines(wanted)) });
    const answer = await ask('known-ann');
    cleanUps.push(() => void answer.body?.cancel().catch(() => undefined));
    await expect.poll(() => looks).toBeGreaterThan(5);
    isLater.resolve(undefined);
    await expect.poll(() => isOver).toBe(true);
  });

  it('and whose token expires, or whose account is deleted, reads no further', async () => {
    let isKnown = true;
    const ask = await serve(log, { isKnown: () => isKnown });
    const answer = await ask('known-ann');
    expect(answer.status).toBe(200);
    isKnown = false;
    await expect(answer.text()).rejects.toThrow();
  });

  it('and whose right to logs is taken away reads no further', async () => {
    let hasRight = true;
    const ask = await serve(log, { may: ({ resource }) => resource !== 'pods/log' || hasRight });
    const answer = await ask('known-ann');
    expect(answer.status).toBe(200);
    hasRight = false;
    await expect(answer.text()).rejects.toThrow();
  });
});

it('answers with headers that keep other pages from framing it or running scripts in it', async () => {
  const ask = await serve();
  const { headers } = await ask('known-ann');
  expect(
    [
      'cache-control',
      'content-security-policy',
      'x-content-type-options',
      'referrer-policy',
      'x-frame-options',
      'x-powered-by',
    ].map((name) => headers.get(name)),
  ).toEqual([
    'no-store',
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'nosniff',
    'no-referrer',
    'SAMEORIGIN',
    null,
  ]);
});
