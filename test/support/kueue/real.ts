/**
 * The Kueue of KUEUE_HOME, a directory with `bin/manager` and `config/components/crd/bases` (Kueue's own, of 0.19.2),
 * against a test cluster: as the recording's, with the integration batch/job and without webhooks, which would need a
 * way into the cluster.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { start } from '../../../sandbox/src/machine/process.ts';
import type { Cluster } from '../cluster.ts';
import { freePort } from '../free-port.ts';
import { established, writeKueueKubeconfig } from './api.ts';
import { kueueOf, startActor, type Kueue } from './kueue.ts';

const run = promisify(execFile);
const crdFolder = 'config/components/crd/bases';

/** Who can act as Kueue here: the actor always, and the real one where KUEUE_HOME is set. */
export const kueues: readonly { kind: Kueue['kind']; start: (cluster: Cluster) => Promise<Kueue> }[] = [
  { kind: 'actor', start: startActor },
  ...(process.env['KUEUE_HOME'] === undefined ? [] : [{ kind: 'real' as const, start: startRealKueue }]),
];

/**
 * Puts Kueue's kinds into the cluster and starts its manager, on loopback.
 * @throws Error where KUEUE_HOME lacks something, or the manager does not come up
 */
export async function startRealKueue(cluster: Cluster): Promise<Kueue> {
  const home = process.env['KUEUE_HOME'] ?? '';
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: await crdsOf(home) });
  await established(cluster.kubectl);
  const directory = join(cluster.directory, `kueue-${Date.now()}`);
  const certificates = join(directory, 'etc/kueue/metrics/certs');
  await mkdir(certificates, { recursive: true });
  await makeCertificate(certificates);
  const [health, webhook] = [await freePort(), await freePort()];
  const kubeconfig = join(directory, 'kubeconfig');
  const config = join(directory, 'config.yaml');
  await writeKueueKubeconfig(cluster.kubectl, kubeconfig);
  await writeFile(config, stringify(configuration(health, webhook, certificates)));
  const running = await start(
    {
      name: 'kueue',
      command: 'unshare',
      args: [...inItsOwnMounts(join(directory, 'etc')), join(home, 'bin/manager'), `--config=${config}`],
      env: { KUBECONFIG: kubeconfig },
      ready: () => isReady(health),
      startWithinMs: 60_000,
      stopWithinMs: 20_000,
    },
    { logFile: join(directory, 'log'), marks: {}, dieWithParent: true, signal: new AbortController().signal },
  );
  return kueueOf('real', cluster.client, () => running.stop());
}

async function crdsOf(home: string): Promise<string> {
  const folder = join(home, crdFolder);
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new Error(
      `KUEUE_HOME is ${home}, which has no ${crdFolder}: point it to a directory with bin/manager and ${crdFolder}`,
      { cause },
    );
  });
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.yaml')).map((file) => readFile(join(folder, file), 'utf8')),
  );
  return texts.join('\n---\n');
}

/** The webhooks' server starts with any certificate, and nobody calls it. */
async function makeCertificate(directory: string): Promise<void> {
  const files = ['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.crt')];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=127.0.0.1',
    ...files,
  ]);
}

/**
 * Kueue reads a certificate for its metrics from /etc/kueue/metrics/certs, also where it serves none. It finds ours
 * there; nobody else does.
 */
function inItsOwnMounts(etc: string): string[] {
  const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return [...root, '--mount', 'sh', '-c', 'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc && exec "$@"', etc];
}

function configuration(health: number, webhook: number, certDir: string): object {
  return {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    namespace: 'kueue-system',
    health: { healthProbeBindAddress: `127.0.0.1:${health}` },
    metrics: { bindAddress: '0' },
    webhook: { host: '127.0.0.1', port: webhook, certDir },
    internalCertManagement: { enable: false },
    leaderElection: { leaderElect: false },
    featureGates: { VisibilityOnDemand: false },
    integrations: { frameworks: ['batch/job'] },
  };
}

async function isReady(port: number): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
  if (status !== 200) throw new Error(`/readyz answers ${status}`);
}
