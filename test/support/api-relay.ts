/** A plain http server on loopback between one controller process and the API server. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parse, stringify } from 'yaml';

/** A call, before anything became of it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Has the API server carry it out; resolves with the head of its answer. Rejects when no answer comes. */
  readonly forward: () => Promise<IncomingMessage>;
}

export interface ApiRelay {
  /** Leads here instead of to the API server. */
  readonly kubeconfig: string;
  /** Breaks what is open, watches too. */
  closeConnections(): void;
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
 * @param serve answers each call; one that it rejects gets no answer
 */
export async function startApiRelay(
  upstream: string,
  path: string,
  serve: (exchange: Exchange) => Promise<void>,
): Promise<ApiRelay> {
  const config = parse(await readFile(upstream, 'utf8')) as Kubeconfig;
  const [cluster, token] = [config.clusters[0]?.cluster, config.users[0]?.user.token];
  if (!cluster || !token) throw new Error(`${upstream} names no cluster, or no token`);
  const agent = new Agent({ keepAlive: true, ca: await certificateOf(cluster) });
  const forward = forwardTo(new URL(cluster.server), agent, token);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    await serve({ request, response, forward: () => forward(request, body, response) });
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const here = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const ours = { ...config, clusters: [{ ...config.clusters[0], cluster: here }] };
  await writeFile(path, stringify(ours), { mode: 0o600 });
  return {
    kubeconfig: path,
    closeConnections: () => server.closeAllConnections(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      agent.destroy();
    },
  };
}

/** Hands the API server's answer to the controller as it comes. */
export function passOn(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.flushHeaders(); // a watch says nothing for long
  answer.pipe(response);
  answer.on('error', () => response.destroy());
}

async function certificateOf(cluster: Kubeconfig['clusters'][number]['cluster']): Promise<Buffer> {
  const data = cluster['certificate-authority-data'];
  return data === undefined ? readFile(cluster['certificate-authority'] ?? '') : Buffer.from(data, 'base64');
}

type Forward = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<IncomingMessage>;

function forwardTo({ hostname, port }: URL, agent: Agent, token: string): Forward {
  return (request, body, response) => {
    const { connection: _connection, host: _host, ...headers } = request.headers;
    const { method, url } = request;
    return new Promise((resolve, reject) => {
      const options = { hostname, port, agent, method, path: url };
      const call = httpsRequest({ ...options, headers: { ...headers, authorization: `Bearer ${token}` } }, resolve);
      call.on('error', reject);
      // A watch that the controller leaves, or that dies with it.
      if (method === 'GET') response.on('close', () => call.destroy());
      call.end(body);
    });
  };
}
