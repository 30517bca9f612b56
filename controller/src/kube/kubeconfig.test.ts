import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient } from './client.ts';
import { loadDefaultKubeconfig, loadKubeconfig } from './kubeconfig.ts';
import { configMaps } from './testing/config-maps.ts';
import { answer, serveScript, stored } from './testing/scripted-server.ts';

const ref = { namespace: 'default', name: 'a' };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Written {
  readonly context?: string;
  readonly server?: string;
  readonly user?: object;
  /** The name of cluster, user and context. */
  readonly name?: string;
}

function kubeconfig({ context, server = 'https://a.example', user = {}, name = 'a' }: Written): object {
  return {
    ...(context === undefined ? {} : { 'current-context': context }),
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

function directoryOf(files: Readonly<Record<string, object>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubeconfigs-'));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), JSON.stringify(content));
  return directory;
}

/** What KUBECONFIG of these files, in this order, comes to. */
function byDefault(directory: string, ...names: readonly string[]) {
  const found = loadDefaultKubeconfig({ KUBECONFIG: names.map((name) => join(directory, name)).join(delimiter) });
  if (!found) throw new Error('no file was found');
  return found.config;
}

describe('the files of KUBECONFIG, as in kubectl', () => {
  it('have the first current-context, not the last (kubernetes-client/javascript 579)', () => {
    const directory = directoryOf({
      none: kubeconfig({ name: 'none' }),
      a: kubeconfig({ name: 'a', context: 'a' }),
      b: kubeconfig({ name: 'b', context: 'b', server: 'https://b.example' }),
    });
    const config = byDefault(directory, 'none', 'a', 'b');
    expect(config.getCurrentContext()).toBe('a');
    expect(config.getCurrentCluster()?.server).toBe('https://a.example');
    expect(config.getContexts().map(({ name }) => name)).toEqual(['none', 'a', 'b']);
  });

  it("have the first file's entry, whole, where two have one name", () => {
    const directory = directoryOf({
      first: kubeconfig({ context: 'a', user: { token: 'first' } }),
      second: kubeconfig({ server: 'https://b.example', user: { username: 'second', password: 'x' } }),
    });
    const config = byDefault(directory, 'first', 'second');
    expect(config.getCurrentCluster()?.server).toBe('https://a.example');
    expect(config.getCurrentUser()).toMatchObject({ token: 'first' });
    expect(config.getCurrentUser()?.username).toBeUndefined();
  });

  it('may be missing, and an empty name is left out', () => {
    const directory = directoryOf({ a: kubeconfig({ context: 'a' }) });
    expect(byDefault(directory, 'missing', 'a').getCurrentContext()).toBe('a');
    const KUBECONFIG = `${delimiter}${join(directory, 'a')}${delimiter}`;
    expect(loadDefaultKubeconfig({ KUBECONFIG })?.config.getCurrentContext()).toBe('a');
  });

  it('are said by name where one cannot be used', () => {
    const directory = directoryOf({ a: kubeconfig({ context: 'a' }), list: [] });
    expect(() => byDefault(directory, 'a', 'list')).toThrow(
      `the kubeconfig ${join(directory, 'list')} cannot be used: it must have clusters, users and contexts`,
    );
  });

  it('are ~/.kube/config where none is named, and nothing where that is missing', () => {
    const home = directoryOf({});
    vi.stubEnv('HOME', home);
    expect(loadDefaultKubeconfig({})).toBeUndefined();
    mkdirSync(join(home, '.kube'));
    writeFileSync(join(home, '.kube', 'config'), JSON.stringify(kubeconfig({ context: 'a' })));
    expect(loadDefaultKubeconfig({})?.config.getCurrentContext()).toBe('a');
    expect(loadDefaultKubeconfig({ KUBECONFIG: '' })?.config.getCurrentContext()).toBe('a');
  });

  it('are told apart from a cluster that nobody named', () => {
    vi.stubEnv('HOME', directoryOf({}));
    vi.stubEnv('KUBECONFIG', '/does/not/exist');
    expect(() => createClient({ userAgent: 'test' })).toThrow(
      'neither a file that KUBECONFIG names, nor ~/.kube/config exists',
    );
  });
});

describe('a kubeconfig', () => {
  it('has paths that begin at its folder, a plugin named by a path among them', () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin' };
    const directory = directoryOf({
      a: kubeconfig({ context: 'a', user: { 'client-certificate': 'a.crt', 'client-key': 'a.key', exec } }),
    });
    expect(loadKubeconfig(join(directory, 'a')).config.getCurrentUser()).toMatchObject({
      certFile: join(directory, 'a.crt'),
      keyFile: join(directory, 'a.key'),
      exec: { command: join(directory, 'plugin') },
    });
  });

  it('has data that goes before a file, which may be missing', () => {
    const user = { 'client-certificate': 'missing', 'client-certificate-data': 'YQ==' };
    const { config } = loadKubeconfig(join(directoryOf({ a: kubeconfig({ context: 'a', user }) }), 'a'));
    expect(config.getCurrentUser()).toMatchObject({ certData: 'YQ==' });
    expect(config.getCurrentUser()?.certFile).toBeUndefined();
  });

  it.each([
    [{ users: [{ name: 'a' }, { name: 'a' }] }, 'users[1].name must be another than that of an earlier entry'],
    [{ clusters: {} }, 'clusters must be a list'],
    [{ users: [{ user: {} }] }, 'users[0].name must be a text'],
    [{ users: [{ name: 'a', user: { token: 7 } }] }, 'users[0].user.token must be a text'],
    [
      { users: [{ name: 'a', user: { as: 'b', 'as-groups': 'c' } }] },
      'users[0].user.as-groups must be a list of texts',
    ],
    [
      { users: [{ name: 'a', user: { as: 'b', 'as-user-extra': { c: 'd' } } }] },
      'users[0].user.as-user-extra must have lists of texts',
    ],
    [
      { users: [{ name: 'a', user: { 'as-groups': ['c'] } }] },
      'users[0].user.as-groups needs users[0].user.as beside it',
    ],
  ])('is refused: %j', (written, reason) => {
    const path = join(directoryOf({ a: written }), 'a');
    expect(() => loadKubeconfig(path)).toThrow(`the kubeconfig ${path} cannot be used: ${reason}`);
  });

  it('of KUBECONFIG sends its rotating token, and acts as the user, the uid, the groups and the rest', async () => {
    const server = await serveScript((_request, response) => answer(response, stored('a', '1')));
    cleanUps.push(() => server.close());
    const user = {
      tokenFile: 'token',
      token: 'older',
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-plugin' },
      as: 'jane',
      'as-uid': '7',
      'as-groups': ['readers', 'writers'],
      'as-user-extra': { 'example.com/why': ['on call', 'a test'] },
    };
    const directory = directoryOf({ a: kubeconfig({ context: 'a', server: server.url, user }) });
    writeFileSync(join(directory, 'token'), 'newer\n');
    vi.stubEnv('KUBECONFIG', join(directory, 'a'));
    const client = createClient({ userAgent: 'test' });
    cleanUps.push(() => client.close());
    await client.get(configMaps, ref);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer newer',
      'impersonate-user': 'jane',
      'impersonate-uid': '7',
      'impersonate-group': 'readers, writers',
      'impersonate-extra-example.com%2fwhy': 'on call, a test',
    });
    expect(await client.bearerToken(), 'which is not of the user that it acts as').toBeUndefined();
  });
});
