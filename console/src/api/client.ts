import type { LogLine } from '../../../controller/src/api/schemas.ts';
import { linesOf } from './line-reader.ts';
import { problemOf, unreachable } from './problem.ts';
import type { TokenKeeper } from './token.ts';

/** Parameters of a request; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A path below /api/v1. Each part is escaped. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

/** The REST API, as the person that the token stands for. */
export class ApiClient {
  readonly #token: TokenKeeper;
  readonly #base: string;
  /** Called when the server asks for authentication. */
  onUnauthenticated: () => void = () => undefined;

  /** @param base relative by default, so that the console also works below a path of a proxy */
  constructor(token: TokenKeeper, base = 'api/v1') {
    this.#token = token;
    this.#base = base;
  }

  /** @throws ApiError */
  async get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const response = await this.#send(path, query, { signal: signal ?? null });
    return (await response.json()) as T;
  }

  /** @throws ApiError */
  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const response = await this.#send(
      path,
      {},
      { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    );
    return (await response.json()) as T;
  }

  /**
   * The lines of a log as they arrive.
   * @throws ApiError
   */
  async *lines(path: string, query: Query, signal: AbortSignal): AsyncGenerator<LogLine> {
    const response = await this.#send(path, { ...query, format: 'ndjson' }, { signal });
    if (response.body === null) return;
    for await (const line of linesOf(response.body)) if (line !== '') yield JSON.parse(line) as LogLine;
  }

  async #send(path: string, query: Query, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const token = this.#token.get();
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(this.#address(path, query), { ...init, headers, cache: 'no-store' }).catch(
      (error: unknown) => {
        throw init.signal?.aborted ? error : unreachable(error);
      },
    );
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status === 401) this.onUnauthenticated();
    throw problem;
  }

  #address(path: string, query: Query): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') parameters.set(name, String(value));
    const text = parameters.toString();
    return `${this.#base}/${path}${text === '' ? '' : `?${text}`}`;
  }
}
