/** The REST API of a controller, for what is no longer in the cluster: archived runs and their logs. */
import type { Problem, Run, RunDetail, RunPage } from '../api/schemas.ts';
import { messageOf } from '../domain/lang/words.ts';
import type { Client } from '../kube/client.ts';
import { resourceType, type KubeObject } from '../kube/objects.ts';
import { CliError } from './errors.ts';
import type { Session } from './session.ts';

interface TokenRequest extends KubeObject {
  spec: { expirationSeconds: number };
  status?: { token?: string };
}

const tokenRequests = resourceType<TokenRequest>({
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'TokenRequest',
  namespaced: true,
});

/** The addon's read-only account. */
const consoleAccount = { namespace: 'vela-system', name: 'task-runs-console' } as const;
const tokenSeconds = 3_600;

/** The API's URL, from --server or TASK_RUNS_SERVER; undefined if neither is set. */
export function serverOf(session: Session): RunServer | undefined {
  const url = session.server ?? session.io.environment['TASK_RUNS_SERVER'];
  return url === undefined || url === '' ? undefined : new RunServer(baseOf(url), session);
}

/** @throws CliError, which says how to name one */
export function requireServer(session: Session): RunServer {
  const server = serverOf(session);
  if (server) return server;
  throw new CliError(
    'this needs the REST API of the controller: name it with --server or TASK_RUNS_SERVER, for example http://127.0.0.1:8090 while `kubectl port-forward -n vela-system service/task-runs 8090` runs',
  );
}

function baseOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new CliError(`--server ${url} is not a URL: write http://127.0.0.1:8090, or https://...`);
  return url.replace(/\/+$/, '');
}

/**
 * Which token is sent: TASK_RUNS_TOKEN, the kubeconfig's own, or one of the addon's read-only account, which people can
 * get if they may create tokens.
 */
async function tokenFor({
  client,
  io,
}: Pick<Session, 'client' | 'io'>): Promise<{ readonly token: string; readonly isConsole: boolean }> {
  const own = io.environment['TASK_RUNS_TOKEN'] ?? (await client.bearerToken());
  if (own !== undefined && own !== '') return { token: own, isConsole: false };
  return { token: await consoleToken(client), isConsole: true };
}

/** The read-only account was refused; the person may still have the right. */
const forConsole = `your kubeconfig has no token, so the request was made as ${consoleAccount.name}, which may only read: set TASK_RUNS_TOKEN to a token with that right, or leave out --server and TASK_RUNS_SERVER for runs that are still in the cluster`;

async function consoleToken(client: Client): Promise<string> {
  try {
    const path = { ...consoleAccount, subresource: 'token' };
    const { status } = await client.createAt(tokenRequests, path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: tokenSeconds },
    });
    if (status?.token !== undefined) return status.token;
    throw new Error('the answer has no token');
  } catch (error) {
    throw new CliError(
      `your kubeconfig has no token that the REST API could check, and a token of ${consoleAccount.name} cannot be created (${messageOf(error)}): set TASK_RUNS_TOKEN, for example to what \`kubectl create token\` prints`,
      { cause: error },
    );
  }
}

/** A new token is requested well before the old one expires. */
const rereadMs = (tokenSeconds * 1_000) / 2;

/** The token to send; renewed before it expires. */
export class TokenKeeper {
  readonly #session: Session;
  #known: ReturnType<typeof tokenFor> | undefined;
  #readAt = -Infinity;

  constructor(session: Session) {
    this.#session = session;
  }

  current(): ReturnType<typeof tokenFor> {
    if (this.#known && performance.now() - this.#readAt < rereadMs) return this.#known;
    this.#readAt = performance.now();
    this.#known = tokenFor(this.#session);
    this.#known.catch(() => (this.#known = undefined));
    return this.#known;
  }
}

export class RunServer {
  readonly url: string;
  readonly #session: Session;
  readonly #keeper: TokenKeeper;

  constructor(url: string, session: Session) {
    this.url = url;
    this.#session = session;
    this.#keeper = new TokenKeeper(session);
  }

  /** The newest runs of a task, archived ones included; reads as many pages as needed. */
  async history(
    namespace: string,
    task: string,
    { limit, phases = [] }: { readonly limit: number; readonly phases?: readonly string[] },
  ): Promise<readonly Run[]> {
    const found: Run[] = [];
    for (let cursor: string | undefined, more = true; more && found.length < limit;) {
      const query = new URLSearchParams({
        task,
        limit: String(Math.min(500, limit - found.length)),
        ...(phases.length > 0 && { phase: phases.join(',') }),
        ...(cursor !== undefined && { cursor }),
      });
      const page = await this.#json<RunPage>(`/namespaces/${namespace}/runs?${query.toString()}`);
      found.push(...page.items);
      cursor = page.nextCursor;
      more = cursor !== undefined;
    }
    return found;
  }

  /** @throws CliError if the run does not exist, in the cluster or in the archive */
  run(namespace: string, name: string): Promise<RunDetail> {
    return this.#json<RunDetail>(`/namespaces/${namespace}/runs/${name}`);
  }

  /** Yields text as it arrives. @param path such as `runs/mytask-v3` */
  async logs(
    namespace: string,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { body } = await this.#ask(`/namespaces/${namespace}/${path}/logs?${new URLSearchParams(query).toString()}`);
    return body ?? emptyBody();
  }

  async #json<T>(path: string): Promise<T> {
    return (await (await this.#ask(path)).json()) as T;
  }

  async #ask(path: string): Promise<Response> {
    const { token, isConsole } = await this.#keeper.current();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.url}/api/v1${path}`, { headers, signal: this.#session.io.interrupted }).catch(
      (error: unknown) => {
        if (this.#session.io.interrupted.aborted) throw this.#session.io.interrupted.reason;
        throw new CliError(unreachable(this.url, error), { cause: error });
      },
    );
    if (response.ok) return response;
    const { error } = (await response
      .json()
      .catch(() => ({ error: { message: `${response.status} ${response.statusText}` } }))) as Problem;
    throw new CliError(isConsole && response.status === 403 ? `${error.message}; ${forConsole}` : error.message);
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array, void, undefined> {
  // An answer without a body has no lines.
}

/** A sentence with a remedy, for an error of fetch or node:https. */
export function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const remedy = remedies[codeOf(cause)] ?? 'check --server';
  return `the REST API at ${url} cannot be reached: ${messageOf(cause)}; ${remedy}`;
}

const unknownAuthority =
  'set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority, such as ca.crt of the Secret that the controller has';
const plainHttp = 'check --server: without TLS it starts with http://';

/** Node's words for what is wrong with a server's certificate. */
const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'name it in --server as its certificate does, or add this name to the certificate',
  CERT_HAS_EXPIRED: 'renew the certificate of the controller',
  ERR_SSL_WRONG_VERSION_NUMBER: plainHttp,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: plainHttp,
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
