import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';
import { answers } from '../machine/readiness.ts';

/**
 * All controllers that are on by default, but the one that gives nodes addresses. Those that need a cloud end by
 * themselves, and 1.37 no longer knows their names. Each has its own service account, as in kubeadm.
 */
const controllers = ['*', '-node-ipam-controller'];

export function controllerManager({ layout, settings, programs, client }: Context): Program {
  const kubeconfig = join(layout.pki, 'controller-manager.kubeconfig');
  const port = settings.ports.controllerManager;
  const calls = settings.controllerCallsPerSecond;
  return {
    name: 'kube-controller-manager',
    command: programOf(programs, 'kubernetes', 'kube-controller-manager'),
    args: [
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--controllers=${controllers.join(',')}`,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${join(layout.pki, 'service-account.key')}`,
      `--root-ca-file=${join(layout.pki, 'kubernetes-ca.crt')}`,
      // One instance: a lease of a killed one would only delay the next.
      '--leader-elect=false',
      '--profiling=false',
      // A quota on objects of a CRD counts from the next round on, which would be up to five minutes later.
      '--resource-quota-sync-period=10s',
      ...(calls === undefined ? [] : [`--kube-api-qps=${calls}`, `--kube-api-burst=${2 * calls}`]),
    ],
    ready: async () => {
      await answers(`https://127.0.0.1:${port}/healthz`);
      // Without it no pod is admitted; the controllers start one after the other, after the health endpoint.
      await client.get('/api/v1/namespaces/default/serviceaccounts/default');
    },
    startWithinMs: 60_000,
    stopWithinMs: 3000,
  };
}
