/**
 * make demo: a cluster, the addon, and a task deployed three times. Everything that it prints is read from the cluster.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { up } from '../../sandbox/src/commands.ts';
import { programOf, providePrograms } from '../../sandbox/src/programs.ts';
import { elapsed, progressTo } from '../../sandbox/src/progress.ts';
import { Refusal } from '../../sandbox/src/refusal.ts';
import { defaultDirectory, layoutOf, repository } from '../../sandbox/src/settings.ts';
import { readSettings } from '../../sandbox/src/state.ts';
import { writeControllerKubeconfig } from '../controller-kubeconfig.ts';
import { enableWithoutController } from '../enable-addon.ts';
import { clusterOf, waitFor, type DemoCluster } from './cluster.ts';
import { startController } from './controller.ts';

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
  await cluster.kubectl(['apply', '-f', '-'], stringify(app));
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
  await waitFor('the Jobs of the demo before are gone', 120, async () => ((await cluster.list('vtask,vrun,jobs,pods', selector)).length === 0 ? true : undefined));
}

async function settle(cluster: DemoCluster): Promise<void> {
  await waitFor('all three runs are finished, and KubeVela says so', 180, async () => {
    await showTask(cluster);
    const runs = await cluster.list('vrun', selector);
    const finished = runs.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
    const app = JSON.parse(await cluster.kubectl(['get', 'application', application, '-o', 'json'])) as { status?: { status?: string } };
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
  if (vela) return say((await run(vela, ['status', application], { env: { ...process.env, KUBECONFIG: kubeconfig } })).stdout.trim());
  say('(from the Application\'s status; the vela command is not here)');
  const app = JSON.parse(await cluster.kubectl(['get', 'application', application, '-o', 'json'])) as Awaited<ReturnType<DemoCluster['list']>>[number];
  for (const { healthy, message, details = {} } of app.status?.services ?? []) {
    say(`  Healthy: ${healthy}\n  Message: ${message ?? ''}\n  Status Details:`);
    for (const [key, value] of Object.entries(details)) say(`    ${key}: ${value.replaceAll('\n', '\n      ')}`);
  }
}

/** A Job's generation counts the changes of its spec: 1 is as it was created. */
async function verdict(cluster: DemoCluster): Promise<string> {
  const [runs, jobs] = [await cluster.list('vrun', selector), await cluster.list('jobs', selector)];
  const patched = jobs.filter(({ metadata }) => metadata.generation !== 1).length;
  return `demo: ${commands.length} deployments, ${runs.length} runs, ${jobs.length} Jobs, ${patched} patched`;
}

const next = `
To go on from here:
  eval "$(npm run --silent sandbox -- env)"      # this shell now speaks to the sandbox
  kubectl get vtask,vrun,jobs,pods
  kubectl describe vtask app-worker-mytask
  kubectl patch job mytask-v2 --type merge -p '{"spec":{"parallelism":5}}'   # refused: nobody changes a run's Job
  $EDITOR ${manifest} && kubectl apply -f ${manifest}                         # one more run
  kubectl delete application app-worker
  make down                                      # ends all of it and leaves nothing behind
`;

async function demo(): Promise<void> {
  const layout = layoutOf(defaultDirectory);
  await up(layout, {});
  const settings = await readSettings(layout);
  if (!settings) throw new Refusal('The sandbox is gone again: start it with npm run sandbox -- up.');
  const programs = await providePrograms(settings.nodes, progressTo(process.stderr));
  const cluster = clusterOf(programOf(programs, 'kubernetes', 'kubectl'), layout.kubeconfig);
  const vela = settings.kubevelaHome === undefined || settings.kubevela !== 'real' ? undefined : join(settings.kubevelaHome, 'bin/vela');

  step('enabling the addon from dist/task-runs');
  await enableWithoutController({ kubeconfig: layout.kubeconfig, directory: join(repository, 'dist/task-runs'), vela });
  const controllerKubeconfig = join(layout.dir, 'controller.kubeconfig');
  await writeControllerKubeconfig((args) => cluster.kubectl(args), controllerKubeconfig);
  step(`the controller runs beside the cluster, as the addon's service account; its log: ${await startController(layout, controllerKubeconfig)}`);

  await removeOld(cluster);
  for (const [index, cmd] of commands.entries()) await deploy(cluster, index + 1, cmd);
  step('waiting for all of them to finish');
  await settle(cluster);

  await showOutput(cluster, settings.nodes === 'real');
  await showStatus(cluster, vela, layout.kubeconfig);
  say('\n$ kubectl get vtask,vrun,jobs');
  say((await cluster.kubectl(['get', 'vtask,vrun,jobs'])).trim());
  say(next);
  say(await verdict(cluster));
}

try {
  await demo();
} catch (error) {
  const { message, stderr } = error as Error & { stderr?: string };
  console.error(error instanceof Refusal ? message : `The demo stopped: ${stderr?.trim() || message}`);
  process.exitCode = 1;
}
