import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { programOf, type Programs } from './build/programs.ts';
import type { Layout, Ports } from './settings.ts';
import { exists } from './exists.ts';

interface Leaf {
  readonly name: string;
  readonly commonName: string;
  readonly organization?: readonly string[];
  readonly hosts?: readonly string[];
}

const loopback = ['127.0.0.1', 'localhost'];

/** The addresses of Services. The first is the API server's, and DNS has the one that it usually has in clusters. */
export const serviceRange = '10.96.0.0/16';
export const apiserverService = '10.96.0.1';
export const dnsService = '10.96.0.10';

/** The addresses of pods: each sandbox takes a part of them. */
export const podRange = '10.244.0.0/16';

/** The real node's own address, in its network alone: what the Services of the API server and of DNS lead to. */
export const nodeAddress = '10.95.0.1';

export const clusterDomain = 'cluster.local';

/** The Service through which the API server calls cluster-gateway. */
export const clusterGatewayService = { name: 'kubevela-cluster-gateway-service', namespace: 'vela-system' };

const apiserverHosts = [
  ...loopback,
  apiserverService,
  nodeAddress,
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  `kubernetes.default.svc.${clusterDomain}`,
];

/** The one real node is named after its address: so the API server finds its kubelet without DNS. */
export const realNodeName = '127.0.0.1';

/** Who may call the API server; the names are those that Kubernetes' own role bindings know. */
const kubernetesLeaves: readonly Leaf[] = [
  { name: 'apiserver', commonName: 'kube-apiserver', hosts: apiserverHosts },
  { name: 'apiserver-kubelet-client', commonName: 'kube-apiserver-kubelet-client', organization: ['system:masters'] },
  { name: 'admin', commonName: 'sandbox-admin', organization: ['system:masters'] },
  { name: 'controller-manager', commonName: 'system:kube-controller-manager' },
  { name: 'scheduler', commonName: 'system:kube-scheduler' },
  { name: 'kube-proxy', commonName: 'system:kube-proxy' },
  { name: 'cluster-dns', commonName: 'sandbox-cluster-dns', organization: ['system:masters'] },
  { name: 'kwok', commonName: 'sandbox-kwok', organization: ['system:masters'] },
  { name: 'vela', commonName: 'sandbox-vela', organization: ['system:masters'] },
  {
    name: 'cluster-gateway',
    commonName: 'sandbox-cluster-gateway',
    organization: ['system:masters'],
    hosts: [...loopback, `${clusterGatewayService.name}.${clusterGatewayService.namespace}.svc`],
  },
  { name: 'kubelet', commonName: `system:node:${realNodeName}`, organization: ['system:nodes'], hosts: loopback },
];

/** etcd has an authority of its own: a client of the API server must not be able to go around it. */
const etcdLeaves: readonly Leaf[] = [
  { name: 'etcd', commonName: 'etcd', hosts: loopback },
  { name: 'etcd-client', commonName: 'kube-apiserver' },
];

/** What the API server calls other API servers as: they believe it who the caller is. */
const frontProxyLeaves: readonly Leaf[] = [{ name: 'front-proxy-client', commonName: 'front-proxy-client' }];

const kubeconfigUsers = [
  'admin',
  'controller-manager',
  'scheduler',
  'kwok',
  'vela',
  'cluster-gateway',
  'kubelet',
  'kube-proxy',
];

/** Makes the keys, certificates and kubeconfigs once; a directory that has them is left as it is. */
export async function makeCertificates(layout: Layout, ports: Ports, programs: Programs): Promise<void> {
  if (await exists(layout.pki)) return;
  const unfinished = `${layout.pki}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await issue(programOf(programs, 'certificates', 'certificates'), {
    directory: unfinished,
    authorities: [
      { name: 'kubernetes-ca', leaves: kubernetesLeaves },
      { name: 'etcd-ca', leaves: etcdLeaves },
      { name: 'front-proxy-ca', leaves: frontProxyLeaves },
    ],
    keyPairs: ['service-account'],
  });
  for (const user of kubeconfigUsers) {
    await writeFile(join(unfinished, `${user}.kubeconfig`), await kubeconfigOf(unfinished, user, ports), {
      mode: 0o600,
    });
  }
  await rename(unfinished, layout.pki);
}

function issue(program: string, request: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, (error) => (error === null ? resolve() : reject(new Error(error.message))));
    child.stdin?.end(JSON.stringify(request));
  });
}

async function kubeconfigOf(pki: string, user: string, ports: Ports): Promise<string> {
  const data = async (file: string): Promise<string> => (await readFile(join(pki, file))).toString('base64');
  const name = 'task-runs-sandbox';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user } }],
    clusters: [
      {
        name,
        cluster: {
          server: `https://127.0.0.1:${ports.apiserver}`,
          'certificate-authority-data': await data('kubernetes-ca.crt'),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await data(`${user}.crt`),
          'client-key-data': await data(`${user}.key`),
        },
      },
    ],
  });
}
