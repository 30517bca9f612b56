import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { parse } from 'yaml';
import { openDispatcher, proxyOf, type Tls } from './proxy.ts';

/**
 * Where the API server is and who we are. Without any field: KUBECONFIG, then ~/.kube/config, then the pod's service
 * account.
 */
export interface ConnectionOptions {
  kubeconfigPath?: string | undefined;
  /** Context of the kubeconfig; its current one by default. */
  context?: string | undefined;
  /** Use the service account mounted into the pod. */
  inCluster?: boolean | undefined;
  server?: string | undefined;
  token?: string | undefined;
  /** PEM of the authority that signed the server's certificate; with `server`. */
  ca?: string | undefined;
}

/** What a request needs: where to, through which sockets, with which headers. */
export interface Connection {
  origin: string;
  /** Prefix of every path, for servers behind a gateway (`https://host/k8s/clusters/x`); '' mostly. */
  basePath: string;
  headers: Readonly<Record<string, string>>;
  dispatcher: Dispatcher;
  /** Whether the sockets themselves say who we are, by a client certificate. */
  hasCertificate: boolean;
}

/** Credentials that are read again as they rotate. */
export interface Credentials {
  /** The namespace that the context names, or the pod's own. */
  readonly namespace: string | undefined;
  current(): Promise<Connection>;
  /** Reads everything again, exec plugins included: for when the server answered 401. */
  refresh(): Promise<Connection>;
  close(): Promise<void>;
}

/** Mounted tokens and certificates rotate within the hour; client-go looks once a minute too. */
const REREAD_AFTER_MS = 60_000;
/**
 * kube-apiserver closes idle connections after 90 s; closing first spares us writing into a socket that just closed.
 */
const KEEP_ALIVE_MS = 60_000;
const pool = { keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS };

/**
 * Opens credentials over one shared dispatcher; it is replaced only when certificates changed.
 * @throws Error when the kubeconfig cannot be read or names no cluster.
 */
export function openCredentials(options: ConnectionOptions): Credentials {
  let config = loadKubeConfig(options);
  let connection: Promise<Connection> | undefined;
  let dispatcher: { tls: string; dispatcher: Dispatcher } | undefined;
  let readAt = -Infinity;

  const connect = async (): Promise<Connection> => {
    const cluster = clusterOf(config);
    const { headers, tls } = await readSecrets(config);
    const url = new URL(cluster.server);
    const proxy = proxyOf(url, cluster.proxyUrl, process.env);
    const fingerprint = JSON.stringify(tls);
    if (dispatcher?.tls !== fingerprint) {
      void dispatcher?.dispatcher.close(); // watches on it run to their end
      dispatcher = { tls: fingerprint, dispatcher: openDispatcher(tls, proxy, pool) };
    }
    return {
      origin: url.origin,
      basePath: url.pathname.replace(/\/+$/, ''),
      headers,
      dispatcher: dispatcher.dispatcher,
      hasCertificate: tls.cert !== undefined,
    };
  };
  const reread = (): Promise<Connection> => {
    readAt = performance.now();
    connection = connect();
    // A failed read is not kept: the next request tries again.
    connection.catch(() => (readAt = -Infinity));
    return connection;
  };
  return {
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    current: () => (connection !== undefined && performance.now() - readAt < REREAD_AFTER_MS ? connection : reread()),
    refresh() {
      config = loadKubeConfig(options);
      return reread();
    },
    close: async () => dispatcher?.dispatcher.destroy(),
  };
}

/**
 * Somebody else's token over the same sockets, which stay open when this is closed. Calls fail where the sockets have a
 * certificate of ours: the API server would believe that, and not the token.
 */
export function credentialsOf(token: string, ours: Credentials): Credentials {
  const theirs = async (connection: Promise<Connection>): Promise<Connection> => {
    const { hasCertificate, ...rest } = await connection;
    if (hasCertificate)
      throw new Error('the kubeconfig has a client certificate, so nobody else can be acted for: use one with a token');
    return { ...rest, hasCertificate, headers: { Authorization: `Bearer ${token}` } };
  };
  return {
    namespace: ours.namespace,
    current: () => theirs(ours.current()),
    refresh: () => theirs(ours.current()),
    close: () => Promise.resolve(),
  };
}

function loadKubeConfig(options: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  if (options.server !== undefined) {
    config.loadFromClusterAndUser(
      {
        name: 'cluster',
        server: options.server,
        // client-node refuses plain http unless told so; http has no certificate to verify.
        skipTLSVerify: options.server.startsWith('http:'),
        ...(options.ca === undefined ? {} : { caData: Buffer.from(options.ca).toString('base64') }),
      },
      { name: 'user', ...(options.token === undefined ? {} : { token: options.token }) },
    );
  } else if (options.inCluster === true) config.loadFromCluster();
  else if (options.kubeconfigPath !== undefined) loadFile(config, options.kubeconfigPath);
  else naming(defaultPlaces(), () => config.loadFromDefault());
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

/** Where client-node looks if it is told nothing. */
const defaultPlaces = (): string => process.env['KUBECONFIG'] ?? '~/.kube/config';

/** A kubeconfig is a file that people are sent: whatever is wrong with it is said together with its name. */
function naming(path: string, load: () => void): void {
  try {
    load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the kubeconfig ${path} cannot be used: ${reason.slice(0, longestReason)}`, { cause: error });
  }
}

const longestReason = 500;
/** As many bytes as a Secret or a ConfigMap may have: a larger file is something else. */
const largestKubeconfig = 1_048_576;

/** client-node reads `token-file`, once; kubeconfigs say `tokenFile`, and the file rotates. */
function loadFile(config: KubeConfig, path: string): void {
  naming(path, () => {
    const written = readFileSync(path, 'utf8');
    if (written.length > largestKubeconfig) throw new Error('it has more than 1 MiB');
    const { users = [] } = withLists(parse(written, { logLevel: 'error' }));
    config.loadFromString(written);
    config.makePathsAbsolute(dirname(path));
    for (const { name, user } of users) {
      if (user?.tokenFile === undefined) continue;
      const tokenFile = resolve(dirname(path), user.tokenFile);
      config.users = config.users.filter((known) => known.name !== name);
      config.users.push({ name, authProvider: { name: 'tokenFile', config: { tokenFile } } });
    }
  });
}

interface Kubeconfig {
  readonly users?: readonly { readonly name: string; readonly user?: { readonly tokenFile?: string } }[];
}

/** @throws Error naming the field where clusters, users or contexts do not have the form of a kubeconfig */
function withLists(written: unknown): Kubeconfig {
  if (!isFields(written)) throw new Error('it must have clusters, users and contexts');
  for (const [list, inner] of [
    ['clusters', 'cluster'],
    ['users', 'user'],
    ['contexts', 'context'],
  ] as const) {
    const entries = written[list] ?? [];
    if (!Array.isArray(entries)) throw new Error(`${list} must be a list`);
    entries.forEach((entry: unknown, index) => checkEntry(entry, `${list}[${index}]`, inner));
  }
  return written;
}

function checkEntry(entry: unknown, path: string, inner: string): void {
  if (!isFields(entry) || typeof entry['name'] !== 'string') throw new Error(`${path}.name must be a text`);
  const fields = entry[inner] ?? {};
  if (!isFields(fields)) throw new Error(`${path}.${inner} must have fields`);
  for (const [key, value] of Object.entries(fields))
    if (textFields.includes(key) && value !== null && typeof value !== 'string')
      throw new Error(`${path}.${inner}.${key} must be a text`); // its value may be a secret
}

const textFields = [
  ...['server', 'certificate-authority', 'certificate-authority-data', 'tls-server-name', 'proxy-url'],
  ...['token', 'tokenFile', 'username', 'password', 'client-certificate', 'client-certificate-data'],
  ...['client-key', 'client-key-data', 'cluster', 'user', 'namespace'],
];

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clusterOf(config: KubeConfig): { server: string; proxyUrl?: string } {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const known =
      config
        .getContexts()
        .map((context) => context.name)
        .join(', ') || 'none';
    throw new Error(
      `the kubeconfig's context "${config.getCurrentContext()}" names no cluster: choose one of its contexts (${known})`,
    );
  }
  return cluster;
}

async function readSecrets(config: KubeConfig): Promise<{ headers: Record<string, string>; tls: Tls }> {
  const applied: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(applied);
  const headers = { ...applied.headers };
  // Token files end in a newline, which no header may contain.
  if (headers.Authorization !== undefined) headers.Authorization = headers.Authorization.trim();
  if (typeof applied.auth === 'string') headers.Authorization = `Basic ${Buffer.from(applied.auth).toString('base64')}`;
  const tls: Tls = {};
  if (applied.ca !== undefined) tls.ca = text(applied.ca);
  if (applied.cert !== undefined) tls.cert = text(applied.cert);
  if (applied.key !== undefined) tls.key = text(applied.key);
  if (applied.servername !== undefined) tls.servername = applied.servername;
  if (applied.rejectUnauthorized !== undefined) tls.rejectUnauthorized = applied.rejectUnauthorized;
  return { headers, tls };
}

/** PEM as text, whichever of node:tls's forms it came in. */
function text(pem: NonNullable<RequestOptions['ca'] | RequestOptions['key']>): string {
  return [pem]
    .flat()
    .map((part) => (typeof part === 'string' || Buffer.isBuffer(part) ? part.toString() : part.pem.toString()))
    .join('\n');
}
