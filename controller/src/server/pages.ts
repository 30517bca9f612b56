import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { parseAddress } from '../http/address.ts';
import { systemClock, type Clock } from '../kube/clock.ts';
import { listen, type Listening } from '../http/listen.ts';

/** Something that must hold; returns a sentence that says what does not, or undefined. */
export type Check = () => string | undefined;

/** Answers a GET of one path. */
export type Page = (response: ServerResponse) => void | Promise<void>;

/**
 * /healthz (not so: restart the process) and /readyz (not so: send it no work). A failed check answers 503; each check
 * has a line, as at the API server's own endpoints.
 */
export function healthPages(checks: {
  alive: Readonly<Record<string, Check>>;
  ready: Readonly<Record<string, Check>>;
}): Record<string, Page> {
  return {
    '/healthz': (response) => answerChecks(response, checks.alive),
    '/readyz': (response) => answerChecks(response, checks.ready),
  };
}

/** Anybody may ask for the metrics, and to write them takes milliseconds of the controller's only thread. */
const metricsMs = 100;

/**
 * /metrics, for Prometheus. They are written at most ten times a second; whoever asks in between gets the same text.
 * @param refresh is called before they are written, to set what is not kept up to date
 */
export function metricsPages(
  registry: Registry,
  refresh: () => void = () => undefined,
  clock: Clock = systemClock,
): Record<string, Page> {
  let text: Promise<string> | undefined;
  let at = -Infinity;
  const current = (): Promise<string> => {
    if (text && clock.monotonic() - at < metricsMs) return text;
    at = clock.monotonic();
    const written = new Promise<void>((resolve) => resolve(refresh())).then(() => registry.metrics());
    written.catch(() => (text = undefined));
    text = written;
    return written;
  };
  return {
    '/metrics': async (response) => {
      const now = await current();
      response.writeHead(200, { 'content-type': registry.contentType }).end(now);
    },
  };
}

/**
 * Serves pages by path.
 * @param address `host:port`, `:port` for all addresses, or `[::1]:port`; port 0 takes a free one
 * @throws Error when the address is malformed or taken; the message says which
 */
export async function servePages(address: string, pages: Readonly<Record<string, Page>>): Promise<Listening> {
  try {
    return await listen(createServer(handlerOf(pages)), parseAddress(address));
  } catch (error) {
    throw new Error(
      `cannot serve ${Object.keys(pages).join(', ')} on ${address}: ${(error as Error).message}; choose another address`,
      { cause: error },
    );
  }
}

function handlerOf(pages: Readonly<Record<string, Page>>): RequestListener {
  return (request, response) => {
    const page = pages[(request.url ?? '/').split('?', 1)[0] ?? '/'];
    if (page === undefined || request.method !== 'GET')
      return answerText(response, 404, `here is GET ${Object.keys(pages).join(', ')}\n`);
    void answerPage(page, response);
  };
}

/** A page that throws must not end the process. */
async function answerPage(page: Page, response: ServerResponse): Promise<void> {
  try {
    await page(response);
  } catch (error) {
    answerText(response, 500, `${String(error)}\n`);
  }
}

function answerChecks(response: ServerResponse, checks: Readonly<Record<string, Check>>): void {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+] ${name}\n` : `[-] ${name}: ${problem}\n`,
  );
  answerText(response, results.some(({ problem }) => problem !== undefined) ? 503 : 200, lines.join(''));
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
