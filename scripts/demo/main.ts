/**
 * make demo: a cluster, the addon, and a task deployed three times. Everything that it prints is read from the cluster.
 */
import { dirname, join } from 'node:path';
import { bringUp, load, wantedSettings } from '../../sandbox/src/commands.ts';
import { programOf, providePrograms } from '../../sandbox/src/build/programs.ts';
import { progressTo } from '../../sandbox/src/progress.ts';
import { Refusal } from '../../sandbox/src/refusal.ts';
import { defaultDirectory, layoutOf, repository, type Layout } from '../../sandbox/src/settings.ts';
import { readSettings } from '../../sandbox/src/state.ts';
import { buildNamedImage, startInCluster, type NamedImage } from '../controller-in-cluster.ts';
import { writeControllerKubeconfig } from '../controller-kubeconfig.ts';
import { controllerPlace } from '../controller-place.ts';
import { enableWithoutController, type EnableOptions } from '../enable-addon.ts';
import { clusterOf, type DemoCluster } from './cluster.ts';
import { endController, startController } from './controller.ts';
import { application, deployThrice, manifest, say, step } from './deployments.ts';

const next = (layout: Layout, { server, forward }: Api, kubectl: string, vela: string | undefined): string => `
All of this stays up. To go on from here, in ${repository}:

  export KUBECONFIG=${layout.kubeconfig}
  export PATH=${dirname(kubectl)}:$PATH

  sed 's/"sleep", "30"/"sh", "-c", "exit 3"/' ${manifest} | kubectl apply -f -         # a run that fails
  ${vela === undefined ? `kubectl get application ${application} -o jsonpath='{.status.services[0].message}{"\\n"}'` : `${vela} status ${application}`}
  kubectl get vtask,vrun,jobs,pods
  kubectl describe vtask app-worker-mytask                                            # what happened to it
  kubectl patch job mytask-v2 --type merge -p '{"spec":{"parallelism":5}}'             # refused: nobody changes a run's Job
  kubectl apply -f examples/keep-failed.yaml
  kubectl delete application ${application}

The console (open the address that it prints), and the history with what the archive alone knows:
${forward === undefined ? '' : `\n  ${forward} &`}
  npx node dist/cli/task-runs.js ui --server ${server} --kubeconfig ${layout.kubeconfig}
  npx node dist/cli/task-runs.js runs mytask --server ${server} --kubeconfig ${layout.kubeconfig}

  make demo                                                                           # once more
  make down                                                                           # ends all of it; what was built stays in .cache
`;

/** The REST API and the console. */
interface Api {
  readonly server: string;
  /** The command that makes it answer there; undefined where it does already. */
  readonly forward?: string;
}

type AddonOptions = EnableOptions & Pick<DemoCluster, 'kubectl'> & { readonly layout: Layout };

async function enableInCluster({ layout, ...options }: AddonOptions, image: NamedImage): Promise<Api> {
  step(`enabling the addon from dist/task-runs, with its controller in the cluster: ${image.name}`);
  await endController(layout);
  await startInCluster({ ...options, image, load: (archive) => load(layout, archive) });
  const forward = 'kubectl port-forward -n vela-system service/task-runs 8090';
  return { server: 'http://127.0.0.1:8090', forward };
}

async function enableBeside({ layout, kubectl, ...options }: AddonOptions): Promise<Api> {
  step('enabling the addon from dist/task-runs');
  await enableWithoutController(options);
  const controllerKubeconfig = join(layout.dir, 'controller.kubeconfig');
  await writeControllerKubeconfig(kubectl, controllerKubeconfig);
  const { log, server } = await startController(layout, controllerKubeconfig);
  step(`the controller runs beside the cluster, as the addon's service account; its log: ${log}`);
  return { server };
}

async function demo(): Promise<void> {
  const layout = layoutOf(defaultDirectory);
  const kubevela = process.env['KUBEVELA_HOME'] === undefined ? {} : { kubevela: 'real' as const };
  const { nodes } = wantedSettings(kubevela, await readSettings(layout));
  // Asked first: what it refuses must not wait for a cluster.
  const isInCluster = controllerPlace(nodes) === 'in-cluster';
  const [settings, image] = await Promise.all([
    bringUp(layout, kubevela, progressTo(process.stderr)),
    isInCluster ? buildNamedImage() : undefined,
  ]);
  const programs = await providePrograms(settings, progressTo(process.stderr));
  const kubectl = programOf(programs, 'kubernetes', 'kubectl');
  const cluster = clusterOf(kubectl, layout.kubeconfig);
  const vela =
    settings.kubevelaHome === undefined || settings.kubevela !== 'real'
      ? undefined
      : join(settings.kubevelaHome, 'bin/vela');

  const directory = join(repository, 'dist/task-runs');
  const addon = { kubeconfig: layout.kubeconfig, directory, vela, layout, kubectl: cluster.kubectl };
  const api = await (image === undefined ? enableBeside(addon) : enableInCluster(addon, image));

  step(`nodes: ${settings.nodes}, KubeVela: ${settings.kubevela}`);
  const { line, asPromised } = await deployThrice(cluster, {
    podsRun: settings.nodes === 'real',
    vela,
    kubeconfig: layout.kubeconfig,
  });
  say(next(layout, api, kubectl, vela));
  say(line);
  if (!asPromised) process.exitCode = 1;
}

try {
  await demo();
} catch (error) {
  const { message, stderr } = error as Error & { stderr?: string };
  console.error(error instanceof Refusal ? message : `The demo stopped: ${stderr?.trim() || message}`);
  process.exitCode = 1;
}
