import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';

describe('parseAddress', () => {
  it('takes what Kubernetes programs take', () => {
    expect([':8080', '127.0.0.1:0', '[::1]:80', 'localhost:65535'].map(parseAddress)).toEqual([
      { host: undefined, port: 8080 },
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 80 },
      { host: 'localhost', port: 65_535 },
    ]);
  });
  it.each(['8080', 'host', 'a:b', ':65536', '::1:80', ''])('refuses "%s"', (address) =>
    expect(() => parseAddress(address)).toThrow('is not an address: write host:port'),
  );
});
