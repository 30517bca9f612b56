import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { loadDefaultKubeconfig, loadKubeconfig, type Headers, type LoadedKubeconfig } from './kubeconfig.ts';
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
  headers: Headers;
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
  let loaded = load(options);
  let connection: Promise<Connection> | undefined;
  let dispatcher: { tls: string; dispatcher: Dispatcher } | undefined;
  let readAt = -Infinity;

  const connect = async (): Promise<Connection> => {
    const cluster = clusterOf(loaded.config);
    const { headers, tls } = await readSecrets(loaded);
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
    namespace: loaded.config.getContextObject(loaded.config.getCurrentContext())?.namespace,
    current: () => (connection !== undefined && performance.now() - readAt < REREAD_AFTER_MS ? connection : reread()),
    refresh() {
      loaded = load(options);
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

function load(options: ConnectionOptions): LoadedKubeconfig {
  const loaded = loadByPlace(options);
  if (options.context !== undefined) loaded.config.setCurrentContext(options.context);
  return loaded;
}

function loadByPlace({ server, token, ca, inCluster, kubeconfigPath }: ConnectionOptions): LoadedKubeconfig {
  if (server !== undefined) return ofServer({ server, token, ca });
  if (inCluster === true) return ofPod();
  if (kubeconfigPath !== undefined) return loadKubeconfig(kubeconfigPath);
  const byDefault = loadDefaultKubeconfig(process.env);
  if (byDefault) return byDefault;
  if (existsSync(podTokenPath)) return ofPod();
  throw new Error('neither a file that KUBECONFIG names, nor ~/.kube/config exists');
}

/** Where Kubernetes mounts a pod's service account. */
const podTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token';

function ofPod(): LoadedKubeconfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return { config, impersonation: () => ({}) };
}

function ofServer({
  server,
  token,
  ca,
}: Pick<ConnectionOptions, 'token' | 'ca'> & { server: string }): LoadedKubeconfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'cluster',
      server,
      // client-node refuses plain http unless told so; http has no certificate to verify.
      skipTLSVerify: server.startsWith('http:'),
      ...(ca === undefined ? {} : { caData: Buffer.from(ca).toString('base64') }),
    },
    { name: 'user', ...(token === undefined ? {} : { token }) },
  );
  return { config, impersonation: () => ({}) };
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

async function readSecrets({ config, impersonation }: LoadedKubeconfig): Promise<{ headers: Headers; tls: Tls }> {
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
  return { headers: { ...headers, ...impersonation() }, tls };
}

/** PEM as text, whichever of node:tls's forms it came in. */
function text(pem: NonNullable<RequestOptions['ca'] | RequestOptions['key']>): string {
  return [pem]
    .flat()
    .map((part) => (typeof part === 'string' || Buffer.isBuffer(part) ? part.toString() : part.pem.toString()))
    .join('\n');
}
