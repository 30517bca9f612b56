/** The address on which a server listens. */
export interface Address {
  /** All addresses of the machine when undefined. */
  readonly host: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
}

/** @throws Error if it is not `host:port` */
export function parseAddress(address: string): Address {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/.exec(address);
  const port = Number(match?.groups?.['port']);
  if (match === null || port > 65_535)
    throw new Error(`"${address}" is not an address: write host:port, such as 127.0.0.1:8080 or :8080`);
  return { host: match.groups?.['v6'] ?? (match.groups?.['host'] || undefined), port };
}
