import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { certificate, key, renewed } from '../kube/testing/api-invalid-certificate.ts';
import { CertificateKeeper, readCertificate, type CertificateFiles } from './certificate.ts';

let folder: string;
let files: CertificateFiles;
const said: string[] = [];
const log = {
  info: (_fields: object, message: string) => void said.push(message),
  warn: (fields: object, message: string) => void said.push(`${message}: ${JSON.stringify(fields)}`),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  await write(certificate, key);
});
afterEach(async () => {
  said.splice(0);
  await rm(folder, { recursive: true });
});

async function write(cert: string, withKey: string): Promise<void> {
  await writeFile(files.cert, cert);
  await writeFile(files.key, withKey);
}

/** The certificate that a new connection is shown, of a server that the client trusts. */
async function shown(port: number): Promise<string> {
  const ca = [certificate, renewed.certificate];
  const socket = connect({ host: '127.0.0.1', port, servername: 'api.invalid', ca });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).toString();
}

it('shows a renewed certificate to new connections, and stays with the old one while the files are wrong', async () => {
  const used = await readCertificate(files);
  const server = createServer({ ...used }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const keeper = new CertificateKeeper(server, files, { used, log });
  try {
    await keeper.look();
    expect([await shown(port), said]).toEqual([certificate, []]);

    // The certificate is replaced, and its key not yet.
    await write(renewed.certificate, key);
    await keeper.look();
    await keeper.look();
    expect(await shown(port)).toBe(certificate);
    expect(said.splice(0)).toEqual([expect.stringContaining('goes on with the certificate that it has')]);

    await write(renewed.certificate, renewed.key);
    await keeper.look();
    expect([await shown(port), said.splice(0)]).toEqual([
      renewed.certificate,
      ['the certificate of the REST API was replaced'],
    ]);

    await rm(files.key);
    await keeper.look();
    expect([await shown(port), said]).toEqual([renewed.certificate, [expect.stringContaining('ENOENT')]]);
  } finally {
    server.close();
  }
});

it('names the files of a certificate that cannot be used', async () => {
  await writeFile(files.cert, 'not PEM');
  await expect(readCertificate(files)).rejects.toThrow(
    new RegExp(`^the certificate ${files.cert} with the key ${files.key} cannot be used: .*; both must be PEM`),
  );
});
