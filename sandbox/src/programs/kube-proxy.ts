import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { podRange, realNodeName } from '../certificates.ts';
import type { Context } from '../context.ts';
import { inNode, runInNode } from '../machine/node-host.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

/** In the node's network, which is its own, so that sandboxes beside each other have the same. */
const health = '127.0.0.1:10256';

/** Leads the addresses of Services to their pods, by nftables of the node's own network. */
export function kubeProxy(context: Context): Program {
  const { layout, programs } = context;
  const config = join(layout.config, 'kube-proxy.yaml');
  const nft = dirname(programOf(programs, 'nft', 'nft'));
  const busybox = programOf(programs, 'busybox', 'busybox');
  return {
    name: 'kube-proxy',
    ...inNode(layout, programOf(programs, 'kubernetes', 'kube-proxy'), [`--config=${config}`]),
    env: { PATH: `${nft}:${process.env['PATH'] ?? ''}`, LD_LIBRARY_PATH: nft },
    prepare: async () => {
      await mkdir(layout.config, { recursive: true });
      await writeFile(config, stringify(configurationOf(context)));
    },
    ready: async () => void (await runInNode(layout, busybox, ['wget', '-q', '-O', '-', `http://${health}/healthz`])),
    startWithinMs: 60_000,
    stopWithinMs: 3000,
  };
}

function configurationOf({ layout }: Context): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig: join(layout.pki, 'kube-proxy.kubeconfig') },
    hostnameOverride: realNodeName,
    clusterCIDR: podRange,
    healthzBindAddress: health,
    metricsBindAddress: '127.0.0.1:10249',
    // These are settings of the machine, not of the node's network.
    conntrack: { maxPerCore: 0, min: 0 },
    // A Service that was just made works at once: people and tests wait for it.
    nftables: { minSyncPeriod: '100ms' },
  };
}
