import { afterEach, describe, expect, it, vi } from 'vitest';
import { BoundedMap } from '../kube/bounded-map.ts';
import { createClient } from '../kube/client.ts';
import { FakeClock } from '../kube/testing/fake-clock.ts';
import { leases } from '../kube/resources.ts';
import { answer, refuse, serveScript } from '../kube/testing/scripted-server.ts';
import { People } from './person.ts';
import type { Right } from './right.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const look: Right = { verb: 'get', resource: 'taskruns' };

/** A cluster that accepts the tokens `token-<name>`; people have the rights given here. */
async function scene({
  may = () => true,
  isAway = () => false,
}: { may?: (user: string, attributes: Record<string, string>) => boolean; isAway?: () => boolean } = {}) {
  const server = await serveScript(({ path, body }, response) => {
    const { spec } = body as { spec: { token?: string; user?: string; resourceAttributes?: Record<string, string> } };
    if (isAway()) return refuse(response, 403, { reason: 'Forbidden', message: 'no' });
    const name = /^token-(\w+)$/.exec(spec.token ?? '')?.[1];
    const user = { username: name, uid: `uid-${name}`, groups: ['all'], extra: { 'example.org/x': ['y'] } };
    const status = path.endsWith('/tokenreviews')
      ? name === undefined
        ? { authenticated: false }
        : { authenticated: true, user }
      : { allowed: may(spec.user ?? '', spec.resourceAttributes ?? {}) };
    return answer(response, { ...(body as object), status }, 201);
  });
  const client = createClient({ server: server.url, userAgent: 'test' });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const clock = new FakeClock();
  const people = new People(client, { clock });
  const asked = (what: 'tokenreviews' | 'subjectaccessreviews'): number =>
    server.requests.filter(({ path }) => path.endsWith(what)).length;
  return { people, clock, server, asked };
}

describe('people', () => {
  it('are who the cluster says they are; the answer is used for ten seconds, then requested again', async () => {
    const { people, clock, asked } = await scene();
    expect((await people.of('token-ann')).name).toBe('ann');
    await clock.advance(9_999);
    await people.of('token-ann');
    expect(asked('tokenreviews')).toBe(1);
    await clock.advance(1);
    await people.of('token-ann');
    expect(asked('tokenreviews')).toBe(2);
  });

  it('may do what the cluster allows their user; the answer is used for ten seconds', async () => {
    const { people, clock, server, asked } = await scene({
      may: (user, { namespace }) => user === 'ann' && namespace === 'prod',
    });
    const ann = await people.of('token-ann');
    expect([
      await ann.may(look, 'prod'),
      await ann.may(look, 'test'),
      await ann.may(look, undefined),
      await ann.may(look, 'prod'),
    ]).toEqual([true, false, false, true]);
    expect(asked('subjectaccessreviews')).toBe(3);
    const attributes = { verb: 'get', group: 'task.oam.dev', resource: 'taskruns', namespace: 'prod' };
    expect(server.requests[1]?.body).toMatchObject({
      spec: {
        user: 'ann',
        uid: 'uid-ann',
        groups: ['all'],
        extra: { 'example.org/x': ['y'] },
        resourceAttributes: attributes,
      },
    });
    await clock.advance(10_000);
    await ann.may(look, 'prod');
    expect(asked('subjectaccessreviews')).toBe(4);
    await expect(ann.require(look, 'test')).rejects.toThrow(
      'ann may not get taskruns in namespace test: ask for the role task-runs-view',
    );
    expect(await (await people.of('token-bob')).may(look, 'prod')).toBe(false);
  });

  it('need the right to logs in the core group', async () => {
    const { people, server } = await scene();
    await (await people.of('token-ann')).may({ verb: 'get', resource: 'pods/log' }, 'prod');
    expect(server.requests.at(-1)?.body).toMatchObject({
      spec: { resourceAttributes: { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace: 'prod' } },
    });
  });

  it('cause one review for many simultaneous requests', async () => {
    const { people, asked } = await scene();
    const found = await Promise.all(Array.from({ length: 50 }, () => people.of('token-ann')));
    await Promise.all(found.map((one) => one.may(look, 'prod')));
    expect([asked('tokenreviews'), asked('subjectaccessreviews')]).toEqual([1, 1]);
  });

  it('cause another review at once after the cluster could not be reached', async () => {
    let isAway = true;
    const { people, asked } = await scene({ isAway: () => isAway });
    await expect(people.of('token-ann')).rejects.toThrow('403');
    isAway = false;
    const ann = await people.of('token-ann');
    expect([ann.name, asked('tokenreviews')]).toEqual(['ann', 2]);
    isAway = true;
    await expect(ann.may(look, 'prod')).rejects.toThrow('403');
    isAway = false;
    expect(await ann.may(look, 'prod')).toBe(true);
  });

  it('are refused without a token, and with one that the cluster does not accept', async () => {
    const { people, asked } = await scene();
    for (const token of [undefined, '', 'x'.repeat(16_385)])
      await expect(people.of(token)).rejects.toMatchObject({ code: 'Unauthenticated' });
    expect(asked('tokenreviews')).toBe(0);
    for (let times = 0; times < 2; times += 1)
      await expect(people.of('guessed')).rejects.toMatchObject({ code: 'Unauthenticated' });
    expect(asked('tokenreviews')).toBe(1);
  });

  it('are not stored under their tokens', async () => {
    const keys = vi.spyOn(BoundedMap.prototype, 'set');
    const { people } = await scene();
    await (await people.of('token-ann')).may(look, 'prod');
    expect(keys.mock.calls.length).toBeGreaterThan(1);
    expect(JSON.stringify(keys.mock.calls.map(([key]) => key as unknown))).not.toContain('token-ann');
  });
});

/** A cluster that answers reviews only when it is told to, and other calls at once. */
async function slowCluster() {
  const held: { readonly token: string; readonly accept: (user?: string) => void }[] = [];
  let refuses = false;
  const server = await serveScript(({ path, body }, response) => {
    if (!path.endsWith('/tokenreviews')) return answer(response, { metadata: { name: 'lease' } });
    const { token } = (body as { spec: { token: string } }).spec;
    const accept = (username?: string) =>
      answer(response, { status: { authenticated: username !== undefined, user: { username } } }, 201);
    if (refuses) return accept();
    held.push({ token, accept });
  });
  const client = createClient({ server: server.url, userAgent: 'test' });
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  /** Answers reviews in the order in which they come, until that token was asked about. @returns those before it */
  const answerUntil = async (wanted: string): Promise<number> => {
    for (let before = 0; ; before += 1) {
      const { token, accept } = await vi.waitUntil(() => held.shift());
      if (token === wanted) {
        accept('ann');
        return before;
      }
      accept();
    }
  };
  /** Refuses every token that waits, and each that is still to come. */
  const refuseAll = (): void => {
    refuses = true;
    for (const { accept } of held.splice(0)) accept();
  };
  return { client, held, people: new People(client, { clock: new FakeClock() }), answerUntil, refuseAll };
}

/** Requests with as many tokens that somebody made up. */
function guess(people: People, count: number, address: string): Promise<readonly unknown[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      people.of(`guess-${address}-${index}`, address).then(
        () => 'known',
        ({ code }: { readonly code: string }) => code,
      ),
    ),
  );
}

describe('somebody who asks for their rights in a thousand namespaces', () => {
  it.each([
    ['a person', ['eve']],
    ['who made service accounts', Array.from({ length: 100 }, (_, index) => `system:serviceaccount:eve:${index}`)],
  ])('keeps neither the controller nor others waiting behind all of these questions: %s', async (_who, tokens) => {
    const held: (() => void)[] = [];
    const askers: string[] = [];
    let isSlow = true;
    const server = await serveScript(({ path, body }, response) => {
      const { spec } = (body ?? {}) as { spec?: { user: string; token?: string } };
      if (path.endsWith('/tokenreviews'))
        return answer(response, { status: { authenticated: true, user: { username: spec?.token } } }, 201);
      if (!path.endsWith('/subjectaccessreviews')) return answer(response, { metadata: { name: 'cm' } });
      askers.push(spec?.user ?? '');
      const give = () => answer(response, { status: { allowed: true } }, 201);
      if (isSlow) held.push(give);
      else give();
    });
    const client = createClient({ server: server.url, userAgent: 'test' });
    cleanUps.push(
      () => server.close(),
      () => client.close(),
    );
    const people = new People(client, { clock: new FakeClock() });
    const ann = await people.of('ann');
    const eves = await Promise.all(tokens.map((token, index) => people.of(token, `address-${index}`)));
    const all = eves.flatMap((eve, who) =>
      Array.from({ length: 1_000 / eves.length }, (_, index) => eve.may(look, `ns-${who}-${index}`)),
    );
    await vi.waitUntil(() => held.length > 0);
    expect((await client.get(leases, { namespace: 'vela-system', name: 'cm' })).metadata.name).toBe('cm');
    const allowed = ann.may(look, 'prod');
    while (!askers.includes('ann')) (await vi.waitUntil(() => held.shift()))();
    expect(askers.length).toBeLessThan(40);
    isSlow = false;
    for (const give of held.splice(0)) give();
    expect([await allowed, (await Promise.all(all)).every(Boolean)]).toEqual([true, true]);
  });
});

describe('somebody without a login who makes up tokens', () => {
  it('does not keep the controller from renewing its Lease', async () => {
    const { client, held, people } = await slowCluster();
    void guess(people, 500, 'eve');
    await vi.waitUntil(() => held.length > 0);
    expect((await client.get(leases, { namespace: 'vela-system', name: 'lease' })).metadata.name).toBe('lease');
    expect(held).toHaveLength(4);
  });

  it('does not keep others from logging in, and is refused without a review beyond a line of 50', async () => {
    const { people, answerUntil, refuseAll } = await slowCluster();
    const guessed = guess(people, 500, 'eve');
    const ann = people.of('token-ann', 'elsewhere');
    expect(await answerUntil('token-ann')).toBeLessThan(6);
    expect((await ann).name).toBe('ann');
    refuseAll();
    const codes = await guessed;
    expect(codes.filter((code) => code === 'TooManyRequests')).toHaveLength(446);
    expect(codes.filter((code) => code === 'Unauthenticated')).toHaveLength(54);
  });

  it('makes the controller forget nobody who is logged in', async () => {
    const { people, asked } = await scene();
    await people.of('token-ann');
    for (let index = 0; index < 1_100; index += 1)
      await expect(people.of(`guess${index}`, 'eve')).rejects.toThrow('does not accept');
    const before = asked('tokenreviews');
    await people.of('token-ann');
    expect(asked('tokenreviews')).toBe(before);
  });
});
