/**
 * A plain http server on loopback between one controller process and the API server. It sees every call, and can pull
 * the plug at a chosen one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { passOn, startApiRelay, type ApiRelay, type Exchange } from './api-relay.ts';

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

/**
 * @param upstream a kubeconfig with a token
 * @param path where to write the kubeconfig that leads here
 */
export async function startApiProxy(upstream: string, path: string): Promise<ApiProxy> {
  const proxy = new Proxy();
  const relay = await startApiRelay(upstream, path, (exchange) => proxy.serve(exchange));
  proxy.relay = relay;
  return {
    kubeconfig: path,
    calls: proxy.calls,
    begin: (chapter) => proxy.begin(chapter),
    arm: (at, pull) => {
      proxy.armed = new Set(at);
      proxy.pull = pull;
    },
    plugIn: () => (proxy.unplugged = false),
    close: () => relay.close(),
  };
}

class Proxy {
  readonly calls: ChangingCall[] = [];
  armed = new Set<PlugPulled>();
  pull: (at: PlugPulled) => void = () => undefined;
  unplugged = false;
  relay: Pick<ApiRelay, 'closeConnections'> | undefined;
  #chapter = 0;
  readonly #counts = new Map<string, number>();

  begin(chapter: number): void {
    this.#chapter = chapter;
    this.#counts.clear();
  }

  async serve({ request, response, forward }: Exchange): Promise<void> {
    const armed = this.#note(request);
    if (armed?.side === 'before') return this.#pull(armed, response);
    if (this.unplugged) return void response.destroy();
    const answer = await forward();
    if (armed) {
      await buffer(answer); // the API server is done with it
      return this.#pull(armed, response);
    }
    passOn(answer, response);
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
    this.relay?.closeConnections();
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
