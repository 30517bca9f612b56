/** What ui, top and diff decide without a cluster; test/e2e tests them in one. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Run, RunDetail } from '../../api/schemas.ts';
import { coloured, plain } from '../style.ts';
import { renderDiff } from '../views/run-diff.ts';
import { figuresOf } from './top.ts';
import { forwardTo, gate, listenHere, placeOf } from './ui.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Asks the server behind the gate; the path is sent exactly as given. `here` in a header is the server's address. */
async function ask(path: string, given: Readonly<Record<string, string>> = {}, method = 'GET') {
  let asked = 0;
  const server = createServer(gate('the-key', (_request, response) => ((asked += 1), response.end('inside')))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const headers = Object.fromEntries(
    Object.entries({ host: 'here', ...given }).map(([name, value]) => [
      name,
      value.replace('here', `127.0.0.1:${port}`),
    ]),
  );
  const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  const { 'set-cookie': cookie, location } = response.headers;
  // No cookie, which servers on other ports would get, and no redirect, which could lead elsewhere.
  expect([cookie, location]).toEqual([undefined, undefined]);
  return { status: response.statusCode, reached: asked === 1 };
}

const tasks = '/api/v1/tasks';
const suspend = '/api/v1/namespaces/prod/tasks/t/suspend';
const key = { authorization: 'Bearer the-key' };
const json = { 'content-type': 'application/json' };

describe('the gate of task-runs ui', () => {
  it('lets the console read and act with the key, under both names of this machine', async () => {
    const own = { ...key, 'sec-fetch-site': 'same-origin' };
    for (const answer of [
      await ask(tasks, key),
      await ask(tasks, { ...own, host: 'localhost:1234' }),
      await ask(tasks, { ...own, host: new URL(placeOf(1234, 'the-key')).host }),
      await ask(suspend, { ...own, ...json, origin: 'http://here' }, 'POST'),
    ])
      expect(answer).toEqual({ status: 200, reached: true });
  });

  it("hands out the console's files without the key, for the address does not contain it", async () => {
    expect(await ask('/', { 'sec-fetch-site': 'none' })).toEqual({ status: 200, reached: true });
    expect(await ask('/assets/x.js', { 'sec-fetch-site': 'same-origin' })).toEqual({ status: 200, reached: true });
  });

  it.each<[string, number, string, Record<string, string>, string?]>([
    ['without the key', 401, tasks, {}],
    ['with the key in the address', 401, `${tasks}?key=the-key`, {}],
    ['with the key as a cookie', 401, tasks, { cookie: 'task-runs-key=the-key' }],
    ['with another key', 401, tasks, { authorization: 'Bearer the-ke' }],
    ['by another spelling of the path', 401, '/%61pi/v1/tasks', {}],
    ['by a path that cannot be read', 401, '/%', {}],
    ['by a path with dots', 401, '/assets/../api/v1/tasks', {}],
    ['by a slash more', 403, '//api/v1/tasks', {}],
    ['by a POST elsewhere', 401, '/', json, 'POST'],
    [
      'from a page on another port of this machine',
      403,
      suspend,
      { ...key, ...json, origin: 'http://127.0.0.1:1' },
      'POST',
    ],
    ['from a page on another port that sends no Origin', 403, tasks, { ...key, 'sec-fetch-site': 'same-site' }],
    ['from a page of another site', 403, tasks, { ...key, 'sec-fetch-site': 'cross-site' }],
    ['from a page without an origin', 403, suspend, { ...key, ...json, origin: 'null' }, 'POST'],
    ['by a form', 415, suspend, { ...key, 'content-type': 'text/plain' }, 'POST'],
    ['by a POST without a body', 415, suspend, key, 'POST'],
    ['by a name that leads to this machine', 403, tasks, { ...key, host: 'evil.example' }],
    ['by a name that begins as this machine', 403, tasks, { ...key, host: '127.0.0.1.evil.example' }],
    ['by a name below a name of this machine', 403, tasks, { ...key, host: '0123456789abcdef.localhost.evil.example' }],
    ['by a path that names a host', 403, '//evil.example/', key],
    ['by a path that names a host with a backslash', 403, '/\\evil.example/', key],
    ['by a whole address', 403, 'http://evil.example/', key],
    ['by something that is not an address', 403, '//', key],
  ])('refuses somebody who wants to use it %s', async (_what, status, path, headers, method) => {
    expect(await ask(path, headers, method)).toEqual({ status, reached: false });
  });
});

describe('the address of task-runs ui', () => {
  it('has another name each time, under which nobody has left anything in the browser', () => {
    const hosts = Array.from({ length: 50 }, () => new URL(placeOf(80, 'the-key')).hostname);
    expect(new Set(hosts).size).toBe(50);
  });

  it('leads to nobody who took the same port on the other address of this machine, to be shown the key', async () => {
    const { port, close } = await listenHere((_request, response) => response.end('ours'), 0);
    cleanUps.push(close);
    const squatter = createServer().listen(port, '::1');
    await expect(once(squatter, 'listening')).rejects.toThrow(/EADDRINUSE|EADDRNOTAVAIL/);
  });

  it('is not given where somebody has the port on the other address already', async ({ skip }) => {
    const squatter = createServer().listen(0, '::1');
    const hasIpv6 = await once(squatter, 'listening').then(
      () => true,
      () => false,
    );
    if (!hasIpv6) return skip('there is no IPv6 here');
    cleanUps.push(() => squatter.close());
    const { port } = squatter.address() as AddressInfo;
    await expect(listenHere(() => undefined, port)).rejects.toThrow('EADDRINUSE');
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});

describe('the console behind an address with a path', () => {
  /** A server that has more than the console, as behind an ingress. @returns what it was asked, and with which token */
  async function behindIngress(path: string, given: Readonly<Record<string, string>> = {}) {
    const asked: (readonly [path: string | undefined, token: string | undefined])[] = [];
    const ingress = createServer(({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      response.end('inside');
    }).listen(0, '127.0.0.1');
    await once(ingress, 'listening');
    const base = new URL(`http://127.0.0.1:${(ingress.address() as AddressInfo).port}/task-runs`);
    const ui = createServer(
      gate(
        'the-key',
        forwardTo(base, () => Promise.resolve('the-token')),
      ),
    ).listen(0, '127.0.0.1');
    await once(ui, 'listening');
    cleanUps.push(
      () => ui.close(),
      () => ingress.close(),
    );
    const { port } = ui.address() as AddressInfo;
    const headers = { host: `127.0.0.1:${port}`, ...given };
    const sent = request({ port, host: '127.0.0.1', path, headers, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return { status: response.statusCode, asked };
  }

  it('does not send a request over a connection that the server ends because it was idle', async () => {
    const used = new WeakSet<object>();
    const upstream = createServer((one, response) => {
      // As one that has been ended, though the other side does not know it yet.
      if (used.has(one.socket)) return void one.socket.destroy();
      used.add(one.socket);
      response.end('inside');
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const base = new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    const ui = createServer(forwardTo(base, () => Promise.resolve('the-token'))).listen(0, '127.0.0.1');
    await once(ui, 'listening');
    cleanUps.push(
      () => ui.close(),
      () => upstream.close(),
    );
    const address = `http://127.0.0.1:${(ui.address() as AddressInfo).port}${tasks}`;
    const statuses: number[] = [];
    for (let nth = 0; nth < 3; nth += 1) {
      const answer = await fetch(address);
      await answer.text();
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200, 200]);
  });

  it('forwards what the console asks for to below that path, and files without the token', async () => {
    expect(await behindIngress(`${tasks}?limit=1`, key)).toEqual({
      status: 200,
      asked: [[`/task-runs${tasks}?limit=1`, 'Bearer the-token']],
    });
    for (const [path, file] of [
      ['/', '/'],
      ['/?x=/api', '/?x=/api'],
      ['/assets/index-C1d12mlw.css', '/assets/index-C1d12mlw.css'],
    ] as const)
      expect(await behindIngress(path)).toEqual({ status: 200, asked: [[`/task-runs${file}`, undefined]] });
  });

  it.each([
    ['read all tasks', '/../task-runs/api/v1/tasks'],
    ['read all tasks by dots in escapes', '/%2e%2e/task-runs/api/v1/tasks'],
    ['read all tasks by a slash in an escape', '/assets/..%2f..%2ftask-runs/api/v1/tasks'],
    ['read what else is behind the ingress', '/../secrets'],
    ['read what else is there by a file of its own', '/assets/../../secrets'],
  ])('gives nothing to somebody without the key who wants to %s', async (_what, path) => {
    expect(await behindIngress(path)).toEqual({ status: 401, asked: [] });
  });

  it('sends the token nowhere else, whoever has the key', async () => {
    for (const [path, below] of [
      ['/../../secrets', '/task-runs/secrets'],
      ['/.//evil.example/', '/task-runs//evil.example/'],
    ] as const)
      expect((await behindIngress(path, key)).asked).toEqual([[below, 'Bearer the-token']]);
  });
});

const aRun = (rest: Partial<Run> = {}): Run => ({
  uid: 'u',
  namespace: 'prod',
  name: 'r',
  task: 'mytask',
  trigger: { type: 'Manual' },
  phase: 'Succeeded',
  creationTimestamp: '2026-01-01T00:00:00Z',
  shape: 'Job',
  kept: false,
  archived: false,
  ...rest,
});

describe('the figures of top', () => {
  it('count only the runs that have them', () => {
    const runs = [
      ...Array.from({ length: 20 }, (_, index) =>
        aRun({ durationSeconds: 20 - index, phase: index < 3 ? 'Failed' : 'Succeeded' }),
      ),
      aRun({ phase: 'Running', delaySeconds: 4 }),
      aRun({ phase: 'Skipped', delaySeconds: 9 }),
    ];
    expect(figuresOf('mytask', runs)).toEqual({
      task: 'mytask',
      runs: 22,
      failed: 3,
      median: 10,
      p95: 19,
      longest: 20,
      latest: 9,
    });
  });

  it('give the longest wait in a queue', () => {
    expect(figuresOf('mytask', [aRun({ waitedSeconds: 5 }), aRun({ waitedSeconds: 760 }), aRun()])).toMatchObject({
      waited: 760,
    });
  });

  it('of a single run are its own, and no runs have no figures', () => {
    expect(figuresOf('mytask', [aRun({ durationSeconds: 7 })])).toEqual({
      task: 'mytask',
      runs: 1,
      failed: 0,
      median: 7,
      p95: 7,
      longest: 7,
    });
    expect(figuresOf('mytask', [])).toEqual({ task: 'mytask', runs: 0, failed: 0 });
  });
});

describe('the diff of two runs', () => {
  const detail = (name: string, rest: Partial<RunDetail> = {}): RunDetail => ({
    ...aRun({ name }),
    jobs: [],
    logs: [],
    ...rest,
  });
  const container = (name: string, image: string): object => ({ name, image });
  const what = (...containers: object[]): Partial<RunDetail> => ({ snapshot: { template: { spec: { containers } } } });

  it('says for each part that is the same that it is', () => {
    expect(renderDiff(detail('one'), detail('two'), plain)).toBe(
      '- one\n+ two\n\nHow it went: the same\n\nWhat ran: the same\n\nOverrides: the same\n\nOutputs: the same\n',
    );
  });

  it('shows all changes of one path together, and matches containers by name', () => {
    const [before, after] = [
      detail('one', what(container('main', 'busybox:1'), container('side', 'x'))),
      detail('two', what(container('new', 'y'), container('main', 'busybox:2'), container('side', 'x'))),
    ];
    expect(renderDiff(before, after, plain)).toContain(
      [
        '\nWhat ran',
        '- template.spec.containers[main].image: busybox:1',
        '+ template.spec.containers[main].image: busybox:2',
        '+ template.spec.containers[new].image: y',
        '+ template.spec.containers[new].name: new',
        '',
      ].join('\n'),
    );
  });

  it('shows that the last of a thousand steps has another image', () => {
    const flow = (last: string): Partial<RunDetail> => ({
      snapshot: {
        steps: Array.from({ length: 1_000 }, (_, index) => ({
          name: `step-${index}`,
          image: index === 999 ? last : 'busybox',
          command: ['sh', '-c', 'true'],
        })),
      },
    });
    expect(renderDiff(detail('one', flow('busybox:1')), detail('two', flow('busybox:2')), plain)).toContain(
      '\nWhat ran\n- steps[step-999].image: busybox:1\n+ steps[step-999].image: busybox:2\n\n',
    );
  });

  it('shows the first two thousand changes, and how many more there are', () => {
    const rows = Array.from({ length: 2_100 }, (_, index) => index);
    const lines = renderDiff(detail('one'), detail('two', { outputs: { rows } }), plain).split('\n');
    expect(lines.filter((line) => line.startsWith('+ rows'))).toHaveLength(2_000);
    expect(lines.slice(-2)).toEqual(['and 100 more', '']);
  });

  it('shows how each run went, step by step', () => {
    const before = detail('one', {
      durationSeconds: 62,
      jobs: [{ step: 'build', phase: 'Succeeded', duration: '1s' }],
    });
    const after = detail('two', {
      phase: 'Failed',
      exitCode: 3,
      durationSeconds: 62,
      jobs: [{ step: 'build', phase: 'Failed', duration: '2s' }],
    });
    expect(renderDiff(before, after, plain)).toContain(
      '\nHow it went\n+ exitCode: 3\n- phase: Succeeded\n+ phase: Failed\n- steps.build: Succeeded 1s\n+ steps.build: Failed 2s\n',
    );
  });

  it('shows how long each run waited, and where', () => {
    const before = detail('one', { waitedSeconds: 760, snapshot: { queue: { name: 'nightly' } } });
    expect(renderDiff(before, detail('two', { snapshot: { queue: { name: 'daily' } } }), plain)).toContain(
      '\nHow it went\n- waited: 12m40s\n\nWhat ran\n- queue.name: nightly\n+ queue.name: daily\n',
    );
  });

  it('is coloured when colours are on, and lets no control character of a run reach the terminal', () => {
    const text = renderDiff(detail('one'), detail('two', { outputs: { title: '\u001b]0;owned\u0007' } }), plain);
    expect(text).not.toMatch(/[\u001b\u0007]/); // eslint-disable-line no-control-regex
    expect(renderDiff(detail('one'), detail('two', { exitCode: 3 }), coloured)).toContain(
      '\u001b[32m+ exitCode: 3\u001b[0m',
    );
  });

  it('distinguishes an empty value from a missing one', () => {
    expect(renderDiff(detail('one'), detail('two', { outputs: { rows: [] } }), plain)).toContain(
      '\nOutputs\n+ rows: []\n',
    );
  });
});
