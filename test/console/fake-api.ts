/**
 * Serves the console, and the REST API from memory. Every answer is checked against the contract's schemas, so that it
 * cannot drift from the real server without a test failing.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { z } from 'zod';
import * as schemas from '../../controller/src/api/schemas.ts';
import type { LogLine, RunDetail, TaskDetail } from '../../controller/src/api/schemas.ts';
import { consoleDirectory } from '../../scripts/console-bundle.ts';
import { fakeRun, type FakeData } from './fake-data.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const followMs = 50;

export interface FakeOptions {
  /** Whoever does not send it is refused. */
  readonly token?: string;
  /** Whether one may look at all namespaces. */
  readonly allNamespaces?: boolean;
  /** Whether the token is for reading only. */
  readonly onlyReads?: boolean;
  /**
   * Whether an answer is made once and then given again, whatever time it was asked for: for what measures the console
   * alone.
   */
  readonly remember?: boolean;
}

export interface FakeApi {
  readonly url: string;
  readonly data: FakeData;
  /** Method and path of what was asked, but GET. */
  readonly actions: { readonly request: string; readonly body: unknown }[];
  /** From now on these paths are refused; undefined for none. */
  refuse(pattern: RegExp | undefined): void;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Asked {
  readonly data: FakeData;
  readonly options: FakeOptions;
  readonly groups: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handler = (asked: Asked) => unknown;

const namespaced = '/namespaces/(?<namespace>[^/]+)';
const taskPath = `${namespaced}/tasks/(?<task>[^/]+)`;
const runPath = `${namespaced}/runs/(?<run>[^/]+)`;

const routes: readonly (readonly [method: string, path: RegExp, schema: z.ZodType, handler: Handler])[] = [
  ['GET', /^\/access$/, schemas.access, accessOf],
  ['GET', /^\/tasks$/, schemas.taskPage, tasksOf],
  ['GET', new RegExp(`^${namespaced}/tasks$`), schemas.taskPage, tasksOf],
  ['GET', new RegExp(`^${taskPath}$`), schemas.taskDetail, taskOf],
  ['GET', /^\/runs$/, schemas.runPage, runsOf],
  ['GET', new RegExp(`^${namespaced}/runs$`), schemas.runPage, runsOf],
  ['GET', new RegExp(`^${runPath}$`), schemas.runDetail, runOf],
  ['POST', new RegExp(`^${taskPath}/run$`), schemas.run, startRun],
  ['POST', new RegExp(`^${taskPath}/(?<verb>suspend|resume)$`), schemas.taskDetail, suspendTask],
  ['POST', new RegExp(`^${taskPath}/prune$`), schemas.pruned, pruneTask],
  ['POST', new RegExp(`^${runPath}/retry$`), schemas.run, retryRun],
  ['POST', new RegExp(`^${runPath}/cancel$`), schemas.runDetail, cancelRun],
  ['POST', new RegExp(`^${runPath}/resume$`), schemas.runDetail, resumeRun],
];

/** Serves the data until it is closed. */
export async function startFakeApi(data: FakeData, options: FakeOptions = {}): Promise<FakeApi> {
  const actions: FakeApi['actions'] = [];
  let refused: RegExp | undefined;
  const memory = new Map<string, string>();
  const known = (key: string, text: () => string) => {
    const made = memory.get(key) ?? text();
    if (options.remember) memory.set(key, made);
    return made;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET' } = request;
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://fake');
    if (!pathname.startsWith('/api/v1/')) return sendFile(pathname, response);
    const path = pathname.slice('/api/v1'.length);
    const body: unknown = method === 'POST' ? JSON.parse((await textOf(request)) || '{}') : undefined;
    if (method === 'POST') actions.push({ request: `${method} ${path}`, body });
    admit(request, options);
    if (refused?.test(path))
      throw new Refusal(503, 'ArchiveUnavailable', 'The archive does not answer; try again later.');
    const asked = { data, options, groups: {}, query, body };
    if (path.endsWith('/logs')) return sendLogs(path, asked, response);
    return sendText(
      response,
      200,
      known(`${path}?${withoutTimes(query)}`, () => JSON.stringify(valueAt(method, path, asked))),
    );
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { status, code, message } =
        error instanceof Refusal ? error : { status: 500, code: 'Internal', message: String(error) };
      sendText(response, status, JSON.stringify(schemas.problem.parse({ error: { code, message } })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    data,
    actions,
    refuse: (pattern) => void (refused = pattern),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function admit({ method, headers }: IncomingMessage, { token, onlyReads = false }: FakeOptions): void {
  if (token !== undefined && headers.authorization !== `Bearer ${token}`)
    throw new Refusal(401, 'Unauthenticated', 'Say who you are.');
  if (method === 'POST' && onlyReads)
    throw new Refusal(403, 'ReadingToken', 'a change takes a token that the API server accepts: send another.');
}

/** What a route answers, as the contract wants it. */
function valueAt(method: string, path: string, asked: Asked): unknown {
  for (const [of, pattern, schema, handler] of routes) {
    const match = of === method ? pattern.exec(path) : null;
    if (match !== null) return schema.parse(handler({ ...asked, groups: decoded(match.groups ?? {}) }));
  }
  throw new Refusal(404, 'NotFound', `there is no ${path}`);
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

function withoutTimes(query: URLSearchParams): string {
  return [...query].filter(([name]) => name !== 'from' && name !== 'to').join('&');
}

function sendText(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}

async function sendFile(path: string, response: ServerResponse): Promise<void> {
  const file = join(consoleDirectory, normalize(path === '/' ? '/index.html' : path));
  const content = await readFile(file).catch(() => undefined);
  if (content === undefined) throw new Refusal(404, 'NotFound', `there is no ${path}`);
  response
    .writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    })
    .end(content);
}

function accessOf({ data, options }: Asked): schemas.Access {
  const namespaces = [...new Set(data.tasks.map(({ namespace }) => namespace))].sort();
  return {
    user: 'system:serviceaccount:shop:ada',
    onlyReads: options.onlyReads ?? false,
    namespaces,
    moreNamespaces: false,
    allNamespaces: options.allNamespaces ?? true,
    may: { run: true, cancel: true, suspend: true, prune: true, logs: true },
  };
}

/** A page of a list, whose cursor is where the next one begins. */
function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  limit: number,
): { items: readonly T[]; total: number; nextCursor?: string } {
  const from = Number(query.get('cursor') ?? 0);
  const end = from + limit;
  return {
    items: items.slice(from, end),
    total: items.length,
    ...(end < items.length ? { nextCursor: String(end) } : {}),
  };
}

function inNamespace<T extends { readonly namespace: string }>(
  { groups: { namespace }, options }: Asked,
  items: readonly T[],
): readonly T[] {
  if (namespace === undefined && options.allNamespaces === false)
    throw new Refusal(403, 'Forbidden', 'You may not list the tasks in all namespaces: choose one.');
  return namespace === undefined ? items : items.filter((item) => item.namespace === namespace);
}

function tasksOf(asked: Asked): schemas.TaskPage {
  const { limit } = schemas.taskQuery.parse(Object.fromEntries(asked.query));
  return {
    ...pageOf(
      inNamespace(asked, asked.data.tasks).map((task) => schemas.task.parse(task)),
      asked.query,
      limit,
    ),
  } as schemas.TaskPage;
}

function taskOf({ data, groups }: Asked): TaskDetail {
  const task = data.tasks.find(({ namespace, name }) => namespace === groups['namespace'] && name === groups['task']);
  if (task === undefined)
    throw new Refusal(404, 'NotFound', `task ${groups['namespace']}/${groups['task']} does not exist`);
  return task;
}

function runOf({ data, groups }: Asked): RunDetail {
  const run = data.runs.find(({ namespace, name }) => namespace === groups['namespace'] && name === groups['run']);
  if (run === undefined)
    throw new Refusal(404, 'NotFound', `run ${groups['namespace']}/${groups['run']} does not exist`);
  return run;
}

function runsOf(asked: Asked): schemas.RunPage {
  const { task, phase, from, to, limit } = schemas.runQuery.parse(Object.fromEntries(asked.query));
  const chosen = inNamespace(asked, asked.data.runs)
    .filter((run) => (task === undefined || run.task === task) && (phase === undefined || phase.includes(run.phase)))
    .filter(
      ({ creationTimestamp }) =>
        (from === undefined || Date.parse(creationTimestamp) >= Date.parse(from)) &&
        (to === undefined || Date.parse(creationTimestamp) < Date.parse(to)),
    )
    .sort((a, b) => b.creationTimestamp.localeCompare(a.creationTimestamp));
  const page = pageOf(chosen, asked.query, limit);
  return { ...page, items: page.items.map((run) => schemas.run.parse(run)), totalIsLeast: false };
}

function startRun(asked: Asked): schemas.Run {
  const { name, args, env } = schemas.runRequest.parse(asked.body);
  const task = taskOf(asked);
  const run = fakeRun(task.namespace, task.name, name ?? `${task.name}-by-hand`, {
    startedAgo: 0,
    phase: 'Running',
    trigger: { type: 'Manual' },
    overrides: { ...(args && { args }), ...(env && { env }) },
  });
  asked.data.runs.unshift(run);
  return schemas.run.parse(run);
}

function suspendTask(asked: Asked): TaskDetail {
  return Object.assign(taskOf(asked), { suspended: asked.groups['verb'] === 'suspend' });
}

function pruneTask(asked: Asked): schemas.Pruned {
  const { keep = 0, dryRun } = schemas.pruneRequest.parse(asked.body);
  const { namespace, name } = taskOf(asked);
  const over = asked.data.runs.filter(
    (run) => run.namespace === namespace && run.task === name && run.completionTime !== undefined,
  );
  const going = over.slice(keep);
  if (!dryRun) for (const run of going) asked.data.runs.splice(asked.data.runs.indexOf(run), 1);
  return { runs: going.map((run) => run.name), dryRun };
}

function retryRun(asked: Asked): schemas.Run {
  const { namespace, task, name } = runOf(asked);
  const retry = fakeRun(namespace, task, `${name}-retry`, {
    startedAgo: 0,
    phase: 'Running',
    retryOf: name,
    trigger: { type: 'Retry', value: name },
  });
  asked.data.runs.unshift(retry);
  return schemas.run.parse(retry);
}

function cancelRun(asked: Asked): RunDetail {
  const { reason } = schemas.cancelRequest.parse(asked.body);
  return Object.assign(runOf(asked), {
    phase: 'Cancelled',
    reason: 'Cancelled',
    completionTime: new Date().toISOString(),
    ...(reason === undefined ? {} : { cancelReason: reason }),
  });
}

function resumeRun(asked: Asked): RunDetail {
  const run = runOf(asked);
  delete run.reason;
  return run;
}

async function sendLogs(path: string, asked: Asked, response: ServerResponse): Promise<void> {
  const match = new RegExp(`^(?:${taskPath})/logs$`).exec(path) ?? new RegExp(`^(?:${runPath})/logs$`).exec(path);
  const groups = decoded(match?.groups ?? {});
  const parameters = Object.fromEntries(asked.query);
  if (groups['task'] === undefined) {
    const query = schemas.logQuery.parse(parameters);
    const run = runOf({ ...asked, groups });
    return sendLines(
      response,
      () => linesOf(asked, [run], query),
      query.tail,
      () => query.follow && run.completionTime === undefined,
    );
  }
  const query = schemas.taskLogQuery.parse(parameters);
  const runs = asked.data.runs
    .filter(({ task, namespace }) => task === groups['task'] && namespace === groups['namespace'])
    .slice(0, query.runs);
  return sendLines(
    response,
    () => linesOf(asked, runs, query),
    query.tail,
    () => false,
  );
}

function linesOf(
  { data }: Asked,
  runs: readonly RunDetail[],
  { search = '', since = '' }: Pick<schemas.LogQuery, 'search' | 'since'>,
): readonly LogLine[] {
  return runs
    .flatMap(({ namespace, name }) => data.logs.get(`${namespace}/${name}`) ?? [])
    .filter(({ line, time }) => line.toLowerCase().includes(search.toLowerCase()) && time >= since)
    .sort((a, b) => a.time.localeCompare(b.time));
}

/** Sends the last lines there are, and those that come as long as it continues. */
async function sendLines(
  response: ServerResponse,
  lines: () => readonly LogLine[],
  tail: number | undefined,
  goesOn: () => boolean,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let sent = tail === undefined ? 0 : Math.max(0, lines().length - tail);
  for (;;) {
    const next = lines().slice(sent);
    sent += next.length;
    response.write(next.map((line) => `${JSON.stringify(schemas.logLine.parse(line))}\n`).join(''));
    if (!goesOn() || response.destroyed) break;
    await new Promise((resolve) => setTimeout(resolve, followMs));
  }
  response.end();
}
