import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterGatewayService } from '../certificates.ts';
import type { Context } from '../context.ts';
import type { KubeClient } from '../kube-client.ts';
import type { Program } from '../machine/process.ts';

const programOfHome = 'bin/cluster-gateway';

/** @param home what KUBEVELA_HOME names */
export function hasClusterGateway(home: string): boolean {
  return existsSync(join(home, programOfHome));
}

/**
 * KubeVela's way to other clusters: an API server of its own, on loopback as everything here, which this cluster's API
 * server and vela-core call. Clusters are Secrets in vela-system, as `vela cluster join` writes them.
 */
export function clusterGateway({ layout, settings, client }: Context): Program {
  const port = settings.ports.clusterGateway;
  const pki = (file: string): string => join(layout.pki, file);
  const kubeconfig = pki('cluster-gateway.kubeconfig');
  return {
    name: 'cluster-gateway',
    command: join(settings.kubevelaHome ?? '', programOfHome),
    args: [
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--secret-namespace=${clusterGatewayService.namespace}`,
      `--tls-cert-file=${pki('cluster-gateway.crt')}`,
      `--tls-private-key-file=${pki('cluster-gateway.key')}`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
    ],
    prepare: async () => registerAt(client, port, await readFile(pki('kubernetes-ca.crt'))),
    // Through the API server, as everybody asks it.
    ready: async () => void (await client.get('/apis/cluster.core.oam.dev/v1alpha1')),
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}

async function registerAt(client: KubeClient, port: number, authority: Buffer): Promise<void> {
  const { name, namespace } = clusterGatewayService;
  await client.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  await client.apply([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1alpha1.cluster.core.oam.dev' },
      spec: {
        group: 'cluster.core.oam.dev',
        version: 'v1alpha1',
        groupPriorityMinimum: 2000,
        versionPriority: 10,
        service: { name, namespace, port },
        caBundle: authority.toString('base64'),
      },
    },
  ]);
}
