/**
 * Tokens that only read (`--api-audience`) against a real API server: it says what each token is for, and refuses those
 * that are for us.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes, type Route } from '../../controller/src/api/routes.ts';
import type { Access, Problem } from '../../controller/src/api/schemas.ts';
import { isAudienceOfApiServer } from '../../controller/src/api/token-review.ts';
import { taskRuns, tasks } from '../../controller/src/cluster/resource-types.ts';
import { callsOf } from '../support/calls.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { startController, type ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { restOf, type Answer, type Ask } from '../support/rest.ts';
import { Room } from '../support/room.ts';

const audience = 'task-runs';
const shared = ['--leader-elect', '--api-address=127.0.0.1:0', '--api-requests-per-minute=100000'];
let cluster: Cluster;
let controller: ControllerProcess;
/** One without an audience. */
let plain: ControllerProcess;
let room: Room;
/** The same account with each kind of token; it may do everything in its namespace. */
let reading: Ask;
let full: Ask;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 'simulated', nodeCount: 2 });
  controller = await startController(cluster.controllerKubeconfig, [
    ...shared,
    `--api-audience=${audience}`,
    `--archive=${join(cluster.directory, 'archive.db')}`,
  ]);
  plain = await startController(cluster.controllerKubeconfig, shared, 'started');
  room = await Room.open(cluster, 'portal');
  await account('portal', 'edit');
  reading = ask(await tokenFor('portal', audience));
  full = ask(await tokenFor('portal'));
  await room.finish({ revision: 1 });
  await room.run({ revision: 2, pods: { duration: '1h' } });
});
afterAll(async () => {
  await plain?.stop();
  await controller?.stop();
  await cluster?.stop();
});

async function account(name: string, role?: string): Promise<void> {
  await room.kubectl('create', 'serviceaccount', name);
  const subject = `--serviceaccount=${room.namespace}:${name}`;
  if (role !== undefined) await room.kubectl('create', 'rolebinding', name, `--clusterrole=${role}`, subject);
}

/** As a person gets it. */
async function tokenFor(name: string, ...audiences: readonly string[]): Promise<string> {
  const flags = audiences.map((one) => `--audience=${one}`);
  return (await cluster.kubectl(['create', 'token', name, '-n', room.namespace, ...flags])).trim();
}

const ask = (token: string, { apiPort = 0 }: ControllerProcess = controller): Ask => restOf(apiPort, token);
const errorOf = ({ json }: Answer) => (json as Partial<Problem> | undefined)?.error;
const pathOf = ({ path }: Pick<Route, 'path'>, run = 'mytask-v2') =>
  path.replace('{namespace}', room.namespace).replace('{task}', 'app-mytask').replace('{run}', run);

const looks = routes.filter(({ changes, id }) => !changes && !id.endsWith('Logs') && id !== 'getAccess');
const logs = routes.filter(({ id }) => id.endsWith('Logs'));
const changes = routes.filter((route) => route.changes);

describe('a token for reading', () => {
  it.each(looks.map((route) => [route.id, route] as const))(
    'is answered the same as any other by %s',
    async (_, route) => {
      for (const run of ['mytask-v1', 'mytask-v2', 'nope']) {
        const path = pathOf(route, run);
        const [mine, other] = [await reading(path), await full(path)];
        expect([mine.status, mine.json]).toEqual([other.status, other.json]);
        // The account has no rights in all namespaces.
        expect(mine.status).toBe(
          run === 'nope' && path.includes('nope') ? 404 : route.path.includes('{namespace}') ? 200 : 403,
        );
      }
    },
  );

  it('says so of itself, beside what its owner may', async () => {
    const of = async (one: Ask) => (await one(`/access?namespace=${room.namespace}`)).json as Access;
    expect(await of(reading)).toMatchObject({ onlyReads: true, may: { run: true, cancel: true, logs: true } });
    expect(await of(full)).toEqual({ ...(await of(reading)), onlyReads: false });
  });

  it.each(changes.map((route) => [route.id, route] as const))('is refused by %s, by code', async (_, route) => {
    const answer = await reading(pathOf(route), { method: 'POST', body: {} });
    expect([answer.status, errorOf(answer)?.code]).toEqual([403, 'ReadingToken']);
    expect(errorOf(answer)?.message).toContain('`kubectl create token NAME` without `--audience`');
  });

  it('has changed nothing by all of this, and was no login at the API server', async () => {
    const task = await room.get(tasks, 'app-mytask');
    const run = await room.get(taskRuns, 'mytask-v2');
    expect([task.spec.suspend, run.spec.cancel, await room.names(taskRuns)]).toEqual([
      false,
      undefined,
      ['mytask-v1', 'mytask-v2'],
    ]);
    const refused = Object.keys(await callsOf(controller)).filter((call) => call.endsWith(' 401'));
    expect(refused).toEqual([]);
  });

  it.each(logs.map((route) => [route.id, route] as const))(
    'is told by %s that a log is still in its pod, and what to send',
    async (_, route) => {
      const answer = await reading(`${pathOf(route)}?tail=10`);
      expect([answer.status, errorOf(answer)?.code], answer.text).toEqual([403, 'ReadingToken']);
      // Simulated pods have no logs, so the archive has none of the run that has ended, either.
      expect(errorOf(answer)?.message).toMatch(
        /^the log of run mytask-v[12], which the archive does not have yet, takes/,
      );
    },
  );

  it('follows no log', async () => {
    const answer = await reading(`/namespaces/${room.namespace}/runs/mytask-v2/logs?follow=true`);
    expect([answer.status, errorOf(answer)?.code], answer.text).toEqual([403, 'ReadingToken']);
  });

  it('is refused by the API server itself', async () => {
    const at = { namespace: room.namespace, name: 'app-mytask' };
    await expect(cluster.asController.as(await tokenFor('portal', audience)).get(tasks, at)).rejects.toMatchObject({
      status: 401,
    });
    expect((await cluster.asController.as(await tokenFor('portal')).get(tasks, at)).metadata.name).toBe('app-mytask');
  });

  it('gives its owner no right that they do not have', async () => {
    await account('nobody');
    const nobody = ask(await tokenFor('nobody', audience));
    for (const route of routes.filter(({ needs }) => needs.length > 0)) {
      const answer = await nobody(pathOf(route), { method: route.changes ? 'POST' : 'GET' });
      const code = route.changes ? 'ReadingToken' : 'Forbidden';
      expect([route.id, answer.status, errorOf(answer)?.code]).toEqual([route.id, 403, code]);
    }
    await account('looker', 'task-runs-view');
    const looker = ask(await tokenFor('looker', audience));
    expect((await looker(`/namespaces/${room.namespace}/runs/mytask-v1`)).status).toBe(200);
    expect(errorOf(await looker(`/namespaces/${room.namespace}/runs/mytask-v1/logs`))?.code).toBe('Forbidden');
    expect(errorOf(await looker('/namespaces/default/tasks'))?.code).toBe('Forbidden');
  });

  it('ends with its account', async () => {
    await account('leaver', 'view');
    const leaver = ask(await tokenFor('leaver', audience));
    const path = `/namespaces/${room.namespace}/runs`;
    expect((await leaver(path)).status).toBe(200);
    await room.kubectl('delete', 'serviceaccount', 'leaver');
    await eventually('the token of the deleted account is refused', async () => (await leaver(path)).status === 401);
  });

  it('is nobody’s where the controller has no audience', async () => {
    const path = `/namespaces/${room.namespace}/runs`;
    expect((await ask(await tokenFor('portal', audience), plain)(path)).status).toBe(401);
    expect((await ask(await tokenFor('portal'), plain)(path)).status).toBe(200);
  });
});

describe('a token', () => {
  const path = () => `/namespaces/${room.namespace}/tasks/app-mytask`;

  it('for a third audience is nobody’s', async () => {
    for (const other of ['elsewhere.example', 'task-run', 'task-runs2', 'Task-Runs', `${audience},`])
      expect([other, (await ask(await tokenFor('portal', other))(path())).status]).toEqual([other, 401]);
  });

  it('for us and a third audience only reads', async () => {
    const both = ask(await tokenFor('portal', audience, 'elsewhere.example'));
    expect((await both(path())).status).toBe(200);
    expect(errorOf(await both(`${path()}/suspend`, { method: 'POST' }))?.code).toBe('ReadingToken');
  });

  it('for the API server, too, acts', async () => {
    const own = await ownAudience();
    const both = ask(await tokenFor('portal', audience, own));
    expect((await both(`${path()}/suspend`, { method: 'POST' })).status).toBe(200);
    expect((await full(`${path()}/resume`, { method: 'POST' })).status).toBe(200);
  });
});

describe('an audience of the API server', () => {
  it('is known by the controller’s own token', async () => {
    expect(await isAudienceOfApiServer(cluster.asController, await ownAudience())).toBe(true);
    expect(await isAudienceOfApiServer(cluster.asController, audience)).toBe(false);
    // Without a token of its own there is nothing to compare.
    expect(await isAudienceOfApiServer(cluster.client, await ownAudience())).toBe(false);
  });

  it('is not taken as that of tokens which only read', async () => {
    const program = fileURLToPath(new URL('../../dist/controller/main.js', import.meta.url));
    const flags = ['--kubeconfig', cluster.controllerKubeconfig, ...shared, `--api-audience=${await ownAudience()}`];
    await expect(promisify(execFile)(process.execPath, [program, ...flags])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'that is the audience of the API server, so its tokens would not only read: write a name of your own',
      ) as string,
    });
  });
});

/** What the API server calls itself, as each of its tokens says. */
async function ownAudience(): Promise<string> {
  const [, claims = ''] = (await tokenFor('portal')).split('.');
  const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly aud: readonly string[] };
  return aud[0] ?? '';
}
