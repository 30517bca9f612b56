/** Calls to one repository of a registry, with the credentials that `docker login` or `podman login` wrote down. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Call {
  /** The statuses that are not errors. */
  readonly expect: readonly number[];
  readonly body?: Buffer;
  /** The media type of the body. */
  readonly type?: string;
}

export interface RegistryClient {
  /**
   * @param target a path below the repository, or an address that the registry gave
   * @throws Error with what the registry said
   */
  call(method: string, target: string | URL, call: Call): Promise<Response>;
}

/** A registry on this machine needs no TLS, as engines have it. */
const schemeOf = (host: string): string =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(host) ? 'http' : 'https';

export function registryClient(host: string, repository: string): RegistryClient {
  const base = new URL(`${schemeOf(host)}://${host}/v2/${repository}/`);
  let authorization: string | undefined;
  const send = (method: string, address: URL, { body, type }: Call): Promise<Response> =>
    fetch(address, {
      method,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
      headers: {
        ...(type === undefined ? {} : { 'content-type': type }),
        // Only to the registry itself: the place for an upload may be somebody else's.
        ...(authorization === undefined || address.host !== base.host ? {} : { authorization }),
      },
    });
  return {
    call: async (method, target, call) => {
      const address = new URL(target, base);
      let response = await send(method, address, call);
      if (response.status === 401) {
        authorization = await authorize(host, repository, response.headers.get('www-authenticate') ?? '');
        response = await send(method, address, call);
      }
      if (call.expect.includes(response.status)) return response;
      throw new Error(
        `${host} answered ${response.status} to ${method} ${address.pathname}: ${(await response.text()).slice(0, 500) || response.statusText}`,
      );
    },
  };
}

/** @param challenge of the header WWW-Authenticate: `Basic`, or `Bearer` with the place that gives tokens */
async function authorize(host: string, repository: string, challenge: string): Promise<string> {
  const login = await loginOf(host);
  const basic = login === undefined ? undefined : `Basic ${login}`;
  const field = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = field('realm');
  if (/^basic/i.test(challenge) || realm === undefined) {
    if (basic === undefined) throw new Error(`${host} asks who you are: log in with docker login or podman login.`);
    return basic;
  }
  const address = new URL(realm);
  address.searchParams.set('scope', `repository:${repository}:pull,push`);
  const service = field('service');
  if (service !== undefined) address.searchParams.set('service', service);
  const response = await fetch(address, basic === undefined ? {} : { headers: { authorization: basic } });
  if (!response.ok)
    throw new Error(
      `${address.host} gave no token for ${host}/${repository}: ${response.status} ${await response.text()}`,
    );
  const { token, access_token } = (await response.json()) as { token?: string; access_token?: string };
  return `Bearer ${token ?? access_token ?? ''}`;
}

/** User and password in base64, as `docker login` writes them where it has no helper that keeps them. */
async function loginOf(host: string): Promise<string | undefined> {
  const files = [
    join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json'),
    process.env['REGISTRY_AUTH_FILE'] ?? join(process.env['XDG_RUNTIME_DIR'] ?? '/nowhere', 'containers/auth.json'),
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '{}');
    const { auths = {} } = JSON.parse(text) as { auths?: Record<string, { auth?: string }> };
    const auth = auths[host]?.auth;
    if (auth !== undefined) return auth;
  }
  return undefined;
}
