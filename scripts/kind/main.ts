/**
 * make kind: for people who have Docker. A cluster of kind's, KubeVela, the addon with its controller, and a task
 * deployed three times. KIND_NODE and KUBEVELA_VERSION choose versions.
 */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { thisArchitecture } from '../../sandbox/src/build/oci-image.ts';
import { clusterOf } from '../demo/cluster.ts';
import { deployThrice, say, step } from '../demo/deployments.ts';
import { repository } from '../image/build.ts';
import { writeControllerImage } from '../image/write.ts';
import { isThere, needed, performAll, stepsOf } from './steps.ts';

const name = 'task-runs';
const kubeconfig = join(repository, '.cache/kind/kubeconfig');

async function kind(): Promise<void> {
  await mkdir(join(repository, '.cache/kind'), { recursive: true });
  const environment = { ...process.env, KUBECONFIG: kubeconfig };
  await performAll(needed, environment, step);
  step("building the controller's image");
  const { archive } = await writeControllerImage(thisArchitecture);
  const steps = stepsOf(
    {
      cluster: name,
      kubeconfig,
      archive: relative('', archive),
      addon: relative('', join(repository, 'dist/task-runs')),
      node: process.env['KIND_NODE'],
      kubevela: process.env['KUBEVELA_VERSION'],
    },
    await isThere(name, environment),
  );
  await performAll(steps, environment, step);
  const { line, asPromised } = await deployThrice(clusterOf('kubectl', kubeconfig), {
    podsRun: true,
    vela: 'vela',
    kubeconfig,
  });
  say(`
All of this stays up. To go on from here:

  export KUBECONFIG=${kubeconfig}
  kubectl get vtask,vrun,jobs,pods
  make kind                              # once more, in the same cluster
  kind delete cluster --name ${name}     # ends all of it
`);
  say(line);
  if (!asPromised) process.exitCode = 1;
}

try {
  await kind();
} catch (error) {
  const { message, stderr } = error as Error & { stderr?: string };
  console.error(stderr?.trim() || message);
  process.exitCode = 1;
}
