/** Serves the API and the console over HTTP with express, and the checks that each request must pass first. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Address } from '../http/address.ts';
import {
  CertificateKeeper,
  oldestTls,
  readCertificate,
  type CertificateFiles,
  type CertificateLog,
} from '../http/certificate.ts';
import { listen, type Listening } from '../http/listen.ts';
import { ApiError } from '../kube/api-error.ts';
import { unlessAborted } from '../kube/unless-aborted.ts';
import { clusterProblem } from './cluster-errors.ts';
import { openApiDocument } from './openapi.ts';
import { rememberedMs, type People, type Person } from './person.ts';
import { ApiProblem } from './problems.ts';
import { readRequest, tokenOf } from './request.ts';
import { routes, type Route, type Streamed } from './routes.ts';
import type { Service } from './service.ts';
import { sharerOf } from './sharer.ts';
import { StreamLimit, type StreamLimits } from './stream-limit.ts';

export interface ApiOptions {
  readonly service: Service;
  readonly people: People;
  readonly log: Logger;
  readonly version: string;
  /** The directory of the console's files; without it no console is served. */
  readonly console?: string | undefined;
  /** Requests per minute of one person, and how many of them may change something. */
  readonly requestLimits: { readonly all: number; readonly changes: number };
  readonly streamLimits?: StreamLimits | undefined;
  /** How often it is looked whether somebody may still read the log that they follow. */
  readonly lookAgainMs?: number | undefined;
  /** How long a client may leave a log that comes unread. */
  readonly unreadMs?: number | undefined;
}

/** A limit, because reading logs shares one thread with the controller's decisions. */
export const mostStreams: StreamLimits = { all: 50, each: 10 };
const longestBody = 256 * 1024;
const answerMs = 30_000;
const longestUnreadMs = 60_000;
/** All service accounts of a namespace may ask for as much as so many people: who may create one may create many. */
export const peopleInNamespace = 5;
/** Requests per minute without an accepted token, from one address; few of their tokens are reviewed at once. */
export const mostUnknown = 120;

/** The person, once known, and the request's id in logs. */
interface Locals {
  person: Person;
  id: string;
}

/** The express application; tests use it without a port. */
export function createApi(options: ApiOptions): Express {
  const { console: files, version } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(helmet(securityHeaders));
  app.use((_request, response: Response<unknown, Locals>, next) => {
    response.locals.id = randomUUID();
    response.setHeader('x-request-id', response.locals.id);
    next();
  });
  app.use('/api', noCaching, ...admission(options));
  app.get('/api/v1/openapi.json', (_request, response) => void response.json(openApiDocument(version)));
  for (const route of routes)
    app[route.method](`/api/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`, handlerOf(route, options));
  app.use('/api', () => {
    throw new ApiProblem('RouteNotFound', 'the route does not exist: see /api/v1/openapi.json');
  });
  if (files !== undefined)
    app.use(express.static(files, { index: 'index.html', redirect: false, setHeaders: setCaching }));
  app.use((_request, response) => void response.status(404).type('text').send('not found\n'));
  app.use(errorHandler(options.log));
  return app;
}

const self = "'self'";
const none = "'none'";
const securityHeaders: Parameters<typeof helmet>[0] = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: [none],
      scriptSrc: [self],
      styleSrc: [self],
      imgSrc: [self, 'data:'],
      connectSrc: [self],
      baseUri: [none],
      formAction: [none],
      frameAncestors: [none],
    },
  },
  referrerPolicy: { policy: 'no-referrer' },
};

/**
 * Names of assets contain a hash of their content, so they can be cached; the page that names them must always be
 * current.
 */
function setCaching(response: Pick<Response, 'setHeader'>, path: string): void {
  response.setHeader(
    'cache-control',
    /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
}

const noCaching: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};

/** Each request of the API passes these checks, in this order. */
function admission({ people, requestLimits }: ApiOptions): RequestHandler[] {
  const tooMany: RequestHandler = (_request, _response, next) =>
    next(new ApiProblem('TooManyRequests', 'too many requests in the last minute: wait for the time in Retry-After'));
  const minute = { windowMs: 60_000, standardHeaders: 'draft-8', legacyHeaders: false, handler: tooMany } as const;
  const byPerson = (_request: Request, response: Response): string =>
    (response as Response<unknown, Locals>).locals.person.name;
  const unknown = rateLimit({ ...minute, limit: mostUnknown });
  const known = rateLimit({ ...minute, limit: requestLimits.all, keyGenerator: byPerson });
  const bySharer = (request: Request, response: Response): string => sharerOf(byPerson(request, response));
  const together = rateLimit({ ...minute, limit: requestLimits.all * peopleInNamespace, keyGenerator: bySharer });
  const skip = ({ method }: Request): boolean => method === 'GET';
  const changes = rateLimit({ ...minute, limit: requestLimits.changes, keyGenerator: byPerson, skip });
  const changesTogether = rateLimit({
    ...minute,
    limit: requestLimits.changes * peopleInNamespace,
    keyGenerator: bySharer,
    skip,
  });
  const authenticate: RequestHandler = (request, response, next) => {
    people
      .of(tokenOf(request), request.socket.remoteAddress)
      .then(
        (person) => {
          response.locals['person'] = person;
          next();
        },
        (error: unknown) => {
          if (error instanceof ApiProblem && error.code === 'TooManyRequests') response.setHeader('retry-after', '5');
          // Only now: whoever is known is not locked out by others behind the same address.
          if (!(error instanceof ApiProblem) || error.code !== 'Unauthenticated') return next(error);
          return unknown(request, response, (refusal?: unknown) => next(refusal ?? error));
        },
      )
      .catch(next);
  };
  return [
    authenticate,
    together,
    known,
    changesTogether,
    changes,
    jsonOnly,
    express.json({ limit: longestBody, strict: true }),
  ];
}

/** A form on another site cannot send JSON, so a link cannot make a person change something. */
const jsonOnly: RequestHandler = (request, _response, next) => {
  const hasBody =
    Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined;
  const isJson = request.is('application/json') !== false;
  next(
    hasBody && !isJson
      ? new ApiProblem('NotJson', 'the body is not JSON: send Content-Type: application/json')
      : undefined,
  );
};

function handlerOf(route: Route, options: ApiOptions): RequestHandler {
  const { service, log, streamLimits = mostStreams, unreadMs = longestUnreadMs } = options;
  const streams = streamLimitOf(service, streamLimits);
  return async (request, plain) => {
    const response = plain as Response<unknown, Locals>;
    const gone = new AbortController();
    response.on('close', () => gone.abort(new Error('the client is gone')));
    const isStream = route.answer === undefined;
    const { person } = response.locals;
    const release = isStream ? streams.take(sharerOf(person.name), () => gone.abort(madeRoom())) : () => undefined;
    const timer = setTimeout(
      () => gone.abort(new ApiProblem('Timeout', 'the answer took longer than 30 seconds: ask for less')),
      answerMs,
    );
    try {
      // Before all else: nothing that a token for reading asks for is carried out.
      if (route.changes) person.acting('a change');
      const asked = readRequest(route, request);
      const answer = await unlessAborted(gone.signal, route.handle(service, { person, signal: gone.signal }, asked));
      clearTimeout(timer);
      if (isStream) {
        const stop = whileTheyMay(route, request, options, gone);
        await sendStream(answer as Streamed, response, unreadMs).finally(stop);
      } else response.status(route.status).json(answer);
      if (route.changes) audit(log, route, request, response, route.status);
    } catch (error) {
      if (route.changes) audit(log, route, request, response, toProblem(error).status);
      throw error;
    } finally {
      clearTimeout(timer);
      release();
    }
  };
}

/** Ends a stream once its reader's token or right is gone: an API server looks only when a stream begins. */
function whileTheyMay(
  { needs }: Route,
  request: Request,
  { people, lookAgainMs = rememberedMs }: ApiOptions,
  gone: AbortController,
): () => void {
  const { namespace } = request.params as { readonly namespace?: string };
  const look = async (): Promise<void> => {
    const person = await people.of(tokenOf(request), request.socket.remoteAddress);
    for (const right of needs) await person.require(right, namespace);
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      // Where nobody can say it, nothing has been taken away.
      if (error instanceof ApiProblem && error.code !== 'TooManyRequests') gone.abort(error);
    });
  }, lookAgainMs);
  return () => clearInterval(timer);
}

function madeRoom(): ApiProblem {
  return new ApiProblem('TooManyStreams', 'this log was ended, as others have none and you read several: close some');
}

/** One handler for all routes of a service. */
const streamLimitOfService = new WeakMap<Service, StreamLimit>();

function streamLimitOf(service: Service, limits: StreamLimits): StreamLimit {
  const known = streamLimitOfService.get(service) ?? new StreamLimit(limits);
  streamLimitOfService.set(service, known);
  return known;
}

/** An error before the first piece is answered as an error; a later one can only break the stream off. */
async function sendStream({ contentType, chunks }: Streamed, response: Response, unreadMs: number): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.status(200).type(contentType);
  // The socket's time also runs out where nothing is printed. What is written next starts it again.
  response.setTimeout(unreadMs, () => {
    if (response.writableLength > 0) response.destroy();
  });
  async function* all() {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  try {
    await pipeline(Readable.from(all()), response);
  } catch (error) {
    if (!response.destroyed) throw error;
  } finally {
    await iterator.return?.();
  }
}

/** The audit log: who did what. It leaves out the body, which may contain secrets. */
function audit(log: Logger, route: Route, request: Request, response: Response<unknown, Locals>, status: number): void {
  const { person, id } = response.locals;
  log.info(
    {
      audit: true,
      user: person.name,
      action: route.id,
      ...request.params,
      status,
      requestId: id,
      from: request.socket.remoteAddress,
    },
    `${person.name} asked for ${route.id}`,
  );
}

function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next: NextFunction) => {
    const problem = toProblem(error);
    if (problem.status >= 500)
      log.warn(
        { err: error, requestId: (response as Response<unknown, Locals>).locals.id, path: request.path },
        'a request could not be answered',
      );
    if (response.headersSent) return next(error); // the stream is broken off
    const { code, message, field } = problem;
    if (code === 'Unauthenticated') response.setHeader('www-authenticate', 'Bearer realm="task-runs"');
    response.status(problem.status).json({ error: { code, message, ...(field !== undefined && { field }) } });
  };
}

/** Any error as an ApiProblem. */
function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof ApiError) return clusterProblem(error);
  const { type, status } = (error ?? {}) as { readonly type?: string; readonly status?: number };
  if (type === 'entity.too.large')
    return new ApiProblem('BodyTooLarge', 'the body is larger than 256 KiB', { cause: error });
  if (type === 'entity.parse.failed') return new ApiProblem('InvalidRequest', 'the body is not JSON', { cause: error });
  if (status !== undefined && status >= 400 && status < 500)
    return new ApiProblem('InvalidRequest', error instanceof Error ? error.message : 'the request cannot be read', {
      cause: error,
    });
  return new ApiProblem('Internal', 'a bug in the controller: its log has more, under the request id', {
    cause: error,
  });
}

/** Without it the server speaks HTTP, behind something that encrypts. */
export interface Tls {
  readonly files: CertificateFiles;
  readonly log: CertificateLog;
}

/** @throws Error if the address is in use, or the certificate is invalid */
export async function serveApi(app: Express, address: Address, tls: Tls | undefined): Promise<Listening> {
  if (!tls) return listen(withLimits(createServer(app)), address);
  const used = await readCertificate(tls.files);
  const server = withLimits(createTlsServer({ ...used, minVersion: oldestTls }, app));
  const stop = new CertificateKeeper(server, tls.files, { used, log: tls.log }).start();
  server.on('close', stop);
  return listen(server, address);
}

function withLimits<S extends Server>(server: S): S {
  server.requestTimeout = answerMs;
  server.headersTimeout = 10_000;
  server.maxHeadersCount = 100;
  return server;
}
