import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { clusterDomain, nodeAddress, serviceRange } from '../certificates.ts';
import type { Context } from '../context.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

/**
 * The API server, with what a production cluster has and an addon may meet: RBAC, the default admission plugins,
 * ValidatingAdmissionPolicy (on by itself since Kubernetes 1.30) and tokens for service accounts.
 */
export function apiserver({ layout, settings, programs, client }: Context): Program {
  const pki = (file: string): string => join(layout.pki, file);
  const auditPolicy = join(layout.config, 'audit-policy.yaml');
  const issuer = `https://kubernetes.default.svc.${clusterDomain}`;
  return {
    name: 'kube-apiserver',
    command: programOf(programs, 'kubernetes', 'kube-apiserver'),
    args: [
      '--bind-address=127.0.0.1',
      // The Service `kubernetes` may not point to loopback; node-network.ts leads from this address here.
      `--advertise-address=${nodeAddress}`,
      `--secure-port=${settings.ports.apiserver}`,
      `--etcd-servers=https://127.0.0.1:${settings.ports.etcd}`,
      `--etcd-cafile=${pki('etcd-ca.crt')}`,
      `--etcd-certfile=${pki('etcd-client.crt')}`,
      `--etcd-keyfile=${pki('etcd-client.key')}`,
      `--client-ca-file=${pki('kubernetes-ca.crt')}`,
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--kubelet-certificate-authority=${pki('kubernetes-ca.crt')}`,
      `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
      `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
      // Other API servers (APIServices) are called with the name of whoever asks.
      `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
      `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${pki('service-account.pub')}`,
      `--service-account-signing-key-file=${pki('service-account.key')}`,
      `--service-cluster-ip-range=${serviceRange}`,
      '--authorization-mode=Node,RBAC',
      '--allow-privileged=true',
      '--profiling=false',
      ...(settings.audit ? [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${layout.auditLog}`, oneFile] : []),
    ],
    prepare: async () => {
      await mkdir(layout.config, { recursive: true });
      await writeFile(auditPolicy, stringify(changesAlone));
    },
    ready: async () => void (await client.get('/readyz')),
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}

/**
 * In megabytes: the API server would begin another file after 100, and who reads the log would miss what came before.
 */
const oneFile = '--audit-log-maxsize=100000';

/** What was changed, by whom, and what came of it: objects of tasks and Jobs whole, of others who did what. */
const changesAlone = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  omitManagedFields: true,
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'RequestResponse', resources: [{ group: 'task.oam.dev' }, { group: 'batch' }] },
    { level: 'Metadata' },
  ],
};
