/**
 * Which proxy leads to the API server, as kubectl decides (client-go, Go's net/http): the kubeconfig's `proxy-url`,
 * else HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY names the server.
 */
import { BlockList, isIP } from 'node:net';
import { Agent, buildConnector, ProxyAgent, type Dispatcher } from 'undici';

export type Environment = Readonly<Record<string, string | undefined>>;

/** As Go: a server on this machine is reached without a proxy of the environment. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * @param server the API server's URL
 * @param configured `proxy-url` of the kubeconfig's cluster, which NO_PROXY does not concern
 * @returns undefined where no proxy is in between
 * @throws Error for a proxy that is no URL, or of another kind than http, https and socks5
 */
export function proxyOf(server: URL, configured: string | undefined, environment: Environment): URL | undefined {
  if (configured !== undefined && configured !== '') return proxyUrl(configured, "the kubeconfig's proxy-url");
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = variable(environment, name);
  if (value === '' || isReachedDirectly(server, variable(environment, 'NO_PROXY'))) return undefined;
  return proxyUrl(value, name);
}

/** Go reads the name in capitals first, then in small letters. */
function variable(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || '';
}

function proxyUrl(text: string, where: string): URL {
  const full = text.includes('://') ? text : `http://${text}`; // as Go: host:port is an http proxy
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url && /^(https?|socks5h?):$/.test(url.protocol)) return url;
  // The value may hold a password.
  throw new Error(`${where} is not a proxy: write http://host:port, https://host:port or socks5://host:port`);
}

/** What NO_PROXY can name, as in Go: *, an address, a network (10.0.0.0/8), a domain; all but * may have a port. */
function isReachedDirectly(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[(.+)\]$/, '$1').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const family = isIP(host);
  if (host === 'localhost' || (family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6'))) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === '*' || matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const { name, wanted } = split(entry);
  if (wanted !== undefined && wanted !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const domain = name.replace(/^\*?\./, '');
  // .example.com and *.example.com name what is below example.com, and not itself.
  return host.endsWith(`.${domain}`) || (host === domain && domain === name);
}

function split(entry: string): { name: string; wanted: string | undefined } {
  if (isIP(entry) !== 0) return { name: entry, wanted: undefined };
  const [, name = entry, wanted] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  return { name, wanted };
}

function isInNetwork(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const [type, network] = [family === 4 ? ('ipv4' as const) : ('ipv6' as const), new BlockList()];
  network.addSubnet(address, Number(bits), type);
  return network.check(host, type);
}

/** What undici hands to node:tls. */
export type Tls = Partial<Record<'ca' | 'cert' | 'key' | 'servername', string>> & { rejectUnauthorized?: boolean };

interface Pool {
  readonly keepAliveTimeout: number;
  readonly keepAliveMaxTimeout: number;
}

const connectTimeoutMs = 10_000;

/**
 * Sockets to the API server, through the proxy if there is one. HTTP/1.1, with a connection for each call in flight, is
 * a quarter faster here than HTTP/2 over one: docs/decisions/0038.
 */
export function openDispatcher(tls: Tls, proxy: URL | undefined, pool: Pool): Dispatcher {
  const options = { ...pool, allowH2: false };
  if (proxy === undefined) return new Agent({ ...options, connect: { ...tls, timeout: connectTimeoutMs } });
  if (proxy.protocol.startsWith('socks5')) return new Agent({ ...options, connect: throughSocks(proxy, tls) });
  // A tunnel for plain http, too: undici 8 would ask the proxy itself for what it is to fetch.
  return new ProxyAgent({ ...options, uri: proxy.href, requestTls: tls, proxyTunnel: true });
}

/** The name of the server is resolved by the proxy, as in Go for socks5 and socks5h. */
function throughSocks(proxy: URL, tls: Tls): buildConnector.connector {
  const encrypt = buildConnector({ ...tls, allowH2: false, timeout: connectTimeoutMs });
  const tunnel = async ({ hostname, port, protocol }: buildConnector.Options) => {
    const { SocksClient } = await import('socks');
    const { socket } = await SocksClient.createConnection({
      proxy: {
        host: proxy.hostname.replace(/^\[(.+)\]$/, '$1'),
        port: Number(proxy.port || 1080),
        type: 5,
        ...(proxy.username !== '' && {
          userId: decodeURIComponent(proxy.username),
          password: decodeURIComponent(proxy.password),
        }),
      },
      command: 'connect',
      destination: {
        host: hostname.replace(/^\[(.+)\]$/, '$1'),
        port: Number(port || (protocol === 'https:' ? 443 : 80)),
      },
      timeout: connectTimeoutMs,
    });
    return socket;
  };
  return (options, callback) => {
    tunnel(options).then(
      (socket) => {
        if (options.protocol === 'https:') encrypt({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => callback(error as Error, null),
    );
  };
}
