import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';
import { listens } from '../machine/readiness.ts';

/**
 * etcd without fsync: a power cut may lose the sandbox, which nobody keeps anything in; writes are much faster.
 * Compaction keeps five minutes of history, as long as the API server's own watches need.
 */
export function etcd({ layout, settings, programs }: Context): Program {
  const { etcd: port, etcdPeer: peerPort } = settings.ports;
  const url = `https://127.0.0.1:${port}`;
  const peerUrl = `https://127.0.0.1:${peerPort}`;
  const pki = (file: string): string => join(layout.pki, file);
  return {
    name: 'etcd',
    command: programOf(programs, 'etcd', 'etcd'),
    args: [
      '--name=sandbox',
      `--data-dir=${layout.etcd}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=sandbox=${peerUrl}`,
      `--cert-file=${pki('etcd.crt')}`,
      `--key-file=${pki('etcd.key')}`,
      `--trusted-ca-file=${pki('etcd-ca.crt')}`,
      '--client-cert-auth',
      `--peer-cert-file=${pki('etcd.crt')}`,
      `--peer-key-file=${pki('etcd.key')}`,
      `--peer-trusted-ca-file=${pki('etcd-ca.crt')}`,
      '--peer-client-cert-auth',
      '--unsafe-no-fsync',
      '--quota-backend-bytes=4294967296',
      '--log-level=warn',
    ],
    prepare: async () => void (await mkdir(layout.etcd, { recursive: true, mode: 0o700 })),
    ready: () => listens(port),
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}
