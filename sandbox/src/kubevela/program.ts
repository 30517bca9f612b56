import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { kubevelaReal } from './real.ts';
import type { Program } from '../machine/process.ts';
import { Refusal } from '../refusal.ts';
import { repository, type Settings } from '../settings.ts';

const standInMain = join(repository, 'sandbox/src/kubevela/main.ts');

/** Who carries out Applications, as the settings say, in the order of their start. */
export function kubevelaPrograms(context: Context): Program[] {
  switch (context.settings.kubevela) {
    case 'none':
      return [];
    case 'stand-in':
      return [standIn(context)];
    case 'real':
      return kubevelaReal(context);
  }
}

function standIn({ layout, client }: Context): Program {
  return {
    name: 'kubevela-stand-in',
    command: process.execPath,
    args: ['--import', 'tsx', standInMain, '--kubeconfig', join(layout.pki, 'vela.kubeconfig')],
    ready: async () => void (await client.get('/apis/core.oam.dev/v1beta1/applications?limit=1')),
    startWithinMs: 60_000,
    stopWithinMs: 5000,
  };
}

/** @throws Refusal when what runs Applications is not there */
export async function checkKubevela({
  kubevela: kind,
  kubevelaHome,
}: Pick<Settings, 'kubevela' | 'kubevelaHome'>): Promise<void> {
  if (kind === 'none') return;
  if (kind === 'stand-in')
    return await needFile(standInMain, 'The KubeVela stand-in is missing: choose --kubevela none or real.');
  if (kubevelaHome === undefined) {
    throw new Refusal(
      '--kubevela real needs a KubeVela: set KUBEVELA_HOME to a directory with bin/vela-core, bin/vela and charts/vela-core.',
    );
  }
  for (const part of [
    'bin/vela-core',
    'bin/vela',
    'charts/vela-core/crds',
    'charts/vela-core/templates/defwithtemplate',
  ]) {
    await needFile(
      join(kubevelaHome, part),
      `KUBEVELA_HOME is ${kubevelaHome}, which has no ${part}: point it to a directory with bin/vela-core, bin/vela and charts/vela-core.`,
    );
  }
}

async function needFile(path: string, otherwise: string): Promise<void> {
  await access(path).catch(() => {
    throw new Refusal(otherwise);
  });
}
