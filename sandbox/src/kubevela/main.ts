import { parseArgs } from 'node:util';
import { cueVersions, type CueVersion } from '../../../cue/ts/index.ts';
import { startStandIn } from './controller.ts';

const { values } = parseArgs({
  options: { kubeconfig: { type: 'string' }, 'cue-version': { type: 'string', default: '0.9.2' } },
});
const cueVersion = values['cue-version'];
const kubeconfig = values.kubeconfig ?? process.env['KUBECONFIG'];
if (kubeconfig === undefined || !(cueVersion in cueVersions)) {
  console.error(`usage: main.ts --kubeconfig FILE [--cue-version ${Object.keys(cueVersions).join('|')}]`);
  process.exit(2);
}

const standIn = await startStandIn({
  kubeconfig,
  cueVersion: cueVersion as CueVersion,
  failed: (application, error) =>
    console.error(`Application ${application}: ${error instanceof Error ? error.message : String(error)}`),
});
console.log(`kubevela-stand-in: looking after Applications, CUE ${cueVersion}`);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void standIn.stop().then(() => process.exit(0)));
