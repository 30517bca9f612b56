import { apiserverService, nodeAddress, serviceRange } from '../certificates.ts';
import type { Context } from '../context.ts';
import { networkFile } from '../machine/node-host.ts';
import { listens } from '../machine/readiness.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

/**
 * Joins the real node's network with this machine's loopback. Pods call the API server at the node's own address, to
 * which the Service `kubernetes` leads; what runs in the node calls it where this machine does; and it calls the
 * kubelet. The machine's network is not touched, and sandboxes beside each other have the same addresses.
 */
export function nodeNetwork({ layout, settings, programs }: Context): Program {
  const apiserver = `127.0.0.1:${settings.ports.apiserver}`;
  const kubelet = `127.0.0.1:${settings.ports.kubelet}`;
  return {
    name: 'node-network',
    command: programOf(programs, 'node-network', 'node-network'),
    args: [
      `-namespace=${networkFile(layout)}`,
      `-address=${nodeAddress}/32`,
      // A program in the node itself needs a route to Services; where each leads is for kube-proxy to say.
      `-address=${apiserverService}/${serviceRange.split('/')[1]}`,
      `-in=${nodeAddress}:${settings.ports.apiserver}=${apiserver}`,
      `-in=${apiserver}=${apiserver}`,
      ...(settings.portsForPods ?? []).map((port) => `-in=${nodeAddress}:${port}=127.0.0.1:${port}`),
      `-out=${kubelet}=${kubelet}`,
    ],
    ready: () => listens(settings.ports.kubelet),
    startWithinMs: 10_000,
    stopWithinMs: 1000,
  };
}
