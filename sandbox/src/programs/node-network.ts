import { connect } from 'node:net';
import { apiserverService, serviceRange } from '../certificates.ts';
import type { Context } from '../context.ts';
import { networkFile } from '../machine/node-host.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';

/**
 * Joins the real node's network with this machine's loopback. Pods call the API server at the address of the Service
 * `kubernetes`, the kubelet calls it where this machine does, and it calls the kubelet. The machine's network is not
 * touched, and sandboxes beside each other have the same addresses.
 */
export function nodeNetwork({ layout, settings, programs }: Context): Program {
  const apiserver = `127.0.0.1:${settings.ports.apiserver}`;
  const kubelet = `127.0.0.1:${settings.ports.kubelet}`;
  return {
    name: 'node-network',
    command: programOf(programs, 'node-network', 'node-network'),
    args: [
      `-namespace=${networkFile(layout)}`,
      `-services=${apiserverService}/${serviceRange.split('/')[1]}`,
      `-in=${apiserverService}:443=${apiserver}`,
      `-in=${apiserver}=${apiserver}`,
      `-out=${kubelet}=${kubelet}`,
    ],
    ready: () => listens(settings.ports.kubelet),
    startWithinMs: 10_000,
    stopWithinMs: 1000,
  };
}

function listens(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
