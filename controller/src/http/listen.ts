import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Address } from './address.ts';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Aborts current requests, and resolves when the port is free. */
  close(): Promise<void>;
}

/** Each takes some 20 KB, also one over which nothing but the beginning of a request ever comes. */
const mostConnections = 2_000;
/** After so long without a word the other machine is asked whether it is still there; ten seconds later it is not. */
const keepAliveMs = 30_000;

/**
 * Lets a server of HTTP or HTTPS listen. It has so many connections at once at most; see {@link makeRoom}. Those of
 * machines that are gone end: an answer that is silent for hours, such as a log that is followed, would not notice.
 * @throws Error if the address is in use, or does not belong to this machine
 */
export async function listen(server: Server, { host, port }: Address, most = mostConnections): Promise<Listening> {
  limitConnections(server, most);
  server.on('connection', (socket: Socket) => socket.setKeepAlive(true, keepAliveMs));
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function limitConnections(server: Server, most: number): void {
  /** By the address that they come from, the oldest first. */
  const open = new Map<string, Set<Socket>>();
  const busy = busyOf(server);
  let count = 0;
  server.on('connection', (socket) => {
    const from = socket.remoteAddress ?? '';
    const own = open.get(from) ?? new Set();
    open.set(from, own.add(socket));
    count += 1;
    socket.once('close', () => {
      count -= 1;
      own.delete(socket);
      if (own.size === 0 && open.get(from) === own) open.delete(from);
    });
    if (count > most) makeRoom(open, busy);
  });
}

/** The connections over which a request is being answered, by their other ends. */
function busyOf(server: Server): ReadonlySet<string> {
  const busy = new Set<string>();
  server.on('request', ({ socket }, response) => {
    const end = endOf(socket);
    busy.add(end);
    response.once('close', () => busy.delete(end));
  });
  return busy;
}

/** Under TLS a request has another socket than its connection, with the same other end. */
const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/**
 * Ends a connection of the address that has the most, so that nobody keeps others out: not the kubelet either, which
 * would start the controller again. It is the oldest one over which nothing is being answered: whoever shares the
 * address, as all do behind a port-forward, is not cut off amid an answer while there is such a one.
 */
function makeRoom(open: ReadonlyMap<string, ReadonlySet<Socket>>, busy: ReadonlySet<string>): void {
  const [most] = [...open.values()].sort((a, b) => b.size - a.size);
  const live = [...(most ?? [])].filter(({ destroyed }) => !destroyed);
  const oldest = live.find((socket) => !busy.has(endOf(socket))) ?? live[0];
  oldest?.destroy();
}
