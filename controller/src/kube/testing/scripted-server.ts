import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StatusBody } from '../api-error.ts';
import type { KubeObject, Stored } from '../objects.ts';

/** A request as a test's script sees it. */
export interface ScriptedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** For tests: an HTTP server that answers as its script says, so that a server's rare answers can be forced. */
export interface ScriptedServer {
  url: string;
  /** All requests so far, oldest first. */
  requests: ScriptedRequest[];
  close(): Promise<void>;
}

/** Answers requests; may leave the response open, as a watch does. */
export type Script = (request: ScriptedRequest, response: ServerResponse) => void;

/** Listens on a free loopback port. */
export async function serveScript(script: Script): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const request = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body,
      };
      requests.push(request);
      script(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Answers with a metav1.Status, as the API server refuses. */
export function refuse(
  response: ServerResponse,
  status: number,
  body: StatusBody,
  headers: Record<string, string> = {},
): void {
  answer(response, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, ...body }, status, headers);
}

/** Writes one event of a watch and leaves the stream open. */
export function tell(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

/** A stored ConfigMap-like object with just an identity; `rest` adds to its metadata. */
export function stored(name: string, resourceVersion: string, rest: Partial<Stored['metadata']> = {}): Stored {
  const metadata = {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...rest,
  };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata } satisfies KubeObject;
}

/** A list as the API server sends it: items without kind. */
export function listOf(items: readonly Stored[], resourceVersion: string, next = ''): object {
  const bare = items.map(({ apiVersion: _apiVersion, kind: _kind, ...item }) => item);
  return { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion, continue: next }, items: bare };
}
