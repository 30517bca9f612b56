import { join } from 'node:path';
import { clusterDomain, dnsService, nodeAddress } from '../certificates.ts';
import type { Context } from '../context.ts';
import type { KubeObject } from '../kube-client.ts';
import { inNode, runInNode } from '../machine/node-host.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

const namespace = 'kube-system';
const port = 53;

/** Answers the names of Services for the node's pods, at the address of the Service `kube-dns`. */
export function clusterDns({ layout, settings, programs, client }: Context): Program {
  const pki = (file: string): string => join(layout.pki, file);
  const busybox = programOf(programs, 'busybox', 'busybox');
  return {
    name: 'cluster-dns',
    ...inNode(layout, programOf(programs, 'cluster-dns', 'cluster-dns'), [
      `-listen=${nodeAddress}:${port}`,
      `-domain=${clusterDomain}`,
      `-server=https://127.0.0.1:${settings.ports.apiserver}`,
      `-ca=${pki('kubernetes-ca.crt')}`,
      `-cert=${pki('cluster-dns.crt')}`,
      `-key=${pki('cluster-dns.key')}`,
    ]),
    ready: async () =>
      void (await runInNode(layout, busybox, ['nslookup', `kubernetes.default.svc.${clusterDomain}`, nodeAddress])),
    settle: () => client.apply(serviceOfDns()),
    startWithinMs: 30_000,
    stopWithinMs: 1000,
  };
}

/** The Service that a cluster has for its DNS. It has no pods here, so where it leads is written by hand. */
function serviceOfDns(): KubeObject[] {
  const ports = ['UDP', 'TCP'].map((protocol) => ({ name: protocol === 'UDP' ? 'dns' : 'dns-tcp', port, protocol }));
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace, labels: { 'k8s-app': 'kube-dns' } },
      spec: { clusterIP: dnsService, ports },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kube-dns', namespace, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
      ports,
    },
  ];
}
