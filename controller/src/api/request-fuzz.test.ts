/** Requests as no client sends them: each is answered soon, and never with an error of the server's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../kube/testing/fuzz.ts';
import type { Client } from '../kube/client.ts';
import { findRuns, type Sources } from './history.ts';
import { People } from './person.ts';
import { problemCodes } from './problems.ts';
import { createApi } from './server.ts';
import type { Service } from './service.ts';

/** The token that the cluster knows. */
const known = 'known';
const client = {
  create: (_type: unknown, { spec }: { spec: { token?: string } }) =>
    Promise.resolve({
      status: spec.token === known ? { authenticated: true, user: { username: 'ann' } } : { authenticated: false },
    }),
  as: () => client,
} as unknown as Client;

const caches = { runs: { cache: { values: () => [], by: () => [] } } };
/** What it is asked for is nothing, from a history that is empty; cursors are read as they are for a real one. */
const service = {
  listRuns: (_caller: unknown, _namespace: unknown, { limit, cursor }: { limit: number; cursor?: string }) =>
    findRuns({ caches } as unknown as Sources, {}, { limit, cursor }),
  listTasks: () => Promise.resolve({ items: [], total: 0 }),
} as unknown as Service;

let server: ReturnType<typeof createServer>;
let port: number;

beforeAll(async () => {
  const log = pino({ level: 'silent' });
  const requestLimits = { all: 1_000_000, changes: 1_000_000 };
  const people = new People(client);
  server = createServer(createApi({ service, people, log, version: '', requestLimits })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

interface Answered {
  readonly status: number;
  /** The API's own; undefined where HTTP itself refused the request. */
  readonly code: string | undefined;
}

/** Sends bytes, and reads until the server closes the connection. */
async function send(target: string, headers: readonly string[] = []): Promise<Answered> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
  socket.write(
    Buffer.from([`GET ${target} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers, '', ''].join('\r\n')),
  );
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const json = /\{.*\}/s.exec(body)?.[0];
  const { error } = (json === undefined ? {} : JSON.parse(json)) as { readonly error?: { readonly code: string } };
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), code: error?.code };
}

function expectRefusedOrFine({ status, code }: Answered): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  if (code !== undefined) expect(Object.keys(problemCodes)).toContain(code);
}

const authorized = [`Authorization: Bearer ${known}`];
const odd = fc.constantFrom(
  '%',
  '%00',
  '%ff',
  '%zz',
  '%2e%2e',
  '&',
  '=',
  '+',
  '[',
  ']',
  '__proto__',
  'constructor',
  "'",
  '\\',
);
const value = fc.oneof(
  fc.string({ maxLength: 30, unit: 'grapheme' }).map(encodeURIComponent),
  fc
    .array(fc.oneof(odd, fc.string({ maxLength: 5 }).map(encodeURIComponent)), { maxLength: 6 })
    .map((all) => all.join('')),
  fc.constantFrom(
    '-1',
    '0',
    '1e9',
    '99999999999999999999',
    'NaN',
    'Infinity',
    '1,2',
    'Succeeded,,',
    '2026-03-20T12:00:00Z',
  ),
  fc.constantFrom('+275761-01-01T00:00:00Z', '0000-00-00T00:00:00Z', 'true').map(encodeURIComponent),
  fc.nat(3_000).map((length) => 'x'.repeat(length)),
);
const field = fc.oneof(
  fc.constantFrom('task', 'phase', 'trigger', 'from', 'to', 'limit', 'cursor', '__proto__', 'a[b]'),
  value,
);
const query = fc
  .array(
    fc.tuple(field, value).map(([name, of]) => `${name}=${of}`),
    { maxLength: 6 },
  )
  .map((fields) => fields.join('&'));

describe('the API', () => {
  it('answers any query with runs, or says which field is wrong', async () => {
    await fuzz(
      'queries of the API',
      fc.tuple(fc.constantFrom('/runs', '/namespaces/prod/runs', '/tasks'), query),
      async ([path, asked]) => {
        const { status, code } = await send(`/api/v1${path}?${asked}`, authorized);
        expectRefusedOrFine({ status, code });
        if (status !== 200) expect([400, 404, 414, 431]).toContain(status);
      },
      { usual: 300 },
    );
  });

  it('reads its own cursors, and refuses any other with InvalidCursor', async () => {
    const made = fc.oneof(
      fc
        .tuple(fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 20n })), fc.string({ maxLength: 70 }))
        .map(([at, uid]) => Buffer.from(`${at} ${uid}`).toString('base64url')),
      fc.constantFrom(' a', '1 ', ' ', '1 a b', '1\n a').map((place) => Buffer.from(place).toString('base64url')),
      fc.base64String({ maxLength: 400 }),
      fc.string({ maxLength: 100, unit: 'binary' }),
    );
    await fuzz(
      'cursors',
      made,
      async (cursor) => {
        const { status, code } = await send(`/api/v1/runs?cursor=${encodeURIComponent(cursor)}`, authorized);
        expect([200, 400]).toContain(status);
        if (status === 400) expect(code).toBe('InvalidCursor');
      },
      { usual: 300 },
    );
  });

  it('lets nobody in but with the token that the cluster knows, whatever the headers are', async () => {
    const token = fc.oneof(
      fc.constant(known),
      fc.constant(known),
      fc.constantFrom(known, `${known} `, `${known},${known}`, `${known}\u0000`, known.toUpperCase(), `"${known}"`, ''),
      fc.string({ maxLength: 40, unit: 'binary' }).map((all) => all.replaceAll(/[\r\n]/g, '')),
      fc.nat(20_000).map((length) => 'a'.repeat(length)),
    );
    const scheme = fc.constantFrom(
      'Bearer ',
      'bearer  ',
      'Bearer',
      'Basic ',
      'Negotiate ',
      '',
      'Bearer\t',
      'Bearer Bearer ',
      'Basic Bearer ',
    );
    const name = fc.constantFrom(
      'Authorization',
      'authorization',
      'X-Task-Runs-Token',
      'Proxy-Authorization',
      'Cookie',
    );
    const header = fc.tuple(name, scheme, token).map(([of, by, what]) => `${of}: ${by}${what}`);
    await fuzz(
      'tokens',
      fc.array(header, { maxLength: 3 }),
      async (headers) => {
        const answer = await send('/api/v1/tasks', headers);
        expectRefusedOrFine(answer);
        const says = (pattern: RegExp) => headers.some((one) => pattern.test(one));
        const right = says(/^authorization: bearer known *$/i) || says(/^x-task-runs-token: *known *$/i);
        if (!right) expect(answer.status).not.toBe(200);
      },
      { usual: 300 },
    );
  });
});
