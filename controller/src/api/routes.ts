/** Every route of the API, declared once: the server runs them, and the OpenAPI document is written from them. */
import * as z from 'zod';
import { contentTypes, formatLines } from './log-format.ts';
import type { Line } from './logs.ts';
import type { Right } from './right.ts';
import * as schemas from './schemas.ts';
import type { AtRun, AtTask, Caller, Service } from './service.ts';

/** The checked parts of a request. */
export interface Asked<P, Q, B> {
  readonly path: P;
  readonly query: Q;
  readonly body: B;
}

/** An answer that is streamed. */
export interface Streamed {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A route without its type parameters, for code that handles all routes. */
export interface Route {
  readonly method: 'get' | 'post';
  /** The path after /api/v1, with parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** The rights that the person needs in the path's namespace, or in all where it has none. */
  readonly needs: readonly Right[];
  /** The same in words, for the document. */
  readonly rights: string;
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodType | undefined;
  /** Undefined for a stream of lines. */
  readonly answer: z.ZodType | undefined;
  readonly status: 200 | 201;
  /** Whether the route changes something: such requests are in the audit log, and have a lower rate limit. */
  readonly changes: boolean;
  handle(service: Service, caller: Caller, asked: Asked<never, never, never>): Promise<unknown>;
}

interface Declaration<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> {
  readonly id: string;
  readonly summary: string;
  readonly needs: readonly Right[];
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: A;
  readonly status?: 201;
  handle(
    service: Service,
    caller: Caller,
    asked: Asked<z.infer<P>, z.infer<Q>, z.infer<B>>,
  ): Promise<z.infer<A> | Streamed>;
}

function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  method: 'get' | 'post',
  path: string,
  declaration: Declaration<P, Q, B, A>,
): Route {
  const { id, summary, needs, params, query, body, answer, status = 200 } = declaration;
  return {
    method,
    path,
    id,
    summary,
    needs,
    rights: inWords(needs, path),
    params,
    query,
    body,
    answer,
    status,
    changes: method === 'post',
    handle: (...asked) => declaration.handle(...asked),
  };
}

function inWords(needs: readonly Right[], path: string): string {
  if (needs.length === 0) return 'none';
  const named = needs.map(({ verb, resource }) => `${verb} ${resource}`).join(', ');
  return path.includes('{namespace}') ? named : `${named} in all namespaces`;
}

const to = (verb: Right['verb'], resource: Right['resource']): Right => ({ verb, resource });

const taskAt = ({ namespace, task }: { namespace: string; task: string }): AtTask => ({ namespace, task });
const runAt = ({ namespace, run }: { namespace: string; run: string }): AtRun => ({ namespace, run });

function streamed(
  lines: AsyncGenerator<readonly Line[], void, undefined>,
  format: schemas.LogQuery['format'],
): Streamed {
  async function* chunks() {
    for await (const portion of lines) if (portion.length > 0) yield formatLines(portion, format);
  }
  return { contentType: contentTypes[format], chunks: chunks() };
}

const tasksPath = '/namespaces/{namespace}/tasks';
const runsPath = '/namespaces/{namespace}/runs';

export const routes: readonly Route[] = [
  route('get', '/access', {
    id: 'getAccess',
    summary: 'Who you are, which namespaces you may read, and what you may do in a namespace.',
    needs: [],
    query: z.object({
      namespace: schemas.namespacePath.shape.namespace
        .optional()
        .meta({ description: 'The namespace that `may` is about; all namespaces when left out.' }),
    }),
    answer: schemas.access,
    handle: (service, caller, { query }) => service.access(caller, query.namespace),
  }),
  route('get', '/tasks', {
    id: 'listAllTasks',
    summary: 'The tasks of all namespaces, by name.',
    needs: [to('list', 'tasks')],
    query: schemas.taskQuery,
    answer: schemas.taskPage,
    handle: (service, caller, { query }) => service.listTasks(caller, undefined, query),
  }),
  route('get', tasksPath, {
    id: 'listTasks',
    summary: 'The tasks of a namespace, by name.',
    needs: [to('list', 'tasks')],
    params: schemas.namespacePath,
    query: schemas.taskQuery,
    answer: schemas.taskPage,
    handle: (service, caller, { path, query }) => service.listTasks(caller, path.namespace, query),
  }),
  route('get', `${tasksPath}/{task}`, {
    id: 'getTask',
    summary: 'A task: what it is doing, why, its policy and its next times.',
    needs: [to('list', 'tasks')],
    params: schemas.taskPath,
    answer: schemas.taskDetail,
    handle: (service, caller, { path }) => service.getTask(caller, taskAt(path)),
  }),
  route('get', `${tasksPath}/{task}/logs`, {
    id: 'getTaskLogs',
    summary: 'What the newest runs of a task printed, merged in the order of time.',
    needs: [to('list', 'taskruns'), to('get', 'pods/log')],
    params: schemas.taskPath,
    query: schemas.taskLogQuery,
    handle: async (service, caller, { path, query }) =>
      streamed(await service.taskLogs(caller, taskAt(path), query), query.format),
  }),
  route('post', `${tasksPath}/{task}/run`, {
    id: 'runTask',
    summary: 'Run a task now.',
    needs: [to('create', 'taskruns')],
    params: schemas.taskPath,
    body: schemas.runRequest,
    answer: schemas.run,
    status: 201,
    handle: (service, caller, { path, body }) => service.run(caller, taskAt(path), body),
  }),
  ...(['suspend', 'resume'] as const).map((verb) =>
    route('post', `${tasksPath}/{task}/${verb}`, {
      id: `${verb}Task`,
      summary:
        verb === 'suspend'
          ? 'Let new runs of a task wait; active runs continue.'
          : "Let a suspended task's runs start again.",
      needs: [to('patch', 'tasks')],
      params: schemas.taskPath,
      answer: schemas.taskDetail,
      handle: (service, caller, { path }) => service.suspend(caller, taskAt(path), verb === 'suspend'),
    }),
  ),
  route('post', `${tasksPath}/{task}/prune`, {
    id: 'pruneTask',
    summary: 'Delete finished runs of a task with their Jobs and pods; the archive keeps its copies.',
    needs: [to('delete', 'taskruns')],
    params: schemas.taskPath,
    body: schemas.pruneRequest,
    answer: schemas.pruned,
    handle: (service, caller, { path, body }) => service.prune(caller, taskAt(path), body),
  }),
  route('get', '/runs', {
    id: 'listAllRuns',
    summary: 'The history of all namespaces, the newest run first.',
    needs: [to('list', 'taskruns')],
    query: schemas.runQuery,
    answer: schemas.runPage,
    handle: (service, caller, { query }) => service.listRuns(caller, undefined, query),
  }),
  route('get', runsPath, {
    id: 'listRuns',
    summary: 'The history of a namespace or of a task, the newest run first; the archive included.',
    needs: [to('list', 'taskruns')],
    params: schemas.namespacePath,
    query: schemas.runQuery,
    answer: schemas.runPage,
    handle: (service, caller, { path, query }) => service.listRuns(caller, path.namespace, query),
  }),
  route('get', `${runsPath}/{run}`, {
    id: 'getRun',
    summary: 'Everything that is known of a run; of the newest if several had the name.',
    needs: [to('get', 'taskruns')],
    params: schemas.runPath,
    answer: schemas.runDetail,
    handle: (service, caller, { path }) => service.getRun(caller, runAt(path)),
  }),
  route('get', `${runsPath}/{run}/logs`, {
    id: 'getRunLogs',
    summary: 'What a run printed, in the order of time: live from its pods, or from the archive.',
    needs: [to('get', 'taskruns'), to('get', 'pods/log')],
    params: schemas.runPath,
    query: schemas.logQuery,
    handle: async (service, caller, { path, query }) =>
      streamed(await service.runLogs(caller, runAt(path), query), query.format),
  }),
  route('post', `${runsPath}/{run}/retry`, {
    id: 'retryRun',
    summary: 'Retry a run that failed or was cancelled, in a new run: steps that succeeded do not run again.',
    needs: [to('create', 'taskruns')],
    params: schemas.runPath,
    answer: schemas.run,
    status: 201,
    handle: (service, caller, { path }) => service.retry(caller, runAt(path)),
  }),
  route('post', `${runsPath}/{run}/cancel`, {
    id: 'cancelRun',
    summary: 'Cancel a run: its Jobs and pods are deleted, its record stays.',
    needs: [to('patch', 'taskruns')],
    params: schemas.runPath,
    body: schemas.cancelRequest,
    answer: schemas.runDetail,
    handle: (service, caller, { path, body }) => service.cancel(caller, runAt(path), body),
  }),
  route('post', `${runsPath}/{run}/resume`, {
    id: 'resumeRun',
    summary: 'Continue a run that paused after a failure (failurePolicy: Pause).',
    needs: [to('patch', 'taskruns')],
    params: schemas.runPath,
    answer: schemas.runDetail,
    handle: (service, caller, { path }) => service.resumeRun(caller, runAt(path)),
  }),
];
