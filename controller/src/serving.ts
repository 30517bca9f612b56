/** The REST API and the console, put together for a controller. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { People } from './api/person.ts';
import { createApi, serveApi } from './api/server.ts';
import { Service } from './api/service.ts';
import type { Archive } from './archive/archive.ts';
import type { Caches } from './cluster/caches.ts';
import { parseAddress } from './http/address.ts';
import type { CertificateFiles } from './http/certificate.ts';
import type { Listening } from './http/listen.ts';
import type { Client } from './kube/client.ts';
import type { ControllerOptions } from './options.ts';

export interface ApiParts {
  readonly client: Client;
  readonly caches: Caches;
  readonly archive: Archive | undefined;
  readonly log: Logger;
  readonly version: string;
}

/** @throws Error when the certificate cannot be read or the address cannot be listened on */
export async function startApi(
  options: ControllerOptions,
  address: string,
  { client, caches, archive, log, version }: ApiParts,
): Promise<Listening> {
  const { apiRequestsPerMinute: all } = options;
  const app = createApi({
    service: new Service({ caches, archive, client, olderRunsByName: options.archiveOlderRuns === 'by-name' }),
    people: new People(client),
    log,
    version,
    console: consoleFiles(),
    requestLimits: { all, changes: Math.ceil(all / 10) },
  });
  const files = certificateFiles(options);
  return serveApi(app, parseAddress(address), files && { files, log });
}

/** @throws Error when only one of the two is given */
function certificateFiles({ tlsCertFile, tlsPrivateKeyFile }: ControllerOptions): CertificateFiles | undefined {
  if (tlsCertFile === undefined && tlsPrivateKeyFile === undefined) return undefined;
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined)
    throw new Error('--tls-cert-file and --tls-private-key-file go together: give both, or neither for plain HTTP');
  return { cert: tlsCertFile, key: tlsPrivateKeyFile };
}

/** In the image the console is beside the program, in a checkout beside its folder. */
function consoleFiles(): string | undefined {
  return ['./console', '../console']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(`${path}/index.html`));
}
