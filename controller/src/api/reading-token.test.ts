/**
 * Tokens that only read, from the REST API to the calls that the API server gets: what they read, what is refused, and
 * that the API server never gets one as a login.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Archive, ArchivedLog } from '../archive/archive.ts';
import type { Caches } from '../cluster/caches.ts';
import { byNamespace, byOwner, Cache } from '../kube/cache.ts';
import { createClient } from '../kube/client.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { answer, refuse, serveScript } from '../kube/testing/scripted-server.ts';
import { labels } from '../resources/index.ts';
import { People } from './person.ts';
import { routes } from './routes.ts';
import type { Access, Problem, RunDetail } from './schemas.ts';
import { createApi } from './server.ts';
import { Service } from './service.ts';
import { isAudienceOfApiServer } from './token-review.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const audience = 'task-runs';
const controllerToken = 'controller';

/** What the API server says of a token that is reviewed for some audiences; undefined: for its own. */
function reviewed(token: string, audiences: readonly string[] | undefined): object {
  const [kind, username] = token.split('-');
  const user = { username, uid: `uid-${username}` };
  if (audiences === undefined) return { authenticated: kind === 'full' || kind === 'both', user };
  if ((kind === 'reading' || kind === 'both') && audiences.includes(audience))
    return { authenticated: true, user, audiences: [audience] };
  // Authenticators that know no audiences, or look at another one.
  if (kind === 'unaware') return { authenticated: true, user };
  if (kind === 'elsewhere') return { authenticated: true, user, audiences: ['elsewhere.example'] };
  return { authenticated: false };
}

const runUid = 'uid-run';

interface ReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
  readonly resourceAttributes?: Readonly<Record<string, string>>;
}

interface Scene {
  readonly people?: { readonly audience?: string };
  readonly may?: (attributes: Readonly<Record<string, string>>) => boolean;
  readonly phase?: string;
  readonly archived?: readonly ArchivedLog[];
}

/** An API server with the run `one`, whose pod has a container `main`. */
async function scene({ people = { audience }, may = () => true, phase = 'Running', archived = [] }: Scene = {}) {
  const run = {
    metadata: { name: 'one', namespace: 'prod', uid: runUid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { taskRef: { name: 'app-mytask' } },
    status: { phase, jobs: [{ name: 'one', uid: 'uid-job' }] },
  };
  const owned = (kind: string, apiVersion: string, uid: string) => [
    { apiVersion, kind, name: 'one', uid, controller: true },
  ];
  const job = {
    metadata: {
      name: 'one',
      namespace: 'prod',
      uid: 'uid-job',
      ownerReferences: owned('TaskRun', 'task.oam.dev/v1alpha1', runUid),
    },
  };
  const pod = {
    metadata: {
      name: 'one-x7k2p',
      namespace: 'prod',
      uid: 'uid-pod',
      labels: { [labels.run]: 'one' },
      ownerReferences: owned('Job', 'batch/v1', 'uid-job'),
    },
    spec: { containers: [{ name: 'main' }] },
    status: { containerStatuses: [{ name: 'main', restartCount: 0, state: { running: {} } }] },
  };
  const review = (path: string, { token = '', audiences, resourceAttributes = {} }: ReviewSpec): object =>
    path.endsWith('/tokenreviews') ? reviewed(token, audiences) : { allowed: may(resourceAttributes) };
  const listed = (item: object) => ({ items: [item], metadata: { resourceVersion: '1' } });
  const objects = { '/taskruns/one': run, '/jobs': listed(job), '/pods': listed(pod) };
  const server = await serveScript(({ path, body }, response) => {
    if (path.endsWith('reviews'))
      return answer(response, { status: review(path, (body as { spec: ReviewSpec }).spec) }, 201);
    if (path.endsWith('/log')) return void response.end('2026-01-01T00:00:01Z from the pod\n');
    const [, found] = Object.entries(objects).find(([end]) => path.endsWith(end)) ?? [];
    return found ? answer(response, found) : refuse(response, 404, { reason: 'NotFound', message: `no ${path}` });
  });
  const client = createClient({ server: server.url, userAgent: 'test' }).as(controllerToken);
  const archive = {
    get: () => Promise.resolve(undefined),
    logsOf: () => Promise.resolve(archived),
    readLog: () => Readable.from([gzipSync('2026-01-01T00:00:01Z from the archive\n')]).iterator(),
  } as unknown as Archive;
  const informer = { cache: new Cache({ namespace: byNamespace, owner: byOwner }, () => undefined) };
  const caches = { tasks: informer, runs: informer, jobs: informer, pods: informer } as unknown as Caches;
  const clock = new FakeClock();
  const known = new People(client, { ...people, clock });
  const app = createApi({
    service: new Service({ caches, archive, client }),
    people: known,
    log: pino({ level: 'silent' }),
    version: '',
    requestLimits: { all: 1_000, changes: 1_000 },
  });
  const http = createServer(app).listen(0, '127.0.0.1');
  await once(http, 'listening');
  cleanUps.push(
    () => server.close(),
    () => client.close(),
    () => new Promise((resolve) => http.close(resolve)),
  );
  const { port } = http.address() as AddressInfo;
  const ask = async (token: string, path: string, method: 'GET' | 'POST' = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    });
    const text = await response.text();
    const { error } = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<Problem>;
    return { status: response.status, text, code: error?.code, message: error?.message };
  };
  /** The reviews of a token: the audiences that were asked for, each. */
  const reviews = (token: string) =>
    server.requests
      .filter(({ path }) => path.endsWith('/tokenreviews'))
      .map(({ body }) => (body as { spec: { token: string; audiences?: string[] } }).spec)
      .filter((spec) => spec.token === token)
      .map(({ audiences }) => audiences);
  /** All logins that the API server has seen. */
  const logins = () => [...new Set(server.requests.map(({ headers }) => headers.authorization))];
  return { people: known, client, clock, server, ask, reviews, logins };
}

const runPath = '/namespaces/prod/runs/one';
const logOfPod: ArchivedLog = { pod: 'one-x7k2p', container: 'main', restart: 0, bytes: 10, cutBytes: 0 };

describe('a token for reading', () => {
  it('is reviewed for its audience once the API server has refused it, and the answer is kept for ten seconds', async () => {
    const { people, clock, reviews } = await scene();
    const first = await people.of('reading-ann');
    expect([first.name, first.onlyReads]).toEqual(['ann', true]);
    expect(reviews('reading-ann')).toEqual([undefined, [audience]]);
    await clock.advance(9_999);
    await people.of('reading-ann');
    expect(reviews('reading-ann')).toHaveLength(2);
    await clock.advance(1);
    expect((await people.of('reading-ann')).onlyReads).toBe(true);
    expect(reviews('reading-ann')).toHaveLength(4);
  });

  it('is not believed where the authenticator does not name that audience', async () => {
    const { people } = await scene();
    for (const token of ['unaware-ann', 'elsewhere-ann', 'nobody-ann'])
      await expect(people.of(token)).rejects.toMatchObject({ code: 'Unauthenticated' });
  });

  it('is nobody’s without the parameter, and costs no second review', async () => {
    const { people, reviews } = await scene({ people: {} });
    await expect(people.of('reading-ann')).rejects.toMatchObject({ code: 'Unauthenticated' });
    expect(reviews('reading-ann')).toEqual([undefined]);
  });

  it('is kept apart from one of the same person that the API server accepts', async () => {
    const { people, reviews } = await scene();
    const kinds = async () => [
      (await people.of('reading-ann')).onlyReads,
      (await people.of('full-ann')).onlyReads,
      (await people.of('both-ann')).onlyReads,
    ];
    expect([await kinds(), await kinds()]).toEqual([
      [true, false, false],
      [true, false, false],
    ]);
    expect(reviews('full-ann')).toEqual([undefined]);
    // One that is for both is as strong as what the API server accepts.
    expect(reviews('both-ann')).toEqual([undefined]);
  });

  it('reads a run, with the names of logs that are still in its pods', async () => {
    const { ask, logins } = await scene();
    const { status, text } = await ask('reading-ann', runPath);
    expect(status, text).toBe(200);
    expect(JSON.parse(text) as RunDetail).toMatchObject({ name: 'one', logs: [{ pod: 'one-x7k2p', archived: false }] });
    expect(logins()).toEqual([`Bearer ${controllerToken}`]);
  });

  it('reads nothing of what its owner may not read with kubectl', async () => {
    const cannot = (verb: string, resource: string) => (right: Readonly<Record<string, string>>) =>
      right['verb'] !== verb || right['resource'] !== resource;
    const without = async (may: Scene['may'] & object) => (await scene({ may })).ask('reading-ann', runPath);
    expect(await without(cannot('get', 'taskruns'))).toMatchObject({ status: 403, code: 'Forbidden' });
    const { text } = await without(cannot('list', 'pods'));
    expect((JSON.parse(text) as RunDetail).logs).toEqual([]);
    const { server, ask } = await scene({ may: cannot('get', 'namespaces') });
    expect(await ask('reading-ann', '/namespaces/prod/tasks')).toMatchObject({ status: 200 });
    expect(server.requests.map(({ path }) => path)).not.toContain('/api/v1/namespaces/prod');
  });

  it('says so of itself, whatever its owner may', async () => {
    const { ask } = await scene();
    const access = async (token: string) => JSON.parse((await ask(token, '/access?namespace=prod')).text) as Access;
    expect(await access('reading-ann')).toMatchObject({ user: 'ann', onlyReads: true, may: { run: true } });
    expect(await access('full-ann')).toMatchObject({ user: 'ann', onlyReads: false, may: { run: true } });
  });

  it.each(routes.filter(({ changes }) => changes).map(({ id, path }) => [id, path]))(
    'does not %s, and the API server is not asked to',
    async (_id, path) => {
      const { ask, server, logins } = await scene();
      const at = path.replace('{namespace}', 'prod').replace('{run}', 'one').replace('{task}', 'app-mytask');
      expect(await ask('reading-ann', at, 'POST')).toMatchObject({
        status: 403,
        code: 'ReadingToken',
        message:
          'a change takes a token that the API server accepts, and yours, for the audience task-runs, only reads: send another, for example of `kubectl create token NAME` without `--audience`',
      });
      expect(server.requests.map(({ path: called }) => called)).toEqual([
        '/apis/authentication.k8s.io/v1/tokenreviews',
        '/apis/authentication.k8s.io/v1/tokenreviews',
      ]);
      expect(logins()).toEqual([`Bearer ${controllerToken}`]);
    },
  );

  it('does not read a log that is still in a pod, and says what does', async () => {
    const { ask, server, logins } = await scene();
    expect(await ask('reading-ann', `${runPath}/logs`)).toMatchObject({
      status: 403,
      code: 'ReadingToken',
      message: expect.stringMatching(
        /^the log of run one, which the archive does not have yet, takes a token that the API server accepts/,
      ) as string,
    });
    expect(await ask('reading-ann', `${runPath}/logs?follow=true`)).toMatchObject({
      status: 403,
      code: 'ReadingToken',
    });
    expect(server.requests.some(({ path }) => path.endsWith('/log'))).toBe(false);
    expect(logins()).toEqual([`Bearer ${controllerToken}`]);
    expect((await ask('full-ann', `${runPath}/logs`)).text).toContain('from the pod');
    expect(logins()).toEqual([`Bearer ${controllerToken}`, 'Bearer full-ann']);
  });

  it('reads a log from the archive once the archive has all of it, also while its pods are kept', async () => {
    const { ask } = await scene({ phase: 'Succeeded', archived: [logOfPod] });
    expect(await ask('reading-ann', `${runPath}/logs`)).toMatchObject({ status: 200 });
    expect((await ask('reading-ann', `${runPath}/logs?follow=true`)).text).toContain('from the archive');
    // That of an earlier start of the container is not all of it.
    const earlier = await scene({ archived: [{ ...logOfPod, restart: 1 }] });
    expect(await earlier.ask('reading-ann', `${runPath}/logs`)).toMatchObject({ code: 'ReadingToken' });
  });

  it('does not read logs without the right to them', async () => {
    const { ask } = await scene({ archived: [logOfPod], may: ({ subresource }) => subresource !== 'log' });
    expect(await ask('reading-ann', `${runPath}/logs`)).toMatchObject({ status: 403, code: 'Forbidden' });
  });
});

describe('an audience of the API server itself', () => {
  it('is told by the controller’s own token', async () => {
    const { client } = await scene();
    expect(await isAudienceOfApiServer(client.as('both-controller'), audience)).toBe(true);
    expect(await isAudienceOfApiServer(client.as('full-controller'), audience)).toBe(false);
    expect(await isAudienceOfApiServer(client.as('unaware-controller'), audience)).toBe(false);
  });
});
