import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from './address.ts';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Aborts current requests, and resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Lets a server of HTTP or HTTPS listen.
 * @throws Error if the address is in use, or does not belong to this machine
 */
export async function listen(server: Server, { host, port }: Address): Promise<Listening> {
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
