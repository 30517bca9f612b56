import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { clusterDomain, dnsService, realNodeName } from '../certificates.ts';
import type { Context } from '../context.ts';
import { cgroupName, inNode, containerdSocket } from '../machine/node-host.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

/** The kubelet of the one real node. It lives in the node's mount namespace (node-host.ts). */
export function kubelet(context: Context): Program {
  const { layout, programs, client } = context;
  const config = join(layout.config, 'kubelet.yaml');
  return {
    name: 'kubelet',
    ...inNode(layout, programOf(programs, 'kubernetes', 'kubelet'), [
      `--config=${config}`,
      `--kubeconfig=${join(layout.pki, 'kubelet.kubeconfig')}`,
      `--hostname-override=${realNodeName}`,
      `--root-dir=${join(layout.node, 'kubelet')}`,
      `--cert-dir=${layout.pki}`,
    ]),
    prepare: async () => {
      await mkdir(layout.config, { recursive: true });
      // For pods with `dnsPolicy: Default`: a server that refuses makes look-ups fail at once, not after a time-out.
      await writeFile(join(layout.config, 'resolv.conf'), 'nameserver 127.0.0.1\n');
      await writeFile(config, stringify(configurationOf(context)));
    },
    ready: async () => readyNode(await client.get(`/api/v1/nodes/${realNodeName}`)),
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}

/** Throws the reason why the node is not ready. */
function readyNode(node: unknown): void {
  const { status } = node as { status?: { conditions?: { type: string; status: string; message?: string }[] } };
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status !== 'True')
    throw new Error(`the node is not ready: ${ready?.message ?? 'it has no condition Ready yet'}`);
}

function configurationOf({ layout, settings }: Context): object {
  const pki = (file: string): string => join(layout.pki, file);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '127.0.0.1',
    port: settings.ports.kubelet,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: settings.ports.kubeletHealth,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki('kubernetes-ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: pki('kubelet.crt'),
    tlsPrivateKeyFile: pki('kubelet.key'),
    containerRuntimeEndpoint: `unix://${containerdSocket(layout)}`,
    podLogsDir: join(layout.node, 'pod-logs'),
    volumePluginDir: join(layout.node, 'volume-plugins'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupName(layout)}`,
    // Machines with cgroup v1 exist, and this one's user did not choose.
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    clusterDNS: [dnsService],
    clusterDomain,
    resolvConf: join(layout.config, 'resolv.conf'),
    // As often as may be, so that tests see soon how a log goes on in a new file.
    containerLogMonitorInterval: '3s',
    maxPods: 250,
    serializeImagePulls: false,
    // A full disk of the machine is not the sandbox's business, and its images cannot be pulled again.
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
  };
}
