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
  else config.loadFromDefault();
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

/** client-node reads `token-file`, once; kubeconfigs say `tokenFile`, and the file rotates. */
function loadFile(config: KubeConfig, path: string): void {
  config.loadFromFile(path);
  const raw = parse(readFileSync(path, 'utf8')) as { users?: { name: string; user?: { tokenFile?: string } }[] };
  for (const { name, user } of raw.users ?? []) {
    if (user?.tokenFile === undefined) continue;
    const tokenFile = resolve(dirname(path), user.tokenFile);
    config.users = config.users.filter((known) => known.name !== name);
    config.users.push({ name, authProvider: { name: 'tokenFile', config: { tokenFile } } });
  }
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
