import type { Dispatcher } from 'undici';
import pLimit from 'p-limit';
import { ApiError, errorFromResponse, type CallTarget } from './api-error.ts';
import { sleep, systemClock } from './clock.ts';
import type { Connection, Credentials } from './credentials.ts';
import type { Headers } from './kubeconfig.ts';
import { retryDelayMs, shouldRetry } from './retry.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call of the API. */
export interface Call extends CallTarget {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query | undefined;
  body?: unknown;
  contentType?: string;
  /** False when doing it twice differs from doing it once. */
  idempotent: boolean;
  /** From its turn on. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What an observer learns once an attempt has ended. `status` is 0 when no answer came. */
export interface CallOutcome extends CallTarget {
  status: number;
  seconds: number;
}

/**
 * Sees every attempt on the wire, retries included; for metrics, and for tests that stop the process between two calls.
 */
export interface CallObserver {
  before?(target: CallTarget): void;
  after?(outcome: CallOutcome): void;
}

export interface TransportOptions {
  credentials: Credentials;
  userAgent: string;
  observer?: CallObserver | undefined;
  /** Calls in flight, watches apart; 32 by default. */
  concurrency?: number | undefined;
}

/** Sends calls and turns whatever goes wrong into an {@link ApiError}. */
export interface Transport {
  /** Sends, retries within bounds, and returns the whole body as text. */
  send(call: Call): Promise<string>;
  /**
   * Sends once and returns the body as it comes, for as long as `signal` lets it. What breaks the body is an
   * {@link ApiError}, too.
   */
  stream(call: Call, idleMs: number): Promise<AsyncIterable<Uint8Array>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** The API server reads no larger request. Its refusal comes while such a request is still being sent. */
const LARGEST_BODY = 3 * 1024 * 1024;
type Body = Dispatcher.ResponseData['body'];

/** Builds the one transport of a client. */
export function createTransport(options: TransportOptions): Transport {
  const limit = pLimit(options.concurrency ?? 32);
  const attempt = async <R>(call: Call, timeoutMs: number, read: (body: Body) => Promise<R>): Promise<R> => {
    const once = (connection: Connection): Promise<R> =>
      observed(call, options.observer, () => exchange(call, connection, options.userAgent, timeoutMs, read));
    try {
      return await once(await connectionFor(call, options.credentials.current()));
    } catch (error) {
      // A token that was just rotated: read it again, once.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return once(await connectionFor(call, options.credentials.refresh()));
    }
  };
  return {
    // Its signal also ends a call that waits for its turn.
    send: (call) =>
      retried(call, () =>
        unlessAborted(
          call.signal,
          limit(() => withDeadline(call, (timed, ms) => attempt(timed, ms, (body) => body.text()))),
        ),
      ),
    stream: (call, idleMs) => attempt(call, idleMs, (body) => Promise.resolve(piecesOf(call, body))),
  };
}

/** A body as it comes; what breaks it is an error of the call. */
async function* piecesOf(call: Call, body: Body): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw errorOf(call, error);
  }
}

/** Credentials that cannot be read are an error of the call that needed them. */
async function connectionFor(call: Call, connection: Promise<Connection>): Promise<Connection> {
  try {
    return await connection;
  } catch (error) {
    throw transportError(call, error);
  }
}

async function retried<R>(call: Call, attempt: () => Promise<R>): Promise<R> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (
        !(error instanceof ApiError) ||
        !shouldRetry({ ...failureOf(error), attempts, verb: call.verb, idempotent: call.idempotent })
      )
        throw error;
      await sleep(systemClock, retryDelayMs({ attempts, retryAfterSeconds: error.retryAfterSeconds }), call.signal);
      call.signal?.throwIfAborted();
    }
  }
}

function failureOf(error: ApiError): { status: number; retryAfterSeconds: number | undefined; neverSent: boolean } {
  return {
    status: error.status,
    retryAfterSeconds: error.retryAfterSeconds,
    neverSent: codeOf(error.cause) === 'ECONNREFUSED',
  };
}

async function observed<R>(call: Call, observer: CallObserver | undefined, work: () => Promise<R>): Promise<R> {
  const { verb, resource, kind, namespace, name, subresource } = call;
  const target: CallTarget = { verb, resource, kind, namespace, name, subresource };
  const began = performance.now();
  const report = (status: number): void =>
    observer?.after?.({ ...target, status, seconds: (performance.now() - began) / 1_000 });
  observer?.before?.(target);
  try {
    const result = await work();
    report(200);
    return result;
  } catch (error) {
    report(error instanceof ApiError ? error.status : 0);
    throw error;
  }
}

/** Runs `work` with a signal that fires at the call's deadline, or when the caller's own signal does. */
async function withDeadline<R>(call: Call, work: (timed: Call, ms: number) => Promise<R>): Promise<R> {
  call.signal?.throwIfAborted();
  const ms = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(transportError(call, new Error(`no answer within ${ms} ms`), 'Timeout')),
    ms,
  );
  const passOn = (): void => controller.abort(call.signal?.reason);
  call.signal?.addEventListener('abort', passOn, { once: true });
  try {
    return await work({ ...call, signal: controller.signal }, ms);
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', passOn);
  }
}

async function exchange<R>(
  call: Call,
  connection: Connection,
  userAgent: string,
  timeoutMs: number,
  read: (body: Body) => Promise<R>,
): Promise<R> {
  try {
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    if (body !== null && Buffer.byteLength(body) > LARGEST_BODY) throw tooLarge(call);
    const response = await connection.dispatcher.request({
      origin: connection.origin,
      path: connection.basePath + call.path + queryOf(call.query),
      method: call.method,
      headers: headersOf(call, connection, userAgent),
      body,
      signal: call.signal ?? null,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    if (response.statusCode < 300) return await read(response.body);
    throw errorFromResponse(
      call,
      response.statusCode,
      await response.body.text(),
      headerOf(response.headers['retry-after']),
    );
  } catch (error) {
    throw errorOf(call, error);
  }
}

/** What ended a call: the server's refusal, the caller's own reason, or what became of the connection. */
function errorOf(call: Call, error: unknown): Error {
  if (error instanceof ApiError) return error;
  return call.signal?.aborted === true ? (call.signal.reason as Error) : transportError(call, error);
}

/** In the API server's words. */
function tooLarge(call: Call): ApiError {
  const message = `Request entity too large: limit is ${LARGEST_BODY}`;
  return new ApiError(call, { status: 413, reason: 'RequestEntityTooLarge', message });
}

function headersOf(call: Call, connection: Connection, userAgent: string): Headers {
  return {
    accept: 'application/json',
    'user-agent': userAgent,
    ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
    ...connection.headers,
  };
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function queryOf(query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** Wraps what a socket, TLS, an exec plugin or a timer reported. */
export function transportError(
  target: CallTarget,
  cause: unknown,
  reason = isTimer(cause) ? 'Timeout' : 'Unreachable',
): ApiError {
  const message = cause instanceof Error ? cause.message || (codeOf(cause) ?? cause.name) : String(cause);
  return new ApiError(target, { status: 0, reason, message }, { cause });
}

/** ETIMEDOUT, UND_ERR_BODY_TIMEOUT and their like. */
function isTimer(error: unknown): boolean {
  return /TIME_?D?OUT/.test(codeOf(error) ?? '');
}

/** Node's error code; of the first attempt where several addresses were tried. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
