import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Server } from 'node:https';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Where it is said that a certificate was replaced, or could not be. */
export interface CertificateLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Certificates are renewed days before they expire, so a minute later is soon enough. */
const lookMs = 60_000;

/** @throws Error that names the files, if they cannot be read or do not belong together */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  try {
    const certificate = { cert: await readFile(files.cert), key: await readFile(files.key) };
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the certificate ${files.cert} with the key ${files.key} cannot be used: ${why}; both must be PEM, as in a Secret of type kubernetes.io/tls`,
      { cause: error },
    );
  }
}

/**
 * Looks at the files now and then, and has new connections use what they hold now. The kubelet replaces the files of a
 * Secret without saying so. What cannot be used is reported once, and the server goes on with what it has.
 */
export class CertificateKeeper {
  readonly #server: Pick<Server, 'setSecureContext'>;
  readonly #files: CertificateFiles;
  readonly #log: CertificateLog;
  #used: Certificate;
  #reported = '';

  constructor(
    server: Pick<Server, 'setSecureContext'>,
    files: CertificateFiles,
    { used, log }: { readonly used: Certificate; readonly log: CertificateLog },
  ) {
    this.#server = server;
    this.#files = files;
    this.#used = used;
    this.#log = log;
  }

  /** Looks each minute, until the returned function is called. */
  start(): () => void {
    const timer = setInterval(() => void this.look(), lookMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Never throws: what is wrong is logged. */
  async look(): Promise<void> {
    try {
      const found = await readCertificate(this.#files);
      if (found.cert.equals(this.#used.cert) && found.key.equals(this.#used.key)) return;
      this.#server.setSecureContext({ ...found, minVersion: oldestTls });
      this.#used = found;
      this.#reported = '';
      this.#log.info({ file: this.#files.cert }, 'the certificate of the REST API was replaced');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why === this.#reported) return;
      this.#reported = why;
      this.#log.warn({ error: why }, 'the REST API goes on with the certificate that it has');
    }
  }
}

export const oldestTls = 'TLSv1.2';
