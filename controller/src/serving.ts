/** The REST API and the console, put together for a controller. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { People } from './api/person.ts';
import { createApi, serveApi } from './api/server.ts';
import { Service } from './api/service.ts';
import { isAudienceOfApiServer } from './api/token-review.ts';
import type { Archive } from './archive/archive.ts';
import type { Caches } from './cluster/caches.ts';
import { parseAddress } from './http/address.ts';
import type { CertificateFiles } from './http/certificate.ts';
import type { Listening } from './http/listen.ts';
import type { Client } from './kube/client.ts';
import { audienceOfApiServer, type ControllerOptions } from './options.ts';

export interface ApiParts {
  readonly client: Client;
  readonly caches: Caches;
  readonly archive: Archive | undefined;
  readonly log: Logger;
  readonly version: string;
}

/**
 * @throws Error when the certificate cannot be read, the address cannot be listened on, or the audience of tokens that
 *   only read is one of the API server's own
 */
export async function startApi(
  options: ControllerOptions,
  address: string,
  { client, caches, archive, log, version }: ApiParts,
): Promise<Listening> {
  const { apiRequestsPerMinute: all, apiAudience: audience } = options;
  if (audience !== undefined) await refuseAudienceOfApiServer(audience, { client, log });
  const app = createApi({
    service: new Service({ caches, archive, client, olderRunsByName: options.archiveOlderRuns === 'by-name' }),
    people: new People(client, { audience }),
    log,
    version,
    console: consoleFiles(),
    requestLimits: { all, changes: Math.ceil(all / 10) },
  });
  const files = certificateFiles(options);
  return serveApi(app, parseAddress(address), files && { files, log });
}

/** Tokens for that audience would do everything, also at the API server, and nobody would notice. */
async function refuseAudienceOfApiServer(
  audience: string,
  { client, log }: Pick<ApiParts, 'client' | 'log'>,
): Promise<void> {
  const isItsOwn = await isAudienceOfApiServer(client, audience).catch((error: unknown) => {
    // The API server may not be there yet. Such a token is still reviewed as one of the API server's.
    log.warn({ err: error }, 'it is not known whether --api-audience is an audience of the API server');
    return false;
  });
  if (isItsOwn) throw new Error(`--api-audience=${audience}: ${audienceOfApiServer}`);
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
