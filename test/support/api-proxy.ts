/**
 * A plain http server on loopback between one controller process and the API server. It sees every call, and can pull
 * the plug at a chosen one.
 */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parse, stringify } from 'yaml';

/** A call that changes something. */
export interface ChangingCall {
  /** In which chapter of the test it came. */
  readonly chapter: number;
  readonly namespace: string;
  /** Such as `PATCH taskruns/mytask-v1/status`. */
  readonly what: string;
  /** Its how manieth of that sort, in its chapter, it is. */
  readonly nth: number;
}

export interface PlugPulled extends ChangingCall {
  /** before: the API server never sees the call. after: it has carried it out, and the answer is lost. */
  readonly side: 'before' | 'after';
}

export interface ApiProxy {
  /** Leads to the proxy instead of the API server. */
  readonly kubeconfig: string;
  /** The calls that change something, in the order in which they came. */
  readonly calls: readonly ChangingCall[];
  /** From here on calls are counted from zero. */
  begin(chapter: number): void;
  /** `pull` is called once at each of those calls, which gets no answer; nor does any call until `plugIn`. */
  arm(at: readonly PlugPulled[], pull: (at: PlugPulled) => void): void;
  /** Lets calls through again: those of the next process. */
  plugIn(): void;
  close(): Promise<void>;
}

interface Kubeconfig {
  clusters: {
    cluster: {
      server: string;
      'certificate-authority'?: string;
      'certificate-authority-data'?: string;
      'insecure-skip-tls-verify'?: boolean;
    };
  }[];
  users: { user: { token: string } }[];
}

/**
 * @param upstream a kubeconfig with a token
 * @param path where to write the kubeconfig that leads here
 */
export async function startApiProxy(upstream: string, path: string): Promise<ApiProxy> {
  const config = parse(await readFile(upstream, 'utf8')) as Kubeconfig;
  const [cluster, token] = [config.clusters[0]?.cluster, config.users[0]?.user.token];
  if (!cluster || !token) throw new Error(`${upstream} names no cluster, or no token`);
  const proxy = new Proxy(cluster.server, await certificateOf(cluster), token);
  const port = await proxy.listen();
  const ours = {
    ...config,
    clusters: [
      { ...config.clusters[0], cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
  };
  await writeFile(path, stringify(ours), { mode: 0o600 });
  return {
    kubeconfig: path,
    calls: proxy.calls,
    begin: (chapter) => proxy.begin(chapter),
    arm: (at, pull) => {
      proxy.armed = new Set(at);
      proxy.pull = pull;
    },
    plugIn: () => (proxy.unplugged = false),
    close: () => proxy.close(),
  };
}

async function certificateOf(cluster: Kubeconfig['clusters'][number]['cluster']): Promise<Buffer> {
  const data = cluster['certificate-authority-data'];
  return data === undefined ? readFile(cluster['certificate-authority'] ?? '') : Buffer.from(data, 'base64');
}

class Proxy {
  readonly calls: ChangingCall[] = [];
  armed = new Set<PlugPulled>();
  pull: (at: PlugPulled) => void = () => undefined;
  unplugged = false;
  #chapter = 0;
  readonly #counts = new Map<string, number>();
  readonly #agent: Agent;
  readonly #server = createServer(
    (request, response) => void this.#serve(request, response).catch(() => response.destroy()),
  );
  readonly #upstream: URL;
  readonly #token: string;

  constructor(upstream: string, ca: Buffer, token: string) {
    this.#upstream = new URL(upstream);
    this.#agent = new Agent({ keepAlive: true, ca });
    this.#token = token;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  begin(chapter: number): void {
    this.#chapter = chapter;
    this.#counts.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const armed = this.#note(request);
    if (armed?.side === 'before') return this.#pull(armed, response);
    if (this.unplugged) return void response.destroy();
    const answer = await this.#forward(request, body, response);
    if (armed) {
      await buffer(answer); // the API server is done with it
      return this.#pull(armed, response);
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders(); // a watch says nothing for long
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  }

  /** Counts the call, and tells whether it is the one. */
  #note(request: IncomingMessage): PlugPulled | undefined {
    const { namespace, what } = changeOf(request) ?? {};
    if (namespace === undefined || what === undefined || this.unplugged) return undefined;
    const nth = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, nth);
    const chapter = this.#chapter;
    this.calls.push({ chapter, namespace, what, nth });
    const armed = [...this.armed].find(
      (point) => point.chapter === chapter && point.what === what && point.nth === nth,
    );
    if (armed) this.armed.delete(armed);
    return armed;
  }

  #pull(at: PlugPulled, response: ServerResponse): void {
    this.unplugged = true;
    this.pull(at);
    response.destroy();
    this.#server.closeAllConnections();
  }

  #forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    const { connection: _connection, host: _host, ...headers } = request.headers;
    return new Promise((resolve, reject) => {
      const call = httpsRequest(
        {
          host: this.#upstream.hostname,
          port: this.#upstream.port,
          agent: this.#agent,
          method: request.method,
          path: request.url,
          headers: { ...headers, authorization: `Bearer ${this.#token}` },
        },
        resolve,
      );
      call.on('error', reject);
      // A watch that the controller leaves, or that dies with it.
      if (request.method === 'GET') response.on('close', () => call.destroy());
      call.end(body);
    });
  }
}

/**
 * `DELETE jobs/mytask-v1`, `PATCH tasks/app-mytask/status`, `POST events`; undefined for what changes nothing, and for
 * leases. The hash at the end of a name is another in each namespace, the time of a scheduled run's in each minute.
 */
function changeOf({ method = 'GET', url = '/' }: IncomingMessage): { namespace: string; what: string } | undefined {
  if (changesNothing(method, url)) return undefined;
  const { namespace = '', resource = '', rest = '' } = pathPattern.exec(url)?.groups ?? {};
  return { namespace, what: `${method} ${resource}${resource === 'events' ? '' : withoutHashAndTime(rest)}` };
}

const changesNothing = (method: string, url: string): boolean =>
  method === 'GET' || /\/leases\b|[?&]dryRun=All/.test(url);

const pathPattern = /\/namespaces\/(?<namespace>[^/]+)\/(?<resource>[a-z]+)(?<rest>\/[^?]*)?/;

const withoutHashAndTime = (path: string): string =>
  path.replace(/-[0-9a-f]{5}(?=\/|$)/, '-#').replace(/-\d{12}(?=\/|$)/, '-@');
