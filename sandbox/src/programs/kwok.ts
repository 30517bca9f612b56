import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { stagesYaml } from './kwok-stages.ts';
import type { KubeObject } from '../kube-client.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';
import { answers } from '../machine/readiness.ts';

/** KWOK plays the kubelets of the simulated nodes; what happens to their pods is written in kwok-stages.ts. */
export function kwok({ layout, settings, programs, client }: Context): Program {
  const config = join(layout.config, 'kwok.yaml');
  const port = settings.ports.kwok;
  return {
    name: 'kwok',
    command: programOf(programs, 'kwok', 'kwok'),
    args: [
      `--kubeconfig=${join(layout.pki, 'kwok.kubeconfig')}`,
      `--config=${config}`,
      '--manage-all-nodes=true',
      `--server-address=127.0.0.1:${port}`,
      '--node-ip=127.0.0.1',
      '--node-lease-duration-seconds=40',
      '--cidr=10.240.0.0/12',
    ],
    prepare: async () => {
      await mkdir(layout.config, { recursive: true });
      await writeFile(config, stagesYaml());
    },
    ready: () => answers(`http://127.0.0.1:${port}/healthz`),
    settle: () => client.apply(simulatedNodes(settings.nodeCount)),
    startWithinMs: 60_000,
    stopWithinMs: 3000,
  };
}

/** @returns nodes named sandbox-0, sandbox-1, ..., each with room for 250 pods */
export function simulatedNodes(count: number): KubeObject[] {
  const room = { cpu: '32', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '250' };
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `sandbox-${index}`,
      labels: {
        'kubernetes.io/hostname': `sandbox-${index}`,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        type: 'simulated',
      },
    },
    status: { allocatable: room, capacity: room },
  }));
}
