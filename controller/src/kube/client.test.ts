import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlreadyExists, isGone, isTimeout, isUnreachable, type ApiError } from './api-error.ts';
import { createClient, type Client } from './client.ts';
import { resourceType } from './objects.ts';
import { configMaps } from './testing/config-maps.ts';
import {
  answer,
  listOf,
  refuse,
  serveScript,
  stored,
  tell,
  type Script,
  type ScriptedServer,
} from './testing/scripted-server.ts';
import type { CallOutcome } from './transport.ts';

const jobs = resourceType({ group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true });
const ref = { namespace: 'default', name: 'a' };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(
  script: Script,
  options: { token?: string; concurrency?: number } = {},
): Promise<{ server: ScriptedServer; client: Client; outcomes: CallOutcome[] }> {
  const server = await serveScript(script);
  const outcomes: CallOutcome[] = [];
  const client = createClient({
    server: server.url,
    userAgent: 'test',
    onRequest: { after: (outcome) => outcomes.push(outcome) },
    ...options,
  });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client, outcomes };
}

/** A script that answers each request with the next step, and the last step from then on. */
const inTurn = (...steps: Script[]): Script => {
  let count = 0;
  return (request, response) => steps[Math.min(count++, steps.length - 1)]?.(request, response);
};

describe('a call', () => {
  it('addresses core and grouped kinds, and subresources', async () => {
    const { server, client } = await open((_request, response) => answer(response, stored('a', '1')));
    await client.get(configMaps, ref);
    await client.patchStatus(jobs, ref, { status: {} });
    await client.replaceStatus(jobs, { metadata: ref });
    await client.create(jobs, { metadata: ref }, { fieldManager: 'me', dryRun: true });
    await client.delete(jobs, ref, { uid: 'u' });
    expect(server.requests.map(({ method, path, headers }) => [method, path, headers['content-type']])).toEqual([
      ['GET', '/api/v1/namespaces/default/configmaps/a', undefined],
      ['PATCH', '/apis/batch/v1/namespaces/default/jobs/a/status', 'application/merge-patch+json'],
      ['PUT', '/apis/batch/v1/namespaces/default/jobs/a/status', 'application/json'],
      ['POST', '/apis/batch/v1/namespaces/default/jobs', 'application/json'],
      ['DELETE', '/apis/batch/v1/namespaces/default/jobs/a', 'application/json'],
    ]);
    expect(server.requests[2]?.body).toEqual({ apiVersion: 'batch/v1', kind: 'Job', metadata: ref });
    expect(server.requests[3]?.query.toString()).toBe('fieldManager=me&dryRun=All&fieldValidation=Strict');
    expect(server.requests[4]?.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: { uid: 'u' },
    });
  });

  it('refuses to address a namespaced object without its namespace', async () => {
    const { client, server } = await open((_request, response) => answer(response, {}));
    await expect(client.get(jobs, { name: 'a' })).rejects.toThrow('Job a cannot be addressed without a namespace');
    expect(server.requests).toEqual([]);
  });

  it('tells a deleted object from one that finalizers still hold', async () => {
    const held = { ...stored('a', '2'), kind: 'Job' };
    const { client } = await open(
      inTurn(
        (_q, r) => answer(r, { kind: 'Status', status: 'Success' }),
        (_q, r) => answer(r, held),
      ),
    );
    expect(await client.delete(jobs, ref)).toBeUndefined();
    expect(await client.delete(jobs, ref)).toEqual(held);
  });

  it('is retried after 503 with Retry-After, and each attempt is observed', async () => {
    const { client, outcomes } = await open(
      inTurn(
        (_q, r) => refuse(r, 503, { message: 'wait' }, { 'retry-after': '0' }),
        (_q, r) => answer(r, stored('a', '1')),
      ),
    );
    await client.get(configMaps, ref);
    expect(outcomes.map(({ verb, resource, status }) => [verb, resource, status])).toEqual([
      ['get', 'configmaps', 503],
      ['get', 'configmaps', 200],
    ]);
  });

  it('is a create made once when its connection breaks: nobody knows what became of it', async () => {
    const { client, server } = await open((_q, response) => response.destroy());
    await expect(client.create(jobs, { metadata: ref })).rejects.toSatisfy(isUnreachable);
    expect(server.requests).toHaveLength(1);
  });

  it('is a create made again when priority and fairness turned it away', async () => {
    const { client, server } = await open(
      inTurn(
        (_q, r) => refuse(r, 429, { reason: 'TooManyRequests' }, { 'retry-after': '0' }),
        (_q, r) => refuse(r, 409, { reason: 'AlreadyExists' }),
      ),
    );
    await expect(client.create(jobs, { metadata: ref })).rejects.toSatisfy(isAlreadyExists);
    expect(server.requests).toHaveLength(2);
  });

  it('gives up at its deadline, with the attempts bounded', async () => {
    const { client, server } = await open(() => undefined);
    const error = await client.get(configMaps, ref, { timeoutMs: 100 }).catch((caught: unknown) => caught as ApiError);
    expect(error).toMatchObject({
      status: 0,
      reason: 'Timeout',
      message: 'could not get ConfigMap default/a: no answer within 100 ms',
    });
    // On a busy machine one may be given up before the server has read it.
    expect(server.requests.length).toBeGreaterThan(1);
    expect(server.requests.length).toBeLessThanOrEqual(5);
  });

  it('ends at once, with the reason given, when its signal aborts', async () => {
    const controller = new AbortController();
    const { client } = await open(() => controller.abort(new Error('we are leaving')));
    await expect(client.get(configMaps, ref, { signal: controller.signal })).rejects.toThrow('we are leaving');
  });

  it('says that nobody listens', async () => {
    const { client, server } = await open(() => undefined);
    await server.close();
    await expect(client.create(jobs, { metadata: ref })).rejects.toThrow(
      /could not create Job default\/a: connect ECONNREFUSED/,
    );
  });

  it('that the API server would not read is refused here, as it would break the connection for all others', async () => {
    const { server, client } = await open((_request, response) => answer(response, stored('a', '1')));
    const large = { ...stored('a', '1'), data: { text: 'x'.repeat(20_000_000) } };
    await expect(client.create(configMaps, large)).rejects.toMatchObject({
      status: 413,
      serverMessage: 'Request entity too large: limit is 3145728',
    });
    expect(server.requests).toEqual([]);
  });
});

describe('credentials', () => {
  const inFile = (kubeconfig: object): string => {
    const dir = mkdtempSync(join(tmpdir(), 'kube-'));
    cleanUps.push(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'config'), JSON.stringify(kubeconfig));
    return dir;
  };
  const kubeconfig = (server: string, user: object): object => ({
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'home' } }],
  });

  it('re-reads a rotated token file upon 401 and tries once more', async () => {
    const server = await serveScript((request, response) => {
      if (request.headers.authorization === 'Bearer new') answer(response, stored('a', '1'));
      else refuse(response, 401, { reason: 'Unauthorized' });
    });
    const dir = inFile(kubeconfig(server.url, { tokenFile: 'token' }));
    writeFileSync(join(dir, 'token'), 'new\n');
    const client = createClient({ kubeconfigPath: join(dir, 'config'), userAgent: 'test' });
    cleanUps.push(
      () => server.close(),
      () => client.close(),
    );
    await client.get(configMaps, ref);
    expect(client.namespace).toBe('home');

    writeFileSync(join(dir, 'token'), 'old\n');
    const stale = createClient({ kubeconfigPath: join(dir, 'config'), userAgent: 'test' });
    cleanUps.push(() => stale.close());
    await expect(stale.get(configMaps, ref)).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(3);

    server.requests.length = 0;
    const lagging = createClient({
      kubeconfigPath: join(dir, 'config'),
      userAgent: 'test',
      onRequest: { after: ({ status }) => status === 401 && writeFileSync(join(dir, 'token'), 'new\n') },
    });
    cleanUps.push(() => lagging.close());
    await lagging.get(configMaps, ref);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('asks an exec plugin, and says whose call its failure hit', async () => {
    const server = await serveScript((request, response) =>
      answer(response, stored(request.headers.authorization ?? '', '1')),
    );
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const exec = (script: string): object => ({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] },
    });
    const good = inFile(kubeconfig(server.url, exec(`console.log(${JSON.stringify(JSON.stringify(credential))})`)));
    const bad = inFile(kubeconfig(server.url, exec('console.error("log in first"); process.exit(1)')));
    const [client, broken] = [good, bad].map((dir) =>
      createClient({ kubeconfigPath: join(dir, 'config'), userAgent: 'test' }),
    ) as [Client, Client];
    cleanUps.push(
      () => server.close(),
      () => client.close(),
      () => broken.close(),
    );
    expect((await client.get(configMaps, ref)).metadata.name).toBe('Bearer from-plugin');
    await expect(broken.create(configMaps, { metadata: ref })).rejects.toThrow(
      /could not create ConfigMap default\/a: log in first/,
    );
  });

  it("goes through the cluster's proxy", async () => {
    const server = await serveScript((_request, response) => answer(response, stored('a', '1')));
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request: IncomingMessage, socket: Duplex) => {
      tunnels.push(request.url ?? '');
      const upstream = connect(Number(new URL(server.url).port), '127.0.0.1', () =>
        socket.write('HTTP/1.1 200 OK\r\n\r\n'),
      );
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const config = kubeconfig('http://api.invalid', {}) as { clusters: { cluster: object }[] };
    Object.assign(config.clusters[0]?.cluster ?? {}, {
      'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    });
    const client = createClient({ kubeconfigPath: join(inFile(config), 'config'), userAgent: 'test' });
    cleanUps.push(
      () => server.close(),
      () => void proxy.close(),
      () => client.close(),
    );
    expect((await client.get(configMaps, ref)).metadata.name).toBe('a');
    expect(tunnels).toEqual(['api.invalid:80']);
  });

  it('names the contexts to choose from when one is unknown', async () => {
    const dir = inFile(kubeconfig('http://localhost', {}));
    const client = createClient({ kubeconfigPath: join(dir, 'config'), context: 'prod', userAgent: 'test' });
    cleanUps.push(() => client.close());
    await expect(client.create(configMaps, { metadata: ref })).rejects.toThrow(
      'context "prod" names no cluster: choose one of its contexts (c)',
    );
  });
});

describe('list', () => {
  it('follows continue tokens page by page and gives items their kind', async () => {
    const { client, server } = await open((request, response) =>
      answer(
        response,
        request.query.get('continue') === null
          ? listOf([stored('a', '1')], '9', 'more')
          : listOf([stored('b', '2')], '9'),
      ),
    );
    const pages = [];
    for await (const page of client.list(configMaps, { namespace: 'default', labelSelector: 'x=y', limit: 1 }))
      pages.push(page);
    expect(pages).toEqual([
      { items: [stored('a', '1')], resourceVersion: '9' },
      { items: [stored('b', '2')], resourceVersion: '9' },
    ]);
    expect(server.requests.map(({ query }) => query.toString())).toEqual([
      'labelSelector=x%3Dy&limit=1',
      'labelSelector=x%3Dy&limit=1&continue=more',
    ]);
  });
});

describe('a call that waits for its turn', () => {
  it('is given up at once when its caller no longer waits, and is never sent', async () => {
    const { client, server } = await open(() => undefined, { concurrency: 1 });
    const enough = new AbortController();
    const slow = client.get(configMaps, ref, { signal: enough.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    const gone = new AbortController();
    const waiting = client.get(configMaps, ref, { signal: gone.signal });
    gone.abort(new Error('too late'));
    await expect(waiting).rejects.toThrow('too late');
    await expect(client.get(configMaps, ref, { signal: gone.signal })).rejects.toThrow('too late');
    enough.abort(new Error('enough'));
    await expect(slow).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  }, 5_000);
});

describe('a stream', () => {
  const readAll = async (stream: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const piece of stream) expect(Buffer.from(piece).toString()).toBe('one line\n');
  };

  it('that breaks is an error of the call, as one that cannot be opened is', async () => {
    const { client } = await open((_request, response) => {
      response.write('one line\n', () => response.destroy());
    });
    await expect(client.getStream('/log').then(readAll)).rejects.toSatisfy(isUnreachable);
  });

  it('that is silent for too long says so', async () => {
    const { client } = await open((_request, response) => response.writeHead(200).flushHeaders());
    await expect(client.getStream('/log', {}, { idleMs: 50 }).then(readAll)).rejects.toSatisfy(isTimeout);
  });

  it('that its reader gives up ends with their reason', async () => {
    const gone = new AbortController();
    const { client } = await open((_request, response) => {
      response.write('one line\n', () => gone.abort(new Error('I have read enough')));
    });
    await expect(client.getStream('/log', {}, { signal: gone.signal }).then(readAll)).rejects.toThrow('read enough');
  });
});

describe('watch', () => {
  it('yields events however the bytes are cut, many-byte characters included', async () => {
    const object = stored('a', '2', { annotations: { note: 'grün ✓' } });
    const bytes = Buffer.from(
      `${JSON.stringify({ type: 'ADDED', object })}\n${JSON.stringify({ type: 'DELETED', object })}\n`,
    );
    const { client } = await open((_request, response) => {
      void (async () => {
        for (const byte of bytes) {
          response.write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      })();
    });
    const events = [];
    for await (const event of client.watch(configMaps, { resourceVersion: '1' })) events.push(event);
    expect(events).toEqual([
      { type: 'ADDED', object },
      { type: 'DELETED', object },
    ]);
  });

  it('throws what an ERROR event says', async () => {
    const { client } = await open((_request, response) =>
      tell(response, 'ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }),
    );
    await expect(client.watch(configMaps, { resourceVersion: '1' }).next()).rejects.toSatisfy(isGone);
  });

  it('breaks when nothing comes for too long', async () => {
    const { client } = await open((_request, response) => response.writeHead(200).flushHeaders());
    await expect(client.watch(configMaps, { resourceVersion: '1', idleMs: 50 }).next()).rejects.toSatisfy(
      isUnreachable,
    );
  });

  it('closes its connection when the reader leaves', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const { client } = await open((_request, response) => {
      response.on('close', closed);
      tell(response, 'ADDED', stored('a', '1'));
    });
    for await (const event of client.watch(configMaps, { resourceVersion: '1' })) {
      expect(event.type).toBe('ADDED');
      break;
    }
    await gone;
  });
});
