import { errorFromStatus, type CallTarget, type StatusBody, type Verb } from './api-error.ts';
import { credentialsOf, openCredentials, type ConnectionOptions, type Credentials } from './credentials.ts';
import { jsonLines } from './json-lines.ts';
import {
  apiVersionOf,
  pathOf,
  resourceName,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  type Stored,
} from './objects.ts';
import { ApiError } from './api-error.ts';
import type { Headers } from './kubeconfig.ts';
import { createTransport, transportError, type Call, type CallObserver, type Query } from './transport.ts';

export interface ClientOptions extends ConnectionOptions {
  /** Names the program in the audit log and, by its first word, in managedFields. */
  userAgent: string;
  onRequest?: CallObserver | undefined;
  concurrency?: number | undefined;
}

/** For every call: its deadline (30 s by default, retries not counted) and what cancels it. */
export interface CallOptions {
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Selection {
  /** All namespaces when left out. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects a page; 500 by default. */
  limit?: number | undefined;
}

/** One page of a list. `resourceVersion` is that of the whole list: a watch may begin there. */
export interface Page<T extends KubeObject> {
  items: Stored<T>[];
  resourceVersion: string;
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string | undefined;
  dryRun?: boolean | undefined;
  /**
   * What happens to fields that the schema does not know. Strict by default: otherwise a misspelt field is dropped
   * without a word.
   */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
}

export interface PatchOptions extends WriteOptions {
  /** merge: JSON merge patch (default). json: a list of operations. apply: server-side apply, needs `fieldManager`. */
  type?: 'merge' | 'json' | 'apply' | undefined;
  subresource?: string | undefined;
  /** With apply: take over fields that others manage. */
  force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Background by default: without it the pods of a Job stay behind as orphans. */
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  /** Refuse with a Conflict unless the object is this very one. */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  gracePeriodSeconds?: number | undefined;
  dryRun?: boolean | undefined;
}

export interface WatchOptions extends Selection {
  /**
   * Where to begin: a list's resourceVersion, or the last event's. Undefined: with what there is, as ADDED events, the
   * end of which a bookmark marks: see {@link endsInitialEvents}. An API server without streaming lists (KEP-3157)
   * refuses that as Invalid.
   */
  resourceVersion: string | undefined;
  /** The server ends the watch after so long. */
  timeoutSeconds?: number | undefined;
  /** The watch breaks when nothing came for so long; bookmarks come about once a minute. */
  idleMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What a watch yields. A BOOKMARK's object carries nothing but a resourceVersion. */
export type WatchEvent<T extends KubeObject> = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: Stored<T>;
};

/** The verbs of the API. Each rejects with an {@link ApiError}, or with the signal's reason when aborted. */
export interface Client {
  /** The namespace of the kubeconfig's context, or the pod's own. */
  readonly namespace: string | undefined;
  get<T extends KubeObject>(type: ResourceType<T>, ref: ObjectRef, options?: CallOptions): Promise<Stored<T>>;
  /**
   * Yields pages. A page may fail as Gone when the list took longer than the server keeps old versions: begin again.
   */
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): AsyncGenerator<Page<T>, void, undefined>;
  /** The namespace and, unless generateName is used, the name are taken from the object. */
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  /** Creates what stands under an object, such as a service account's token. */
  createAt<T extends KubeObject>(
    type: ResourceType<T>,
    ref: ObjectRef & { subresource: string },
    object: T,
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** Updates the whole object; its resourceVersion, where set, must be current. */
  replace<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  /** Updates the whole status; the object's resourceVersion, where set, must be current. */
  replaceStatus<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: ObjectRef,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  patchStatus<T extends KubeObject>(
    type: ResourceType<T>,
    ref: ObjectRef,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  /** Returns the object while finalizers or a grace period still hold it, else undefined. */
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    ref: ObjectRef,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined>;
  /**
   * Yields events until the server, the network or the signal ends it; throws ApiError on an ERROR event (410: list
   * again).
   */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined>;
  /** GETs a path that is not an object, such as /version or a pod's log, as text. */
  getText(path: string, query?: Query, options?: CallOptions): Promise<string>;
  /**
   * GETs the same as it comes, without retries, for as long as the signal lets it; breaks when nothing came for
   * `idleMs` (0: never).
   */
  getStream(
    path: string,
    query?: Query,
    options?: { idleMs?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<AsyncIterable<Uint8Array>>;
  /**
   * The bearer token that calls carry; undefined for those who show a certificate instead, and for those who act as
   * somebody else, whom the token alone does not name.
   */
  bearerToken(): Promise<string | undefined>;
  /** A client that acts as whoever the token is of, over the same connections. */
  as(token: string): Client;
  /** Closes all connections; calls in flight fail. */
  close(): Promise<void>;
}

/** Bookmarks come once a minute; two missed ones and the connection is taken for dead. */
const WATCH_IDLE_MS = 150_000;
const STREAM_IDLE_MS = 30_000;
const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
} as const;
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml', // JSON is YAML
} as const;

interface At {
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

function targetOf(verb: Verb, type: ResourceType, at: At): CallTarget {
  return {
    verb,
    resource: resourceName(type),
    kind: type.kind,
    namespace: at.namespace,
    name: at.name,
    subresource: at.subresource,
  };
}

/**
 * Opens a client: raw JSON over one shared pool of connections.
 * @throws Error when the kubeconfig cannot be read or names no cluster.
 */
export function createClient(options: ClientOptions): Client {
  return clientWith(openCredentials(options), options);
}

function clientWith(
  credentials: Credentials,
  options: Pick<ClientOptions, 'userAgent' | 'onRequest' | 'concurrency'>,
): Client {
  const transport = createTransport({
    credentials,
    userAgent: options.userAgent,
    observer: options.onRequest,
    concurrency: options.concurrency,
  });

  /** One call about `type`; the path leaves out the name that a create must not have in it. */
  const call = async <R>(verb: Verb, type: ResourceType, at: At, rest: Partial<Call>): Promise<R> => {
    const text = await transport.send({
      ...targetOf(verb, type, at),
      method: METHODS[verb],
      path: pathOf(type, verb === 'create' ? { ...at, name: undefined } : at),
      idempotent: verb !== 'create',
      ...rest,
    });
    return JSON.parse(text) as R;
  };
  const put = <T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    write: WriteOptions,
    subresource?: string,
  ): Promise<Stored<T>> =>
    call(
      'update',
      type,
      { ...placeOf(object), subresource },
      { body: typed(type, object), query: writeQuery(write), ...timing(write) },
    );

  const client: Client = {
    namespace: credentials.namespace,
    get: (type, ref, options = {}) => call('get', type, ref, timing(options)),
    list: (type, options = {}) =>
      pages(type, options, (query) =>
        call('list', type, { namespace: options.namespace }, { query, ...timing(options) }),
      ),
    create: (type, object, options = {}) =>
      call('create', type, placeOf(object), {
        body: typed(type, object),
        query: writeQuery(options),
        ...timing(options),
      }),
    createAt: (type, ref, object, options = {}) =>
      call('create', type, ref, {
        path: pathOf(type, ref),
        body: object,
        query: writeQuery(options),
        ...timing(options),
      }),
    replace: (type, object, options = {}) => put(type, object, options),
    replaceStatus: (type, object, options = {}) => put(type, object, options, 'status'),
    patch: (type, ref, patch, { type: how = 'merge', subresource, force, ...options } = {}) =>
      call(
        'patch',
        type,
        { ...ref, subresource },
        {
          body: patch,
          contentType: PATCH_TYPES[how],
          query: { ...writeQuery(options), force },
          idempotent: how !== 'json',
          ...timing(options),
        },
      ),
    patchStatus: (type, ref, patch, options = {}) =>
      client.patch(type, ref, patch, { ...options, subresource: 'status' }),
    delete: async (type, ref, options = {}) => {
      const answer = await call<KubeObject>('delete', type, ref, { body: deleteBody(options), ...timing(options) });
      return answer.kind === type.kind ? (answer as Stored<never>) : undefined;
    },
    watch: (type, options) =>
      watchEvents(targetOf('watch', type, options), options.signal, () =>
        transport.stream(
          {
            ...targetOf('watch', type, options),
            method: 'GET',
            path: pathOf(type, { namespace: options.namespace }),
            query: watchQuery(options),
            idempotent: true,
            signal: options.signal,
          },
          options.idleMs ?? WATCH_IDLE_MS,
        ),
      ),
    getText: (path, query = {}, options = {}) =>
      transport.send({
        verb: 'get',
        ...targetOfPath(path),
        method: 'GET',
        path,
        query,
        idempotent: true,
        ...timing(options),
      }),
    getStream: (path, query = {}, { idleMs = STREAM_IDLE_MS, signal } = {}) =>
      transport.stream(
        { verb: 'get', ...targetOfPath(path), method: 'GET', path, query, idempotent: true, signal },
        idleMs,
      ),
    bearerToken: async () => bearerTokenIn((await credentials.current()).headers),
    as: (token) => clientWith(credentialsOf(token, credentials), options),
    close: () => credentials.close(),
  };
  return client;
}

function bearerTokenIn({ Authorization: authorization, ...others }: Headers): string | undefined {
  if (typeof authorization !== 'string' || 'Impersonate-User' in others) return undefined;
  return /^Bearer (.+)$/.exec(authorization)?.[1];
}

/** What a path asks for, in the words of metrics: a pod's log, or a few paths that name no object. */
function targetOfPath(path: string): Pick<CallTarget, 'resource' | 'kind' | 'namespace' | 'name' | 'subresource'> {
  const [, namespace, plural, name, subresource] =
    /^\/apis?\/(?:[^/]+\/)?v\w+\/namespaces\/([^/]+)\/([a-z]+)\/([^/]+)\/([a-z]+)$/.exec(path) ?? [];
  if (plural === undefined) return { resource: 'other', kind: path };
  return { resource: plural, kind: path, namespace, name, subresource };
}

function timing({ timeoutMs, signal }: CallOptions): CallOptions {
  return { timeoutMs, signal };
}

function writeQuery({ fieldManager, dryRun, fieldValidation = 'Strict' }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun === true ? 'All' : undefined, fieldValidation };
}

function placeOf(object: KubeObject): At {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name };
}

/** Fills in apiVersion and kind, which cached and listed objects may lack. */
function typed<T extends KubeObject>(type: ResourceType, object: T): T {
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
}

function deleteBody(options: DeleteOptions): object {
  const { propagationPolicy = 'Background', uid, resourceVersion, gracePeriodSeconds, dryRun } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy,
    gracePeriodSeconds,
    preconditions: uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion },
    dryRun: dryRun === true ? ['All'] : undefined,
  };
}

function watchQuery(options: WatchOptions): Query {
  const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = options;
  const from =
    resourceVersion === undefined
      ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion };
  return { watch: true, allowWatchBookmarks: true, labelSelector, fieldSelector, ...from, timeoutSeconds };
}

/** Whether all that there was when a watch began has come. */
export function endsInitialEvents<T extends KubeObject>({ type, object }: WatchEvent<T>): boolean {
  return type === 'BOOKMARK' && object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
}

interface RawList<T extends KubeObject> {
  items: Stored<T>[] | null;
  metadata: { resourceVersion?: string; continue?: string };
}

async function* pages<T extends KubeObject>(
  type: ResourceType<T>,
  options: ListOptions,
  fetchPage: (query: Query) => Promise<RawList<T>>,
): AsyncGenerator<Page<T>, void, undefined> {
  const { labelSelector, fieldSelector, limit = 500 } = options;
  let next: string | undefined;
  do {
    const page = await fetchPage({ labelSelector, fieldSelector, limit, continue: next });
    // List items carry neither kind nor apiVersion; watch events and single objects do.
    const items = (page.items ?? []).map((item) => typed(type, item));
    yield { items, resourceVersion: page.metadata.resourceVersion ?? '' };
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (next !== undefined);
}

async function* watchEvents<T extends KubeObject>(
  target: CallTarget,
  signal: AbortSignal | undefined,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const stream = await open();
  try {
    for await (const line of jsonLines(stream)) {
      const event = line as WatchEvent<T> | { type: 'ERROR'; object: StatusBody };
      if (event.type === 'ERROR') throw errorFromStatus(target, event.object);
      yield event;
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw error instanceof ApiError ? error : transportError(target, error);
  }
}
