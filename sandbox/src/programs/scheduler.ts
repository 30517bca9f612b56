import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Program } from '../machine/process.ts';
import { programOf } from '../build/programs.ts';
import { answers } from '../machine/readiness.ts';

export function scheduler({ layout, settings, programs }: Context): Program {
  const kubeconfig = join(layout.pki, 'scheduler.kubeconfig');
  const port = settings.ports.scheduler;
  return {
    name: 'kube-scheduler',
    command: programOf(programs, 'kubernetes', 'kube-scheduler'),
    args: [
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--profiling=false',
    ],
    ready: () => answers(`https://127.0.0.1:${port}/healthz`),
    startWithinMs: 60_000,
    stopWithinMs: 3000,
  };
}
