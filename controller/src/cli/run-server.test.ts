import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { certificate, key } from '../kube/testing/api-invalid-certificate.ts';
import { unreachable } from './run-server.ts';

let server: Server;
afterEach(() => server.close());

async function urlOf(started: Server): Promise<string> {
  server = started.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function problemOf(url: string): Promise<string> {
  const error = await fetch(url).then(
    () => 'reached',
    (reason: unknown) => reason,
  );
  return unreachable(url, error);
}

it('says how to trust the authority of a REST API with TLS', async () => {
  const url = await urlOf(createServer({ cert: certificate, key }));
  expect(await problemOf(url)).toMatch(
    /cannot be reached: self-signed certificate;.* set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority, such as ca\.crt of the Secret that the controller has$/,
  );
});

it('says that a REST API speaks plain HTTP', async () => {
  const url = await urlOf(createPlainServer());
  expect(await problemOf(url)).toMatch(/; check --server: without TLS it starts with http:\/\/$/);
});
