import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { openDispatcher, proxyOf } from './proxy.ts';
import { certificate, key } from './testing/api-invalid-certificate.ts';

const pool = { keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 };
const hrefOf = (server: string, env: Record<string, string>, configured?: string) =>
  proxyOf(new URL(server), configured, env)?.href;

describe('the proxy to the API server', () => {
  it.each([
    { env: {}, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128' }, leads: 'http://proxy:3128/' },
    { env: { https_proxy: 'http://proxy:3128' }, leads: 'http://proxy:3128/' },
    { env: { HTTPS_PROXY: 'proxy:3128' }, leads: 'http://proxy:3128/' },
    { env: { HTTPS_PROXY: 'socks5://user:pass@proxy' }, leads: 'socks5://user:pass@proxy' },
    { env: { HTTP_PROXY: 'http://proxy:3128' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'a.org, api.example.com' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'example.com' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.example.com' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'API.example.com:6443' }, leads: undefined },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'api.example.com:443' }, leads: 'http://proxy:3128/' },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.api.example.com' }, leads: 'http://proxy:3128/' },
    { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'ample.com' }, leads: 'http://proxy:3128/' },
  ])('of https://api.example.com:6443 with $env is $leads', ({ env, leads }) => {
    expect(hrefOf('https://api.example.com:6443', env as Record<string, string>)).toBe(leads);
  });

  it.each([
    ['https://10.1.2.3:6443', '10.0.0.0/8', undefined],
    ['https://11.1.2.3:6443', '10.0.0.0/8', 'http://proxy/'],
    ['https://10.1.2.3:6443', '10.1.2.3', undefined],
    ['https://[fd00::1]:6443', 'fd00::/8', undefined],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', undefined],
    ['https://10.1.2.3:6443', 'fd00::/8,10.0.0.0/99', 'http://proxy/'],
    ['https://127.0.0.1:6443', '', undefined],
    ['https://localhost:6443', '', undefined],
    ['https://[::1]:6443', '', undefined],
  ])('of %s with NO_PROXY=%s is %s', (server, NO_PROXY, leads) => {
    expect(hrefOf(server, { HTTPS_PROXY: 'http://proxy', NO_PROXY })).toBe(leads);
  });

  it('is that of the kubeconfig, whatever the environment says', () => {
    const env = { HTTPS_PROXY: 'http://other', NO_PROXY: '*' };
    expect(hrefOf('https://127.0.0.1:6443', env, 'socks5://127.0.0.1:1080')).toBe('socks5://127.0.0.1:1080');
  });

  it('that is not a proxy is refused without its password', () => {
    expect(() => hrefOf('https://api:6443', {}, 'ftp://me:secret@proxy')).toThrow(
      "the kubeconfig's proxy-url is not a proxy: write http://host:port, https://host:port or socks5://host:port",
    );
    expect(() => hrefOf('https://api:6443', { HTTPS_PROXY: 'http://' })).toThrow(/^HTTPS_PROXY is not a proxy/);
  });
});

describe('through a SOCKS5 proxy', () => {
  it('a server is reached whose name only the proxy knows, over TLS that is checked', async () => {
    const server = createHttpsServer({ key, cert: certificate }, (_request, response) => response.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const asked: string[] = [];
    const proxy = createServer((socket) => socksTo((server.address() as AddressInfo).port, socket, asked));
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(`socks5://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const [good, strict] = [openDispatcher({ ca: certificate }, url, pool), openDispatcher({}, url, pool)];
    try {
      const { body } = await request('https://api.invalid:6443/version', { dispatcher: good });
      expect(await body.text()).toBe('hello');
      expect(asked).toEqual(['api.invalid:6443']);
      await expect(request('https://api.invalid:6443/version', { dispatcher: strict })).rejects.toThrow(/self-signed/);
    } finally {
      await Promise.all([good.destroy(), strict.destroy()]);
      server.close();
      proxy.close();
    }
  });
});

/** The least of RFC 1928: no authentication, CONNECT to a name; whatever it is, it leads to `port` here. */
function socksTo(port: number, socket: Socket, asked: string[]): void {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write(Buffer.from([5, 0]));
    socket.once('data', (command: Buffer) => {
      const length = command[4] ?? 0;
      asked.push(`${command.subarray(5, 5 + length).toString()}:${command.readUInt16BE(5 + length)}`);
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
  });
}
