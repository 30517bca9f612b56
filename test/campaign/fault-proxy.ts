/**
 * A plain http server on loopback between a controller and the API server that does to calls what networks, overloaded
 * API servers and other writers do: refusals, answers that are lost, watches that break or fall silent, delays.
 */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';

/** What befalls a call. `lost` is carried out, but its answer does not come; `cut` never arrives. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'cut' | 'lost' }
  | { readonly kind: 'late'; readonly ms: number }
  /** A watch breaks after that time, or says nothing from then on. */
  | { readonly kind: 'broken' | 'silent'; readonly ms: number };

export interface Call {
  readonly method: string;
  readonly isWatch: boolean;
}

export interface FaultProxy {
  /** Leads here instead of to the API server. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

/**
 * @param upstream a kubeconfig with a token and the certificate in it
 * @param path where to write the kubeconfig that leads here
 * @param faultOf asked at each call
 */
export async function startFaultProxy(
  upstream: string,
  path: string,
  faultOf: (call: Call) => Fault,
): Promise<FaultProxy> {
  const config = parse(await readFile(upstream, 'utf8')) as Kubeconfig;
  const [{ cluster }, { user }] = [config.clusters[0], config.users[0]] as [
    Kubeconfig['clusters'][number],
    Kubeconfig['users'][number],
  ];
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(cluster['certificate-authority-data'], 'base64') });
  const forward = forwardTo(new URL(cluster.server), agent, user.token);
  const server = createServer((request, response) => {
    serve(request, response, forward, faultOf).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const here = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  await writeFile(path, stringify({ ...config, clusters: [{ ...config.clusters[0], cluster: here }] }), {
    mode: 0o600,
  });
  return {
    kubeconfig: path,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      agent.destroy();
    },
  };
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

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  forward: Forward,
  faultOf: (call: Call) => Fault,
): Promise<void> {
  const body = await buffer(request);
  const isWatch = /[?&]watch=(true|1)/.test(request.url ?? '');
  const fault = faultOf({ method: request.method ?? 'GET', isWatch });
  if (fault.kind === 'refused') return refuse(response, fault.status);
  if (fault.kind === 'cut') return void response.destroy();
  if (fault.kind === 'late') await delay(fault.ms);
  const answer = await forward(request, body, response);
  if (fault.kind !== 'lost') return passOn(answer, response, fault);
  await buffer(answer); // the API server is done with it
  response.destroy();
}

function passOn(answer: IncomingMessage, response: ServerResponse, fault: Fault): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.flushHeaders(); // a watch says nothing for long
  answer.on('error', () => response.destroy());
  answer.pipe(response);
  if (fault.kind === 'broken') setTimeout(() => response.destroy(), fault.ms).unref();
  if (fault.kind === 'silent') setTimeout(() => answer.unpipe(response), fault.ms).unref();
}

const reasonOf: Readonly<Record<number, string>> = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** As the API server says it; with 429 it also says when to come again. */
function refuse(response: ServerResponse, status: number): void {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason: reasonOf[status] };
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '1' }) });
  response.end(JSON.stringify({ ...body, message: `made up: ${reasonOf[status]}` }));
}
