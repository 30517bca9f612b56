import { randomBytes } from 'node:crypto';
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
import { messageOf } from '../../domain/lang/words.ts';
import { countArgument } from '../arguments.ts';
import { exitCodes } from '../errors.ts';
import { requireServer, TokenKeeper } from '../run-server.ts';
import type { Session, Start } from '../session.ts';

interface UiOptions {
  readonly port: number;
}

export function uiCommand(start: Start): Command {
  return new Command('ui')
    .description(
      'open the console in a browser without a login: forwards its requests to the REST API with your token or, if you have none, with a read-only one',
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
  const server = createServer(
    gate(
      secret,
      forwardTo(new URL(url), async () => (await keeper.current()).token),
    ),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  await io.out.write(`http://127.0.0.1:${taken}/?key=${secret}\n`);
  await io.err.write(
    `the console is at this address, only for this machine, until Ctrl-C${isConsole ? '; it uses the account task-runs-console, which may only read' : ''}\n`,
  );
  if (!io.interrupted.aborted) await once(io.interrupted, 'abort');
  server.closeAllConnections();
  server.close();
  return exitCodes.ok;
}

const cookie = 'task-runs-key';

/**
 * Other users of this machine can reach the port, and other sites can make the browser send requests to it. Neither
 * knows the key, which the first page turns into a cookie.
 */
export function gate(secret: string, inner: RequestListener): RequestListener {
  return (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const path = request.url ?? '/';
    if ((host !== '127.0.0.1' && host !== 'localhost') || !isPath(path))
      return refuse(response, 'open the address as it was printed');
    const { pathname, searchParams } = new URL(path, anyBase);
    if (searchParams.get('key') === secret) {
      response
        .writeHead(303, {
          location: pathname,
          'set-cookie': `${cookie}=${secret}; HttpOnly; SameSite=Strict; Path=/`,
          'referrer-policy': 'no-referrer',
        })
        .end();
      return;
    }
    const cookies = (request.headers.cookie ?? '').split(/; */);
    if (!cookies.includes(`${cookie}=${secret}`))
      return refuse(response, 'open the address that task-runs ui printed, with its key');
    inner(request, response);
  };
}

const anyBase = 'http://127.0.0.1';

/** Refuses a path that names a host, such as `//host` and `/\host`: the token would be sent there. */
function isPath(text: string): boolean {
  return text.startsWith('/') && URL.canParse(text, anyBase) && new URL(text, anyBase).origin === anyBase;
}

function refuse(response: ServerResponse, sentence: string): void {
  response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}

/** Hop-by-hop headers, and those that only we set. */
const kept = ['accept', 'content-type', 'content-length', 'if-none-match'];

function forwardTo(base: URL, token: () => Promise<string>): RequestListener {
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = Object.fromEntries(
      kept.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
    );
    const outgoing = send(new URL(`${base.pathname.replace(/\/$/, '')}${request.url ?? '/'}`, base), {
      method: request.method,
      headers: { ...headers, authorization: `Bearer ${await token()}` },
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
      const message = `the REST API at ${base.origin} cannot be reached: ${messageOf(error)}`;
      response
        .writeHead(502, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: 'ClusterUnavailable', message } }));
    });
  };
}
