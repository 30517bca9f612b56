/**
 * The REST API and the archive against a real API server, with simulated pods; logs are tested end to end, where pods
 * are real.
 */
import { sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemCodes } from '../../controller/src/api/problems.ts';
import { routes, type Route } from '../../controller/src/api/routes.ts';
import type {
  Access,
  Problem,
  Run,
  RunDetail,
  RunPage,
  TaskDetail,
  TaskPage,
} from '../../controller/src/api/schemas.ts';
import { taskRuns } from '../../controller/src/cluster/resource-types.ts';
import { jobs } from '../../controller/src/kube/resources.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { restOf, type Answer, type Ask } from '../support/rest.ts';
import { Room } from '../support/room.ts';

let cluster: Cluster;
let controller: ControllerProcess;
let admin: Ask;
let count = 0;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 2 });
  controller = await startController(cluster.controllerKubeconfig, [
    '--api-address=127.0.0.1:0',
    '--api-requests-per-minute=100000',
    `--archive=${join(cluster.directory, 'archive.db')}`,
  ]);
  await cluster.kubectl(['create', 'serviceaccount', 'admin', '-n', 'default']);
  await cluster.kubectl([
    'create',
    'clusterrolebinding',
    'test-admin',
    '--clusterrole=cluster-admin',
    '--serviceaccount=default:admin',
  ]);
  admin = restOf(controller.apiPort ?? 0, await tokenOf('admin', 'default'));
});
afterAll(async () => {
  await controller?.stop();
  await cluster?.stop();
});

async function tokenOf(account: string, namespace: string): Promise<string> {
  return (await cluster.kubectl(['create', 'token', account, '-n', namespace])).trim();
}

async function openRoom(): Promise<{ room: Room; at: string }> {
  const room = await Room.open(cluster, `rest-${(count += 1)}`);
  return { room, at: `/namespaces/${room.namespace}` };
}

/** Somebody with a role in one namespace. */
async function somebody(room: Room, role: string | undefined): Promise<Ask> {
  const name = `with-${role ?? 'nothing'}`;
  await room.kubectl('create', 'serviceaccount', name);
  if (role !== undefined)
    await room.kubectl(
      'create',
      'rolebinding',
      name,
      `--clusterrole=${role}`,
      `--serviceaccount=${room.namespace}:${name}`,
    );
  return restOf(controller.apiPort ?? 0, await tokenOf(name, room.namespace));
}

type Claims = Readonly<Record<string, unknown>>;
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const partsOf = (token: string): [head: Claims, claims: Claims] => {
  const [head = '', claims = ''] = token.split('.');
  return [
    JSON.parse(Buffer.from(head, 'base64url').toString()),
    JSON.parse(Buffer.from(claims, 'base64url').toString()),
  ];
};

/** The same token with other claims, signed with the cluster's own key: what the cluster might once have given out. */
async function signedAgain(token: string, changes: Claims): Promise<string> {
  const [head, claims] = partsOf(token);
  const content = `${base64(head)}.${base64({ ...claims, ...changes })}`;
  const key = await readFile(join(cluster.sandbox.dir, 'pki', 'service-account.key'), 'utf8');
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

/** With headers in their order, also twice, and the path as it is. */
function statusOf(path: string, ...headers: readonly (readonly [string, string])[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const all = [['host', 'here'], ...headers].flat();
    const options = { port: controller.apiPort, host: '127.0.0.1', path: `/api/v1${path}`, headers: all, agent: false };
    httpRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

const codeOf = ({ json }: Answer) => (json as Partial<Problem> | undefined)?.error?.code;
const namesOf = ({ json }: Answer) => (json as RunPage).items.map(({ name }) => name);
const byHand = { trigger: 'Manual' as const };

/** The history, once the archive has all of it. */
function archivedHistory(path: string, total: number): Promise<RunPage> {
  return eventually(`${total} runs are in the history of ${path}`, async () => {
    const page = (await admin(path)).json as RunPage;
    if (page.total !== total) throw new Error(JSON.stringify(page));
    return page;
  });
}

describe('the history', () => {
  it('has runs that are in the cluster and runs that are gone, in one list with pages and totals', async () => {
    const { room, at } = await openRoom();
    for (let revision = 1; revision <= 5; revision += 1)
      await room.finish({ revision, policy: { keepLast: 2, historyLimit: 3 } });
    await eventually('the records of old runs are gone', async () => {
      const names = await room.names(taskRuns);
      if (names.length !== 3) throw new Error(names.join());
      return true;
    });
    const page = await archivedHistory(`${at}/runs?task=app-mytask`, 5);
    expect(page.items.map(({ name, archived, kept, phase }) => [name, archived, kept, phase])).toEqual([
      ['mytask-v5', false, true, 'Succeeded'],
      ['mytask-v4', false, true, 'Succeeded'],
      ['mytask-v3', false, false, 'Succeeded'],
      ['mytask-v2', true, false, 'Succeeded'],
      ['mytask-v1', true, false, 'Succeeded'],
    ]);
    expect(page.items[4]).toMatchObject({
      trigger: { type: 'Revision', value: 'app-v1' },
      shape: 'Job',
      startTime: expect.any(String) as string,
      durationSeconds: expect.any(Number) as number,
    });
    const first = await admin(`${at}/runs?limit=2`);
    const second = await admin(`${at}/runs?limit=2&cursor=${(first.json as RunPage).nextCursor ?? ''}`);
    const third = await admin(`${at}/runs?limit=2&cursor=${(second.json as RunPage).nextCursor ?? ''}`);
    expect([namesOf(first), namesOf(second), namesOf(third)]).toEqual([
      ['mytask-v5', 'mytask-v4'],
      ['mytask-v3', 'mytask-v2'],
      ['mytask-v1'],
    ]);
    expect((third.json as RunPage).nextCursor).toBeUndefined();
    const [, , , older] = page.items;
    expect(namesOf(await admin(`${at}/runs?to=${encodeURIComponent(older?.creationTimestamp ?? '')}`))).toEqual([
      'mytask-v1',
    ]);
    expect(namesOf(await admin(`${at}/runs?phase=Failed,Cancelled`))).toEqual([]);
    expect(namesOf(await admin(`${at}/runs?trigger=Revision&phase=Succeeded&limit=1`))).toEqual(['mytask-v5']);
  });

  it('tells where a run waits, since when, and afterwards for how long', async () => {
    const { room, at } = await openRoom();
    const task = await room.deploy({
      revision: 1,
      spec: { queue: { name: 'nightly', priorityClass: 'urgent' }, queueTimeoutSeconds: 3600 },
    });
    await room.runWhere(
      'mytask-v1',
      'waits and says why',
      ({ phase, reason }) => phase === 'Queued' && reason === 'KueueNotInstalled',
    );
    const page = (await admin(`${at}/runs?phase=Queued`)).json as RunPage;
    expect(page.items).toMatchObject([
      {
        name: 'mytask-v1',
        phase: 'Queued',
        reason: 'KueueNotInstalled',
        queuedTime: expect.any(String) as string,
        kept: true,
      },
    ]);
    expect(namesOf(await admin(`${at}/runs?phase=Pending,Running`))).toEqual([]);
    const waiting = (await admin(`${at}/runs/mytask-v1`)).json as RunDetail;
    expect(waiting).toMatchObject({
      snapshot: { queue: { name: 'nightly', priorityClass: 'urgent' }, queueTimeoutSeconds: 3600 },
      jobs: [{ phase: 'Queued', queuedTime: page.items[0]?.queuedTime }],
    });
    await room.admit('mytask-v1');
    await room.finished(task);
    const { queuedTime, waitedSeconds, jobs: rows } = (await admin(`${at}/runs/mytask-v1`)).json as RunDetail;
    expect({ queuedTime, rows }).toMatchObject({
      queuedTime: undefined,
      rows: [{ phase: 'Succeeded', waitedSeconds }],
    });
    expect(waitedSeconds).toBeGreaterThanOrEqual(0);
    // The cache has no waits of ended runs, so the history has them once the archive has the run.
    const { items } = await eventually('the archive has the run', async () => {
      const history = await archivedHistory(`${at}/runs?phase=Succeeded`, 1);
      return history.items[0]?.waitedSeconds === undefined ? undefined : history;
    });
    expect(items).toMatchObject([{ waitedSeconds }]);
  });

  it('tells everything of a run that is gone', async () => {
    const { room, at } = await openRoom();
    await room.finish({ revision: 1, pods: { exitCode: '3' }, policy: { historyLimit: 5 } });
    await room.finish({ revision: 2 });
    const live = (await admin(`${at}/runs/mytask-v1`)).json as RunDetail;
    expect(live).toMatchObject({
      name: 'mytask-v1',
      phase: 'Failed',
      application: 'app',
      component: 'mytask',
      archived: false,
      kept: true,
      jobs: [{ name: 'mytask-v1', phase: 'Failed' }],
    });
    await eventually('the run is archived', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${controller.port}/metrics`)).text();
      if (!/^task_runs_archive_queue_length 0$/m.test(metrics)) throw new Error('the queue is not empty');
      return true;
    });
    await room.delete(taskRuns, 'mytask-v1');
    const gone = await eventually('the run is archived alone', async () => {
      const { json } = await admin(`${at}/runs/mytask-v1`);
      if ((json as RunDetail).archived !== true) throw new Error(JSON.stringify(json));
      return json as RunDetail;
    });
    // A simulated pod has no log.
    expect(gone).toEqual({ ...live, archived: true, kept: false, logs: [] });
    expect(await admin(`${at}/runs/mytask-v1/retry`, { method: 'POST' })).toMatchObject({
      status: 409,
      json: {
        error: {
          code: 'NotRetriable',
          message: 'run mytask-v1 is only in the archive, so it cannot be changed: run the task again',
        },
      },
    });
    expect(codeOf(await admin(`${at}/runs/mytask-v1/cancel`, { method: 'POST' }))).toBe('RunFinished');
  });

  it('leaves out the values of environment variables', async () => {
    const { room, at } = await openRoom();
    await room.deploy({ revision: 1, policy: byHand });
    const { json } = await admin(`${at}/tasks/app-mytask/run`, {
      method: 'POST',
      body: { env: [{ name: 'PASSWORD', value: 'hunter2' }] },
    });
    const detail = await eventually('the run has a snapshot', async () => {
      const answer = await admin(`${at}/runs/${(json as Run).name}`);
      if ((answer.json as RunDetail).snapshot === undefined) throw new Error(answer.text);
      return answer;
    });
    expect(detail.text).toContain('PASSWORD');
    expect(detail.text).not.toContain('hunter2');
  });
});

describe('a task', () => {
  it('is listed, described, suspended and resumed', async () => {
    const { room, at } = await openRoom();
    const task = await room.deploy({
      revision: 1,
      spec: { schedule: { crons: ['0 3 * * *'], timeZone: 'Europe/Berlin' } },
    });
    await room.ask('by-hand');
    await room.where(task, 'lists the run', ({ lastRuns = [] }) => lastRuns[0]?.phase === 'Succeeded');
    expect((await admin(`${at}/tasks`)).json as TaskPage).toMatchObject({
      total: 1,
      items: [
        {
          name: 'app-mytask',
          suspended: false,
          schedule: { crons: ['0 3 * * *'] },
          lastRuns: [{ name: 'by-hand', phase: 'Succeeded' }],
        },
      ],
    });
    const detail = (await admin(`${at}/tasks/app-mytask`)).json as TaskDetail;
    expect(detail.nextScheduleTimes).toHaveLength(10);
    expect(detail.nextScheduleTimes[0]).toMatch(/T0[12]:00:00\.000Z$/);
    expect((await admin(`${at}/tasks/app-mytask/suspend`, { method: 'POST' })).json).toMatchObject({
      suspended: true,
      nextScheduleTimes: [],
    });
    expect((await admin(`${at}/tasks/app-mytask/resume`, { method: 'POST' })).json).toMatchObject({ suspended: false });
  });

  it('runs when asked to, is cancelled with a reason, retried, and pruned', async () => {
    const { room, at } = await openRoom();
    await room.deploy({ revision: 1, policy: byHand, pods: { duration: '1h' } });
    const task = `${at}/tasks/app-mytask`;
    expect(await admin(`${task}/run`, { method: 'POST', body: { name: 'mine', args: ['--fast'] } })).toMatchObject({
      status: 201,
      json: {
        name: 'mine',
        task: 'app-mytask',
        trigger: { type: 'Manual', value: 'system:serviceaccount:default:admin' },
      },
    });
    expect(await admin(`${task}/run`, { method: 'POST', body: { name: 'mine' } })).toMatchObject({
      status: 409,
      json: { error: { code: 'NameTaken' } },
    });
    await room.runWhere('mine', 'runs', ({ phase }) => phase === 'Running');
    expect(codeOf(await admin(`${at}/runs/mine/retry`, { method: 'POST' }))).toBe('NotRetriable');
    await admin(`${at}/runs/mine/cancel`, { method: 'POST', body: { reason: 'wrong table' } });
    const { spec } = await room.runWhere('mine', 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect(spec.cancelReason).toBe('system:serviceaccount:default:admin: wrong table');
    expect(codeOf(await admin(`${at}/runs/mine/cancel`, { method: 'POST' }))).toBe('RunFinished');
    const retry = await admin(`${at}/runs/mine/retry`, { method: 'POST' });
    expect(retry).toMatchObject({ status: 201, json: { trigger: { type: 'Manual' } } });
    await admin(`${at}/runs/${(retry.json as Run).name}/cancel`, { method: 'POST' });
    await room.runWhere((retry.json as Run).name, 'is cancelled', ({ phase }) => phase === 'Cancelled');
    expect((await admin(`${task}/prune`, { method: 'POST', body: { keep: 1, dryRun: true } })).json).toEqual({
      runs: ['mine'],
      dryRun: true,
    });
    expect((await admin(`${task}/prune`, { method: 'POST', body: { keep: 1 } })).json).toEqual({
      runs: ['mine'],
      dryRun: false,
    });
    expect(await room.names(taskRuns)).toEqual([(retry.json as Run).name]);
  });

  it('is pruned as its policy says, once the archive has read what goes', async () => {
    const { room, at } = await openRoom();
    for (let revision = 1; revision <= 3; revision += 1) await room.finish({ revision, policy: { keepLast: 1 } });
    await eventually('one Job is kept', async () => {
      const names = await room.names(jobs);
      if (names.join() !== 'mytask-v3') throw new Error(names.join());
      return true;
    });
    await archivedHistory(`${at}/runs`, 3);
  });
});

/** What each role may, of the rights that routes name. */
const roles: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  'task-runs-view': ['list tasks', 'list taskruns', 'get taskruns'],
  'task-runs-run': ['list tasks', 'list taskruns', 'get taskruns', 'create taskruns', 'patch taskruns'],
  view: ['list tasks', 'list taskruns', 'get taskruns', 'get pods/log'],
  edit: [
    'list tasks',
    'list taskruns',
    'get taskruns',
    'create taskruns',
    'patch taskruns',
    'patch tasks',
    'delete taskruns',
    'get pods/log',
  ],
};

describe('rights', () => {
  const pathOf = (route: Route, namespace: string) =>
    route.path.replace('{namespace}', namespace).replace('{task}', 'app-mytask').replace('{run}', 'mytask-v1');
  const askFor = (ask: Ask, route: Route, namespace: string) =>
    ask(pathOf(route, namespace), {
      method: route.method === 'get' ? 'GET' : 'POST',
      ...(route.id === 'pruneTask' && { body: { keep: 0, dryRun: true } }),
    });
  let mine: Room;
  let other: Room;

  beforeAll(async () => {
    [mine, other] = [(await openRoom()).room, (await openRoom()).room];
    for (const room of [mine, other]) await room.finish({ revision: 1 });
  });

  it.each(Object.keys(roles))(
    'of %s let each route through, or not, in the one namespace and in no other',
    async (role) => {
      const ask = await somebody(mine, role === 'nothing' ? undefined : role);
      const allowed = roles[role] ?? [];
      for (const route of routes.filter(({ rights }) => rights !== 'none')) {
        const isEverywhere = route.rights.endsWith('in all namespaces');
        const may = !isEverywhere && route.rights.split(', ').every((right) => allowed.includes(right));
        const here = await askFor(ask, route, mine.namespace);
        expect([route.id, codeOf(here) === 'Forbidden'], here.text).toEqual([route.id, !may]);
        if (!isEverywhere)
          expect([
            route.id,
            codeOf(await askFor(ask, route, other.namespace)),
            (await askFor(ask, route, other.namespace)).status,
          ]).toEqual([route.id, 'Forbidden', 403]);
      }
      const access = (await ask(`/access?namespace=${mine.namespace}`)).json as Access;
      expect(access).toMatchObject({
        allNamespaces: false,
        namespaces: allowed.length === 0 ? [] : [mine.namespace],
        may: {
          run: allowed.includes('create taskruns'),
          prune: allowed.includes('delete taskruns'),
          logs: allowed.includes('get pods/log'),
        },
      });
    },
  );

  it("let the console's own account look everywhere and touch nothing", async () => {
    const ask = restOf(controller.apiPort ?? 0, await tokenOf('task-runs-console', 'vela-system'));
    expect((await ask('/tasks')).status).toBe(200);
    expect(((await ask(`/access?namespace=${mine.namespace}`)).json as Access).may).toEqual({
      run: false,
      cancel: false,
      suspend: false,
      prune: false,
      logs: false,
    });
    expect(codeOf(await ask(`/namespaces/${mine.namespace}/tasks/app-mytask/run`, { method: 'POST' }))).toBe(
      'Forbidden',
    );
  });

  it("are nobody's without a token, or with one that the cluster does not know", async () => {
    for (const token of [undefined, 'nonsense', 'a'.repeat(20_000)]) {
      for (const route of routes) {
        const answer = await restOf(controller.apiPort ?? 0, token)(pathOf(route, mine.namespace), {
          method: route.method === 'get' ? 'GET' : 'POST',
        }).catch(() => undefined);
        if (answer !== undefined && answer.status !== 429 && answer.status !== 431)
          expect([route.id, answer.status, codeOf(answer)]).toEqual([route.id, 401, 'Unauthenticated']);
      }
    }
  });

  it('are not given by a token that has expired, is for somebody else, was changed, or is not there yet', async () => {
    const token = await tokenOf('admin', 'default');
    const seconds = Math.floor(Date.now() / 1_000);
    const status = async (given: string) => (await restOf(controller.apiPort ?? 0, given)('/tasks')).status;
    // What is signed here counts, so that each refusal below is for its own reason.
    expect(await status(await signedAgain(token, {}))).toBe(200);
    const [head, claims] = partsOf(token);
    const [, , signature = ''] = token.split('.');
    const evil = { ...claims, sub: 'system:serviceaccount:vela-system:task-runs' };
    const elsewhere = ['create', 'token', 'admin', '-n', 'default', '--audience=elsewhere.example'];
    for (const [what, given] of Object.entries({
      'expired an hour ago': await signedAgain(token, {
        iat: seconds - 7_200,
        nbf: seconds - 7_200,
        exp: seconds - 3_600,
      }),
      'valid from tomorrow on': await signedAgain(token, { nbf: seconds + 86_400, exp: seconds + 90_000 }),
      'for another audience': (await cluster.kubectl(elsewhere)).trim(),
      'of another issuer': await signedAgain(token, { iss: 'https://evil.example' }),
      'of somebody else by its claims': `${base64(head)}.${base64(evil)}.${signature}`,
      'without a signature': `${base64({ ...head, alg: 'none' })}.${base64(evil)}.`,
    }))
      expect([what, await status(given)]).toEqual([what, 401]);
  });

  it('end with the account: they do not come back with another one of its name', { timeout: 120_000 }, async () => {
    const { room, at } = await openRoom();
    const status = async (token: string) => (await restOf(controller.apiPort ?? 0, token)(`${at}/tasks`)).status;
    const grant = ['create', 'rolebinding', 'guest', '--clusterrole=view', `--serviceaccount=${room.namespace}:guest`];
    await room.kubectl('create', 'serviceaccount', 'guest');
    await room.kubectl(...grant);
    const old = await tokenOf('guest', room.namespace);
    expect(await status(old)).toBe(200);
    await room.kubectl('delete', 'serviceaccount', 'guest');
    await eventually('the token of the deleted account is refused', async () => (await status(old)) === 401);
    await room.kubectl('create', 'serviceaccount', 'guest');
    expect(await status(await tokenOf('guest', room.namespace))).toBe(200);
    expect(await status(old)).toBe(401);
  });

  it('come by a header, and not by the address, a cookie, or what stands beside a token', async () => {
    const token = await tokenOf('admin', 'default');
    const good = ['authorization', `Bearer ${token}`] as const;
    const bad = ['authorization', 'Bearer guess'] as const;
    expect(await statusOf('/tasks', good)).toBe(200);
    for (const name of ['token', 'access_token', 'authorization', 'key'])
      expect(await statusOf(`/tasks?${name}=${token}`)).toBe(401);
    expect(await statusOf('/tasks', ['cookie', `task-runs-key=${token}; authorization=Bearer ${token}`])).toBe(401);
    expect(await statusOf('/tasks', ['proxy-authorization', `Bearer ${token}`])).toBe(401);
    // The first of two counts, also where a proxy adds its own; no second one makes up for it.
    expect(await statusOf('/tasks', bad, good)).toBe(401);
    expect(await statusOf('/tasks', bad, ['x-task-runs-token', token])).toBe(401);
    expect(await statusOf('/tasks', ['x-task-runs-token', 'guess'], ['x-task-runs-token', token])).toBe(401);
    for (const name of ['impersonate-user', 'x-remote-user', 'x-forwarded-user'])
      expect(await statusOf('/tasks', [name, 'system:admin'], ['impersonate-group', 'system:masters'])).toBe(401);
  });

  it('of somebody who impersonates another by headers are still their own', async () => {
    const name = 'with-nothing-impersonates';
    await mine.kubectl('create', 'serviceaccount', name);
    const token = await tokenOf(name, mine.namespace);
    const headers = {
      'impersonate-user': 'system:admin',
      'impersonate-group': 'system:masters',
      'x-remote-user': 'admin',
    };
    const answer = await restOf(controller.apiPort ?? 0, token)(`/namespaces/${mine.namespace}/tasks`, { headers });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'Forbidden']);
  });

  it('are hidden from a person without rights: an existing namespace answers like a missing one', async () => {
    const ask = await somebody(other, undefined).catch(() => restOf(controller.apiPort ?? 0, undefined));
    const [there, absent] = [
      await ask(`/namespaces/${mine.namespace}/tasks/app-mytask`),
      await ask('/namespaces/nowhere/tasks/app-mytask'),
    ];
    expect(there.text.replaceAll(mine.namespace, 'nowhere')).toBe(absent.text);
  });

  it('are written into the audit log where something was changed', async () => {
    const ask = await somebody(mine, 'task-runs-edit');
    await ask(`/namespaces/${mine.namespace}/tasks/app-mytask/suspend`, { method: 'POST' });
    const line = await eventually('the log has it', () =>
      controller.lines.find(
        (one) =>
          one['audit'] === true &&
          one['action'] === 'suspendTask' &&
          one['user'] === `system:serviceaccount:${mine.namespace}:with-task-runs-edit`,
      ),
    );
    expect(line).toMatchObject({
      status: 200,
      namespace: mine.namespace,
      task: 'app-mytask',
      from: expect.stringContaining('127.0.0.1') as string,
    });
  });
});

describe('bad requests', () => {
  it.each<[path: string, status: number, code: keyof typeof problemCodes, message: RegExp]>([
    ['/namespaces/default/tasks/..%2Fx', 400, 'InvalidRequest', /^the path, task: a name has only lower case letters/],
    ['/namespaces/a..b/tasks', 400, 'InvalidRequest', /the path, namespace: a name must not have two dots in a row/],
    ['/namespaces/nowhere/tasks', 404, 'NamespaceNotFound', /^namespace nowhere does not exist$/],
    ['/namespaces/nowhere/runs', 404, 'NamespaceNotFound', /^namespace nowhere does not exist$/],
    ['/namespaces/default/tasks/nope', 404, 'TaskNotFound', /^task nope does not exist in namespace default$/],
    ['/namespaces/default/runs?task=nope', 404, 'TaskNotFound', /^task nope does not exist in namespace default$/],
    [
      '/namespaces/default/runs/nope',
      404,
      'RunNotFound',
      /^run nope does not exist in namespace default or in the archive$/,
    ],
    ['/namespaces/default/runs/nope/logs', 404, 'RunNotFound', /nope/],
    ['/runs?from=yesterday', 400, 'InvalidRequest', /^the query, from: Invalid ISO datetime/],
    ['/runs?cursor=nonsense', 400, 'InvalidCursor', /start again without one/],
    ['/runs?phase=Broken', 400, 'InvalidRequest', /^the query, phase\.0: .*"Succeeded"/],
    ['/runs?limit=0', 400, 'InvalidRequest', /^the query, limit: /],
    ['/runs?limit=100000', 400, 'InvalidRequest', /^the query, limit: /],
    ['/runs?colour=red', 400, 'InvalidRequest', /^the query: unknown field colour; see \/api\/v1\/openapi\.json$/],
    ['/nothing', 404, 'RouteNotFound', /openapi\.json/],
  ])('%s: %d %s', async (path, status, code, message) => {
    const answer = await admin(path);
    expect([answer.status, codeOf(answer)], answer.text).toEqual([status, code]);
    expect((answer.json as Problem).error.message).toMatch(message);
  });

  it('with invalid bodies', async () => {
    const { room, at } = await openRoom();
    await room.deploy({ revision: 1, policy: byHand });
    const path = `${at}/tasks/app-mytask/run`;
    const json = { 'content-type': 'application/json' };
    expect(codeOf(await admin(path, { method: 'POST', raw: '{', headers: json }))).toBe('InvalidRequest');
    expect(
      codeOf(
        await admin(path, {
          method: 'POST',
          raw: 'args=x',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      ),
    ).toBe('NotJson');
    expect(
      codeOf(await admin(path, { method: 'POST', raw: `{"args":["${'x'.repeat(300_000)}"]}`, headers: json })),
    ).toBe('BodyTooLarge');
    expect(codeOf(await admin(path, { method: 'POST', body: { arguments: ['x'] } }))).toBe('InvalidRequest');
    expect(await admin(path, { method: 'POST', body: { name: 'Not_A_Name' } })).toMatchObject({
      status: 400,
      json: { error: { field: 'name' } },
    });
    expect(await admin(`${at}/tasks/app-mytask/prune`, { method: 'POST', body: {} })).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringContaining('say which runs to delete') as string } },
    });
    expect(await room.names(taskRuns)).toEqual([]);
  });

  it('of any kind, on every route, get an answer with a code, and never an internal error', async () => {
    const { room } = await openRoom();
    await room.finish({ revision: 1 });
    const word = fc.oneof(
      fc.constantFrom(room.namespace, 'app-mytask', 'mytask-v1', 'default', '-', '..', '%00', 'true', '0'),
      fc.string({ maxLength: 40 }),
    );
    const value = fc.oneof(
      word,
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom('Failed', 'Succeeded,Failed', 'Schedule', 'ndjson', 'text'),
    );
    const names = [...new Set(routes.flatMap(({ query }) => Object.keys(query?.shape ?? {})))].filter(
      (name) => name !== 'follow',
    );
    const query = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 })), value, {
      maxKeys: 3,
    });
    // Each field may be right or wrong; what would change something for real has no valid name of a task.
    const body = fc.option(
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.record(
          {
            args: fc.array(fc.anything()),
            env: fc.array(fc.record({ name: word, value: word })),
            keep: fc.anything(),
            reason: word,
          },
          { requiredKeys: [] },
        ),
      ),
      { nil: undefined },
    );
    const readable = routes.filter(({ method }) => method === 'get');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes, ...readable),
        fc.array(word, { minLength: 2, maxLength: 2 }),
        query,
        body,
        async (route, [first = '', second = ''], asked, sent) => {
          const path = route.path
            .replace('{namespace}', encodeURIComponent(first))
            .replace(/\{(task|run)\}/, encodeURIComponent(route.changes ? `${second}!` : second));
          const answer = await admin(
            `${path}?${new URLSearchParams(asked).toString()}`,
            route.changes ? { method: 'POST', body: sent } : {},
          );
          expect(answer.status, `${path} ${answer.text}`).not.toBe(500);
          if (answer.status < 400) return;
          const { error } = answer.json as Problem;
          expect(problemCodes[error.code as keyof typeof problemCodes]?.status, answer.text).toBe(answer.status);
        },
      ),
      { numRuns: 600 },
    );
  }, 240_000);
});

describe('the document', () => {
  it('says what each route answers', async () => {
    const { room, at } = await openRoom();
    await room.finish({ revision: 1 });
    const document = (await admin('/openapi.json')).json as {
      paths: Record<
        string,
        Record<string, { responses: Record<string, { content: Record<string, { schema: { $ref?: string } }> }> }>
      >;
      components: object;
    };
    expect(Object.keys(document.paths).length).toBe(new Set(routes.map(({ path }) => path)).size);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', ...document });
    const answers: readonly [route: string, status: string, answer: Answer][] = [
      ['get /access', '200', await admin(`/access?namespace=${room.namespace}`)],
      ['get /tasks', '200', await admin('/tasks')],
      ['get /namespaces/{namespace}/tasks', '200', await admin(`${at}/tasks`)],
      ['get /namespaces/{namespace}/tasks/{task}', '200', await admin(`${at}/tasks/app-mytask`)],
      [
        'post /namespaces/{namespace}/tasks/{task}/suspend',
        '200',
        await admin(`${at}/tasks/app-mytask/suspend`, { method: 'POST' }),
      ],
      [
        'post /namespaces/{namespace}/tasks/{task}/resume',
        '200',
        await admin(`${at}/tasks/app-mytask/resume`, { method: 'POST' }),
      ],
      [
        'post /namespaces/{namespace}/tasks/{task}/run',
        '201',
        await admin(`${at}/tasks/app-mytask/run`, { method: 'POST' }),
      ],
      [
        'post /namespaces/{namespace}/tasks/{task}/prune',
        '200',
        await admin(`${at}/tasks/app-mytask/prune`, { method: 'POST', body: { keep: 0, dryRun: true } }),
      ],
      ['get /runs', '200', await admin('/runs?limit=5')],
      ['get /namespaces/{namespace}/runs', '200', await admin(`${at}/runs`)],
      ['get /namespaces/{namespace}/runs/{run}', '200', await admin(`${at}/runs/mytask-v1`)],
      ['get /namespaces/{namespace}/runs/{run}', 'default', await admin(`${at}/runs/nope`)],
      [
        'post /namespaces/{namespace}/runs/{run}/cancel',
        'default',
        await admin(`${at}/runs/mytask-v1/cancel`, { method: 'POST' }),
      ],
    ];
    for (const [route, status, { json, text }] of answers) {
      const [method = '', path = ''] = route.split(' ');
      expect(document.paths[`/api/v1${path}`]?.[method]?.responses[status]).toBeDefined();
      const pointer = `document#/paths/${`/api/v1${path}`.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}/responses/${status}/content/application~1json/schema`;
      const validate = ajv.getSchema(pointer);
      expect(validate, pointer).toBeDefined();
      expect([route, validate?.(json), validate?.errors], text).toEqual([route, true, null]);
    }
  });
});

describe('what comes with every answer', () => {
  it('lets no other site in, and is kept by nobody', async () => {
    const { headers } = await admin('/tasks');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    expect([
      headers.get('cache-control'),
      headers.get('x-content-type-options'),
      headers.get('x-powered-by'),
      headers.get('access-control-allow-origin'),
    ]).toEqual(['no-store', 'nosniff', null, null]);
  });
});
