/** What ui, top and diff decide without a cluster; test/e2e tests them in one. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Run, RunDetail } from '../../api/schemas.ts';
import { coloured, plain } from '../style.ts';
import { renderDiff } from './diff.ts';
import { figuresOf } from './top.ts';
import { gate } from './ui.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

interface Answer {
  readonly status: number | undefined;
  readonly cookie: string | undefined;
  readonly location: string | undefined;
}

/** Asks the server behind the gate; the path is sent exactly as given. */
async function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const server = createServer(gate('the-key', (_request, response) => response.end('inside'))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const asked = request({
    port,
    host: '127.0.0.1',
    path,
    headers: { host: `127.0.0.1:${port}`, ...headers },
    agent: false,
  }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return {
    status: response.statusCode,
    cookie: response.headers['set-cookie']?.[0],
    location: response.headers.location,
  };
}

describe('the gate of task-runs ui', () => {
  const cookie = 'task-runs-key=the-key';

  it('turns the key into a cookie, for a page without it in its address', async () => {
    expect(await ask('/?key=the-key')).toEqual({
      status: 303,
      location: '/',
      cookie: `${cookie}; HttpOnly; SameSite=Strict; Path=/`,
    });
  });

  it('accepts the cookie, among other cookies and under both names of this machine', async () => {
    expect((await ask('/api/v1/tasks', { cookie })).status).toBe(200);
    expect((await ask('/', { cookie: `a=b; ${cookie}; c=d`, host: 'localhost:1234' })).status).toBe(200);
  });

  it.each<[string, string, Record<string, string>]>([
    ['no key', '/', {}],
    ['another key', '/?key=the-ke', {}],
    ['another cookie', '/', { cookie: 'task-runs-key=other' }],
    ['a cookie with the same ending', '/', { cookie: 'x-task-runs-key=the-key' }],
    ['another host with the cookie', '/', { cookie, host: 'evil.example' }],
    ['another host with the key', '/?key=the-key', { host: '127.0.0.1.evil.example' }],
    ['a path that names a host', '//evil.example/', { cookie }],
    ['a path that names a host with a backslash', '/\\evil.example/', { cookie }],
    ['a whole address', 'http://evil.example/', { cookie }],
    ['something that is not an address', '//', { cookie }],
  ])('refuses %s', async (_what, path, headers) => {
    expect(await ask(path, headers)).toEqual({ status: 403, cookie: undefined, location: undefined });
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
