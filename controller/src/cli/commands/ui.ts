import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { countArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import { requireServer, TokenKeeper, unreachable } from '../run-server.ts';
import type { Session, Start } from '../session.ts';

interface UiOptions {
  readonly port: number;
}

export function uiCommand(start: Start): Command {
  return new Command('ui')
    .description(
      'print an address at which a browser shows the console without a login: forwards its requests to the REST API with your token or, if you have none, with a read-only one',
    )
    .option('--port <port>', 'the port on 127.0.0.1; a free one when left out', countArgument, 0)
    .action((_options, command: Command) => start<UiOptions>(command, ui));
}

/** Runs until Ctrl-C. */
export async function ui(session: Session, { port }: UiOptions): Promise<number> {
  const { io } = session;
  const { url } = requireServer(session);
  const keeper = new TokenKeeper(session);
  const { isConsole } = await keeper.current();
  const secret = randomBytes(24).toString('base64url');
  const listener = gate(
    secret,
    forwardTo(new URL(url), async () => (await keeper.current()).token),
  );
  const { port: taken, close } = await listenHere(listener, port);
  await io.out.write(`${placeOf(taken, secret)}\n`);
  await io.err.write(
    `the console is at this address, only for this machine, until Ctrl-C${isConsole ? '; it uses the account task-runs-console, which may only read' : ''}\n` +
      'a browser that does not find the name, such as an older Safari, needs 127.0.0.1 in its place\n',
  );
  if (!io.interrupted.aborted) await once(io.interrupted, 'abort');
  close();
  return exitCodes.ok;
}

/**
 * The address that is printed. Its name is new each time: whoever had the port before, an attacker or an application
 * that somebody tried, may have left a service worker or a cached page under the names that do not change, and it would
 * be that which reads the key. Browsers find each name below localhost on this machine, without asking anybody.
 */
export function placeOf(port: number, secret: string): string {
  return `http://${randomBytes(8).toString('hex')}.localhost:${port}/#key=${secret}`;
}

/** As often as a port may turn out to be taken by somebody on the other address. */
const mostTries = 20;

/**
 * Listens on both addresses of this machine: a browser may take either for a name below localhost, and somebody else
 * who had the same port on the other one would be shown the key.
 *
 * @param port 0 for a free one
 * @throws Error if the port is in use
 */
export async function listenHere(
  listener: RequestListener,
  port: number,
): Promise<{ readonly port: number; readonly close: () => void }> {
  for (let tries = 1; ; tries += 1) {
    const first = createServer(listener).listen(port, '127.0.0.1');
    await once(first, 'listening');
    const { port: taken } = first.address() as AddressInfo;
    const second = createServer(listener).listen(taken, '::1');
    const problem = await once(second, 'listening').then(
      () => undefined,
      (error: unknown) => error as NodeJS.ErrnoException,
    );
    const close = () => {
      for (const server of [first, second]) {
        server.closeAllConnections();
        server.close();
      }
    };
    // Where there is no IPv6, nobody has the port there.
    if (!problem || ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(problem.code ?? '')) return { port: taken, close };
    close();
    if (port !== 0 || problem.code !== 'EADDRINUSE' || tries === mostTries) throw problem;
  }
}

/**
 * Other users of this machine can reach the port, and pages of other sites and ports can make the browser send requests
 * to it. None of them knows the key: it stands behind the `#` of the printed address, which no browser sends, and the
 * console sends it with each request of its own. A cookie would go to the servers on all other ports, too.
 */
export function gate(secret: string, inner: RequestListener): RequestListener {
  return (request, response) => {
    if (!isForUs(request)) refuse(response, 403, 'open the address as it was printed');
    else if (!isFromUs(request))
      refuse(
        response,
        403,
        'another page asked for this: open the address that task-runs ui printed in a tab of its own',
      );
    else if (!isRead(request) && !isJson(request)) refuse(response, 415, 'send Content-Type: application/json');
    else if (!isFile(request) && !isSame(request.headers.authorization ?? '', `Bearer ${secret}`))
      refuse(response, 401, 'open the address that task-runs ui printed, with its key');
    else inner(request, response);
  };
}

function isForUs({ headers: { host = '' }, url = '/' }: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|([0-9a-f]{16}\.)?localhost)(:\d+)?$/.test(host) && isPath(url);
}

/** A browser says whose page asked; other programs say nothing. */
function isFromUs({ headers: { host = '', origin, 'sec-fetch-site': site = 'none' } }: IncomingMessage): boolean {
  return (origin === undefined || origin === `http://${host}`) && (site === 'same-origin' || site === 'none');
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isJson({ headers: { 'content-type': type = '' } }: IncomingMessage): boolean {
  return /^application\/json *(;|$)/i.test(type);
}

/**
 * The console's files are not secret, and their names have neither dots in front nor escapes, so that every server
 * reads them alike: behind the address of --server there may be other paths, which a token also opens.
 */
function isFile(request: IncomingMessage): boolean {
  return isRead(request) && /^\/(index\.html|icon\.svg|assets\/\w[\w.-]*)?(\?|$)/.test(request.url ?? '/');
}

function isSame(text: string, secret: string): boolean {
  const [one, other] = [text, secret].map((value) => createHash('sha256').update(value).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

const anyBase = 'http://127.0.0.1';

/** Refuses a path that names a host, such as `//host` and `/\host`: the token would be sent there. */
function isPath(text: string): boolean {
  return text.startsWith('/') && URL.canParse(text, anyBase) && new URL(text, anyBase).origin === anyBase;
}

/** As the REST API refuses, so that the console shows the sentence. */
function refuse(response: ServerResponse, status: number, message: string): void {
  const code = status === 401 ? 'Unauthenticated' : status === 415 ? 'NotJson' : 'Forbidden';
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
    .end(`${JSON.stringify({ error: { code, message } })}\n`);
}

/** Neither hop-by-hop headers nor those that only we set. */
const kept = ['accept', 'content-type', 'content-length', 'if-none-match'];

/** A path below that of --server: dots lead to nothing above it. */
function behind(base: URL, path: string): URL {
  const { pathname, search } = new URL(path, anyBase);
  const to = new URL(base);
  to.pathname = `${base.pathname.replace(/\/$/, '')}${pathname}`;
  to.search = search;
  return to;
}

export function forwardTo(base: URL, token: () => Promise<string>): RequestListener {
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = Object.fromEntries(
      kept.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
    );
    const outgoing = send(behind(base, request.url ?? '/'), {
      method: request.method,
      // A connection of its own: the server ends idle ones to make room, and a request that meets its end would fail.
      agent: false,
      headers: { ...headers, ...(!isFile(request) && { authorization: `Bearer ${await token()}` }) },
    });
    response.on('close', () => outgoing.destroy());
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    await Promise.all([pipeline(request, outgoing), answered]);
    const [answer] = await answered;
    const { connection: _connection, 'transfer-encoding': _encoding, ...rest } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, rest);
    await pipeline(answer, response);
  };
  return (request, response) => {
    forward(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const message = unreachable(base.origin, error);
      response
        .writeHead(502, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: 'ClusterUnavailable', message } }));
    });
  };
}
