/**
 * make demo: a cluster, the addon, and a task deployed three times. Everything that it prints is read from the cluster.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { bringUp, load, wantedSettings } from '../../sandbox/src/commands.ts';
import { programOf, providePrograms } from '../../sandbox/src/build/programs.ts';
import { elapsed, progressTo } from '../../sandbox/src/progress.ts';
import { Refusal } from '../../sandbox/src/refusal.ts';
import { defaultDirectory, layoutOf, repository, type Layout } from '../../sandbox/src/settings.ts';
import { readSettings } from '../../sandbox/src/state.ts';
import { buildNamedImage, startInCluster, type NamedImage } from '../controller-in-cluster.ts';
import { writeControllerKubeconfig } from '../controller-kubeconfig.ts';
import { controllerPlace } from '../controller-place.ts';
import { enableWithoutController, type EnableOptions } from '../enable-addon.ts';
import { clusterOf, waitFor, type DemoCluster } from './cluster.ts';
import { endController, startController } from './controller.ts';
import { patchesOf } from './job-patches.ts';

const application = 'app-worker';
const selector = `app.oam.dev/name=${application}`;
const manifest = 'examples/app-worker.yaml';
const began = Date.now();
const run = promisify(execFile);

const say = (line = ''): void => console.log(line);
const step = (line: string): void => say(`[${elapsed(Date.now() - began)}] ${line}`);

/** The manifest as it stands, then with two other commands. */
const commands: readonly (readonly string[] | undefined)[] = [
  undefined,
  ['sh', '-c', 'echo "the second deployment, on $(hostname)"; sleep 3'],
  ['sh', '-c', 'echo "the third deployment, on $(hostname)"; sleep 3'],
];

interface Application {
  spec: { components: [{ properties: { cmd: readonly string[] } }] };
}

async function deploy(cluster: DemoCluster, number: number, cmd: readonly string[] | undefined): Promise<void> {
  const app = parse(await readFile(join(repository, manifest), 'utf8')) as Application;
  const [component] = app.spec.components;
  if (cmd) component.properties.cmd = cmd;
  step(`deployment ${number}: ${manifest} with cmd ${JSON.stringify(component.properties.cmd)}`);
  await cluster.kubectl(['apply', '-f', '-'], { input: stringify(app) });
  await waitFor(`run ${number} runs or is done`, 120, async () => {
    const [task] = await cluster.list('vtask', selector);
    const runs = await cluster.list('vrun', selector);
    const started = runs.length === number && runs.every(({ status }) => status?.phase !== 'Pending');
    return started ? task : undefined;
  });
  await showTask(cluster);
}

let shown = '';
/** The Task's line, when it says something new. */
async function showTask(cluster: DemoCluster): Promise<void> {
  const message = (await cluster.list('vtask', selector))[0]?.status?.message ?? '';
  if (message !== shown) step(`  ${message}`);
  shown = message;
}

async function removeOld(cluster: DemoCluster): Promise<void> {
  await cluster.kubectl(['delete', 'application', application, '--ignore-not-found', '--wait']);
  await waitFor('the Jobs of the demo before are gone', 120, async () =>
    (await cluster.list('vtask,vrun,jobs,pods', selector)).length === 0 ? true : undefined,
  );
}

async function settle(cluster: DemoCluster): Promise<void> {
  await waitFor('all three runs are finished, and KubeVela says so', 180, async () => {
    await showTask(cluster);
    const runs = await cluster.list('vrun', selector);
    const finished = runs.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
    const app = await cluster.get('application', application);
    return finished && app.status?.status === 'running' ? true : undefined;
  });
}

async function showOutput(cluster: DemoCluster, podsRun: boolean): Promise<void> {
  if (!podsRun) return say('\nPods are simulated here, so they print nothing; as root, they really run.');
  say('\n$ kubectl logs -l app.oam.dev/name=app-worker --prefix');
  say((await cluster.kubectl(['logs', '-l', selector, '--prefix', '--tail=5'])).trim());
}

async function showStatus(cluster: DemoCluster, vela: string | undefined, kubeconfig: string): Promise<void> {
  say(`\n$ vela status ${application}`);
  if (vela)
    return say(
      (await run(vela, ['status', application], { env: { ...process.env, KUBECONFIG: kubeconfig } })).stdout.trim(),
    );
  say("(from the Application's status; the vela command is not here)");
  const app = await cluster.get('application', application);
  for (const { healthy, message, details = {} } of app.status?.services ?? []) {
    say(`  Healthy: ${healthy}\n  Message: ${message ?? ''}\n  Status Details:`);
    for (const [key, value] of Object.entries(details)) say(`    ${key}: ${value.replaceAll('\n', '\n      ')}`);
  }
}

/** Counted in the cluster. @returns the last line, and whether it is as it should be */
async function verdict(cluster: DemoCluster): Promise<{ line: string; asPromised: boolean }> {
  const app = await cluster.get('application', application);
  const deployments = app.status?.latestRevision?.revision ?? 0;
  const [runs, jobs] = [await cluster.list('vrun', selector), await cluster.list('jobs', selector)];
  const patched = jobs.filter((job) => patchesOf(job).length > 0).length;
  const counts = [deployments, runs.length, jobs.length];
  return {
    line: `demo: ${deployments} deployments, ${runs.length} runs, ${jobs.length} Jobs, ${patched} patched`,
    asPromised: counts.every((count) => count === commands.length) && patched === 0,
  };
}

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
  const programs = await providePrograms(settings.nodes, progressTo(process.stderr));
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
  await removeOld(cluster);
  for (const [index, cmd] of commands.entries()) await deploy(cluster, index + 1, cmd);
  step('waiting for all of them to finish');
  await settle(cluster);

  await showOutput(cluster, settings.nodes === 'real');
  await showStatus(cluster, vela, layout.kubeconfig);
  say('\n$ kubectl get vtask,vrun,jobs');
  say((await cluster.kubectl(['get', 'vtask,vrun,jobs'])).trim());
  say(next(layout, api, kubectl, vela));
  const { line, asPromised } = await verdict(cluster);
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
