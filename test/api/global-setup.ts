/** Builds Kubernetes and what else a sandbox runs, before any test waits for it: the first time it takes minutes. */
import { providePrograms } from '../../sandbox/src/build/programs.ts';
import { defaultKubernetes } from '../../sandbox/src/kubernetes-releases.ts';
import { progressTo } from '../../sandbox/src/progress.ts';

export default async function setup(): Promise<void> {
  await providePrograms({ kubernetes: defaultKubernetes(), nodes: 'simulated' }, progressTo(process.stderr));
}
