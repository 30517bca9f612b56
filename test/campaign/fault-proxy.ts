/**
 * A plain http server on loopback between a controller and the API server that does to calls what networks, overloaded
 * API servers and other writers do: refusals, answers that are lost, watches that break or fall silent, delays.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { passOn, startApiRelay, type ApiRelay, type Exchange } from '../support/api-relay.ts';

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

/**
 * @param upstream a kubeconfig with a token
 * @param path where to write the kubeconfig that leads here
 * @param faultOf asked at each call
 */
export function startFaultProxy(upstream: string, path: string, faultOf: (call: Call) => Fault): Promise<ApiRelay> {
  return startApiRelay(upstream, path, (exchange) => {
    const { method = 'GET', url = '' } = exchange.request;
    return serve(exchange, faultOf({ method, isWatch: /[?&]watch=(true|1)/.test(url) }));
  });
}

async function serve({ response, forward }: Exchange, fault: Fault): Promise<void> {
  if (fault.kind === 'refused') return refuse(response, fault.status);
  if (fault.kind === 'cut') return void response.destroy();
  if (fault.kind === 'late') await delay(fault.ms);
  const answer = await forward();
  if (fault.kind !== 'lost') return passOnWith(answer, response, fault);
  await buffer(answer); // the API server is done with it
  response.destroy();
}

function passOnWith(answer: IncomingMessage, response: ServerResponse, fault: Fault): void {
  passOn(answer, response);
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
